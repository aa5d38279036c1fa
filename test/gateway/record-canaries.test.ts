/**
 * Canaries: whoever writes values of classified columns into statements, in whatever place, does not find them in the
 * segments, in the index or in the gateway's log. What stands in the clear otherwise stays byte for byte.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { until, withRig } from './gateway-rig.ts';
import { PEOPLE_SQL } from './masked-people.ts';

const rig = withRig({
  sql: `${PEOPLE_SQL}
    CREATE VIEW visitors AS SELECT id AS number, full_name AS caption FROM people;
    CREATE FUNCTION find_one(wanted text) RETURNS int LANGUAGE sql STABLE AS 'SELECT id FROM people WHERE full_name = wanted';`,
});

const CANARIES = ['Zerlina Quastvogel7', 'zerlina.quast7@mailhaus.example', '457-55-1007', '1961-02-10'] as const;
const [NAME, MAIL, SSN, BORN] = CANARIES;

/** Each with all four in it, or some. */
const STATEMENTS: readonly string[] = [
  `SELECT id FROM people WHERE full_name = '${NAME}' AND email = '${MAIL}' AND ssn = '${SSN}' AND born = '${BORN}'`,
  `SELECT id FROM people WHERE born = date '${BORN}' OR full_name LIKE '%${NAME}%'`,
  `SELECT id FROM people WHERE lower(full_name) = lower('${NAME}')`,
  `SELECT id FROM people WHERE '${NAME}' = full_name`,
  `SELECT id FROM people WHERE full_name IN ('a', '${NAME}')`,
  `SELECT id FROM people WHERE full_name BETWEEN '${NAME}' AND '${NAME}z'`,
  `SELECT id FROM people WHERE full_name = ANY ('{"${NAME}"}')`,
  `SELECT id FROM people WHERE (id, full_name) = (7, '${NAME}')`,
  `SELECT id FROM people p WHERE p = ROW(7, '${NAME}', '${MAIL}', '${SSN}', '${BORN}', 'x')`,
  `SELECT n FROM (SELECT full_name AS id, id AS n FROM people) q WHERE id = '${NAME}'`,
  `SELECT * FROM (SELECT full_name FROM people) AS q(title) WHERE title = '${NAME}'`,
  `WITH q AS (SELECT full_name AS price FROM people) SELECT count(*) FROM q WHERE price = '${NAME}'`,
  `SELECT number FROM visitors WHERE caption = '${NAME}'`,
  `SELECT number FROM visitors v WHERE v.caption = '${NAME}' AND number = 7`,
  `SELECT find_one('${NAME}')`,
  `SELECT * FROM find_one('${NAME}') f`,
  `SELECT id FROM people WHERE full_name = (SELECT '${NAME}')`,
  `SELECT id FROM people WHERE full_name IN (VALUES ('${NAME}'))`,
  `SELECT id FROM people JOIN (VALUES ('${NAME}')) v(wanted) ON v.wanted = full_name`,
  `SELECT '${NAME}' INTERSECT SELECT full_name FROM people`,
  `SELECT CASE WHEN full_name = '${NAME}' THEN 1 ELSE 0 END FROM people`,
  `SELECT CASE full_name WHEN '${NAME}' THEN 1 ELSE 0 END FROM people`,
  `SELECT count(*) FILTER (WHERE full_name = '${NAME}') FROM people`,
  `SELECT id FROM people ORDER BY full_name = '${NAME}'`,
  `SELECT count(*) FROM people GROUP BY full_name HAVING full_name = '${NAME}'`,
  `SELECT coalesce(full_name, '${NAME}') FROM people`,
  `SELECT id FROM people WHERE full_name = E'Zerlina Quastvoge\\x6c7' OR full_name = U&'Zerlina Quastvogel\\0037' OR full_name = $q$${NAME}$q$`,
  `SELECT id FROM people WHERE full_name = 'Zerlina Quast'\n'vogel7'`,
  `SELECT id /* who is ${MAIL}, ${SSN}? */ FROM people -- ${MAIL}`,
  `INSERT INTO people VALUES (1001, '${NAME}', '${MAIL}', '${SSN}', '${BORN}', 'x')`,
  `INSERT INTO people (born, ssn, email, full_name, id) SELECT '${BORN}', '${SSN}', '${MAIL}', '${NAME}', 1002`,
  `INSERT INTO people (id, full_name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET full_name = '${NAME}'`,
  `UPDATE people SET full_name = '${NAME}', (email, ssn) = ('${MAIL}', '${SSN}') WHERE id = 9999`,
  `DELETE FROM people WHERE id = 9999 AND full_name = '${NAME}'`,
  `MERGE INTO people p USING (VALUES ('${NAME}')) v(n) ON p.full_name = v.n AND p.id < 0 WHEN MATCHED THEN UPDATE SET note = '${NAME}'`,
  `EXPLAIN SELECT id FROM people WHERE full_name = '${NAME}'`,
  `PREPARE one AS SELECT id FROM people WHERE full_name = '${NAME}'`,
  `PREPARE two(text) AS SELECT id FROM people WHERE full_name = $1`,
  `EXECUTE two('${NAME}')`,
  `BEGIN; DECLARE c CURSOR FOR SELECT id FROM people WHERE full_name = '${NAME}'; FETCH 5 FROM c; COMMIT`,
  `COPY (SELECT id FROM people WHERE full_name = '${NAME}') TO STDOUT`,
  `DO $$ BEGIN PERFORM id FROM people WHERE full_name = '${NAME}'; RAISE NOTICE 'it is ${NAME}'; END $$`,
  `DO 'BEGIN PERFORM 1 FROM people WHERE full_name = ''${NAME}''; END'`,
  `CREATE FUNCTION of_him() RETURNS int LANGUAGE sql AS $$ SELECT id FROM people WHERE full_name = '${NAME}' $$`,
  `ALTER TABLE people ALTER full_name SET DEFAULT '${NAME}'`,
  `COMMENT ON TABLE people IS 'mostly ${NAME}'`,
  `CREATE TABLE copies AS SELECT id FROM people WHERE full_name = '${NAME}'`,
  `CREATE TABLE strangers (name text DEFAULT '${NAME}')`,
  `SET my.person = '${NAME}'`,
  `SELECT set_config('my.person', '${NAME}', false)`,
  `NOTIFY somebody, '${NAME}'`,
  `SELECT id FROM people WHERE full_name = '${NAME}' NONSENSE HERE`,
  `SELECT id FROM nowhere WHERE full_name = '${NAME}'`,
  `SELECT nothing FROM people WHERE full_name = '${NAME}'`,
  `SELECT 1 FROM people WHERE full_name = '${NAME}`,
  `DROP TABLE people; SELECT id FROM people, (SELECT '${NAME}' AS x) y WHERE x = full_name`,
  `SELECT '${MAIL}', '${SSN}'`,
];

