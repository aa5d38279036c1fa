/** Classification of a real database: what is sampled, what classes follow from others, what is kept over restarts. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { catalogFromRows } from '../../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../../src/catalog/catalog-query.ts';
import type { ColumnClass } from '../../src/classify/classes.ts';
import type { UpstreamSettings } from '../../src/config/gateway-settings.ts';
import { parseUpstreamUrl } from '../../src/demo/upstream-url.ts';
import { Classifier } from '../../src/gateway/classifier.ts';
import { SideConnection } from '../../src/gateway/side-connection.ts';
import { queryOnce } from '../../src/gateway/side-query.ts';
import { TableJudge } from '../../src/gateway/table-judge.ts';
import { writtenTables } from '../../src/gateway/written-tables.ts';
import { withPostgres } from '../support/postgres.ts';
import { until } from './gateway-rig.ts';

const SEED = `
CREATE TYPE mood AS ENUM ('calm', 'angry');
CREATE TYPE who_where AS (a text, b text, c text);
CREATE DOMAIN reachable AS text CHECK (VALUE <> '');
CREATE TABLE zq (
  id serial PRIMARY KEY, c1 text UNIQUE, c2 text, c3 text, c4 date, c5 integer, c6 bigint, c7 jsonb, c8 text[], c9 who_where,
  c10 reachable, c11 bytea, c12 inet, c13 text, c14 uuid DEFAULT gen_random_uuid(), c15 text, c16 mood, c17 boolean, c18 numeric(10,2),
  c19 text GENERATED ALWAYS AS (upper(c1)) STORED, c20 text GENERATED ALWAYS AS (c2 || c1) STORED,
  c21 integer GENERATED ALWAYS AS (length(c1)) STORED
);
INSERT INTO zq (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c15, c16, c17, c18)
SELECT 'kunde' || i || '@lindenhof.example',
  (ARRAY['Agnes','Bilal','Chiara','Dorota','Emeka'])[i % 5 + 1] || ' ' || (ARRAY['Okafor','Rossi','Nowak'])[i % 3 + 1],
  (100 + i * 37 % 700) || '-' || (10 + i % 89) || '-' || (1000 + i * 31 % 8999), date '1950-01-01' + i * 71,
  (720 + i * 7 % 170) * 1000000 + (10 + i % 89) * 10000 + 1000 + i * 31 % 8999, 4111111111111111,
  jsonb_build_object('k', 'x' || i || '@lindenhof.example', 'size', i), ARRAY['a' || i || '@lindenhof.example', 'b@c.example'],
  ROW((ARRAY['Emeka','Chiara'])[i % 2 + 1] || ' ' || (ARRAY['Okafor','Rossi','Nowak'])[i % 3 + 1], '+1 212 555 ' || (1000 + i), 'plain')::who_where, '+4917612345' || (100 + i),
  convert_to('sk_live_' || md5(i::text), 'UTF8'), ('93.184.' || i % 200 + 20 || '.' || i % 250)::inet,
  md5(i::text), (ARRAY['open','closed'])[i % 2 + 1], 'calm', true, i
FROM generate_series(1, 250) i;
CREATE TABLE refs (id serial PRIMARY KEY, who text REFERENCES zq (c1) ON UPDATE CASCADE, n integer);
CREATE MATERIALIZED VIEW mv AS SELECT id, c3 AS t1, c15 AS t2 FROM zq;
CREATE TABLE parent (id integer, x text);
CREATE TABLE child (y text) INHERITS (parent);
INSERT INTO child SELECT i, 'p' || i || '@lindenhof.example', 'plain' FROM generate_series(1, 30) i;
CREATE TABLE parts (id integer, d jsonb) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (1000);
INSERT INTO parts SELECT i, CASE WHEN i < 100 THEN jsonb_build_object('m', 'm' || i || '@lindenhof.example')
  ELSE jsonb_build_object('t', '+1 212 555 ' || (1000 + i)) END FROM generate_series(50, 150) i;
CREATE TABLE big (id integer, v text);
INSERT INTO big SELECT i, CASE WHEN i > 15000 THEN 'late' || i || '@lindenhof.example' ELSE 'word' END FROM generate_series(1, 20000) i;
CREATE TABLE empty (id integer, note_of_1999 text, email text);
CREATE FUNCTION shorter(v text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT left(v, 40)';
CREATE TABLE staff (id integer, last_name text, email text, duty text, remarks text, place text,
  of_duty tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple', coalesce(duty, '')), 'A') || to_tsvector('simple', lower(place))) STORED,
  of_names tsvector GENERATED ALWAYS AS (to_tsvector('simple', last_name || ' ' || duty)) STORED,
  by_function tsvector GENERATED ALWAYS AS (to_tsvector('simple', shorter(duty))) STORED, by_nobody tsvector);
INSERT INTO staff SELECT i, (ARRAY['Okafor','Rossi','Nowak'])[i % 3 + 1], 's' || i || '@lindenhof.example', (ARRAY['porter','night porter','clerk'])[i % 3 + 1],
  'Met ' || i || ' times', (ARRAY['hall','yard'])[i % 2 + 1] FROM generate_series(1, 120) i;
UPDATE staff SET by_nobody = to_tsvector('simple', duty);
CREATE TABLE dull (id integer, email_verified boolean, ip_family integer, git_sha text, etag text, name text);
INSERT INTO dull SELECT i, true, 4, md5(i::text) || substr(md5(i::text), 1, 8), md5(i::text), 'Nordic Lamp ' || i FROM generate_series(1, 60) i;
ANALYZE;
`;

const server = withPostgres({ settings: { max_connections: '30' } });
let stateDir: string;
let settings: UpstreamSettings;
let client: pg.Client;
const open: Classifier[] = [];
const judge = new TableJudge();

beforeAll(async () => {
  stateDir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-classes-'));
  settings = await parseUpstreamUrl(`${server.superuserUrl}?sslmode=disable`);
  client = new pg.Client(server.superuserUrl);
  await client.connect();
  await client.query(SEED);
});
afterAll(async () => {
  await Promise.all(open.map((one) => one.close()));
  await judge.close();
  await client?.end();
  await rm(stateDir, { recursive: true, force: true });
});

async function readCatalog(version = 1): Promise<Catalog> {
  return catalogFromRows(await queryOnce(settings, CATALOG_SQL), version);
}

interface Opened {
  readonly classifier: Classifier;
  readonly lines: string[];
}

function openClassifier(database: string, overrides?: Map<string, ColumnClass | 'none'>): Opened {
  const lines: string[] = [];
  const classifier = new Classifier({
    settings,
    database,
    stateDir,
    judge,
    log: (line) => void lines.push(line),
    ...(overrides === undefined ? {} : { overrides }),
  });
  open.push(classifier);
  return { classifier, lines };
}

function oidOf(catalog: Catalog, name: string): number {
  return catalog.relation('public', name)!.oid;
}

function classesOf(classifier: Classifier, table: string): Record<string, string> {
  const columns = classifier.columns().filter((one) => one.table === table);
  return Object.fromEntries(
    columns.map(({ column, classification: found }) => [
      column,
      found === undefined ? 'unknown' : (found.class ?? (found.scan ? 'scan' : 'clear')),
    ]),
  );
}

describe('a database without telling names', () => {
  let catalog: Catalog;
  let classifier: Classifier;
  beforeAll(async () => {
    catalog = await readCatalog();
    ({ classifier } = openClassifier('first'));
    classifier.update(catalog);
    await classifier.whenDone();
  });

  it('is classified by its values', () => {
    expect(classesOf(classifier, 'zq')).toEqual({
      id: 'clear',
      c1: 'email',
      c2: 'person_name',
      c3: 'national_id',
      c4: 'date_of_birth',
      c5: 'national_id',
      c6: 'clear',
      c7: 'email',
      c8: 'email',
      c9: 'person_name',
      c10: 'phone',
      c11: 'secret',
      c12: 'ip_address',
      c13: 'clear',
      c14: 'clear',
      c15: 'clear',
      c16: 'clear',
      c17: 'clear',
      c18: 'clear',
      c19: 'email',
      c20: 'free_text',
      c21: 'clear',
    });
    const { status } = { status: classifier.status() };
    expect(status.done).toBe(status.tables);
  });

  it('tells the paths of documents and composites', () => {
    const oid = oidOf(catalog, 'zq');
    expect([...classifier.of(oid, 8)!.paths!]).toEqual([['k', 'email']]);
    expect([...classifier.of(oid, 10)!.paths!]).toEqual([
      ['a', 'person_name'],
      ['b', 'phone'],
    ]);
  });

  it('lets classes follow references, inheritance, partitions and materialised views', () => {
    expect(classesOf(classifier, 'refs')).toMatchObject({ who: 'email', n: 'clear' });
    expect(classesOf(classifier, 'mv')).toEqual({ id: 'clear', t1: 'national_id', t2: 'clear' });
    expect(classesOf(classifier, 'parent')).toMatchObject({ x: 'email' });
    expect(classesOf(classifier, 'child')).toMatchObject({ x: 'email' });
    const paths = classifier.of(oidOf(catalog, 'parts'), 2)?.paths;
    expect([...paths!].sort()).toEqual([
      ['m', 'email'],
      ['t', 'phone'],
    ]);
    expect([...classifier.of(oidOf(catalog, 'parts_1'), 2)!.paths!]).toHaveLength(2);
  });

  it('looks at the whole of a large table', () => {
    expect(['email', 'free_text']).toContain(classesOf(classifier, 'big').v);
  });

  it('goes by the name where there are no rows, and scans what has none that tells', () => {
    expect(classesOf(classifier, 'empty')).toEqual({ id: 'clear', note_of_1999: expect.any(String), email: 'email' });
    expect(classesOf(classifier, 'empty').note_of_1999).not.toBe('clear');
  });

  it('leaves look-alikes clear', () => {
    expect(new Set(Object.values(classesOf(classifier, 'dull')))).toEqual(new Set(['clear']));
  });

  it('of words beside people knows those that are generated from columns which hold nothing', () => {
    expect(classesOf(classifier, 'staff')).toMatchObject({
      ...{ duty: 'clear', place: 'clear', last_name: 'person_name' },
      ...{ of_duty: 'scan', of_names: 'person_name', by_function: 'free_text', by_nobody: 'free_text' },
    });
  });

  it('has no opinion on what it has not seen', () => {
    expect(classifier.of(oidOf(catalog, 'zq'), 99)).toBeUndefined();
    expect(classifier.of(1, 1)).toBeUndefined();
  });

  it('stores classes for its owner only, and no value', async () => {
    await classifier.close();
    const file = path.join(stateDir, 'classification', 'first.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    expect(text).not.toMatch(/lindenhof|Okafor|sk_live|4111111|212 555|93\.184/);
    expect(JSON.parse(text)).toMatchObject({ version: 1 });
  });
});

describe('a session that waits', () => {
  it('gets the tables that it touches, and what those depend on, without the others', async () => {
    const catalog = await readCatalog();
    const { classifier } = openClassifier('second');
    classifier.update(catalog);
    const refs = oidOf(catalog, 'refs');
    await classifier.ensure([refs]);
    expect(classifier.of(refs, 2)?.class).toBe('email');
    await Promise.all([classifier.ensure([refs]), classifier.ensure([oidOf(catalog, 'parts')])]);
    expect(classifier.of(oidOf(catalog, 'parts'), 2)?.class).toBeDefined();
  });

  it('sees new and changed columns only when they are classified; a rename keeps a class', async () => {
    await client.query('CREATE TABLE moving (id integer, a text)');
    await client.query(`INSERT INTO moving SELECT i, 'm' || i || '@lindenhof.example' FROM generate_series(1, 20) i`);
    const { classifier } = openClassifier('third');
    const before = await readCatalog(1);
    const oid = oidOf(before, 'moving');
    classifier.update(before);
    await classifier.ensure([oid]);
    expect(classifier.of(oid, 2)?.class).toBe('email');
    await client.query('ALTER TABLE moving RENAME COLUMN a TO b');
    await client.query("ALTER TABLE moving ADD COLUMN c text DEFAULT '4111111111111111'");
    await client.query('ALTER TABLE moving ALTER COLUMN id TYPE text USING (id || $$@lindenhof.example$$)');
    classifier.update(await readCatalog(2));
    expect(classifier.of(oid, 1)).toBeUndefined();
    expect(classifier.of(oid, 2)?.class).toBe('email');
    expect(classifier.of(oid, 3)).toBeUndefined();
    await classifier.ensure([oid]);
    expect([1, 2, 3].map((attnum) => classifier.of(oid, attnum)?.class)).toEqual(['email', 'email', 'payment_card']);
  });

  it('does not wait for a lock, and takes texts that could not be read for sensitive', async () => {
    await client.query(`CREATE TABLE locked AS SELECT 1 AS n, 'word'::text AS a, 'x'::text AS status`);
    const catalog = await readCatalog();
    const { classifier, lines } = openClassifier('fourth');
    const other = new pg.Client(server.superuserUrl);
    await other.connect();
    try {
      await other.query('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE');
      classifier.update(catalog);
      const oid = oidOf(catalog, 'locked');
      await classifier.ensure([oid]);
      expect(classifier.of(oid, 1)?.class).toBeUndefined();
      expect(classifier.of(oid, 2)).toMatchObject({ class: 'free_text' });
      expect(lines.join()).toContain('locked could not be sampled: SQLSTATE 55P03');
      expect(lines.join()).not.toContain('word');
    } finally {
      await other.end();
    }
  });
});

describe('a table that nobody could judge', () => {
  it('has no classes, which is told without its values, until the thread lives again', async () => {
    await client.query(
      `CREATE TABLE unjudged AS SELECT i AS n, 'u' || i || '@lindenhof.example' AS a, 'ok'::text AS status FROM generate_series(1, 20) i`,
    );
    const catalog = await readCatalog();
    const oid = oidOf(catalog, 'unjudged');
    const { classifier, lines } = openClassifier('unjudged');
    vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker) {
      void this.terminate();
    });
    classifier.update(catalog);
    await classifier.ensure([oid]);
    expect([1, 2, 3].map((attnum) => classifier.of(oid, attnum))).toEqual([undefined, undefined, undefined]);
    await classifier.whenDone();
    expect(classifier.status().done).toBe(0);
    expect(lines.join()).toContain('public.unjudged could not be judged');
    expect(lines.join()).not.toContain('lindenhof');
    vi.restoreAllMocks();
    await until(async () => {
      await classifier.ensure([oid]);
      return classifier.of(oid, 2)?.class === 'email';
    });
    expect(classifier.of(oid, 3)).toMatchObject({ class: undefined });
    // Its pass goes on.
    await classifier.close();
  });
});

describe('a table that told too little', () => {
  const NAMES = `(ARRAY['Agnes','Bilal','Chiara','Dorota','Emeka'])[i % 5 + 1] || ' ' || (ARRAY['Okafor','Rossi','Nowak'])[i % 3 + 1]`;

  async function opened(table: string, create: string): Promise<{ classifier: Classifier; oid: number }> {
    await client.query(create);
    const { classifier } = openClassifier(table);
    const catalog = await readCatalog();
    classifier.update(catalog);
    await classifier.whenDone();
    return { classifier, oid: oidOf(catalog, table) };
  }

  it('is looked at again before more is planned for when it had no rows', async () => {
    const { classifier, oid } = await opened('void', 'CREATE TABLE void (id integer, v text)');
    await classifier.ensure([oid]);
    expect(classifier.of(oid, 2)?.class).toBeUndefined();
    await client.query(`INSERT INTO void SELECT i, ${NAMES} FROM generate_series(1, 200) i`);
    await until(async () => {
      await classifier.ensure([oid]);
      return classifier.of(oid, 2)?.class === 'person_name';
    });
  });

  it.each([
    [
      'had few rows',
      'few',
      "SELECT 1 AS id, 'x'::text AS v",
      `INSERT INTO few SELECT i, ${NAMES} FROM generate_series(1, 200) i`,
    ],
    [
      'had a column without values',
      'blanks',
      'SELECT i AS id, NULL::text AS v FROM generate_series(1, 300) i',
      `UPDATE blanks SET v = ${NAMES.replaceAll('i %', 'id %')}`,
    ],
  ])('is looked at again soon after it was written to when it %s', async (_, table, rows, write) => {
    const { classifier, oid } = await opened(table, `CREATE TABLE ${table} AS ${rows}`);
    await classifier.ensure([oid]);
    const look = async (): Promise<void> => {
      const query = (sql: string) => queryOnce(settings, sql);
      await classifier.lookAtFilled(await writtenTables(classifier.tellingLittle(), query));
    };
    await look();
    const { version } = classifier;
    expect(classifier.of(oid, 2)?.class).toBeUndefined();
    await client.query(write);
    await until(async () => {
      await look();
      return classifier.of(oid, 2)?.class === 'person_name';
    });
    expect(classifier.version).toBeGreaterThan(version);
  });
});

describe('what is kept', () => {
  it('outlives the process: classes seen once, and what was inherited', async () => {
    await client.query(
      `CREATE TABLE diluted AS SELECT i AS n, 'd' || i || '@lindenhof.example' AS a, 'ok'::text AS b FROM generate_series(1, 20) i`,
    );
    const catalog = await readCatalog();
    const oid = oidOf(catalog, 'diluted');
    const first = openClassifier('kept').classifier;
    first.update(catalog);
    await first.whenDone();
    expect([first.of(oid, 2)?.class, first.of(oid, 3)?.class]).toEqual(['email', undefined]);
    const version = first.version;
    first.inherit(oid, 3, { class: 'national_id', from: 'public.zq.c3' });
    expect(first.of(oid, 3)).toMatchObject({ class: 'national_id', evidence: [{ from: 'inherited' }] });
    expect(first.version).toBeGreaterThan(version);
    expect([first.isInherited(oid, 3), first.isInherited(oid, 2)]).toEqual([true, false]);
    await first.close();
    // Who can write must not be able to hide a column's class among other rows.
    await client.query(
      `DELETE FROM diluted; INSERT INTO diluted SELECT i, 'word', 'ok' FROM generate_series(1, 500) i`,
    );
    const { classifier: second } = openClassifier('kept');
    second.update(catalog);
    await second.whenDone();
    expect([second.of(oid, 2)?.class, second.of(oid, 3)?.class]).toEqual(['email', 'national_id']);
  });

  it('is written once it is closed, and not after that, whoever else closes it', async () => {
    const catalog = await readCatalog();
    const { classifier } = openClassifier('closed-twice');
    classifier.update(catalog);
    await classifier.whenDone();
    const file = path.join(stateDir, 'classification', 'closed-twice.json');
    await rm(file, { force: true });
    classifier.inherit(oidOf(catalog, 'zq'), 3, { class: 'national_id', from: 'elsewhere' });
    const first = classifier.close();
    await classifier.close();
    expect(await readFile(file, 'utf8')).toContain('elsewhere');
    await first;
  });

  it('is not sampled again at a start, but when a session reads it, and the rest at leisure', async () => {
    // Whose passes may still go on.
    await Promise.all(open.map((one) => one.close()));
    const catalog = await readCatalog();
    const [zq, big] = [oidOf(catalog, 'zq'), oidOf(catalog, 'big')];
    const first = openClassifier('again').classifier;
    first.update(catalog);
    await first.whenDone();
    const found = classesOf(first, 'zq');
    await first.close();
    const sampled = vi.spyOn(SideConnection.prototype, 'wireRows');
    const asked = (table: string) => sampled.mock.calls.some(([sql]) => sql.includes(`"${table}"`));
    const { classifier } = openClassifier('again');
    classifier.update(catalog);
    await classifier.whenDone();
    const { tables, done } = classifier.status();
    expect([done, asked('zq'), asked('big')]).toEqual([tables, false, false]);
    // Of few rows, it may be another table by now.
    expect(asked('child')).toBe(true);
    expect(classesOf(classifier, 'zq')).toEqual(found);
    await classifier.ensure([zq]);
    await until(() => asked('zq'));
    await until(() => asked('big'));
    expect(classifier.of(big, 2)?.class).toBeDefined();
    vi.restoreAllMocks();
  });

  it('is put aside when it cannot be read, loudly, and everything is looked at again', async () => {
    const catalog = await readCatalog();
    const folder = path.join(stateDir, 'classification');
    for (const [n, text] of [
      '{"version":1,"tables":[',
      '{"version":1,"tables":[{"oid":1}],"inherited":[]}',
      '[]',
    ].entries()) {
      const name = `broken${n}`;
      await writeFile(path.join(folder, `${name}.json`), text);
      const { classifier, lines } = openClassifier(name);
      classifier.update(catalog);
      await classifier.ensure([oidOf(catalog, 'zq')]);
      expect(classifier.of(oidOf(catalog, 'zq'), 2)?.class).toBe('email');
      expect(lines.join()).toContain(`${name}.json cannot be used`);
      expect(await readdir(folder)).toContain(`${name}.json.unreadable`);
    }
  });

  it('a name that is gone: whoever renames a column tells nothing of its values', async () => {
    await client.query('CREATE TABLE named (surname text, size text)');
    await client.query(`INSERT INTO named SELECT 'Xq7rhk' || i, 'word' FROM generate_series(1, 20) i`);
    const catalog = await readCatalog();
    const oid = oidOf(catalog, 'named');
    const first = openClassifier('named').classifier;
    first.update(catalog);
    await first.whenDone();
    expect([first.of(oid, 1)?.class, first.of(oid, 2)?.class]).toEqual(['person_name', undefined]);
    await first.close();
    await client.query('ALTER TABLE named RENAME surname TO colour');
    await client.query('ALTER TABLE named RENAME size TO surname');
    for (const change of ['ALTER TABLE named ALTER colour TYPE varchar(90)', 'SELECT 1']) {
      const { classifier } = openClassifier('named');
      classifier.update(await readCatalog());
      await classifier.whenDone();
      expect([classifier.of(oid, 1)?.class, classifier.of(oid, 2)?.class]).toEqual(['person_name', 'person_name']);
      await classifier.close();
      await client.query(change);
    }
  });

  it('does not believe a store of another table with the same OID', async () => {
    const catalog = await readCatalog();
    const oid = oidOf(catalog, 'zq');
    const column = { attnum: 2, name: 'c1', type: 'text', class: null, confidence: 1, evidence: [], scan: false };
    const table = { oid, schema: 'public', name: 'elsewhere', rows: 500, columns: [column] };
    await writeFile(
      path.join(stateDir, 'classification', 'other.json'),
      JSON.stringify({ version: 1, tables: [table], inherited: [] }),
    );
    const { classifier } = openClassifier('other');
    classifier.update(catalog);
    await classifier.ensure([oid]);
    expect(classifier.of(oid, 2)?.class).toBe('email');
  });

  it('shows nothing of what is computed, whatever it is called', async () => {
    await client.query(
      `CREATE TABLE computed (email text, code int GENERATED ALWAYS AS (ascii(substr(email, 3, 1))) STORED,
         small text GENERATED ALWAYS AS (lower(email)) STORED, tail text GENERATED ALWAYS AS (substr(email, 3)) STORED,
         known bool GENERATED ALWAYS AS (email IS NOT NULL) STORED, also_email text);
       CREATE TABLE computed_kid () INHERITS (computed)`,
    );
    const catalog = await readCatalog();
    const oid = oidOf(catalog, 'computed');
    const { classifier } = openClassifier('computed');
    classifier.update(catalog);
    await classifier.ensure([oid]);
    const found = (attnum: number, table = oid) => {
      const { class: kind, computed } = classifier.of(table, attnum) ?? {};
      return [kind, computed];
    };
    expect([1, 2, 3, 4, 5].map((attnum) => found(attnum))).toEqual([
      ['email', undefined],
      ['email', true],
      ['email', undefined],
      ['email', true],
      [undefined, undefined],
    ]);
    const kid = oidOf(catalog, 'computed_kid');
    classifier.inherit(kid, 6, { class: 'free_text', from: 'public.x.y', computed: true });
    expect([found(6, kid), found(6)]).toEqual([
      ['free_text', true],
      ['free_text', true],
    ]);
  });

  it('gives way to configuration', async () => {
    const catalog = await readCatalog();
    const overrides = new Map<string, ColumnClass | 'none'>([
      ['public.zq.c1', 'none'],
      ['public.zq.c13', 'secret'],
    ]);
    const { classifier } = openClassifier('configured', overrides);
    classifier.update(catalog);
    const oid = oidOf(catalog, 'zq');
    await classifier.ensure([oid]);
    classifier.inherit(oid, 2, { class: 'email', from: 'elsewhere' });
    expect(classifier.of(oid, 2)).toMatchObject({ class: undefined, evidence: [{ from: 'configuration' }] });
    expect(classifier.of(oid, 14)?.class).toBe('secret');
  });
});
