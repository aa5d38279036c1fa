/** Messages on their way: real receivers on loopback, HTTP and SMTP, with their faults. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { type Notifier, openNotifier } from '../../../src/approvals/notify/notifier.ts';
import type { RequestEvent } from '../../../src/approvals/request.ts';
import type { NotifySettings } from '../../../src/config/approval-settings.ts';
import { until } from '../../gateway/gateway-rig.ts';
import { elevation, pending } from './samples.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ....').toString('base64')}`;

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly url: string;
}

/** An HTTP receiver; `answer` undefined: it takes everything. */
async function receiver(answer?: (n: number, response: ServerResponse) => void) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    received.push({ headers: request.headers, body, url: request.url! });
    if (answer === undefined) response.end('ok');
    else answer(received.length, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

function newStateDir(): string {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'dbgate-notify-'));
  closers.push(() => rmSync(stateDir, { recursive: true, force: true }));
  return stateDir;
}

async function notifying(notify: NotifySettings, { stateDir = newStateDir(), live = true } = {}) {
  const settings = { notify, publicUrl: 'https://db.example.test', gatewayId: 'g' };
  const logs: string[] = [];
  const notifier: Notifier = await openNotifier({
    stateDir,
    settings: () => settings,
    riskOf: () => ({ level: 'high', reasons: ['all tables'] }),
    now: Date.now,
    random: () => 0.5,
    env: {},
    logLine: (line) => logs.push(line),
    firstRetryMs: 5,
  });
  if (live) notifier.live();
  closers.push(() => notifier.close());
  const tell = (request = elevation(), seq = 1, gateway = 'g', at = Date.now()) => {
    const { state, event } = pending(request, seq);
    // Old messages are dropped, and the samples have a fixed date.
    notifier.tell(state, { ...event, at } as RequestEvent, gateway);
  };
  return { notifier, tell, logs, settings };
}

const target = (name: string, url: string, more: object = {}): NotifySettings[number] =>
  ({ kind: 'webhook', name, url, secret: SECRET, events: undefined, ...more }) as NotifySettings[number];

