/** Faults at every step of masking, in a real gateway before a real Postgres: what cannot be masked is never told. */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DbgateError } from '../../src/errors.ts';
import { AwaitedRelations } from '../../src/gateway/awaited-relations.ts';
import { CatalogSnapshot } from '../../src/gateway/catalog-snapshot.ts';
import { Classifier } from '../../src/gateway/classifier.ts';
import { DatabaseMasking } from '../../src/gateway/database-masking.ts';
import type { MaskingSession } from '../../src/gateway/masking-session.ts';
import { ParserLane } from '../../src/gateway/parser-lane.ts';
import { SideConnection } from '../../src/gateway/side-connection.ts';
import { CopyRewriter } from '../../src/masking/copy-rewriter.ts';
import { maskContext } from '../../src/masking/maskers/context.ts';
import { ResultRewriter } from '../../src/masking/result-rewriter.ts';
import { encodeBind, encodeExecute, encodeParse, SYNC } from '../../src/pgwire/extended.ts';
import { Rig, until, withRig } from './gateway-rig.ts';
import { Listener, PEOPLE, PEOPLE_SQL } from './masked-people.ts';
import { WireClient } from './wire-client.ts';

const rig = withRig({ sql: PEOPLE_SQL });

afterEach(() => vi.restoreAllMocks());

let texts = 0;
/** Nobody has asked it before. */
const fresh = (sql: string): string => `${sql} /* ${texts++} */ LIMIT ${1000 + texts}`;
/** Another shape each time, so that nothing of it is known. */
const unseen = (): string => `SELECT email AS e${texts++} FROM people`;

/** Sessions that are opened from now on have this in place of their own. */
function opening(parts: Partial<Record<keyof MaskingSession, unknown>>): void {
  const opened = DatabaseMasking.prototype.open;
  vi.spyOn(DatabaseMasking.prototype, 'open').mockImplementation(function (this: DatabaseMasking, ...rest) {
    return Object.assign(opened.apply(this, rest), parts);
  });
}

async function outcomes(): Promise<void> {
  await until(async () => {
    const records = await rig.records();
    const open = new Set<string>();
    for (const record of records as unknown as { kind: string; session: string; n: number }[]) {
      if (record.kind === 'statement.intent') open.add(`${record.session} ${record.n}`);
      if (record.kind === 'statement.outcome') open.delete(`${record.session} ${record.n}`);
    }
    return open.size === 0;
  });
}

