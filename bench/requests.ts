/** How long 10,000 pending requests take to be listed, decided on and read after a restart: `node bench/requests.ts`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRequests } from '../src/approvals/requests.ts';
import type { GatewaySettings } from '../src/config/gateway-settings.ts';
import type { Principal } from '../src/identity/principal.ts';
import { openSegmentLog } from '../src/store/segment-log.ts';
import { approvalSettings } from '../test/support/approvals.ts';

const REQUESTS = 10_000;
const PEOPLE = 250;
const AT_ONCE = 200;

function person(subject: string, groups: readonly string[]): Principal {
  const email = `${subject}@example.com`;
  const more = { name: undefined, actor: undefined, authMethods: [], jkt: undefined };
  return {
    kind: 'user',
    issuer: 'https://id.example.com',
    subject,
    email,
    groups,
    expiresAt: Number.MAX_VALUE,
    ...more,
  };
}

const dir = mkdtempSync(path.join(tmpdir(), 'dbgate-bench-'));
const now = Date.now;
const app = { name: 'app', environment: 'production', labels: {} };
const settings = {
  gatewayId: 'bench',
  publicUrl: 'https://db.example.com',
  databases: new Map([['app', app]]),
  approvals: approvalSettings(),
} as unknown as GatewaySettings;

async function open() {
  const log = await openSegmentLog({
    ...{ dir, gatewayId: 'bench', segmentBytes: 64 << 20, durability: 'sync', maxQueuedBytes: 64 << 20, now },
  });
  const requests = await openRequests({
    log,
    now,
    settings: () => settings,
    audit: { healthy: () => true, event: async () => {} },
    rights: {
      mayReach: () => true,
      isDatabaseAdmin: () => false,
      isAdministrator: () => false,
      isAuditor: () => false,
    },
    logLine: console.error,
  });
  return { log, requests };
}

async function timed<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  console.log(`${what.padEnd(60)} ${(performance.now() - from).toFixed(1)} ms`);
  return result;
}

try {
  const first = await open();
  const people = Array.from({ length: PEOPLE }, (_, i) => person(`dev${i}`, ['developers']));
  await timed(`${REQUESTS} asked for, ${AT_ONCE} at once`, async () => {
    for (let i = 0; i < REQUESTS; i += AT_ONCE) {
      const asks = Array.from({ length: AT_ONCE }, (_, j) =>
        first.requests.ask(people[(i + j) % PEOPLE]!, {
          ...{ database: 'app', access: 'write' as const, unmask: undefined, tables: undefined },
          ...{ durationMs: 3_600_000, reason: `INC-${i + j}`, purpose: undefined, breakGlass: false },
        }),
      );
      await Promise.all(asks);
    }
  });
  const reviewer = person('rosa', ['reviewers']);
  for (let round = 0; round < 3; round++) {
    const listed = await timed('all that a reviewer may decide, by pages of 1,000', () => {
      let count = 0;
      for (let after: string | undefined; ; ) {
        const page = first.requests.list(reviewer, { decidableBy: reviewer, status: 'pending', limit: 1000, after });
        count += page.length;
        if (page.length < 1000) return count;
        after = page.at(-1)!.request.id;
      }
    });
    if (listed !== REQUESTS) throw new Error(`${listed} were listed`);
  }
  await timed('the newest 100', () => first.requests.list(reviewer, { decidableBy: reviewer, limit: 100 }));
  await timed('one person’s own among them', () =>
    first.requests.list(people[0]!, { mine: 'https://id.example.com|dev0' }),
  );
  await timed('a look at the clock', () => first.requests.sweep());
  const { request } = first.requests.list(reviewer, { limit: 1 })[0]!;
  await timed('one approved, with two syncs', () => first.requests.approve(request.id, reviewer, 'cli', '', {}));
  await first.requests.close();
  await first.log.close();
  const second = await timed(`read again after a restart`, open);
  await second.requests.close();
  await second.log.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
