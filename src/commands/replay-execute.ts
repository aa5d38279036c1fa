/**
 * `dbgate replay --execute`: runs one's own recorded statements again, through a tunnel of its own and under today's policy.
 * Reads run in one read-only transaction. Whatever else could change something is run only when a person at the terminal says
 * so, each by itself. What is not in the record in full is left out, and said.
 */
import { createInterface } from 'node:readline';
import type pg from 'pg';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { CommandContext } from './context.ts';
import type { TranscriptAnswer, TranscriptStep } from './history-answers.ts';
import { millis, sqlLine } from './history-lines.ts';
import { openTunnel } from './open-tunnel.ts';
import { prettySql } from './pretty-sql.ts';
import { whyNotRunnable } from './replay-export.ts';
import { sanitise } from './sanitise.ts';
import { renderTable } from './text-table.ts';

const CONNECT_MS = 15_000;

interface Again {
  readonly n: number;
  readonly id: string;
  readonly sql: string | null;
  readonly result: 'same' | 'different' | 'failed' | 'skipped';
  readonly why: string | undefined;
  readonly rows: { readonly was: number | null; readonly now: number | null };
  readonly ms: { readonly was: number | null; readonly now: number | null };
}

export async function executeAgain(
  context: CommandContext,
  transcript: TranscriptAnswer,
  database: string | undefined,
): Promise<void> {
  if (!transcript.own) {
    throw new DbgateError(ErrorCode.denied, 'only one’s own sessions can be run again', {
      hint: 'leave out --execute to see what was done',
    });
  }
  const { session } = transcript.session;
  const purpose = `replay of ${session}`;
  const refusals: string[] = [];
  const tunnel = await openTunnel({
    env: { ...context.env, DBGATE_PURPOSE: purpose },
    database: database ?? transcript.session.database,
    port: 0,
    signal: context.signal,
    events: { refused: (error) => refusals.push(error.message) },
  });
  try {
    const { default: driver } = await import('pg');
    const client = new driver.Client({
      ...tunnel.connection,
      ssl: false,
      application_name: 'dbgate replay',
      connectionTimeoutMillis: CONNECT_MS,
    });
    client.on('error', () => {});
    try {
      await client.connect();
    } catch (error) {
      throw new DbgateError(ErrorCode.upstreamUnavailable, [(error as Error).message, ...refusals].join(': '), {
        cause: error,
      });
    }
    const stop = (): void => void client.end().catch(() => {});
    context.signal.addEventListener('abort', stop, { once: true });
    try {
      await runAll(context, new Rerun(client, driver.Query), transcript);
    } finally {
      context.signal.removeEventListener('abort', stop);
      await client.end().catch(() => {});
    }
    context.note(`recorded with purpose "${sanitise(purpose)}": dbgate history --purpose "${sanitise(purpose)}"`);
  } finally {
    await tunnel.close();
  }
}

async function runAll(context: CommandContext, rerun: Rerun, { steps }: TranscriptAnswer): Promise<void> {
  const done: Again[] = [];
  const answers = new Answers(context);
  let wantsNoMore = false;
  try {
    for (const step of steps) {
      if (context.signal.aborted) throw new DbgateError(ErrorCode.cancelled, 'interrupted');
      const { entry } = step;
      let why = whyNotRunnable(step) ?? whyNotRepeated(step);
      const isWrite = !['read', 'session'].includes(entry.class);
      if (why === undefined && isWrite) {
        if (!context.isTerminal) why = 'it could change something, and nobody is there to say yes';
        else if (wantsNoMore) why = 'not wanted';
        else {
          const said = await answers.ask(step);
          wantsNoMore = said === 'none';
          if (said !== 'yes') why = 'not wanted';
        }
      }
      const again = why === undefined ? await rerun.run(step, isWrite) : skipped(step, why);
      done.push(again);
      if (context.json) context.print(again, () => '');
    }
  } finally {
    answers.close();
  }
  await rerun.end();
  if (!context.json && done.length > 0) context.print(done, () => table(context, done));
  const count = (result: Again['result']): number => done.filter((one) => one.result === result).length;
  context.note(
    `${count('same')} the same, ${count('different')} different, ${count('failed')} failed, ${count('skipped')} left out`,
  );
}

/** Transactions are the replay's own; what the others were is in the record. */
function whyNotRepeated({ entry }: TranscriptStep): string | undefined {
  if (entry.class === 'transaction') return 'a command of a transaction';
  if (/^\s*copy\b/i.test(entry.sql ?? '')) return 'COPY';
  return undefined;
}

/** Runs statements on one connection; the read-only transaction is there whenever a read needs it. */
class Rerun {
  readonly #client: pg.Client;
  readonly #Query: typeof pg.Query;
  #inTransaction = false;

