/** Mail by SMTP: plain text only, so that nothing in it is a link, a picture or a form. */
import type { MailTarget } from '../../config/approval-settings.ts';
import { isLoopbackHost } from '../../config/secret-reference.ts';
import type { Announcement } from './announcement.ts';
import { reasonOf } from './http-post.ts';
import type { Attempt } from './outbox.ts';
import { oneLine } from './plain-text.ts';

const TIMEOUT_MS = 10_000;
const MAX_SUBJECT = 150;

export interface Mail {
  readonly subject: string;
  readonly text: string;
}

export function mailOf(announcement: Announcement, link: string): Mail {
  const { title, facts, sql, decidable } = announcement;
  const width = Math.max(...facts.map(({ label }) => label.length));
  return {
    subject: oneLine(`[dbgate] ${title}`, MAX_SUBJECT),
    text: [
      title,
      '',
      ...facts.map(({ label, value }) => `${label.padEnd(width)}  ${value}`),
      ...(sql === undefined ? [] : ['', ...sql.split('\n').map((line) => `    ${line}`)]),
      '',
      decidable ? 'Look at it and decide:' : 'Look at it:',
      link,
      decidable ? `or: dbgate review ${announcement.request}` : `or: dbgate requests show ${announcement.request}`,
      '',
    ].join('\n'),
  };
}

export async function openTransport(server: string) {
  const { createTransport } = await import('nodemailer');
  const url = new URL(server);
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const clear = !secure && isLoopbackHost(url.hostname);
  return createTransport({
    host,
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    // Without TLS nothing leaves this machine, least of all the password.
    requireTLS: !secure && !clear,
    ignoreTLS: clear,
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    dnsTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

export async function sendMail(target: MailTarget, announcement: Announcement, link: string): Promise<Attempt> {
  const transport = await openTransport(target.server);
  const { subject, text } = mailOf(announcement, link);
  const host = target.from.slice(target.from.lastIndexOf('@') + 1);
  try {
    const sent = await withinTime(
      transport.sendMail({
        from: target.from,
        to: [...target.to],
        subject,
        text,
        // Stable, so that a mail which is sent twice is one.
        messageId: `<${announcement.id}@${host}>`,
        date: new Date(announcement.at),
        headers: { 'Auto-Submitted': 'auto-generated' },
      }),
    );
    const { rejected } = sent as { rejected?: unknown[] };
    // The others have it: sending again would only send it to them twice.
    if (rejected !== undefined && rejected.length === target.to.length) return { kind: 'failed', why: 'all refused' };
    return { kind: 'delivered' };
  } catch (error) {
    const { responseCode } = error as { responseCode?: number };
    const why = responseCode === undefined ? reasonOf(error) : `the mail server answered ${responseCode}`;
    return { kind: 'failed', why };
  } finally {
    transport.close();
  }
}

async function withinTime<T>(sending: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })), 2 * TIMEOUT_MS);
  });
  sending.catch(() => {});
  try {
    return await Promise.race([sending, late]);
  } finally {
    clearTimeout(timer);
  }
}
