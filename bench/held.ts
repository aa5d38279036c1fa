/**
 * What waiting for an approval costs: `node bench/held.ts [times]`. How long it takes from a reviewer's yes to the first
 * byte of the answer of a statement that waited on the wire; and what statements that do not wait pay for it that others
 * could: the same gateway with and without approvals and rules that hold, in turns.
 */
import type pg from 'pg';
import { approvalSettings } from '../test/support/approvals.ts';
import { startLoopbackGateway } from './loopback-gateway.ts';

const times = Number(process.argv[2] ?? 200);
const ROUNDS = 31;
const STATEMENTS = 1_000;

const at = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!;
const line = (what: string, values: readonly number[]) =>
  console.log(
    `${what}: p50 ${at(values, 0.5).toFixed(1)} ms, p95 ${at(values, 0.95).toFixed(1)} ms, p99 ${at(values, 0.99).toFixed(1)} ms`,
  );

const rules = [{ id: 'held', effect: 'hold' as const, match: { command: ['DELETE'] } }];
const approvals = approvalSettings({ noticeEveryMs: 0 });
const gateway = await startLoopbackGateway({ rules, approvals });
try {
  const dev = await gateway.token('dev', 'developers');
  const reviewer = await gateway.token('rosa', 'reviewers');
  const client = await gateway.client(dev);
  await client.query('CREATE TABLE item (id int PRIMARY KEY)');
  await approved(client, reviewer);
  await notHeld(client);
  await client.end();
} finally {
  await gateway.close();
}

async function approved(client: pg.Client, reviewer: string): Promise<void> {
  const noticed: ((id: string) => void)[] = [];
  client.on('notice', ({ message }) => noticed.shift()?.(/r-\w+/.exec(message ?? '')![0]));
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  const approvalMs: number[] = [];
  const noticeMs: number[] = [];
  for (let i = 0; i < times; i++) {
    const notice = new Promise<string>((resolve) => noticed.push(resolve));
    const askedAt = performance.now();
    const running = client.query(`DELETE FROM item WHERE id = ${i} RETURNING id`);
    const id = await notice;
    noticeMs.push(performance.now() - askedAt);
    const first = new Promise<number>((resolve) => connection.once('rowDescription', () => resolve(performance.now())));
    const approvedAt = performance.now();
    await gateway.api('POST', `/v1/requests/${id}/approve`, reviewer, { reason: 'bench' });
    approvalMs.push((await first) - approvedAt);
    await running;
  }
  console.log(`${times} statements, one after another`);
  line('statement sent → NOTICE with the request’s number', noticeMs);
  line('approval sent (HTTPS) → first byte of the answer', approvalMs);
}

/** CPU is that of this process: client, issuer and gateway; latency that of one statement after another. */
async function notHeld(client: pg.Client): Promise<void> {
  const { rules: _, approvals: __, ...without } = gateway.settings;
  const cases = [
    { name: 'without approvals', settings: { ...without, rules: [] }, cpuUs: [] as number[], ms: [] as number[] },
    { name: 'with, not held', settings: gateway.settings, cpuUs: [] as number[], ms: [] as number[] },
  ];
  const statements = [
    { name: 'prepared SELECT', run: (i: number) => client.query({ name: 'one', text: 'SELECT $1::int', values: [i] }) },
    { name: 'SELECT in text', run: (i: number) => client.query(`SELECT id FROM item WHERE id = ${i % 100}`) },
    { name: 'INSERT in text', run: () => client.query('INSERT INTO item VALUES (1) ON CONFLICT DO NOTHING') },
  ];
  for (const { name, run } of statements) {
    for (const one of cases) one.cpuUs.length = one.ms.length = 0;
    for (let round = -2; round < ROUNDS; round++) {
      for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
        gateway.reload(one.settings);
        for (let i = 0; i < 50; i++) await run(i);
        const before = process.cpuUsage();
        const took: number[] = [];
        for (let i = 0; i < STATEMENTS; i++) {
          const from = performance.now();
          await run(i);
          took.push(performance.now() - from);
        }
        const { user, system } = process.cpuUsage(before);
        if (round < 0) continue;
        one.cpuUs.push((user + system) / STATEMENTS);
        one.ms.push(at(took, 0.5));
      }
    }
    const told = cases.map((one) => {
      return `${one.name} ${at(one.cpuUs, 0.5).toFixed(0)} us of CPU, p50 ${(at(one.ms, 0.5) * 1000).toFixed(0)} us`;
    });
    const ratios = cases[1]!.cpuUs.map((value, i) => value / cases[0]!.cpuUs[i]!);
    console.log(
      `${name}: ${told.join('; ')}; CPU of each pair × ${at(ratios, 0.5).toFixed(3)} (quartiles ${at(ratios, 0.25).toFixed(3)}, ${at(ratios, 0.75).toFixed(3)})`,
    );
  }
}
