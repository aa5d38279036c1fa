/**
 * Finding out masked values by a table of one's own with all values that there may be: each way is one that told on a real
 * server. Next to them what goes on working, since few of the values in it were given by hand.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { afterEach, describe, expect, it } from 'vitest';
import { until, withRig } from './gateway-rig.ts';

const rig = withRig({
  tune: (settings) => ({
    ...settings,
    grants: [
      ...settings.grants.map((one) => ({ ...one, masking: { mask: 'partial' as const } })),
      {
        to: { group: 'tokens' },
        database: '*',
        environment: undefined,
        access: 'write' as const,
        create: true,
        masking: { mask: 'token' as const },
      },
    ],
  }),
  sql: `
    CREATE TABLE users (id int primary key, email text, ssn text, last_ip inet);
    INSERT INTO users SELECT g, 'u' || g || '@lindenhof.example', '527-41-' || (7000 + g * 37), '10.1.2.3' FROM generate_series(1, 50) g;
    CREATE TABLE orders (id int primary key, email text, total numeric);
    INSERT INTO orders SELECT g, 'u' || g || '@lindenhof.example', g FROM generate_series(1, 50) g;
    CREATE TABLE events (id int primary key, doc jsonb);
    INSERT INTO events SELECT g, jsonb_build_object('table', 'orders', 'id', g, 'actor', jsonb_build_object('id', g, 'email', 'u' || g || '@lindenhof.example')) FROM generate_series(1, 50) g`,
});

let n = 0;
let open: pg.Client[] = [];

afterEach(async () => {
  for (const one of open) await one.end();
  open = [];
});

/** Each test its own person: nobody's budget is another's. */
async function connect(group = 'developers'): Promise<pg.Client> {
  const client = await rig.connect(await rig.tokenOf(`guesser${n}`, [group]));
  open.push(client);
  return client;
}

/** The SQLSTATE of the first that fails; undefined: all went through. */
async function refusalOf(client: pg.Client, ...texts: string[]): Promise<string | undefined> {
  for (const sql of texts) {
    for (let tries = 0; ; tries++) {
      const code = await client.query(sql.replaceAll('%', String(n))).then(
        () => undefined,
        (error: pg.DatabaseError) => error.code ?? error.message,
      );
      // The schema changed under it: it says to run it again.
      if (code === 'XX000' && tries < 3) continue;
      if (code !== undefined) return code;
      break;
    }
  }
  return undefined;
}

const GUESSES = `SELECT g, '527-41-' || lpad(g::text, 4, '0') FROM generate_series(7000, 9999) g`;
const GUESSES_AS = `SELECT g AS n, '527-41-' || lpad(g::text, 4, '0') AS ssn FROM generate_series(7000, 9999) g`;
const GUESSES_OF_ID = GUESSES_AS.replace('AS n', 'AS id');
const DICT = ['CREATE TABLE dict% (n int, ssn text)', `INSERT INTO dict% ${GUESSES}`];
const JOIN = 'SELECT d.n, u.id FROM dict% d JOIN users u USING (ssn)';
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `527-41-${7000 + i}`);