  constructor(client: pg.Client, query: typeof pg.Query) {
    this.#client = client;
    this.#Query = query;
  }

  async run(step: TranscriptStep, isWrite: boolean): Promise<Again> {
    if (isWrite) {
      await this.end();
      return this.#measured(step);
    }
    if (!this.#inTransaction) {
      await this.#client.query('BEGIN TRANSACTION READ ONLY');
      this.#inTransaction = true;
    }
    // One that fails must not end the transaction of the others.
    await this.#client.query('SAVEPOINT replay');
    const again = await this.#measured(step);
    await this.#client.query(again.result === 'failed' ? 'ROLLBACK TO SAVEPOINT replay' : 'RELEASE SAVEPOINT replay');
    return again;
  }

  async end(): Promise<void> {
    if (!this.#inTransaction) return;
    this.#inTransaction = false;
    await this.#client.query('COMMIT');
  }

  async #measured(step: TranscriptStep): Promise<Again> {
    const { entry, values } = step;
    const started = performance.now();
    try {
      const now = await this.#count(entry.sql!, values ?? []);
      const ms = performance.now() - started;
      const result = now === (entry.rows ?? now) ? 'same' : 'different';
      return {
        ...skipped(step, undefined),
        result,
        rows: { was: entry.rows ?? null, now },
        ms: { was: entry.ms ?? null, now: ms },
      };
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      return { ...skipped(step, `${code ?? ''} ${message}`.trim()), result: 'failed' };
    }
  }

  /** Rows are counted, not kept. */
  #count(text: string, values: readonly (string | null)[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const query = new this.#Query({
        text,
        values: values as (string | null)[],
        rowMode: 'array',
      } as pg.QueryArrayConfig);
      let rows = 0;
      query.on('row', () => rows++);
      query.on('error', reject);
      query.on('end', (result: pg.QueryResult | readonly pg.QueryResult[]) => {
        const last = Array.isArray(result) ? result.at(-1) : (result as pg.QueryResult);
        resolve(Math.max(rows, last?.rowCount ?? 0));
      });
      this.#client.query(query as never);
    });
  }
}

function skipped({ n, entry }: TranscriptStep, why: string | undefined): Again {
  return {
    n,
    id: entry.id,
    sql: entry.sql,
    result: 'skipped',
    why,
    rows: { was: entry.rows ?? null, now: null },
    ms: { was: entry.ms ?? null, now: null },
  };
}

/** A person's yes to one statement at a time; whoever says nothing has not said yes. */
class Answers {
  readonly #context: CommandContext;
  #lines: AsyncIterator<string> | undefined;
  #close = (): void => {};

  constructor(context: CommandContext) {
    this.#context = context;
  }

  async ask({ n, entry, values }: TranscriptStep): Promise<'yes' | 'no' | 'none'> {
    const { stdin, stderr, signal, note } = this.#context;
    if (this.#lines === undefined) {
      const reader = createInterface({ input: stdin, terminal: false });
      const stop = (): void => reader.close();
      signal.addEventListener('abort', stop, { once: true });
      this.#close = () => {
        signal.removeEventListener('abort', stop);
        reader.close();
      };
      this.#lines = reader[Symbol.asyncIterator]();
    }
    const shown = sanitise(await prettySql(entry.sql!), { keepLayout: true });
    note(`\n${n}: ${sanitise(entry.class)}, ${entry.rows ?? 0} rows then\n${shown}`);
    if (values !== undefined && values.length > 0) note(`with ${sanitise(JSON.stringify(values))}`);
    stderr.write('run it again? [y/N/q] ');
    const { value, done } = await this.#lines.next();
    if (done === true) return 'none';
    const answer = String(value).trim();
    if (/^y(es)?$/i.test(answer)) return 'yes';
    return /^q(uit)?$/i.test(answer) ? 'none' : 'no';
  }

  close(): void {
    this.#close();
  }
}

function table(context: CommandContext, done: readonly Again[]): string {
  const clipped = context.stdout.isTTY === true || context.env.COLUMNS !== undefined;
  const both = (was: string, now: string): string => `${was} ${context.unicode ? '→' : '->'} ${now}`;
  const count = (rows: number | null): string => (rows === null ? '-' : String(rows));
  return renderTable(
    [
      { title: 'N', text: ({ n }: Again) => String(n), align: 'right' },
      { title: 'RESULT', text: ({ result }) => result },
      { title: 'ROWS', text: ({ rows }) => both(count(rows.was), count(rows.now)) },
      { title: 'MS', text: ({ ms }) => both(millis(ms.was), millis(ms.now)) },
      { title: 'SQL', text: (one) => sqlLine(one), flexible: true },
      { title: 'WHY', text: ({ why }) => sanitise(why ?? '') },
    ],
    done,
    { columns: clipped ? context.columns : undefined, unicode: context.unicode },
  ).join('\n');
}