describe('webhooks', () => {
  it('a receiver that fails three times, then works, gets it signed each time, with one id', async () => {
    const hook = await receiver((n, response) => {
      response.statusCode = n < 4 ? 503 : 204;
      response.end();
    });
    const { notifier, tell } = await notifying([target('ops', hook.url)]);
    tell();
    await until(() => hook.received.length === 4 && notifier.pending === 0);
    expect(new Set(hook.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['msg_r-0abc1234_1']));
    for (const { body, headers } of hook.received) {
      expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toMatchObject({
        data: { reason: 'INC-123 fix the totals', link: 'https://db.example.test/requests/r-0abc1234' },
      });
    }
  });

  it('a redirect is not followed', async () => {
    const elsewhere = await receiver();
    const hook = await receiver((n, response) => {
      response.writeHead(n === 1 ? 307 : 200, { location: elsewhere.url }).end();
    });
    const { notifier, tell } = await notifying([target('ops', hook.url)]);
    tell();
    await until(() => notifier.pending === 0 && hook.received.length > 0);
    expect(hook.received).toHaveLength(2);
    expect(elsewhere.received).toHaveLength(0);
  });

  it('an endless answer is read no further than 64 KiB', async () => {
    let sent = 0;
    const hook = await receiver((_n, response) => {
      const chunk = Buffer.alloc(16 << 10);
      const more = (): void => {
        if (response.destroyed) return;
        sent += chunk.length;
        if (response.write(chunk)) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    });
    const { notifier, tell } = await notifying([target('ops', hook.url)]);
    tell();
    await until(() => notifier.pending === 0 && sent > 0);
    // What the kernel's buffers take beyond it is not read.
    expect(sent).toBeLessThan(32 << 20);
  });

  it('a dead target and one that is gone hold up no other; a URL stands in no log line', async () => {
    const hook = await receiver();
    const gone = await receiver((_n, response) => response.writeHead(410).end());
    const { notifier, tell, logs } = await notifying([
      target('dead', 'http://127.0.0.1:9/token-of-the-url'),
      target('gone', gone.url),
      target('ops', hook.url),
    ]);
    tell();
    await until(() => hook.received.length === 1 && notifier.dropped === 1);
    expect(notifier.pending).toBe(1);
    expect(logs.join('\n')).toContain('gone: msg_r-0abc1234_1 is DROPPED');
    expect(logs.join('\n')).not.toContain('token-of-the-url');
  });

  it('what another gateway wrote is told there', async () => {
    const hook = await receiver();
    const { tell } = await notifying([target('ops', hook.url)]);
    tell(elevation(), 1, 'other');
    tell(elevation(), 2);
    await until(() => hook.received.length > 0);
    expect(hook.received.map(({ headers }) => headers['webhook-id'])).toEqual(['msg_r-0abc1234_2']);
  });

  it('only the events that it wants; a target that was taken away is given up', async () => {
    const hook = await receiver();
    const { notifier, tell, settings } = await notifying([
      target('ops', hook.url, { events: ['denied'] }),
      target('dead', 'http://127.0.0.1:9/'),
    ]);
    tell();
    await until(() => notifier.pending === 1);
    settings.notify = [];
    notifier.reloaded();
    await until(() => notifier.pending === 0);
    expect(notifier.dropped).toBe(1);
    expect(hook.received).toEqual([]);
  });
});

it('an external decider hears of its own requests only, and where to answer', async () => {
  const hook = await receiver();
  const { tell } = await notifying([target('okta', hook.url, { kind: 'external' })]);
  tell(elevation({ id: 'r-00000001' }));
  tell(elevation({ id: 'r-00000002', external: 'other' }));
  tell(elevation({ id: 'r-00000003', external: 'okta' }));
  await until(() => hook.received.length > 0);
  expect(hook.received.map(({ body }) => JSON.parse(body).data)).toMatchObject([
    { request: 'r-00000003', callback: 'https://db.example.test/v1/callbacks/external/okta' },
  ]);
});

it('what is approved in the same moment (a rule, break-glass) is one message', async () => {
  const hook = await receiver();
  const { notifier, tell } = await notifying([target('ops', hook.url)]);
  const request = elevation({ breakGlass: true });
  tell(request);
  const { state } = pending(request, 2);
  const approved = { type: 'approved', at: Date.now(), by: request.by, via: 'break-glass', reason: 'fire' } as const;
  notifier.tell({ ...state, status: 'approved' }, { ...approved, terms: {}, complete: true }, 'g');
  await until(() => hook.received.length > 0 && notifier.pending === 0);
  expect(hook.received.map(({ body }) => JSON.parse(body).data.title)).toEqual([
    'BREAK-GLASS: dana@example.test took ddl on shop',
  ]);
});

it('Slack and Teams get their own shapes', async () => {
  const [slack, teams] = [await receiver(), await receiver()];
  const { tell } = await notifying([
    { kind: 'slack', name: 's', url: slack.url, events: undefined, signingSecret: 'x', people: {} },
    { kind: 'teams', name: 't', url: teams.url, events: undefined },
  ]);
  tell();
  await until(() => slack.received.length + teams.received.length === 2);
  expect(JSON.parse(slack.received[0]!.body).blocks.at(-1).elements).toHaveLength(3);
  expect(JSON.parse(teams.received[0]!.body).attachments[0].content.type).toBe('AdaptiveCard');
});

describe('mail', () => {
  async function mailServer(refuse = 0, options: object = {}) {
    const mails: { text: string; from: string; to: string[] }[] = [];
    let tries = 0;
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, session, done) {
        let text = '';
        stream.on('data', (chunk: Buffer) => {
          text += String(chunk);
        });
        stream.on('end', () => {
          if (++tries <= refuse) return done(Object.assign(new Error('later'), { responseCode: 451 }));
          const from = session.envelope.mailFrom;
          mails.push({
            text,
            from: from === false ? '' : from.address,
            to: session.envelope.rcptTo.map(({ address }) => address),
          });
          done();
        });
      },
      ...options,
    });
    server.on('error', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
    return { mails, port: (server.server.address() as AddressInfo).port };
  }
  const mailTo = (server: string): NotifySettings => [
    {
      kind: 'mail',
      name: 'm',
      server,
      from: 'dbgate@example.test',
      to: ['dba@example.test', 'b@example.test'],
      events: undefined,
    },
  ];

  it('reaches everybody, after a refusal too, and nothing in a reason becomes a header or a recipient', async () => {
    const { mails, port } = await mailServer(1);
    const { notifier, tell } = await notifying(mailTo(`smtp://127.0.0.1:${port}`));
    tell(
      elevation({
        reason: 'x\r\nBcc: victim@example.test\r\n\r\n<b>hello</b>\r\n.\r\nMAIL FROM:<evil@example.test>',
        database: 'shop\r\nBcc: victim@example.test',
      }),
    );
    await until(() => mails.length === 1 && notifier.pending === 0);
    const [mail] = mails;
    expect(mail).toMatchObject({ from: 'dbgate@example.test', to: ['dba@example.test', 'b@example.test'] });
    const [head = ''] = mail!.text.split('\r\n\r\n');
    expect(head).not.toMatch(/^bcc:/im);
    expect(head).toMatch(/^Message-ID: <msg_r-0abc1234_1@example\.test>$/im);
    expect(head).toMatch(/^Auto-Submitted: auto-generated$/im);
    expect(head).toMatch(/^Content-Type: text\/plain/im);
  });

  it('without TLS nothing is sent beyond this machine, least of all a password', async () => {
    const { openTransport } = await import('../../../src/approvals/notify/mail.ts');
    const far = (await openTransport('smtp://u:p@mail.example.test')).options as Record<string, unknown>;
    expect(far).toMatchObject({ requireTLS: true, ignoreTLS: false, secure: false, port: 587 });
    expect((await openTransport('smtps://mail.example.test')).options).toMatchObject({ secure: true, port: 465 });
  });
});