describe('a dictionary is refused', () => {
  it.each<[string, string[]]>([
    ['joined', [...DICT, JOIN]],
    [
      'in one array',
      [
        'CREATE TABLE dict% (ssn text[])',
        `INSERT INTO dict% SELECT array_agg(s) FROM (${GUESSES}) x (g, s)`,
        'SELECT u.id FROM users u JOIN (SELECT unnest(ssn) AS s FROM dict%) d ON d.s = u.ssn',
      ],
    ],
    [
      'appended to an array, element by element',
      [
        'CREATE TABLE dict% (n int, ssn text[])',
        "INSERT INTO dict% VALUES (1, '{a}')",
        `UPDATE dict% SET ssn = ssn || '{${many(3000)}}'::text[] WHERE n = 1`,
        'SELECT u.id FROM dict% d, generate_series(1, 3001) g JOIN users u ON true WHERE u.ssn = d.ssn[g]',
      ],
    ],
    [
      'in the arrays of a document',
      [
        'CREATE TABLE dict% (doc jsonb)',
        `INSERT INTO dict% VALUES ('{"ssn": ${JSON.stringify(many(3000))}}')`,
        "SELECT u.id FROM users u JOIN (SELECT jsonb_array_elements_text(doc -> 'ssn') AS s FROM dict%) d ON d.s = u.ssn",
      ],
    ],
    ['in IN', [...DICT, 'SELECT n FROM dict% WHERE ssn IN (SELECT ssn FROM users)']],
    ['in EXISTS', [...DICT, 'SELECT n FROM dict% d WHERE EXISTS (SELECT FROM users u WHERE u.ssn = d.ssn)']],
    ['in a scalar subquery', [...DICT, 'SELECT id FROM users WHERE ssn = (SELECT ssn FROM dict% WHERE n = 7037)']],
    [
      'by INTERSECT',
      [...DICT, 'SELECT count(*) FROM (SELECT ssn FROM dict% WHERE n < 8000 INTERSECT SELECT ssn FROM users) x'],
    ],
    ['by EXCEPT', [...DICT, 'SELECT count(*) FROM (SELECT ssn FROM dict% EXCEPT SELECT ssn FROM users) x']],
    [
      'by GROUP BY over both',
      [
        ...DICT,
        'SELECT max(n) FROM (SELECT n, ssn FROM dict% UNION ALL SELECT -1, ssn FROM users) x GROUP BY ssn HAVING min(n) < 0',
      ],
    ],
    [
      'by UNION',
      [...DICT, 'SELECT count(*) FROM (SELECT ssn FROM dict% WHERE n < 8000 UNION SELECT ssn FROM users) x'],
    ],
    [
      'by count(DISTINCT)',
      [
        ...DICT,
        'SELECT count(DISTINCT ssn) FROM (SELECT ssn FROM dict% WHERE n < 8000 UNION ALL SELECT ssn FROM users) x',
      ],
    ],
    [
      'in partitions of a window',
      [
        ...DICT,
        'SELECT n, count(*) OVER (PARTITION BY ssn) FROM (SELECT n, ssn FROM dict% UNION ALL SELECT -1, ssn FROM users) x',
      ],
    ],
    ['made by CREATE TABLE AS', [`CREATE TABLE dict% AS ${GUESSES_AS}`, JOIN]],
    [
      'made by SELECT INTO',
      [`SELECT g AS n, '527-41-' || g AS ssn INTO dict% FROM generate_series(7000, 9999) g`, JOIN],
    ],
    ['as a materialised view', [`CREATE MATERIALIZED VIEW dict% AS ${GUESSES_AS}`, JOIN]],
    ['as a view', [`CREATE VIEW dict% AS ${GUESSES_AS}`, JOIN]],
    ['as a temporary table', [`CREATE TEMP TABLE dict% AS ${GUESSES_AS}`, JOIN]],
    ['in an open transaction', ['BEGIN', ...DICT, JOIN]],
    [
      'copied on',
      [...DICT, 'CREATE TABLE other% AS SELECT * FROM dict%', 'SELECT d.n FROM other% d JOIN users u USING (ssn)'],
    ],
    [
      'copied on into a table that is there',
      [
        ...DICT,
        'CREATE TABLE other% (n int, ssn text)',
        'INSERT INTO other% SELECT * FROM dict%',
        'SELECT d.n FROM other% d JOIN users u USING (ssn)',
      ],
    ],
    [
      'under another name at first',
      [
        'CREATE TABLE dict% (n int, code text)',
        `INSERT INTO dict% ${GUESSES}`,
        'ALTER TABLE dict% RENAME code TO ssn',
        JOIN,
      ],
    ],
    [
      'renamed',
      [...DICT, 'ALTER TABLE dict% RENAME TO renamed%', 'SELECT d.n FROM renamed% d JOIN users u USING (ssn)'],
    ],
    [
      'as a partition',
      [
        ...DICT,
        'CREATE TABLE whole% (n int, ssn text) PARTITION BY RANGE (n)',
        'ALTER TABLE whole% ATTACH PARTITION dict% DEFAULT',
        'SELECT d.n FROM whole% d JOIN users u USING (ssn)',
      ],
    ],
    [
      'by a default',
      [
        `CREATE SEQUENCE s% START 7000`,
        `CREATE TABLE dict% (n int, ssn text DEFAULT '527-41-' || nextval('s%'))`,
        'INSERT INTO dict% (n) SELECT generate_series(7000, 9999)',
        JOIN,
      ],
    ],
    [
      'by a default of a new column',
      [
        'CREATE TABLE dict% (n int)',
        'INSERT INTO dict% SELECT generate_series(7000, 9999)',
        `CREATE SEQUENCE s% START 7000`,
        `ALTER TABLE dict% ADD ssn text DEFAULT '527-41-' || nextval('s%')`,
        JOIN,
      ],
    ],
    [
      'as a generated column',
      [
        `CREATE TABLE dict% (n int, ssn text GENERATED ALWAYS AS ('527-41-' || n) STORED)`,
        'INSERT INTO dict% (n) SELECT generate_series(7000, 9999)',
        JOIN,
      ],
    ],
    [
      'by UPDATE',
      [
        'CREATE TABLE dict% (n int, ssn text)',
        'INSERT INTO dict% (n) SELECT generate_series(7000, 9999)',
        `UPDATE dict% SET ssn = '527-41-' || n`,
        JOIN,
      ],
    ],
    [
      'by ALTER TYPE USING',
      [
        'CREATE TABLE dict% (n int, ssn int)',
        'INSERT INTO dict% SELECT g, g FROM generate_series(7000, 9999) g',
        `ALTER TABLE dict% ALTER ssn TYPE text USING '527-41-' || ssn`,
        JOIN,
      ],
    ],
    [
      'by MERGE into it',
      [
        'CREATE TABLE dict% (n int, ssn text)',
        `MERGE INTO dict% d USING (${GUESSES_AS}) s ON d.n = s.n WHEN NOT MATCHED THEN INSERT VALUES (s.n, s.ssn)`,
        JOIN,
      ],
    ],
    ['by MERGE with it', [...DICT, 'MERGE INTO dict% d USING users u ON d.ssn = u.ssn WHEN MATCHED THEN DELETE']],
    ['by UPDATE FROM', [...DICT, 'UPDATE dict% d SET n = -1 FROM users u WHERE u.ssn = d.ssn']],
    ['by DELETE USING', [...DICT, 'DELETE FROM dict% d USING users u WHERE u.ssn = d.ssn']],
    [
      'by a trigger',
      [
        'CREATE TABLE dict% (n int, ssn text)',
        `CREATE FUNCTION fill%() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.ssn := '527-41-' || NEW.n; RETURN NEW; END $$`,
        'CREATE TRIGGER fill BEFORE INSERT ON dict% FOR EACH ROW EXECUTE FUNCTION fill%()',
        `INSERT INTO dict% SELECT g, '' FROM generate_series(7000, 9999) g`,
        JOIN,
      ],
    ],
    [
      'by a trigger of another table',
      [
        'CREATE TABLE dict% (n int, ssn text)',
        'CREATE TABLE fed% (n int)',
        `CREATE FUNCTION fill%() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO dict% VALUES (NEW.n, '527-41-' || NEW.n); RETURN NEW; END $$`,
        'CREATE TRIGGER fill AFTER INSERT ON fed% FOR EACH ROW EXECUTE FUNCTION fill%()',
        'INSERT INTO fed% SELECT generate_series(7000, 9999)',
        JOIN,
      ],
    ],
    [
      'by DO',
      [
        'CREATE TABLE dict% (n int, ssn text)',
        `DO $$ BEGIN FOR i IN 7000..9999 LOOP INSERT INTO dict% VALUES (i, '527-41-' || i); END LOOP; END $$`,
        JOIN,
      ],
    ],
    [
      'by a function',
      [
        'CREATE TABLE dict% (n int, ssn text)',
        `CREATE FUNCTION fill%() RETURNS void LANGUAGE sql AS 'INSERT INTO dict% ${GUESSES.replaceAll("'", "''")}'`,
        'SELECT fill%()',
        JOIN,
      ],
    ],
    [
      'in a CTE that writes',
      [
        'CREATE TABLE dict% (n int, ssn text)',
        `WITH d AS (INSERT INTO dict% ${GUESSES} RETURNING n, ssn) SELECT d.n, u.id FROM d JOIN users u USING (ssn)`,
      ],
    ],
    ['in the same text', ['CREATE TABLE dict% (n int, ssn text)', `INSERT INTO dict% ${GUESSES}; ${JOIN}`]],
    [
      'as VALUES',
      [
        `WITH d (n, s) AS (VALUES ${many(1500)
          .map((one, i) => `(${i}, '${one}')`)
          .join()}) SELECT n, id FROM d JOIN users ON ssn = s`,
      ],
    ],
    [
      'as a list',
      [
        `SELECT id FROM users WHERE ssn IN (${many(1500)
          .map((one) => `'${one}'`)
          .join()})`,
      ],
    ],
    ['as an array', [`SELECT id FROM users WHERE ssn = ANY ('{${many(1500).join()}}')`]],
    [
      'as a text that is split',
      [`SELECT id FROM users WHERE ssn = ANY (string_to_array('${many(1500).join(' ')}', ' '))`],
    ],
    [
      'as an unnested array',
      [`SELECT d.s, id FROM unnest('{${many(1500).join()}}'::text[]) d (s) JOIN users ON ssn = s`],
    ],
    [
      'as constants among the values',
      [`SELECT max(n) FROM (SELECT -1 AS n, ssn FROM users UNION ALL ${GUESSES}) x GROUP BY ssn HAVING min(n) < 0`],
    ],
    [
      'in users itself',
      [
        `BEGIN`,
        `INSERT INTO users (id, ssn) SELECT g + 100000, '527-41-' || g FROM generate_series(7000, 9999) g`,
        'SELECT a.id, b.id FROM users a JOIN users b USING (ssn) WHERE a.id < b.id',
      ],
    ],
    [
      'in users itself, rolled back',
      [
        `BEGIN`,
        `INSERT INTO users (id, ssn) SELECT g + 100000, '527-41-' || g FROM generate_series(7000, 9999) g`,
        'SELECT max(id) FROM users GROUP BY ssn HAVING count(*) > 1',
      ],
    ],
    [
      'mixed in one table',
      [
        `CREATE TABLE mix% AS SELECT id, ssn FROM users UNION ALL ${GUESSES}`,
        'SELECT max(id) FROM mix% GROUP BY ssn HAVING count(*) > 1',
      ],
    ],
    [
      'mixed by INSERT',
      [
        'CREATE TABLE mix% AS SELECT id, ssn FROM users',
        `INSERT INTO mix% ${GUESSES}`,
        'SELECT max(id) FROM mix% GROUP BY ssn HAVING count(*) > 1',
      ],
    ],
    [
      'by COALESCE',
      [
        `CREATE TABLE mix% AS SELECT g AS n, COALESCE(u.ssn, '527-41-' || g) AS ssn FROM generate_series(1, 9999) g LEFT JOIN users u ON u.id = g`,
        'SELECT max(n) FROM mix% GROUP BY ssn HAVING count(*) > 1',
      ],
    ],
    [
      'mixed, by a unique index',
      [
        'CREATE TABLE mix% AS SELECT id, ssn FROM users WHERE id = 1',
        `INSERT INTO mix% ${GUESSES}`,
        'CREATE UNIQUE INDEX ON mix% (ssn)',
      ],
    ],
    [
      'mixed, by a unique constraint',
      [
        'CREATE TABLE mix% AS SELECT id, ssn FROM users WHERE id = 1',
        `INSERT INTO mix% ${GUESSES}`,
        'ALTER TABLE mix% ADD UNIQUE (ssn)',
      ],
    ],
    [
      'by ON CONFLICT',
      [
        'CREATE TABLE mine% (n int, ssn text UNIQUE)',
        'INSERT INTO mine% SELECT id, ssn FROM users',
        `INSERT INTO mine% ${GUESSES} ON CONFLICT DO NOTHING RETURNING n`,
      ],
    ],
    [
      'by a unique key that fails, again',
      [
        'CREATE TABLE mine% (n int, ssn text UNIQUE)',
        'INSERT INTO mine% SELECT id, ssn FROM users WHERE id = 1',
        `INSERT INTO mine% SELECT g, '527-41-' || g FROM generate_series(8000, 9999) g`,
        `INSERT INTO mine% SELECT g, '527-41-' || g FROM generate_series(7500, 7999) g`,
      ],
    ],
    [
      'by a foreign key',
      [
        'CREATE TABLE dict% (n int, ssn text PRIMARY KEY)',
        `INSERT INTO dict% ${GUESSES}`,
        'CREATE TABLE mine% (id int, ssn text REFERENCES dict%)',
        'INSERT INTO mine% SELECT id, ssn FROM users WHERE id = 1',
      ],
    ],
    [
      'by a foreign key that is added',
      [
        'CREATE TABLE dict% (n int, ssn text PRIMARY KEY)',
        `INSERT INTO dict% ${GUESSES}`,
        'CREATE TABLE mine% AS SELECT id, ssn FROM users WHERE id = 1',
        'ALTER TABLE mine% ADD FOREIGN KEY (ssn) REFERENCES dict%',
      ],
    ],
    ['in a prepared statement', [...DICT, `PREPARE p AS ${JOIN}`, 'EXECUTE p']],
    ['in a cursor', [...DICT, 'BEGIN', `DECLARE c CURSOR FOR ${JOIN}`]],
    ['in a view', [...DICT, `CREATE VIEW seen% AS ${JOIN}`, 'SELECT * FROM seen%']],
    [
      'in a function',
      [
        ...DICT,
        `CREATE FUNCTION seen%() RETURNS TABLE (n int, id int) LANGUAGE sql AS '${JOIN}'`,
        'SELECT * FROM seen%()',
      ],
    ],
  ])('%s', async (_name, texts) => {
    n++;
    const client = await connect();
    expect(await refusalOf(client, ...texts)).toMatch(/^(?:53400|42501)$/);
  });

  it('by COPY', async () => {
    n++;
    const client = await connect();
    expect(await refusalOf(client, DICT[0]!)).toBeUndefined();
    await copyInto(
      client,
      `dict${n} (n, ssn)`,
      many(2000).map((one, i) => `${i}\t${one}\n`),
    );
    expect(await refusalOf(client, JOIN)).toBe('53400');
  });

  it('as a parameter', async () => {
    n++;
    const client = await connect();
    const asked = client.query('SELECT id FROM users WHERE ssn = ANY ($1)', [many(1500)]);
    await expect(asked).rejects.toMatchObject({ code: '53400' });
  });

  const DOCUMENTS =
    "jsonb_agg(jsonb_build_object('ssn', '527-41-' || lpad(g::text, 4, '0'))) FROM generate_series(7000, 9999) g";
  it.each<[string, string[], string]>([
    [
      'under a key of a document, beside others',
      [
        'CREATE TABLE dict% (n int, doc jsonb)',
        `INSERT INTO dict% SELECT g, jsonb_build_object('ssn', '527-41-' || g, 'email', 'u' || g || '@lindenhof.example') FROM generate_series(1, 3000) g`,
      ],
      "SELECT u.id FROM dict% d JOIN users u ON d.doc ->> 'email' = u.email",
    ],
    [
      'under each of many keys of few documents',
      [
        'CREATE TABLE dict% (n int, doc jsonb)',
        `INSERT INTO dict% SELECT 7000 + i * 60, jsonb_build_object(${Array.from({ length: 40 }, (_, k) => `'ssn${k}', '527-41-' || (7000 + i * 60 + ${k})`).join()}) FROM generate_series(0, 59) i`,
      ],
      `SELECT u.id FROM dict% d JOIN users u ON u.ssn IN (${Array.from({ length: 40 }, (_, k) => `d.doc ->> 'ssn${k}'`).join()})`,
    ],
    [
      'in several columns of one table',
      [
        'CREATE TABLE dict% (n int, ssn text, ssn2 text, ssn3 text)',
        `INSERT INTO dict% SELECT g, '527-41-' || g, '527-41-' || (g + 900), '527-41-' || (g + 1800) FROM generate_series(7000, 7899) g`,
      ],
      'SELECT u.id FROM dict% d JOIN users u ON u.ssn IN (d.ssn, d.ssn2, d.ssn3)',
    ],
    [
      'by a path that goes through the arrays of a document',
      [
        'CREATE TABLE dict% (doc jsonb)',
        `INSERT INTO dict% SELECT jsonb_build_object('rows', ${DOCUMENTS}`.replace(') FROM', ')) FROM'),
      ],
      "SELECT u.id FROM (SELECT jsonb_path_query(doc, '$.rows.ssn') #>> '{}' AS s FROM dict%) d JOIN users u ON u.ssn = d.s",
    ],
    [
      'by a path through a document that is an array',
      ['CREATE TABLE dict% (doc jsonb)', `INSERT INTO dict% SELECT ${DOCUMENTS}`],
      "SELECT u.id FROM (SELECT jsonb_path_query(doc, '$.ssn') #>> '{}' AS s FROM dict%) d JOIN users u ON u.ssn = d.s",
    ],
  ])('%s', async (_name, texts, joined) => {
    n++;
    const client = await connect();
    expect(await refusalOf(client, ...texts)).toBeUndefined();
    let refusal: string | undefined = '42501';
    await until(async () => (refusal = await refusalOf(client, joined)) !== '42501');
    expect(refusal).toBe('53400');
  });

  it.each<[string, string, string]>([
    ['an array', 'ssn', 'SELECT unnest(ssn) AS ssn FROM dict%'],
    ['an array, one by one', 'ssn', 'SELECT ssn[g] AS ssn FROM dict%, generate_series(1, 3000) g'],
    ['a copy of an array', 'ssn', 'SELECT s AS ssn FROM copied%, unnest(ssn) s'],
    ['a document', 'doc', "SELECT jsonb_array_elements_text(doc -> 'ssn') AS ssn FROM dict%"],
    ['a document, by a path', 'doc', "SELECT jsonb_path_query(doc, '$.ssn[*]') #>> '{}' AS ssn FROM dict%"],
  ])('taken out of %s into another table', async (_name, column, query) => {
    n++;
    const client = await connect();
    const made = [
      'CREATE TABLE dict% (ssn text[], doc jsonb)',
      `INSERT INTO dict% (ssn) SELECT array_agg(s) FROM (${GUESSES}) x (g, s)`,
      `INSERT INTO dict% (doc) SELECT jsonb_build_object('ssn', jsonb_agg(s)) FROM (${GUESSES}) x (g, s)`,
      'CREATE TABLE copied% AS SELECT ssn FROM dict%',
    ];
    expect(await refusalOf(client, ...made)).toBeUndefined();
    await until(async () =>
      JSON.stringify((await client.query(`SELECT ${column} FROM dict${n}`)).rows).includes('***-**-**'),
    );
    expect(await refusalOf(client, `CREATE TABLE other% AS ${query}`)).toBeUndefined();
    expect(await refusalOf(client, 'SELECT u.id FROM other% o JOIN users u USING (ssn)')).toBe('53400');
    expect(await refusalOf(client, 'CREATE TABLE more% (ssn text)', `INSERT INTO more% ${query}`)).toBeUndefined();
    expect(await refusalOf(client, 'SELECT u.id FROM more% o JOIN users u USING (ssn)')).toBe('53400');
  });

  it('one key of a document after another', async () => {
    n++;
    const client = await connect();
    const document = Array.from({ length: 4 }, (_, k) => `'ssn${k}', '527-41-' || (7000 + i + ${k * 300})`).join();
    const made = ['CREATE TABLE dict% (doc jsonb)'];
    made.push(`INSERT INTO dict% SELECT jsonb_build_object(${document}) FROM generate_series(0, 299) i`);
    expect(await refusalOf(client, ...made)).toBeUndefined();
    const joined = (k: number): string => `SELECT u.id FROM dict% d JOIN users u ON d.doc ->> 'ssn${k}' = u.ssn`;
    await until(async () => (await refusalOf(client, joined(0))) !== '42501');
    expect(await refusalOf(client, joined(0))).toBeUndefined();
    expect(await refusalOf(client, joined(1), joined(2), joined(3))).toBe('53400');
  });

  it.each<[string, string, string]>([
    ['documents', "jsonb_build_object('ssn', '527-41-' || g)", "doc || jsonb_build_object('ssn', v.s)"],
    ['documents, by a path', "jsonb_build_object('ssn', '527-41-' || g)", "jsonb_set(doc, '{ssn}', to_jsonb(v.s))"],
  ])('put into the same %s again and again', async (_name, first, next) => {
    n++;
    const client = await connect();
    const made = [
      `CREATE TABLE dict% (n int, doc jsonb)`,
      `INSERT INTO dict% SELECT g, ${first} FROM generate_series(0, 199) g`,
    ];
    expect(await refusalOf(client, ...made)).toBeUndefined();
    const joined = "SELECT d.n, u.id FROM dict% d JOIN users u ON d.doc ->> 'ssn' = u.ssn";
    let refusal: string | undefined;
    for (let round = 0; round < 8 && refusal !== '53400'; round++) {
      const rows = many(1600).slice(round * 200, round * 200 + 200);
      const values = rows.map((one, i) => `(${i}, '${one}')`).join();
      const changed = `UPDATE dict% d SET doc = ${next} FROM (VALUES ${values}) v (n, s) WHERE v.n = d.n`;
      expect(await refusalOf(client, changed)).toBeUndefined();
      await until(async () => (refusal = await refusalOf(client, joined)) !== '42501');
    }
    expect(refusal).toBe('53400');
  });

  it('made in another session, and in small pieces', async () => {
    n++;
    const [client, other] = [await connect(), await connect()];
    expect(await refusalOf(other, DICT[0]!)).toBeUndefined();
    for (let i = 0; i < 4; i++) {
      const rows = many(1600).slice(i * 400, i * 400 + 400);
      expect(
        await refusalOf(other, `INSERT INTO dict% VALUES ${rows.map((one) => `(0, '${one}')`).join()}`),
      ).toBeUndefined();
    }
    expect(await refusalOf(client, JOIN)).toBe('53400');
  });
});

