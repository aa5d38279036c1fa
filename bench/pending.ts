/**
 * How long it takes to list 10,000 pending requests: by the API over HTTPS, and by `dbgate requests` and `dbgate review`
 * in a shell, beside a start of node that does nothing: `node bench/pending.ts`.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { approvalSettings } from '../test/support/approvals.ts';
import { startLoopbackGateway } from './loopback-gateway.ts';

const REQUESTS = 10_000;
const AT_ONCE = 100;
const PEOPLE = 250;
const ROUNDS = 15;
const MAX_PAGE = 1000;

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const told = (what: string, values: readonly number[]) =>
  console.log(
    `${what.padEnd(58)} median ${median(values).toFixed(1)} ms, slowest ${Math.max(...values).toFixed(1)} ms`,
  );

const run = promisify(execFile);

/** The gateway answers from this process: nothing may be waited for in it. */
async function output(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return (await run(process.execPath, args, { env, maxBuffer: 1 << 28 })).stdout;
}

const home = mkdtempSync(path.join(tmpdir(), 'dbgate-pending-'));
const gateway = await startLoopbackGateway({ rules: [], approvals: approvalSettings() });
try {
  const reviewer = await gateway.token('rosa', 'reviewers');
  const people = await Promise.all(Array.from({ length: PEOPLE }, (_, i) => gateway.token(`dev${i}`, 'developers')));
  for (let i = 0; i < REQUESTS; i += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, j) => {
        const ask = { database: 'app', access: 'write', duration_ms: 3_600_000, reason: `INC-${i + j}` };
        const { id } = await gateway.api('POST', '/v1/requests', people[(i + j) % PEOPLE]!, ask);
        if (id === undefined) throw new Error('a request was refused');
      }),
    );
  }
  const pages: number[] = [];
  const texts: number[] = [];
  const all: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    let count = 0;
    let answered = 0;
    for (let after = '', more = true; more; ) {
      const pageFrom = performance.now();
      const text = await gateway.text('GET', `/v1/requests?pending=true&limit=${MAX_PAGE}${after}`, reviewer);
      pages.push(performance.now() - pageFrom);
      answered += pages.at(-1)!;
      const { requests, next } = JSON.parse(text) as { requests: { id: string }[]; next?: string };
      count += requests.length;
      more = next !== undefined;
      after = `&after=${next}`;
    }
    all.push(performance.now() - from);
    texts.push(answered);
    if (count !== REQUESTS) throw new Error(`${count} were listed`);
  }
  told(`a page of ${MAX_PAGE} over HTTPS`, pages);
  told(`all ${REQUESTS} over HTTPS, page after page`, texts);
  told('the same, parsed', all);

  const ca = path.join(home, 'ca.pem');
  writeFileSync(ca, gateway.ca);
  const env = {
    ...process.env,
    ...{ HOME: home, XDG_CONFIG_HOME: home, DBGATE_GATEWAY: gateway.url, DBGATE_CA_FILE: ca, DBGATE_TOKEN: reviewer },
  };
  const cli = path.resolve('bin/dbgate.js');
  const shell = async (what: string, args: readonly string[]) => {
    const took: number[] = [];
    let printed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const from = performance.now();
      printed = (await output(args, env)).split('\n').length - 1;
      took.push(performance.now() - from);
    }
    told(`${what}: ${printed} lines`, took);
  };
  await shell('node -e 0', ['-e', '0']);
  await shell('dbgate requests --pending', [cli, 'requests', '--pending']);
  await shell('dbgate requests --pending --json --limit 10000', [
    cli,
    'requests',
    '--pending',
    '--json',
    '--limit',
    '10000',
  ]);
  await shell('dbgate review', [cli, 'review']);
  await shell('dbgate review --json', [cli, 'review', '--json']);
} finally {
  await gateway.close();
  rmSync(home, { recursive: true, force: true });
}
