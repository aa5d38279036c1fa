/**
 * Tells people of requests. In: every change of a request, and where `notify:` says it is told. Out: messages in the
 * targets' own formats, by way of the outbox. It decides nothing, and no request ever waits for it.
 */
import path from 'node:path';
import type { Dispatcher } from 'undici';
import type { NotifySettings } from '../../config/approval-settings.ts';
import { proxySettings } from '../../config/proxy.ts';
import type { RequestEvent, RequestState } from '../request.ts';
import { type Announcement, announcementOf, messageId, type Risk } from './announcement.ts';
import { postJson } from './http-post.ts';
import { sendMail } from './mail.ts';
import { type Attempt, Outbox } from './outbox.ts';
import { slackMessage } from './slack-message.ts';
import { signWebhook } from './standard-webhooks.ts';
import { teamsMessage } from './teams-message.ts';
import { webhookBody } from './webhook.ts';

export interface NotifierOptions {
  readonly stateDir: string;
  /** As they are now: a reload changes them. */
  settings(): { readonly notify?: NotifySettings | undefined; readonly publicUrl: string; readonly gatewayId: string };
  riskOf?: ((state: RequestState) => Risk | undefined) | undefined;
  readonly now: () => number;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  logLine(line: string): void;
  readonly firstRetryMs?: number;
  readonly maxPending?: number;
}

export interface Notifier {
  /**
   * Listens to `Requests`, from before they are read from their log: what a crash left untold is told then. Of several
   * gateways the one that wrote an event tells it.
   */
  tell(state: RequestState, event: RequestEvent, gateway: string): void;
  /** All that was in the log has been said: from now on everything is new. */
  live(): void;
  readonly pending: number;
  readonly dropped: number;
  /** After a reload: what waits for a target is tried with its new settings. */
  reloaded(): void;
  /** A word to whoever pressed a button, at the target's own host only; best effort. */
  answerSlack(target: string, responseUrl: string, message: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

interface Asked {
  readonly later: NodeJS.Immediate;
  readonly announcement: Announcement;
  readonly targets: readonly string[];
}

export type Target = NotifySettings[number];

/** Where a person looks at a request and decides. */
export function requestLink(publicUrl: string, request: string): string {
  return `${publicUrl}/requests/${encodeURIComponent(request)}`;
}

/** An external decider hears of what it has to decide, and of nothing else; nobody else can answer for it. */
export function isFor(target: Target, announcement: Announcement): boolean {
  if (target.kind === 'external' && announcement.external !== target.name) return false;
  return target.events === undefined || target.events.includes(announcement.event);
}

export async function openNotifier(options: NotifierOptions): Promise<Notifier> {
  const { settings, logLine, now } = options;
  let isReplay = true;
  /** Told in the next turn, if it is not approved in this one. */
  const asked = new Map<string, Asked>();
  let dispatcher: Dispatcher | undefined;
  const openDispatcher = async (): Promise<Dispatcher> => {
    const { EnvHttpProxyAgent } = await import('undici');
    dispatcher ??= new EnvHttpProxyAgent({
      ...proxySettings(options.env),
      connect: { timeout: 10_000 },
      connections: 8,
    });
    return dispatcher;
  };
  const outbox = await Outbox.open<Announcement>({
    dir: path.join(options.stateDir, 'outbox'),
    now,
    random: options.random,
    logLine,
    ...(options.firstRetryMs === undefined ? {} : { firstRetryMs: options.firstRetryMs }),
    ...(options.maxPending === undefined ? {} : { maxPending: options.maxPending }),
    attempt: (name, announcement) =>
      attempt(name, announcement).catch((error: Error): Attempt => ({ kind: 'failed', why: error.message })),
  });

  async function attempt(name: string, announcement: Announcement): Promise<Attempt> {
    const { notify = [], publicUrl } = settings();
    const target = notify.find((one) => one.name === name);
    if (target === undefined) return { kind: 'given-up', why: 'it is configured no more' };
    const link = requestLink(publicUrl, announcement.request);
    if (target.kind === 'mail') return sendMail(target, announcement, link);
    const http = await openDispatcher();
    switch (target.kind) {
      case 'webhook':
      case 'external': {
        const callback =
          target.kind === 'external' ? `${publicUrl}/v1/callbacks/external/${encodeURIComponent(name)}` : undefined;
        const body = webhookBody(announcement, link, callback);
        // Signed anew each time: a receiver refuses what was signed long ago.
        const timestamp = Math.floor(now() / 1000);
        return postJson(http, target.url, body, {
          'webhook-id': announcement.id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signWebhook(target.secret, announcement.id, timestamp, body),
        });
      }
      case 'slack': {
        const buttons = target.signingSecret !== undefined;
        return postJson(http, target.url, JSON.stringify(slackMessage(announcement, link, { buttons })));
      }
      case 'teams':
        return postJson(http, target.url, JSON.stringify(teamsMessage(announcement, link)));
      default:
        return target satisfies never;
    }
  }

  function tell(state: RequestState, event: RequestEvent, gateway: string): void {
    try {
      const { notify = [], gatewayId } = settings();
      if (gateway !== gatewayId) return;
      if (isReplay && outbox.wasPut(messageId(state), event.at)) return;
      const announcement = announcementOf(state, event, options.riskOf?.(state));
      if (announcement === undefined) return;
      const targets = notify.filter((target) => isFor(target, announcement)).map(({ name }) => name);
      if (event.type === 'requested') {
        const id = state.request.id;
        const later = setImmediate(() => {
          asked.delete(id);
          void outbox.put(announcement, targets);
        });
        asked.set(id, { later, announcement, targets });
        return;
      }
      if (event.type === 'approved') forgetAsked(state.request.id);
      void outbox.put(announcement, targets);
    } catch (error) {
      logLine(`notify: ${state.request.id} is not told: ${(error as Error).stack}`);
    }
  }
  /** What a rule or break-glass approves at once was not asked of anybody: one message says it all. */
  function forgetAsked(id: string): void {
    const entry = asked.get(id);
    if (entry === undefined) return;
    clearImmediate(entry.later);
    asked.delete(id);
    void outbox.put(entry.announcement, []);
  }

  return {
    tell,
    live: () => {
      isReplay = false;
    },
    get pending() {
      return outbox.pending;
    },
    get dropped() {
      return outbox.dropped;
    },
    reloaded: () => outbox.hurry(),
    async answerSlack(name, responseUrl, message) {
      const target = settings().notify?.find((one) => one.name === name);
      const url = URL.parse(responseUrl);
      // The URL came in a request: only where messages are sent anyway.
      if (target?.kind !== 'slack' || url === null || url.origin !== new URL(target.url).origin) return;
      const sent = await postJson(await openDispatcher(), url.href, JSON.stringify(message));
      if (sent.kind !== 'delivered') logLine(`notify ${name}: the answer to a button was not taken: ${sent.why}`);
    },
    async close() {
      for (const { later, announcement, targets } of asked.values()) {
        clearImmediate(later);
        await outbox.put(announcement, targets);
      }
      await outbox.close();
      await dispatcher?.destroy();
    },
  };
}