async function copyInto(client: pg.Client, target: string, lines: readonly string[]): Promise<void> {
  await pipeline(Readable.from(lines), client.query(copyFrom(`COPY ${target} FROM STDIN`)));
}

describe('what is shown of guesses', () => {
  const shown = async (client: pg.Client, sql: string): Promise<unknown[]> => {
    const { rows } = await client.query({ text: sql.replaceAll('%', String(n)), rowMode: 'array' });
    return rows.flat();
  };

  it('is no token of others’ values', async () => {
    n++;
    const client = await connect('tokens');
    const others = await shown(client, 'SELECT ssn FROM users');
    expect(others[0]).toMatch(/^id_/);
    expect(await refusalOf(client, ...DICT)).toBeUndefined();
    const guesses = await shown(client, 'SELECT ssn FROM dict%');
    expect(new Set(guesses).size).toBe(3000);
    expect(guesses.filter((one) => others.includes(one))).toEqual([]);
  });

  it.each<[string, string[]]>([
    ['next to others’ by UNION ALL', [...DICT, 'SELECT n, ssn FROM dict% UNION ALL SELECT id, ssn FROM users']],
    ['as constants next to others’', [`${GUESSES} UNION ALL SELECT id, ssn FROM users`]],
    [
      'in a table with others’',
      ['CREATE TABLE mix% AS SELECT id, ssn FROM users', `INSERT INTO mix% ${GUESSES}`, 'SELECT * FROM mix%'],
    ],
    [
      'in users itself',
      [
        'BEGIN',
        `INSERT INTO users (id, ssn) SELECT g + 100000, '527-41-' || g FROM generate_series(7000, 9999) g`,
        'SELECT id, ssn FROM users',
      ],
    ],
    [
      'as they are written there',
      [
        'BEGIN',
        `INSERT INTO users (id, ssn) SELECT g + 100000, '527-41-' || g FROM generate_series(7000, 9999) g RETURNING id, ssn`,
      ],
    ],
    [
      'by COALESCE',
      [
        `SELECT g, COALESCE(u.ssn, '527-41-' || g) AS ssn FROM generate_series(1, 9999) g LEFT JOIN users u ON u.id = g`,
      ],
    ],
  ])('is refused %s', async (_name, texts) => {
    n++;
    expect(await refusalOf(await connect('tokens'), ...texts)).toBe('53400');
  });

  it('is none in a document, an array or a row either', async () => {
    n++;
    const client = await connect('tokens');
    const others = await shown(client, 'SELECT ssn FROM users');
    expect(await refusalOf(client, ...DICT)).toBeUndefined();
    const wrapped = 'json_build_object($$a$$, ssn) AS a, ARRAY[ssn] AS b, ROW(ssn) AS c, d AS d, to_jsonb(d) AS e';
    const text = JSON.stringify(await shown(client, `SELECT ${wrapped} FROM dict% d`));
    expect(text).toMatch(/id_[0-9a-f]{16}/);
    expect(others.filter((one) => text.includes(String(one)))).toEqual([]);
  });

  it('has another key where partial masks are keyed', async () => {
    n++;
    const client = await connect();
    const [other] = await shown(client, 'SELECT last_ip FROM users WHERE id = 1');
    expect(
      await refusalOf(
        client,
        'CREATE TABLE ips% (n int, last_ip inet)',
        `INSERT INTO ips% SELECT g, '10.1.2.0'::inet + g FROM generate_series(0, 255) g`,
      ),
    ).toBeUndefined();
    expect(await shown(client, 'SELECT last_ip FROM ips%')).not.toContain(other);
  });

  it('of copies is the same as of what was copied', async () => {
    n++;
    const client = await connect('tokens');
    const [other] = await shown(client, 'SELECT ssn FROM users WHERE id = 1');
    expect(
      await refusalOf(
        client,
        'CREATE TABLE mine% AS SELECT id, ssn FROM users',
        'CREATE TABLE more% (id int, ssn text)',
        'INSERT INTO more% SELECT id, ssn FROM users',
      ),
    ).toBeUndefined();
    expect(await shown(client, 'SELECT ssn FROM mine% WHERE id = 1')).toEqual([other]);
    expect(await shown(client, 'SELECT ssn FROM more% WHERE id = 1')).toEqual([other]);
  });
});

