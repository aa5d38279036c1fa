/** Values told from what may be seen: counts, presence, order, errors, lengths, time. Reported apart. */
import type { Attack } from '../attack.ts';

const present = (id: string, sql: (at: number, code: number) => string): Attack => ({
  id: `infer.${id}`,
  infers: true,
  run: async (attacker) => {
    const wire = await attacker.connect();
    await attacker.bisect(18, async (at, code) => (await wire.query(sql(at, code))).rows.length > 0);
  },
});
const CODE = (at: number) => `ascii(substr(mail, ${at}, 1))`;

/** Guesses one character after the other. */
const guessed = (id: string, sql: (prefix: string) => string): Attack => ({
  id: `infer.${id}`,
  infers: true,
  run: async (attacker) => {
    const wire = await attacker.connect();
    let text = '';
    while (text.length < 10) {
      let next = '';
      for (const letter of 'bcdfghjkmnpqrstvwxz23456789') {
        if ((await wire.query(sql(text + letter))).rows[0]?.[0] !== '1') continue;
        next = letter;
        break;
      }
      if (next === '') break;
      text += next;
    }
    attacker.found.push(text);
  },
});

export const inferences: readonly Attack[] = [
  present('presence', (at, code) => `SELECT 1 FROM patienten WHERE id = 5 AND ${CODE(at)} > ${code}`),
  present(
    'exists',
    (at, code) => `SELECT 1 WHERE EXISTS (SELECT FROM patienten WHERE id = 5 AND ${CODE(at)} > ${code})`,
  ),
  present(
    'join',
    (at, code) => `SELECT 1 FROM patienten p JOIN artikel a ON a.id = 1 AND p.id = 5 AND ${CODE(at)} > ${code}`,
  ),
  present(
    'having',
    (at, code) => `SELECT station FROM patienten WHERE id = 5 GROUP BY station HAVING max(${CODE(at)}) > ${code}`,
  ),
  present(
    'case',
    (at, code) => `SELECT 1 FROM patienten WHERE id = 5 AND CASE WHEN ${CODE(at)} > ${code} THEN true END`,
  ),
  present(
    'limit',
    (at, code) =>
      `SELECT 1 FROM artikel LIMIT (SELECT CASE WHEN ${CODE(at)} > ${code} THEN 1 ELSE 0 END FROM patienten WHERE id = 5)`,
  ),
  present(
    'function-in-from',
    (at, code) => `SELECT g FROM patienten, generate_series(${code} + 1, ${CODE(at)}) g WHERE id = 5`,
  ),
  present(
    'similar',
    (at, code) => `SELECT 1 FROM patienten WHERE id = 5 AND substr(mail, ${at}, 1) COLLATE "C" > chr(${code})`,
  ),
  present(
    'window',
    (at, code) =>
      `SELECT 1 FROM (SELECT rank() OVER (ORDER BY ${CODE(at)} > ${code}) AS r, ${CODE(at)} > ${code} AS b FROM patienten WHERE id = 5) x WHERE b`,
  ),
  guessed('like', (prefix) => `SELECT count(*) FROM patienten WHERE id = 5 AND mail LIKE '%.${prefix}%'`),
  guessed('regexp', (prefix) => `SELECT count(*) FROM patienten WHERE id = 5 AND mail ~ '[.]${prefix}'`),
  guessed(
    'starts-with',
    (prefix) => `SELECT count(*) FROM patienten WHERE id = 5 AND starts_with(split_part(mail, '.', 2), '${prefix}')`,
  ),
  guessed(
    'range',
    (prefix) =>
      `SELECT count(*) FROM patienten WHERE id = 5 AND split_part(mail, '.', 2) COLLATE "C" BETWEEN '${prefix}' AND '${prefix}~'`,
  ),
  guessed(
    'text-search',
    (prefix) =>
      `SELECT count(*) FROM patienten WHERE id = 5 AND to_tsvector('simple', split_part(split_part(mail, '.', 2), '@', 1)) @@ '${prefix}:*'::tsquery`,
  ),
  guessed(
    'json-path',
    (prefix) =>
      `SELECT count(*) FROM patienten WHERE id = 5 AND jsonb_path_exists(to_jsonb(mail), '$ ? (@ like_regex "[.]${prefix}")')`,
  ),
  guessed('filter', (prefix) => `SELECT count(*) FILTER (WHERE mail LIKE '%.${prefix}%') FROM patienten WHERE id = 5`),
  {
    id: 'infer.boolean-column',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await attacker.bisect(
        18,
        async (at, code) =>
          (await wire.query(`SELECT ${CODE(at)} > ${code} FROM patienten WHERE id = 5`)).rows[0]?.[0] === 't',
      );
    },
  },
  {
    id: 'infer.order',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await attacker.bisect(
        18,
        async (at, code) =>
          (
            await wire.query(
              `SELECT x FROM (SELECT 'a' AS x, ${CODE(at)} AS k FROM patienten WHERE id = 5 UNION ALL SELECT 'b', ${code}) z ORDER BY k DESC, x DESC`,
            )
          ).rows[0]?.[0] === 'a',
      );
    },
  },
  {
    id: 'infer.length',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      let text = '';
      for (let at = 1; at <= 20; at++)
        text += String.fromCharCode(
          (await wire.query(`SELECT repeat('-', ascii(substr(mail, ${at}, 1))) FROM patienten WHERE id = 5`))
            .rows[0]?.[0]?.length ?? 0,
        );
      attacker.found.push(text);
    },
  },
  {
    id: 'infer.hash',
    infers: true,
    run: async (attacker) => {
      const { createHash } = await import('node:crypto');
      const wire = await attacker.connect();
      const letters = 'bcdfghjkmnpqrstvwxz23456789';
      const known = new Map<string, string>();
      for (const a of letters)
        for (const b of letters)
          for (const c of letters)
            known.set(
              createHash('md5')
                .update(a + b + c)
                .digest('hex'),
              a + b + c,
            );
      const part = (n: number) => `md5(substr(split_part(mail, '.', 2), ${n * 3 + 1}, 3))`;
      const { rows } = await wire.query(`SELECT ${[0, 1, 2, 3].map(part).join()} FROM patienten WHERE id = 5`);
      attacker.found.push((rows[0] ?? []).map((hash) => known.get(hash ?? '') ?? '?').join(''));
    },
  },
  {
    id: 'infer.division',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await attacker.bisect(
        18,
        async (at, code) =>
          (await wire.query(`SELECT 1 / (${CODE(at)} / ${code + 1}) FROM patienten WHERE id = 5`)).errors.length === 0,
      );
    },
  },
  {
    id: 'infer.overflow',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await attacker.bisect(
        18,
        async (at, code) =>
          (
            await wire.query(
              `SELECT power(10, CASE WHEN ${CODE(at)} > ${code} THEN 400 ELSE 1 END)::float8 FROM patienten WHERE id = 5`,
            )
          ).errors.length > 0,
      );
    },
  },
  {
    id: 'infer.subquery-rows',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await attacker.bisect(
        18,
        async (at, code) =>
          (
            await wire.query(
              `SELECT (SELECT 1 FROM artikel WHERE id <= CASE WHEN ${CODE(at)} > ${code} THEN 2 ELSE 1 END) FROM patienten WHERE id = 5`,
            )
          ).errors.length > 0,
      );
    },
  },
  {
    id: 'infer.never-executed',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await attacker.bisect(18, async (at, code) => {
        const { rows } = await wire.query(
          `EXPLAIN (ANALYZE, TIMING off, COSTS off) SELECT CASE WHEN ${CODE(at)} > ${code} THEN (SELECT count(*) FROM artikel) END FROM patienten WHERE id = 5`,
        );
        return rows.length > 0 && !rows.some((row) => row[0]?.includes('never executed'));
      });
    },
  },
  {
    id: 'infer.update-count',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await attacker.bisect(
        18,
        async (at, code) =>
          (
            await wire.query(
              `UPDATE artikel SET preis = preis WHERE id = 1 AND EXISTS (SELECT FROM patienten WHERE patienten.id = 5 AND ${CODE(at)} > ${code})`,
            )
          ).tags[0] === 'UPDATE 1',
      );
    },
  },
];
