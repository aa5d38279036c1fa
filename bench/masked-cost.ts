/** What one answer costs a gateway: rows a second, CPU a row, and the memory that it adds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { allocatedByMasks } from './allocated-by-masks.ts';
import { AnswerReader, type Pace, type Question } from './answer-reader.ts';
import { type Case, cases, checkMasks, type Kind, makePeople, TEN } from './masked-people.ts';
import { cpuTimes, forgetMostResident, mostResidentBytes, Processes, residentBytes } from './processes.ts';
import { median } from './statistics.ts';
import { type DbgateTargets, directTarget, startDbgate, type Target, type Upstream } from './targets.ts';

export interface Measured {
  readonly rowsPerSecond: number;
  /** Of the gateway for a row. */
  readonly cpuMicros: number;
  readonly mainMicros: number;
}

/** A fresh session, as a principal's first large answer. */
export async function measure(target: Target, question: Question): Promise<Measured> {
  const reader = await AnswerReader.open(target);
  try {
    const before = cpuTimes(target.pids());
    const answer = await reader.ask(question);
    const after = cpuTimes(target.pids());
    const micros = 1e6 / answer.rows;
    return {
      rowsPerSecond: answer.rows / answer.seconds,
      cpuMicros: (after.user + after.system - before.user - before.system) * micros,
      mainMicros: (after.main - before.main) * micros,
    };
  } finally {
    reader.close();
  }
}

/** Questions whose answers have some so many bytes, of a table of so many people. */
export function largeAnswers(rows: number, bytes: number): (Question & { readonly name: string })[] {
  const from = (wanted: number) =>
    `FROM people, generate_series(1, ${Math.ceil(wanted / rows)}) LIMIT ${Math.ceil(wanted)}`;
  const wide = from(bytes / 1010);
  return [
    { name: 'one masked text, rows of 1 KB', sql: `SELECT email, rpad(plan, 950) ${wide}`, format: 'text' },
    { name: 'the same by COPY', sql: `COPY (SELECT email, rpad(plan, 950) ${wide}) TO STDOUT`, format: 'text' },
    { name: 'ten masked', sql: `SELECT ${TEN.join(', ')} ${from(bytes / 200)}`, format: 'text' },
  ];
}

/** Most that an answer adds to what was resident before it. */
export async function extraMemory(
  target: Target,
  question: Question,
  pace: Pace = 'fast',
): Promise<{ extra: number; bytes: number }> {
  const reader = await AnswerReader.open(target, pace);
  const pids = target.pids();
  try {
    await sleep(500);
    const before = residentBytes(pids);
    forgetMostResident(pids);
    const { bytes } = await reader.ask(question);
    return { extra: mostResidentBytes(pids) - before, bytes };
  } finally {
    reader.close();
  }
}

export interface MaskedCost {
  readonly rows: number;
  readonly answers: Partial<Record<Case['name'], AnswerCost>>;
  /** Most that an answer of a GB added to what was resident of a gateway that had just begun. */
  readonly extraBytes: Readonly<Record<string, number>>;
  /** On V8's heap, for a row of ten columns. */
  readonly allocatedBytes: number;
}

export interface AnswerCost {
  /** Rows a second of who is masked, by those of who is not, in the same round: the median. */
  readonly ratio: number;
  /** Of the gateway's CPU for a row. */
  readonly maskedMicros: number;
  readonly unmaskedMicros: number;
}

export interface CostSettings {
  readonly rows: number;
  readonly rounds: number;
  readonly largeBytes: number;
}

/** Of the gateway of this checkout; its first rounds warm it up. */
export async function maskedCost(dir: string, upstream: Upstream, settings: CostSettings): Promise<MaskedCost> {
  const { rows, rounds, largeBytes } = settings;
  await makePeople(directTarget(upstream), rows);
  const extraBytes: Record<string, number> = {};
  for (const [i, question] of largeAnswers(rows, largeBytes).entries()) {
    await withGateway(dir, upstream, `large-${i}`, async ({ native }) => {
      extraBytes[question.name] = (await extraMemory(native, question)).extra;
    });
  }
  const answers: MaskedCost['answers'] = {};
  await withGateway(dir, upstream, 'masked', async ({ admin, native }) => {
    await checkMasks(admin, native);
    for (const question of cases().filter(({ kind }) => GOAL_KINDS.has(kind))) {
      const results: [masked: Measured, unmasked: Measured][] = [];
      for (let round = 0; round <= rounds; round++) {
        const first = await measure(round % 2 === 0 ? native : admin, question);
        const second = await measure(round % 2 === 0 ? admin : native, question);
        if (round > 0) results.push(round % 2 === 0 ? [first, second] : [second, first]);
      }
      answers[question.name] = {
        ratio: median(results.map(([masked, unmasked]) => masked.rowsPerSecond / unmasked.rowsPerSecond)),
        maskedMicros: median(results.map(([masked]) => masked.cpuMicros)),
        unmaskedMicros: median(results.map(([, unmasked]) => unmasked.cpuMicros)),
      };
    }
  });
  return { rows, answers, extraBytes, allocatedBytes: allocatedByMasks() };
}

const GOAL_KINDS: ReadonlySet<Kind> = new Set(['nothing sensitive', 'one text of three', 'ten columns']);

async function withGateway(
  dir: string,
  upstream: Upstream,
  label: string,
  use: (targets: DbgateTargets) => Promise<void>,
): Promise<void> {
  const processes = new Processes();
  try {
    await use(await startDbgate(processes, dir, upstream, { durability: 'async', label }));
  } finally {
    await processes.stopAll();
  }
}