describe('a table that was made through dbgate', () => {
  const INTO_CUST = 'SELECT d.n FROM dict% d JOIN cust% c USING (ssn)';

  const NEW = ['CREATE TABLE cust% (id int, ssn text)', `INSERT INTO cust% ${GUESSES} LIMIT 20`];

  it.each<[string, string[]]>([
    ['a new table', NEW],
    [
      'one whose name another had, with more rows',
      [`CREATE TABLE cust% AS ${GUESSES_AS}`, 'DROP TABLE cust%', `CREATE TABLE cust% AS ${GUESSES_OF_ID} LIMIT 20`],
    ],
    ['one made without rows', [`CREATE TABLE cust% AS ${GUESSES_OF_ID} LIMIT 20 WITH NO DATA`]],
  ])('is compared as others’ are once somebody else has written to it: %s', async (_, first) => {
    n++;
    const client = await connect();
    const made = [...first, ...DICT];
    expect(await refusalOf(client, ...made, INTO_CUST)).toBeUndefined();
    await rig.direct(`INSERT INTO cust${n} SELECT g, '527-41-' || (7000 + g * 37) FROM generate_series(1, 50) g`);
    await until(async () => (await refusalOf(client, INTO_CUST)) === '53400');
  });

  it('is nobody’s own when TRUNCATE takes rows away that the server then does not count', async () => {
    n++;
    const client = await connect();
    const made = [
      'CREATE TABLE cust% (id int, ssn text)',
      `INSERT INTO cust% ${GUESSES} LIMIT 20`,
      'TRUNCATE cust%',
      ...DICT,
    ];
    expect(await refusalOf(client, ...made, INTO_CUST)).toBeUndefined();
    const emptied = ['BEGIN', `INSERT INTO cust% ${GUESSES} LIMIT 20`, 'TRUNCATE cust%', 'COMMIT'];
    expect(await refusalOf(client, ...emptied, INTO_CUST)).toBe('53400');
  });

  it('is one’s own as long as every row of it came through here', async () => {
    n++;
    const client = await connect();
    const fill = [
      `CREATE TABLE cust% AS SELECT g AS id, '527-41-' || g AS ssn FROM generate_series(7000, 7100) g`,
      `INSERT INTO cust% SELECT g, '527-41-' || g FROM generate_series(7200, 7300) g`,
      `INSERT INTO cust% VALUES (1, '527-41-7037'), (2, NULL)`,
      `UPDATE cust% SET ssn = '527-41-7001' WHERE id = 2`,
      `WITH few AS (SELECT 3 AS id) INSERT INTO cust% SELECT id FROM few`,
      'UPDATE cust% SET id = id + 1',
    ];
    expect(await refusalOf(client, ...fill, ...DICT)).toBeUndefined();
    // A session tells the server's counters what it wrote when it ends, if not before.
    await client.end();
    open = [];
    const [{ written }] = (await rig.direct(
      `SELECT 101 + 101 + 2 + 1 + 1 + count(*) AS written FROM cust${n}`,
    )) as unknown as [{ written: string }];
    await until(async () => {
      const rows = await rig.direct(
        `SELECT pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) AS n FROM pg_class WHERE relname = 'cust${n}'`,
      );
      return (rows as unknown as [{ n: string }])[0].n === written;
    });
    const again = await connect();
    expect(await refusalOf(again, INTO_CUST)).toBeUndefined();
    // The gateway has asked, too.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await refusalOf(again, INTO_CUST)).toBeUndefined();
  });
});