/** Stay as they are. */
const PLAIN: readonly string[] = [
  "SELECT id, price FROM products WHERE title = 'Kettle 7' AND price > 3.5 LIMIT 10 OFFSET 2",
  "SELECT now() - interval '1 day', 'a constant', 42",
  'SELECT count(*) FROM people WHERE id IN (1, 2, 3) AND born IS NOT NULL',
  "UPDATE products SET title = 'Kettle', price = price + 1 WHERE id = 7",
  "INSERT INTO products VALUES (700, 'Kettle 700', 7.5)",
  "SET statement_timeout = '7s'",
];

/** What is in the gateway's state now; looked at anew where a file went while it was. */
function written(): Map<string, Buffer> {
  for (;;) {
    try {
      return filesOf(rig.settings.stateDir);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function filesOf(dir: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.relative(dir, file), readFileSync(file));
  }
  return files;
}

describe('the record', () => {
  for (const groups of [['admins'], ['developers']]) {
    it(`keeps no value of a classified column, whoever writes it (${groups[0]})`, async () => {
      const token = await rig.tokenOf(`writer-${groups[0]}`, groups);
      const client = await rig.connect(token);
      // The classes are there when its columns are known.
      await client.query('SELECT id FROM people LIMIT 1').catch(() => {});
      const run = async (sql: string, values?: unknown[]): Promise<void> => {
        await (values === undefined ? client.query(sql) : client.query(sql, values)).catch(() => {});
        await client.query('ROLLBACK').catch(() => {});
      };
      for (const sql of STATEMENTS) await run(sql);
      for (const sql of STATEMENTS.slice(0, 4)) await run(sql, []);
      await run('SELECT id FROM people WHERE full_name = $1 AND email = $2 AND born = $3 AND id = $4', [
        ...[NAME, MAIL, BORN, 7],
      ]);
      await run('INSERT INTO people VALUES ($1, $2, $3, $4, $5)', [1003, NAME, MAIL, SSN, BORN]);
      await run('SELECT $1::text, $2::text', [MAIL, SSN]);
      // Its Parse fails: what it brings is not that of the older unnamed statement, which meets nothing.
      await client.query('SELECT title FROM products WHERE title = $1', ['Kettle 7']);
      await client.query('SELECT nothing FROM people WHERE full_name = $1', [NAME]).catch(() => {});
      await run('SELECT find_one($1)', [NAME]);
      // Behind DDL nothing is kept until the catalog was read again.
      const values = async (): Promise<(readonly (string | null)[])[]> =>
        (await rig.records()).flatMap((one) =>
          one.kind === 'statement.intent' && typeof one.body === 'object' && one.body.values ? [one.body.values] : [],
        );
      await until(async () => {
        await run('SELECT title FROM products WHERE title = $1 AND price < $2', ['Kettle 7', 99]);
        await run('SELECT id FROM people WHERE full_name = $1', [NAME]);
        return JSON.stringify(await values()).includes('["Kettle 7","99"],["‹person_name:');
      });
      await client.end();
      await rig.api('GET', '/v1/history?limit=10', token);
      const texts = (await rig.records()).map((record) => JSON.stringify(record));
      for (const canary of CANARIES) expect(texts.filter((text) => text.includes(canary))).toEqual([]);
      const files = written();
      expect([...files.keys()].filter((name) => name.startsWith('audit/')).length).toBeGreaterThan(0);
      for (const canary of [...CANARIES, 'Quastvogel', 'zerlina.quast']) {
        for (const [name, content] of files) expect(content.includes(canary), `${canary} in ${name}`).toBe(false);
        expect(rig.logs.filter((line) => line.includes(canary))).toEqual([]);
      }
    });
  }

  it('keeps all other texts byte for byte', async () => {
    const client = await rig.connect(await rig.tokenOf('plain', ['admins']));
    const texts = (): Promise<string[]> =>
      rig
        .records()
        .then((all) =>
          all.flatMap((one) => (one.kind === 'statement.intent' && typeof one.body === 'object' ? [one.body.sql] : [])),
        );
    for (const sql of PLAIN) {
      await until(async () => {
        await client.query(sql).catch(() => {});
        return (await texts()).includes(sql);
      });
    }
    await client.end();
  });
});
