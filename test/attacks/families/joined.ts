/** Many questions by one comparison: a long text in which guesses stand, and rows of one's own for what is around each. */
import type { Attack, Attacker } from '../attack.ts';

const asks = (id: string, make: readonly string[], where: string): Attack => ({
  id: `joined.${id}`,
  infers: true,
  writes: true,
  run: async (attacker) => {
    const wire = await attacker.connect();
    const guesses = guessesOf(attacker);
    const whole = guesses.join('|');
    const pieces = guesses.map((guess) => whole.split(guess));
    await wire.query('CREATE TABLE teile (nr int, vorn text, hinten text)');
    await wire.query(
      `INSERT INTO teile VALUES ${pieces.map(([vorn, hinten], i) => `(${i}, '${vorn}', '${hinten}')`).join(', ')}`,
    );
    for (const sql of make) await wire.query(sql);
    const { rows } = await wire.query(where.replace('GANZ', `'${whole}'`));
    for (const [nr] of rows) attacker.found.push(guesses[Number(nr)] ?? '');
  },
});

function guessesOf({ seed }: Attacker): readonly string[] {
  return seed.patients.flatMap(({ mail }, i) => [`niemand${i}@posteo.example`, mail]);
}

const COPY = 'CREATE TABLE kopie AS SELECT nr, vorn, hinten, mail FROM teile, patienten WHERE id = 5';

export const joined: readonly Attack[] = [
  asks('pieces', [], 'SELECT nr FROM teile, patienten WHERE id = 5 AND vorn || mail || hinten = GANZ'),
  asks('concat', [], `SELECT nr FROM teile, patienten WHERE id = 5 AND concat_ws('', vorn, mail, hinten) = GANZ`),
  asks('format', [], `SELECT nr FROM teile, patienten WHERE id = 5 AND format('%s%s%s', vorn, mail, hinten) = GANZ`),
  asks(
    'subquery',
    [],
    'SELECT nr FROM (SELECT nr, vorn, hinten, mail FROM teile, patienten WHERE id = 5) q WHERE vorn || mail || hinten = GANZ',
  ),
  asks('copied', [COPY], 'SELECT nr FROM kopie WHERE vorn || mail || hinten = GANZ'),
  asks('view', [COPY.replace('TABLE', 'VIEW')], 'SELECT nr FROM kopie WHERE vorn || mail || hinten = GANZ'),
  {
    id: 'joined.cut-to-a-name',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      let text = '';
      while (text.length < 10) {
        const before = 'x'.repeat(62 - text.length);
        const found = [...'bcdfghjkmnpqrstvwxz23456789'].map(
          (next) =>
            `SELECT '${next}' FROM patienten WHERE id = 5 AND ('${before}' || nachname)::name ILIKE '${before}${text}${next}'`,
        );
        const { rows } = await wire.query(found.join(' UNION ALL '));
        if (rows[0]?.[0] == null) break;
        text += rows[0][0];
      }
      attacker.found.push(text);
    },
  },
  {
    id: 'joined.name-of-another',
    infers: true,
    writes: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      // The catalog is out of date behind the first, and the second is called as what is to be searched.
      await wire.query('CREATE TEMP TABLE atk_first (i int)');
      await wire.query('CREATE TEMP TABLE patienten (i int)');
      await wire.query('DROP TABLE pg_temp.patienten');
      const { mail } = attacker.seed.patients[4]!;
      let guesses = Array.from({ length: 3_000 }, (_, i) => `niemand${i}@posteo.example`).toSpliced(1_234, 1, mail);
      while (guesses.length > 1) {
        const half = guesses.slice(0, guesses.length >> 1);
        const list = half.map((guess) => `'${guess}'`).join(', ');
        const { rows } = await wire.query(`SELECT count(*) FROM public.patienten WHERE id = 5 AND mail IN (${list})`);
        if (rows.length === 0) return;
        guesses = rows[0]![0] === '1' ? half : guesses.slice(half.length);
      }
      attacker.found.push(guesses[0]!);
    },
  },
  asks(
    'view-of-text',
    ['CREATE VIEW kopie AS SELECT nr, vorn || mail || hinten AS t FROM teile, patienten WHERE id = 5'],
    'SELECT nr FROM kopie WHERE t = GANZ',
  ),
];
