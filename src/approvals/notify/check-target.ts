/** `dbgate doctor`: can a target be reached from here? Nothing is sent to it that somebody would read. */
import net, { isIP } from 'node:net';
import tls from 'node:tls';
import { reasonOf } from './http-post.ts';
import { openTransport } from './mail.ts';
import type { Target } from './notifier.ts';

const TIMEOUT_MS = 5_000;

/** What was found; throws an error that names neither URL nor secret. */
export async function checkTarget(target: Target): Promise<string> {
  if (target.kind === 'mail') return checkMail(target.server);
  const url = new URL(target.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:';
  const port = Number(url.port || (secure ? 443 : 80));
  await new Promise<void>((resolve, reject) => {
    const socket = secure
      ? tls.connect({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) }, () => done())
      : net.connect({ host, port }, () => done());
    const done = (error?: Error): void => {
      socket.destroy();
      if (error === undefined) resolve();
      else reject(new Error(`${host}:${port} cannot be reached: ${reasonOf(error)}`));
    };
    socket.setTimeout(TIMEOUT_MS, () => done(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })));
    socket.once('error', done);
  });
  return `${target.kind} at ${host}:${port} can be reached`;
}

/** Connects, takes TLS where it must, and logs in. */
async function checkMail(server: string): Promise<string> {
  const transport = await openTransport(server);
  const { host } = new URL(server);
  try {
    await transport.verify();
    return `mail server ${host} takes the log-in`;
  } catch (error) {
    throw new Error(`mail server ${host}: ${reasonOf(error)}`);
  } finally {
    transport.close();
  }
}

/** What works, but not as somebody may have meant it; said at start and by `dbgate doctor`. */
export function doubtsAbout(targets: readonly Target[], hasPage: boolean): string[] {
  const doubts: string[] = [];
  for (const target of targets) {
    if (target.kind === 'slack' && target.signingSecret !== undefined && Object.keys(target.people).length === 0) {
      doubts.push(`notify.${target.name}: nobody is in "people", so its buttons only lead to a log-in`);
    }
    if (target.kind === 'external' && target.events !== undefined && !target.events.includes('requested')) {
      doubts.push(`notify.${target.name}: without "requested" in "events" it is never asked`);
    }
  }
  if (targets.length > 0 && !hasPage) {
    doubts.push('notify: there is no "web", so links only say which command to type');
  }
  return doubts;
}