describe('after a restart of the gateway', () => {
  const FEW = 'SELECT u.id FROM few% f JOIN users u USING (ssn)';

  async function restarted(forgets: boolean): Promise<pg.Client> {
    n++;
    const before = await connect('tokens');
    const made = [
      'CREATE TABLE few% AS SELECT id, ssn FROM users',
      `INSERT INTO few% ${GUESSES} LIMIT 400`,
      'CREATE TABLE mine% (n int, ssn text)',
      `INSERT INTO mine% ${GUESSES}`,
    ];
    expect(await refusalOf(before, ...made, FEW)).toBeUndefined();
    await before.end();
    open = [];
    const { stateDir } = rig.settings;
    if (forgets) {
      await rig.gateway.close();
      await rm(path.join(stateDir, 'given'), { recursive: true });
    }
    await rig.restart();
    return connect('tokens');
  }

  it('it is known how much was given to tables from before', async () => {
    const client = await restarted(false);
    expect(await refusalOf(client, FEW, 'SELECT ssn, count(*) FROM mine% GROUP BY ssn')).toBeUndefined();
    expect(await refusalOf(client, 'SELECT m.n FROM mine% m JOIN users u USING (ssn)')).toBe('53400');
    const shown = await client.query(`SELECT id, ssn FROM few${n} ORDER BY id LIMIT 1`);
    expect(shown.rows).toEqual([{ id: 1, ssn: expect.not.stringMatching(/redacted|527-41/) }]);
  });

  it('tables of which that is lost are compared with nothing, and shown without tokens', async () => {
    const client = await restarted(true);
    expect(await refusalOf(client, FEW)).toBe('53400');
    const { rows } = await client
      .query(`SELECT DISTINCT ssn FROM (SELECT ssn FROM few${n} LIMIT 5) x`)
      .catch(() => ({ rows: [] }));
    expect(rows).toEqual([]);
    const shown = await client.query(`SELECT id, ssn FROM few${n} ORDER BY id LIMIT 1`);
    expect(shown.rows).toEqual([{ id: 1, ssn: '[redacted]' }]);
  });
});

