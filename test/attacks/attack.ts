/**
 * What an attack is: a way to get sensitive values out of the seeded database (`seed.ts`) as a principal without
 * clearance. A new one is an entry in a file of `families/`. It must be seen to leak on plain PostgreSQL.
 */

import type { Seed } from './seed.ts';
import { bind, encodeDescribe, encodeExecute, encodeParse, FLUSH, type Reply, SYNC, type Wire } from './wire.ts';

export interface Attack {
  readonly id: string;
  /** Of several, all but the last go by simple query, and may fail. */
  readonly sql?: string | readonly string[];
  readonly by?: Way;
  /** Instead of `sql`. */
  readonly run?: (attacker: Attacker) => Promise<unknown>;
  /** What the attacker makes of the answer. */
  readonly decode?: (reply: Reply) => readonly string[];
  /** Values are told from what can be observed, not read: reported apart. */
  readonly infers?: true;
  /** Major version of PostgreSQL that it needs. */
  readonly since?: number;
  /** Leaves something behind: the database is made anew. */
  readonly writes?: true;
}

/** Some other attacks leave nothing that matters; whatever runs DDL, DO or DML is taken to write. */
export function leavesTraces({ sql, run, writes }: Attack): boolean {
  if (writes) return true;
  const text = [sql ?? []].flat().join(';') + (run?.toString() ?? '');
  return /\b(create|alter|drop|insert|update|delete|merge|truncate|do \$|into|call|grant|refresh|analyze|comment|set_config|lo_|copy \w+ from|prepare)\b/i.test(
    text,
  );
}

export interface Attacker {
  readonly seed: Seed;
  /** What was worked out; the detector looks at it too. */
  readonly found: string[];
  connect(parameters?: Readonly<Record<string, string>>): Promise<Wire>;
  /** Runs something as somebody else who works on the database (a colleague, the application). */
  bystander(sql: string): Promise<void>;
  /**
   * Tells a text character by character from a yes or no to "is the code of character `at` of it above `code`?".
   * Gives up when the first answers are all the same.
   */
  bisect(length: number, above: (at: number, code: number) => Promise<boolean>): Promise<void>;
}

export type Way =
  | 'simple'
  | 'extended'
  | 'binary'
  | 'named'
  | 'no describe'
  | 'flush'
  | 'portal'
  | 'binary portal'
  | 'pipeline'
  | 'several syncs'
  | 'cursor'
  | 'binary cursor'
  | 'with hold'
  | 'prepare'
  | 'copy'
  | 'copy csv'
  | 'copy binary'
  | 'copy extended'
  | 'among others'
  | 'byte by byte';

const one = (sql: string): Buffer[] => [encodeParse('', sql), bind('', ''), encodeExecute(''), SYNC];

/** Each way in which a text can be sent and its rows be fetched. */
export const WAYS: Readonly<Record<Way, (wire: Wire, sql: string) => Promise<Reply>>> = {
  simple: (wire, sql) => wire.query(sql),
  extended: (wire, sql) => wire.extended(sql),
  binary: (wire, sql) => wire.extended(sql, { formats: [1] }),
  named: async (wire, sql) => {
    wire.send(encodeParse('st', sql), encodeDescribe('S', 'st'), SYNC);
    await wire.reply();
    wire.send(bind('po', 'st'), encodeExecute('po'), bind('', 'st', [], [1]), encodeExecute(''), SYNC);
    return wire.reply();
  },
  'no describe': (wire, sql) => wire.extended(sql, { describe: false }),
  flush: async (wire, sql) => {
    wire.send(encodeParse('', sql), bind('', ''), encodeExecute(''), FLUSH);
    const reply = await wire.reply({ stop: (type) => type === 'C' || type === 'E' });
    wire.send(SYNC);
    await wire.reply();
    return reply;
  },
  portal: (wire, sql) => byPortal(wire, sql, [0]),
  'binary portal': (wire, sql) => byPortal(wire, sql, [1]),
  pipeline: (wire, sql) => {
    const parts = (text: string) => one(text).slice(0, 3);
    wire.send(...parts('SELECT 1'), ...parts(sql), ...parts('SELECT 2'), SYNC);
    return wire.reply();
  },
  'several syncs': (wire, sql) => {
    wire.send(...one('SELECT 1'), ...one(sql), ...one('SELECT 2'));
    return wire.reply({ ready: 3 });
  },
  cursor: (wire, sql) =>
    inTurn(wire, [
      'BEGIN',
      `DECLARE ze CURSOR FOR ${sql}`,
      'FETCH 2 FROM ze',
      'MOVE 1 IN ze',
      'FETCH ALL FROM ze',
      'ROLLBACK',
    ]),
  'binary cursor': (wire, sql) =>
    inTurn(wire, ['BEGIN', `DECLARE ze BINARY CURSOR FOR ${sql}`, 'FETCH FORWARD ALL FROM ze', 'ROLLBACK']),
  'with hold': (wire, sql) =>
    inTurn(wire, [
      'BEGIN',
      `DECLARE zh SCROLL CURSOR WITH HOLD FOR ${sql}`,
      'COMMIT',
      'FETCH LAST FROM zh',
      'FETCH BACKWARD ALL FROM zh',
      'CLOSE zh',
    ]),
  prepare: (wire, sql) => inTurn(wire, [`PREPARE vo AS ${sql}`, 'EXECUTE vo', 'DEALLOCATE vo']),
  copy: (wire, sql) => wire.query(`COPY (${sql}) TO STDOUT`),
  'copy csv': (wire, sql) =>
    wire.query(`COPY (${sql}) TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER ';', QUOTE '''', FORCE_QUOTE *)`),
  'copy binary': (wire, sql) => wire.query(`COPY (${sql}) TO STDOUT (FORMAT binary)`),
  'copy extended': (wire, sql) => wire.extended(`COPY (${sql}) TO STDOUT (DELIMITER '|', NULL 'nix')`),
  'among others': (wire, sql) => wire.query(`SELECT 1; ${sql}; SELECT 'ende'`),
  'byte by byte': async (wire, sql) => {
    for (const byte of Buffer.concat(one(sql))) wire.send(Buffer.from([byte]));
    return wire.reply();
  },
};

async function byPortal(wire: Wire, sql: string, formats: readonly number[]): Promise<Reply> {
  wire.send(...one('BEGIN'), encodeParse('', sql), bind('po', '', [], formats), encodeDescribe('P', 'po'), FLUSH);
  await wire.reply({ stop: (type) => type === 'T' || type === 'n' || type === 'E' });
  for (let turn = 0; turn < 9; turn++) {
    wire.send(encodeExecute('po', 2), FLUSH);
    const part = await wire.reply({ stop: (type) => 'sCE'.includes(type) });
    if (part.messages.at(-1)?.type !== 's') break;
  }
  wire.send(SYNC);
  await wire.reply();
  return wire.query('ROLLBACK');
}

async function inTurn(wire: Wire, statements: readonly string[]): Promise<Reply> {
  let last: Reply | undefined;
  for (const sql of statements) {
    const reply = await wire.query(sql);
    if (reply.rows.length > 0 || last === undefined) last = reply;
  }
  return last!;
}
