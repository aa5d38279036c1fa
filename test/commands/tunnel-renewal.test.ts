import { expect, it } from 'vitest';
import { keepRenewed } from '../../src/commands/tunnel-renewal.ts';
import { DbgateError } from '../../src/errors.ts';
import type { GatewayClient } from '../../src/login/gateway-client.ts';

type Answer = () => unknown;

/** Runs the renewal against a scripted gateway until `count` things were said. */
async function said(firstLifeMs: number, count: number, renew: Answer, whoami: Answer = renew): Promise<string[]> {
  const client = {
    gateway: 'https://gw.test',
    tokenKind: 'login',
    request: async (method: string) => (method === 'POST' ? renew() : whoami()),
  } as unknown as GatewayClient;
  const stop = new AbortController();
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    if (lines.length === count) stop.abort();
  };
  const events = {
    renewed: (_: number, wasExpired: boolean) => say(wasExpired ? 'renewed after its end' : 'renewed'),
    failing: (message: string) => say(message),
  };
  const timing = { leadMs: 500, retryMs: 20, expiredRetryMs: 20 };
  await keepRenewed(client, 't', Date.now() + firstLifeMs, events, stop.signal, timing);
  return lines;
}

const inMs = (ms: number) => ({ expires_at: new Date(Date.now() + ms).toISOString() });
const refuse = (code: 'login_required' | 'not_found', message: string, hint: string) => () => {
  throw new DbgateError(code, message, { hint });
};

it('renews again and again', async () => {
  expect(await said(600, 3, () => inMs(800))).toEqual(['renewed', 'renewed', 'renewed']);
});

it('says once that it cannot, that the session has expired, and when a new login has come', async () => {
  let end = Number.POSITIVE_INFINITY;
  const refused = refuse('login_required', 'the login has ended', 'dbgate login');
  const lines = await said(600, 3, () => {
    end = Math.min(end, Date.now() + 1500);
    return Date.now() < end ? refused() : inMs(60_000);
  });
  expect(lines).toEqual([
    'the session cannot be renewed: the login has ended (dbgate login)',
    'session expired: run dbgate login https://gw.test',
    'renewed after its end',
  ]);
});

it('a token that gets no younger is as good as none', async () => {
  const end = inMs(700);
  expect(await said(700, 2, () => end)).toEqual([
    'the session ends soon: run dbgate login https://gw.test',
    'session expired: run dbgate login https://gw.test',
  ]);
});

it('a tunnel without sessions asks how long its token lives', async () => {
  const whoami = () => ({ issuer: 'i', subject: 's', kind: 'user', ...inMs(60_000) });
  expect(await said(600, 1, refuse('not_found', 'no such tunnel', ''), whoami)).toEqual(['renewed']);
});