describe('a statement that cannot be planned', () => {
  const failed = (kind: 'timeout' | 'internal'): Awaited<ReturnType<ParserLane<object, object>['submit']>> => ({
    kind: 'failed',
    error: { kind, message: 'statement took longer than 5 s to analyse', sqlstate: '54000', cursorPosition: undefined },
  });
  const lineages = (): ReturnType<typeof vi.spyOn> => {
    const before = ParserLane.prototype.submit;
    return vi.spyOn(ParserLane.prototype, 'submit').mockImplementation(async function (this: unknown, request: object) {
      return 'searchPath' in request ? failed('timeout') : before.call(this as never, request);
    } as never);
  };

  it.each([
    ['the thread that traces dies', lineages],
    [
      'the catalog cannot be read',
      () => {
        vi.spyOn(CatalogSnapshot.prototype, 'current', 'get').mockReturnValue(undefined);
        return vi
          .spyOn(CatalogSnapshot.prototype, 'fresh')
          .mockRejectedValue(new DbgateError('upstream_unavailable', 'the catalog could not be read'));
      },
    ],
    ['tracing throws', () => vi.spyOn(DatabaseMasking.prototype, 'trace').mockRejectedValue(new Error('457-55-1001'))],
    [
      'planning throws',
      () => vi.spyOn(DatabaseMasking.prototype, 'explain').mockRejectedValue(new TypeError('x is not a function')),
    ],
    ['classification throws', () => vi.spyOn(Classifier.prototype, 'ensure').mockRejectedValue(new Error('broken'))],
  ] as const)('because %s is refused, and runs when that is over', async (_why, inject) => {
    const listener = await Listener.open(rig);
    await listener.query('SELECT id FROM people');
    const spy = inject();
    const sql = unseen();
    const refused = await listener.query(sql);
    expect(refused.errors).toEqual(['42501']);
    expect(refused.types).toBe('EZ');
    const bound = await listener.execute(unseen());
    expect(bound.errors).toEqual(['42501']);
    // In a transaction it fails as any statement does.
    await listener.query('BEGIN');
    expect((await listener.query(unseen())).status).toBe('E');
    await listener.query('ROLLBACK');
    spy.mockRestore();
    vi.restoreAllMocks();
    const answer = await listener.query(sql);
    expect(answer.errors).toEqual([]);
    expect(answer.rows).toHaveLength(PEOPLE);
    listener.expectNothingRaw();
    await outcomes();
  });

  it.each(['SELECT 1/0', 'SELECT pg_catalog.pg_sleep(1)'])(
    'because the session’s own catalog cannot be read (%s) is refused',
    async (catalogSql) => {
      opening({ catalogSql });
      const listener = await Listener.open(rig);
      await listener.query('BEGIN');
      await listener.query("SET LOCAL statement_timeout = '50ms'");
      await listener.query('CREATE TEMP TABLE own_thing (id int)');
      const answer = await listener.query(unseen());
      expect([answer.errors, answer.types]).toEqual([['55000'], 'EZ']);
      await listener.query('ROLLBACK');
      expect((await listener.query(unseen())).rows).toHaveLength(PEOPLE);
      // In the middle of a batch: all of it fails.
      await listener.query('BEGIN');
      await listener.query('CREATE TEMP TABLE own_thing (id int)');
      await listener.query("SET LOCAL statement_timeout = '50ms'");
      const executed = await listener.execute(unseen());
      expect([executed.errors, executed.status, executed.rows]).toEqual([['55000'], 'E', []]);
      await listener.query('ROLLBACK');
      expect((await listener.execute(unseen())).rows).toHaveLength(PEOPLE);
      listener.expectNothingRaw();
      await outcomes();
    },
  );

  it('because its tables cannot be sampled is masked', async () => {
    await rig.direct(`CREATE TABLE unsampled (id int, c1 text); INSERT INTO unsampled SELECT id, email FROM people`);
    const before = SideConnection.prototype.query;
    vi.spyOn(SideConnection.prototype, 'query').mockImplementation(function (this: SideConnection, sql) {
      if (sql.startsWith('EXECUTE dbgate_definitions')) return before.call(this, sql);
      throw new DbgateError('upstream_unavailable', 'permission denied', { sqlstate: '42501' });
    });
    vi.spyOn(SideConnection.prototype, 'wireRows').mockRejectedValue(
      new DbgateError('upstream_unavailable', 'permission denied', { sqlstate: '42501' }),
    );
    const listener = await Listener.open(rig);
    rig.gateway.reload(rig.settings);
    const answer = await listener.query('SELECT c1 FROM unsampled');
    expect(answer.errors).toEqual([]);
    listener.expectNothingRaw();
  });

  it('because the thread that judges its tables ends is masked, whatever it holds, until one lives', async () => {
    await rig.direct(
      `CREATE TABLE unjudged (id int, c1 text, c2 text, c3 int);
       INSERT INTO unjudged SELECT id, email, 'plain words', 457551000 + id FROM people`,
    );
    const listener = await Listener.open(rig);
    const post = Worker.prototype.postMessage;
    let ended = 0;
    vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...message) {
      if (!(typeof message[0] === 'object' && message[0] !== null && 'chunks' in message[0]))
        return post.apply(this, message as Parameters<typeof post>);
      ended++;
      void this.terminate();
    });
    rig.gateway.reload(rig.settings);
    const sql = 'SELECT c1, c2, c3 FROM unjudged';
    const answer = await listener.query(sql);
    expect(ended).toBeGreaterThan(0);
    expect(answer.errors).toEqual([]);
    expect(answer.rows.map(String).join()).not.toMatch(/plain words|45755/);
    listener.expectNothingRaw();
    vi.restoreAllMocks();
    await until(async () => (await listener.query(fresh(sql))).rows.map(String).join().includes('plain words'));
    listener.expectNothingRaw();
  });
});

