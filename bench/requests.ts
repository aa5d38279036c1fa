/** How long 10,000 pending requests take to be listed, decided on and read after a restart: `node bench/requests.ts`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keepRequestTexts, requestsText } from '../src/api/request-texts.ts';
import { openRequests } from '../src/approvals/requests.ts';
import type { GatewaySettings } from '../src/config/gateway-settings.ts';
import type { GatewayState } from '../src/gateway/gateway-state.ts';
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
  const [from, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const [took, cpu] = [performance.now() - from, process.cpuUsage(before)];
  console.log(`${what.padEnd(60)} ${took.toFixed(1)} ms, ${((cpu.user + cpu.system) / 1000).toFixed(1)} ms of CPU`);
  return result;
}

try {
  const first = await open();
  const stop = keepRequestTexts(first.requests);
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
  // As the API does it, in one tick: no request is answered meanwhile. The first time nothing is warm.
  const gateway = { requests: first.requests, settings } as unknown as GatewayState;
  for (let round = 0; round < 3; round++) {
    const bytes = await timed('the same as JSON of the API, by pages of 1,000', () => {
      let sum = 0;
      for (let after: string | undefined, more = true; more; ) {
        const page = first.requests.list(reviewer, { decidableBy: reviewer, status: 'pending', limit: 1000, after });
        sum += requestsText(gateway, page, reviewer).length;
        more = page.length === 1000;
        after = page.at(-1)?.request.id;
      }
      return sum;
    });
    if (bytes < REQUESTS * 500) throw new Error(`${bytes} characters were made`);
  }
  await timed('the newest 100', () => first.requests.list(reviewer, { decidableBy: reviewer, limit: 100 }));
  await timed('one person’s own among them', () =>
    first.requests.list(people[0]!, { mine: 'https://id.example.com|dev0' }),
  );
  await timed('a look at the clock', () => first.requests.sweep());
  const { request } = first.requests.list(reviewer, { limit: 1 })[0]!;
  await timed('one approved, with two syncs', () => first.requests.approve(request.id, reviewer, 'cli', '', {}));
  stop();
  await first.requests.close();
  await first.log.close();
  const second = await timed(`read again after a restart`, open);
  await second.requests.close();
  await second.log.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