describe('after a restart', () => {
  const ids = (received: readonly Received[]) => received.map(({ headers }) => headers['webhook-id']);

  it('what a crash left untold is told, what was told is not', async () => {
    const hook = await receiver();
    const stateDir = newStateDir();
    const first = await notifying([target('ops', hook.url)], { stateDir });
    const at = Date.now();
    first.tell(elevation(), 1, 'g', at);
    await until(() => first.notifier.pending === 0 && hook.received.length === 1);
    await first.notifier.close();
    const second = await notifying([target('ops', hook.url)], { stateDir, live: false });
    for (const [seq, when] of [
      [1, at],
      [2, at + 1],
      [3, at - 60_000],
    ] as const)
      second.tell(elevation(), seq, 'g', when);
    second.notifier.live();
    second.tell(elevation(), 4, 'g', at + 2);
    await until(() => hook.received.length === 3 && second.notifier.pending === 0);
    expect(ids(hook.received)).toEqual(['msg_r-0abc1234_1', 'msg_r-0abc1234_2', 'msg_r-0abc1234_4']);
  });

  it('what happened before there was a target, or an outbox, stays untold', async () => {
    const hook = await receiver();
    const stateDir = newStateDir();
    const none = await notifying([], { stateDir, live: false });
    none.tell(elevation(), 1, 'g', Date.now() - 1_000);
    none.notifier.live();
    none.tell(elevation(), 2);
    await none.notifier.close();
    const some = await notifying([target('ops', hook.url)], { stateDir, live: false });
    some.tell(elevation(), 1, 'g', Date.now() - 1_000);
    some.tell(elevation(), 2);
    some.notifier.live();
    some.tell(elevation(), 3);
    await until(() => hook.received.length > 0 && some.notifier.pending === 0);
    expect(ids(hook.received)).toEqual(['msg_r-0abc1234_3']);
  });
});