describe('an answer that cannot be masked', () => {
  const throwing = (nth: number): void => {
    const before = ResultRewriter.prototype.row;
    let row = 0;
    vi.spyOn(ResultRewriter.prototype, 'row').mockImplementation(function (this: ResultRewriter, buffer, ...rest) {
      if (++row === nth) throw new Error(`cannot mask ${buffer.toString('latin1')}`);
      return before.call(this, buffer, ...rest);
    });
  };

  it.each([1, 2, PEOPLE])('from row %d on ends its statement there', async (nth) => {
    const listener = await Listener.open(rig);
    const sql = unseen();
    throwing(nth);
    const answer = await listener.query(sql);
    expect(answer.errors).toEqual(['XX000']);
    expect(answer.rows).toHaveLength(nth - 1);
    expect(answer.error).not.toContain('cannot mask');
    vi.restoreAllMocks();
    expect((await listener.query(sql)).rows).toHaveLength(PEOPLE);
    throwing(nth);
    const executed = await listener.execute(sql);
    expect(executed.errors).toEqual(['XX000']);
    vi.restoreAllMocks();
    expect((await listener.execute(sql)).rows).toHaveLength(PEOPLE);
    listener.expectNothingRaw();
    await outcomes();
  });

  it('fails its transaction, upstream too', async () => {
    const listener = await Listener.open(rig);
    const sql = `UPDATE products SET price = price + 1000 WHERE id = 1; SELECT email AS e${texts++} FROM people`;
    await listener.query('BEGIN');
    throwing(1);
    const answer = await listener.query(sql);
    expect([answer.errors, answer.status]).toEqual([['XX000'], 'E']);
    vi.restoreAllMocks();
    expect((await listener.query('SELECT 1')).errors).toEqual(['25P02']);
    await listener.query('COMMIT');
    expect(await rig.direct('SELECT price::int AS price FROM products WHERE id = 1')).toEqual([{ price: 1 }]);
    listener.expectNothingRaw();
  });

  it.each(['data', 'end'] as const)('of COPY ends it (%s)', async (step) => {
    const listener = await Listener.open(rig);
    vi.spyOn(CopyRewriter.prototype, step).mockImplementation(() => {
      throw new Error('cannot');
    });
    const sql = `COPY (SELECT email AS e${texts++} FROM people) TO STDOUT`;
    const answer = await listener.query(sql);
    expect(answer.errors).toEqual(['XX000']);
    vi.restoreAllMocks();
    expect((await listener.query(sql)).copied.split('\n')).toHaveLength(PEOPLE + 1);
    listener.expectNothingRaw();
  });

  it('because nothing is known of its types is redacted', async () => {
    opening({ types: () => undefined });
    const listener = await Listener.open(rig);
    expect((await listener.query('SELECT id, email, born FROM people')).rows).toHaveLength(PEOPLE);
    expect((await listener.execute('SELECT id, email, born FROM people', { formats: [1] })).rows).toHaveLength(PEOPLE);
    listener.expectNothingRaw();
  });

  it('because an error cannot be scrubbed ends the session', async () => {
    const scan = (): string => {
      throw new Error('cannot');
    };
    opening({ context: { ...maskContext(Buffer.alloc(32)), scan } });
    const listener = await Listener.open(rig);
    listener.client.query("SELECT 'zerlina.quast1@mailhaus.example'::int");
    await listener.client.end();
    listener.expectNothingRaw();
    await outcomes();
  });

  it('that would go into a table whose classes cannot be kept does not run', async () => {
    vi.spyOn(AwaitedRelations.prototype, 'inherit').mockImplementation(() => {
      throw new Error('cannot');
    });
    const listener = await Listener.open(rig);
    listener.client.query(`CREATE TEMP TABLE copied AS SELECT id, email FROM people`);
    await Promise.race([listener.client.end(), listener.client.through('Z')]);
    vi.restoreAllMocks();
    if (!listener.client.ended) {
      await listener.query('SELECT email FROM copied');
    }
    listener.expectNothingRaw();
    await outcomes();
  });

  it('in a pipeline fails its batch and no other', async () => {
    const listener = await Listener.open(rig);
    const sql = unseen();
    throwing(2);
    listener.send(encodeParse('', sql), encodeBind('', '', []), encodeExecute(''), SYNC);
    // Long enough for a cancel of the first to hit it.
    const long = fresh(`${sql}, (SELECT pg_catalog.pg_sleep(0.5)) AS slept`);
    listener.send(encodeParse('', long), encodeBind('', '', []), encodeExecute(''), SYNC);
    const first = await listener.answer();
    const second = await listener.answer();
    expect([first.errors, first.rows.length]).toEqual([['XX000'], 1]);
    expect([second.errors, second.rows.length]).toEqual([[], PEOPLE]);
    listener.expectNothingRaw();
  });
});

describe('a gateway that cannot keep its key', () => {
  it.each(['short', 'directory'])('refuses everybody, and says so (%s)', async (kind) => {
    const broken = await Rig.open({
      sql: PEOPLE_SQL,
      tune: (settings) => {
        mkdirSync(settings.stateDir, { recursive: true });
        const key = path.join(settings.stateDir, 'masking.key');
        if (kind === 'short') writeFileSync(key, 'short');
        else mkdirSync(key);
        return settings;
      },
    });
    try {
      // Whoever sees everything too: their statements' values could not be kept out of the record.
      for (const token of [await broken.tokenOf('dev-1'), await broken.tokenOf('admin-1', ['admins'])]) {
        const client = new WireClient(await broken.upgrade({ token })).startup();
        const refused = await client.error();
        expect(refused.severity).toBe('FATAL');
        expect(refused.message).toContain('masking.key');
        await client.end();
      }
    } finally {
      await broken.close();
    }
  });
});