describe('what goes on', () => {
  it.each<[string, string[]]>([
    [
      'copies joined back',
      [
        'CREATE TABLE mine% AS SELECT id, email, ssn FROM users',
        'SELECT m.id FROM mine% m JOIN users u USING (email)',
        'SELECT m.id FROM mine% m JOIN users u USING (ssn)',
        'SELECT ssn, count(*) FROM mine% GROUP BY ssn',
        'SELECT m.id FROM mine% m JOIN users u USING (id)',
      ],
    ],
    [
      'copies in arrays, taken apart',
      [
        'CREATE TABLE mine% AS SELECT array_agg(ssn) AS ssn FROM users',
        'SELECT u.id FROM users u JOIN (SELECT unnest(ssn) AS s FROM mine%) m ON m.s = u.ssn',
      ],
    ],
    [
      'arrays of others, taken apart and kept',
      [
        'CREATE TABLE lists% AS SELECT array_agg(ssn) AS ssn FROM users, generate_series(1, 40)',
        'CREATE TABLE mine% AS SELECT unnest(ssn) AS ssn FROM lists%',
        'SELECT count(*) FROM mine% m JOIN users u USING (ssn)',
      ],
    ],
    [
      'copies by INSERT, large ones',
      [
        'CREATE TABLE mine% (id int, email text)',
        'INSERT INTO mine% SELECT o.id, o.email FROM orders o, generate_series(1, 100)',
        'SELECT count(*) FROM mine% m JOIN users u USING (email)',
        'CREATE TABLE more% AS SELECT * FROM mine%',
        'SELECT count(*) FROM more% m JOIN users u USING (email)',
      ],
    ],
    [
      'the application’s own tables',
      [
        'SELECT u.id FROM users u JOIN orders o USING (email)',
        'SELECT email, sum(total) FROM orders GROUP BY email',
        'SELECT DISTINCT email FROM users',
        'SELECT id FROM users WHERE email IN (SELECT email FROM orders)',
      ],
    ],
    [
      'people entered by hand',
      [
        `INSERT INTO users (id, email) VALUES ${Array.from({ length: 30 }, (_, i) => `(${i + 1000} * 100 + %, 'new${i}@lindenhof.example')`).join()}`,
        'SELECT u.id FROM users u JOIN orders o USING (email)',
        'SELECT email, count(*) FROM users GROUP BY email',
      ],
    ],
    [
      'a few guesses, as often as one likes',
      [
        'CREATE TABLE few% (email text)',
        `INSERT INTO few% VALUES ${Array.from({ length: 400 }, (_, i) => `('u${i}@lindenhof.example')`).join()}`,
        ...Array.from({ length: 8 }, () => 'SELECT u.id FROM few% f JOIN users u USING (email)'),
      ],
    ],
    [
      'lists of some dozens',
      Array.from(
        { length: 8 },
        () =>
          `SELECT id FROM users WHERE email IN (${many(40)
            .map((one) => `'${one}'`)
            .join()})`,
      ),
    ],
    [
      'constants in the place of NULLs',
      [
        `SELECT COALESCE(email, 'none') AS email, count(*) FROM users GROUP BY 1`,
        `CREATE TABLE filled% AS SELECT id, COALESCE(email, 'none') AS email FROM users`,
        'SELECT count(*) FROM filled% f JOIN users u USING (email)',
      ],
    ],
    [
      'what is one’s own only',
      [
        'CREATE TABLE contacts% (n int, email text UNIQUE)',
        `INSERT INTO contacts% SELECT g, 'c' || g || '@lindenhof.example' FROM generate_series(1, 5000) g`,
        'SELECT email, count(*) FROM contacts% GROUP BY email',
        'CREATE TABLE calls% (email text REFERENCES contacts% (email))',
        `INSERT INTO calls% SELECT 'c' || g || '@lindenhof.example' FROM generate_series(1, 3000) g`,
        'SELECT count(*) FROM contacts% JOIN calls% USING (email)',
        `INSERT INTO contacts% SELECT g, 'c' || g || '@lindenhof.example' FROM generate_series(1, 100) g ON CONFLICT (email) DO UPDATE SET n = 0`,
      ],
    ],
    [
      'tables and rows of one text',
      [
        'CREATE TABLE notes% (id int, email text); INSERT INTO notes% VALUES (1, $$a@b.example$$), (2, $$c@d.example$$)',
        'SELECT n.id FROM notes% n JOIN users u USING (email)',
      ],
    ],
    [
      'columns that are not masked',
      [
        'CREATE TABLE keys% AS SELECT g AS id FROM generate_series(1, 5000) g',
        'SELECT u.id, u.email FROM keys% k JOIN users u USING (id)',
        'SELECT o.id FROM orders o JOIN users u USING (email)',
      ],
    ],
    [
      'documents that are written by a CTE, and read',
      [
        `WITH made AS (SELECT 1 AS id), kept AS (INSERT INTO events SELECT 1000 + %, jsonb_build_object('table', 'orders', 'id', id) FROM made RETURNING id) SELECT * FROM kept`,
        'SELECT * FROM events ORDER BY id LIMIT 10',
        `SELECT doc ->> 'table', count(*) FROM events GROUP BY 1`,
        `SELECT doc #>> '{actor,id}', count(*) FROM events GROUP BY 1 ORDER BY 1`,
        `SELECT * FROM events WHERE doc @> '{"actor": {"id": 3}}'`,
      ],
    ],
    [
      'an index and a key',
      [
        'CREATE TABLE mine% AS SELECT id, email FROM users',
        'CREATE INDEX ON mine% (email)',
        'CREATE UNIQUE INDEX ON mine% (id)',
        'ALTER TABLE mine% ADD note text DEFAULT $$x$$',
        'SELECT count(*) FROM mine% m JOIN users u USING (email)',
      ],
    ],
  ])('%s', async (_name, texts) => {
    n++;
    expect(await refusalOf(await connect(), ...texts)).toBeUndefined();
  });

  it('a thousand rows by COPY', async () => {
    n++;
    const client = await connect();
    await client.query(`CREATE TABLE imported${n} (id int, email text)`);
    await copyInto(
      client,
      `imported${n}`,
      Array.from({ length: 900 }, (_, i) => `${i}\tu${i}@lindenhof.example\n`),
    );
    await copyInto(
      client,
      'orders (id, email)',
      Array.from({ length: 1000 }, (_, i) => `${i + 5000}\tx${i}@lindenhof.example\n`),
    );
    expect(
      await refusalOf(
        client,
        'SELECT count(*) FROM imported% i JOIN users u USING (email)',
        'SELECT count(*) FROM orders',
        'SELECT * FROM imported%',
      ),
    ).toBeUndefined();
  });

  it('a few thousand executions of one statement that have nothing to do with it', async () => {
    n++;
    const client = await connect();
    for (let i = 0; i < 300; i++)
      await client.query({ name: 'by-id', text: 'SELECT email FROM users WHERE id = $1', values: [i] });
    expect(await refusalOf(client, 'SELECT u.id FROM users u JOIN orders o USING (email)')).toBeUndefined();
  });
});
