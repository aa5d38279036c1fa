/** Where constants go: tables of SQL, and statements put together at random around values that must not stay. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isCutValue } from '../../src/audit/export/kept-values.ts';
import { LiteralHash } from '../../src/gateway/literal-hash.ts';
import { RecordedText } from '../../src/gateway/recorded-text.ts';
import { scannedText } from '../../src/gateway/scanned-text.ts';
import { StatementRecords } from '../../src/gateway/statement-records.ts';
import { analyse } from '../../src/sql/analyse.ts';
import type { ConstantPlaces } from '../../src/sql/facts.ts';
import { type Grammar, loadGrammar } from '../../src/sql/grammar.ts';
import { LiteralTokens, literalValue } from '../../src/sql/literal-tokens.ts';
import { COMMENT } from '../../src/sql/token.ts';

let grammar: Grammar;
beforeAll(async () => {
  grammar = await loadGrammar(17);
});

function places(sql: string): ConstantPlaces | undefined {
  return analyse(sql, grammar).places;
}

/** `column`, `relation.column` or `relation#position`; several joined. */
function briefly(sql: string): string[] {
  return (places(sql)?.literals ?? []).map((place) =>
    typeof place === 'string'
      ? place
      : place
          .map(({ relation, column, position }) =>
            position === undefined ? [relation, column].filter(Boolean).join('.') : `${relation}#${position}`,
          )
          .join('+'),
  );
}

describe('a constant', () => {
  it.each<[string, string[]]>([
    ["SELECT 'a', 1 + 2 LIMIT 3", ['nothing', 'nothing', 'nothing', 'nothing']],
    ["SELECT * FROM t WHERE a = 'x' AND NOT (b > 5 OR c IS NULL)", ['a', 'b']],
    ["SELECT * FROM t u WHERE u.a = 'x'", ['t.a']],
    ["SELECT * FROM s.t WHERE lower(a) LIKE '%' || upper('x')", ['a', 'a']],
    ["SELECT * FROM t WHERE at > now() - interval '1 day' AND b::varchar(40) = 'q'", ['at', 'nothing', 'b']],
    ["SELECT CASE a WHEN 'x' THEN 'y' WHEN 'z' THEN b END FROM t", ['a', 'b', 'a']],
    ["SELECT * FROM t WHERE a = (SELECT max('m') FROM u)", ['anything']],
    ['SELECT EXISTS (SELECT 1 FROM t WHERE a = 2)', ['nothing', 'a']],
    ["SELECT 1 WHERE 'x' = (SELECT a FROM t)", ['nothing', 'anything']],
    ["SELECT 'a\\', 'b' FROM t WHERE c = 'q'", ['nothing', 'nothing', 'c']],
    ["SELECT * FROM (SELECT a AS b FROM t) q WHERE b = 'x'", ['anything']],
    ["SELECT * FROM (SELECT a FROM t) q WHERE q.a = 'x'", ['a']],
    ["SELECT * FROM t AS q(b) WHERE b = 'x'", ['anything']],
    ["SELECT 'x' UNION SELECT a FROM t", ['anything']],
    ["SELECT f(a, 'x') FROM t", ['hidden']],
    ["SELECT set_config('a.b', 'x', true)", ['hidden', 'hidden']],
    ['SELECT * FROM generate_series(1, 5) g JOIN t ON t.a = g', ['anything', 'anything']],
    ["INSERT INTO s.t VALUES (1, 'x')", ['s.t#0', 's.t#1']],
    ["INSERT INTO t (b, a) SELECT 'x', c + 1 FROM u", ['b', 'a+c']],
    ["INSERT INTO t SELECT *, 'x' FROM u", ['anything']],
    ["UPDATE t SET a = 'x', (b, c) = (1, 2) WHERE d = 3 RETURNING 'y'", ['a', 'b', 'c', 'd', 'nothing']],
    ["DO $$ BEGIN PERFORM 'x'; END $$", ['body']],
    ["DO LANGUAGE plpython3u $$ 'x' $$", ['hidden']],
    ["SET application_name = 'x'; SET my.own = 'y'", ['nothing', 'hidden']],
    ["FETCH 100 FROM c; EXECUTE p('x', 2)", ['nothing', 'hidden', 'hidden']],
    ["CREATE TABLE t (a varchar(40) DEFAULT 'xyz', b numeric(10, 2))", ['nothing', 'hidden', 'nothing', 'nothing']],
    ["COPY t TO STDOUT WITH (FORMAT csv, DELIMITER ',')", ['nothing']],
    ["SELECT extract(year FROM a) FROM t WHERE a > date '2020-01-01'", ['a']],
    ["SELECT E'x\\'' , U&'\\0061', B'1', $q$x$q$, 'a'\n'b', -5, - 1.5e3, 0xff FROM t", Array(8).fill('nothing')],
  ])('%s', (sql, expected) => {
    expect(briefly(sql)).toEqual(expected);
  });

  it('is found behind characters of any width, and among very many in a time that grows with the text', () => {
    expect(briefly("SELECT '\u{1f600}ü€' AS \"ü\u{1f600}\", 'é' FROM t WHERE ö = '\u{1f600}' AND b = 5")).toEqual([
      'nothing',
      'nothing',
      'ö',
      'b',
    ]);
    const rows = Array.from({ length: 20_000 }, (_, i) => `(${i}, 'ü${i}')`).join(',');
    expect(new Set(briefly(`INSERT INTO t VALUES ${rows}`))).toEqual(new Set(['t#0', 't#1']));
  });

  it('of a parameter goes where the parameter stands, wherever that is', () => {
    const found = places('SELECT * FROM t WHERE a = $2 AND b = $1 OR f($3) AND c = $2')?.parameters;
    expect(found).toEqual([[{ column: 'b' }], [{ column: 'a' }, { column: 'c' }], 'hidden']);
  });
});

/** Values in every form in which the grammar takes them. */
const secret = fc
  .tuple(
    fc.stringMatching(/^[a-z]{8,12}$/),
    fc.constantFrom('plain', 'escape', 'dollar', 'unicode', 'national', 'cast'),
  )
  .map(([word, form]) => {
    const value = `zq${word}`;
    const quoted = `'${value}'`;
    const text = {
      plain: quoted,
      escape: `E${quoted}`,
      dollar: `$x$${value}$x$`,
      unicode: `U&${quoted}`,
      national: `N${quoted}`,
      cast: `CAST(${quoted} AS text)`,
    }[form];
    return { value, text };
  });

/** Places for a value that meets `email`; `?` stands for it. */
const MEETING = [
  'email = ?',
  '? = u.email',
  'lower(email) = lower(?)',
  'email IN (?, ?)',
  'email LIKE ? || ?',
  'NOT (id = 5 OR email <> ?)',
  "coalesce(email, ?) = 'x'",
  '(id, email) = (3, ?)',
  'CASE WHEN email = ? THEN true ELSE false END',
  'email = ANY (ARRAY[?, ?])',
  'email IN (SELECT ?)',
  'EXISTS (SELECT 1 FROM users w WHERE w.email = ?)',
  'u = ROW(1, ?, 3)',
  'unknown_function(?) = 3',
  'nowhere = ?',
];
const PLAIN = ["status = 'open'", 'id = 7', "created > '2024-01-01'", 'id BETWEEN 1 AND 1000', "status IN ('a', 'b')"];

const FORMS = [
  'SELECT * FROM users u WHERE $',
  'SELECT id, status FROM users u WHERE $ ORDER BY 1 LIMIT 10',
  "UPDATE users u SET status = 'done' WHERE $",
  'DELETE FROM users u WHERE $',
  'WITH q AS (SELECT * FROM users u WHERE $) SELECT count(*) FROM q',
  'SELECT count(*) FILTER (WHERE $) FROM users u',
  'SELECT * FROM users u JOIN users o ON $',
  'EXPLAIN SELECT * FROM users u WHERE $',
  'PREPARE p AS SELECT * FROM users u WHERE $',
  'INSERT INTO users (email) SELECT email FROM users u WHERE $',
];

const table = { oid: 1, schema: 'public', name: 'users', kind: 'r', isSystem: false } as const;
const NAMES = ['id', 'email', 'status', 'created'];
const columns = NAMES.map((name, i) => ({ attnum: i + 1, name }));
const world = {
  catalog: { allRelations: [{ ...table, columns }] },
  classes: {
    version: 1,
    of: (_: number, attnum: number) => ({
      class: attnum === 2 ? 'email' : undefined,
      confidence: 1,
      evidence: [],
      scan: false,
    }),
  },
};

describe('the recorded text', () => {
  const key = new Uint8Array(32).fill(3);
  const records = new StatementRecords({ key, world: () => world as never });
  const recorded = (sql: string): string => JSON.parse(records.describe(analyse(sql, grammar), sql).sqlJson) as string;

  it('never holds a value that meets a classified column, and the rest of the text as it was', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FORMS),
        fc.array(fc.constantFrom(...MEETING), { minLength: 1, maxLength: 3 }),
        fc.array(fc.constantFrom(...PLAIN), { maxLength: 3 }),
        fc.array(secret, { minLength: 8, maxLength: 8 }),
        (form, meeting, plain, secrets) => {
          let next = 0;
          const used: (typeof secrets)[number][] = [];
          const condition = [...meeting, ...plain].join(' AND ').replaceAll('?', () => {
            const one = secrets[next++ % secrets.length]!;
            used.push(one);
            return one.text;
          });
          const sql = form.replace('$', () => condition);
          const text = recorded(sql);
          for (const { value } of used) expect(text).not.toContain(value);
          for (const one of plain)
            if (!meeting.some((m) => /SELECT|nowhere|unknown/.test(m))) expect(text).toContain(one);
          // Taken out again, what was put in: the same skeleton.
          const skeleton = (from: string): string => from.replace(/(?:E|U&|N)?'[^']*'|\$x\$.*?\$x\$|\b\d+\b/g, '§');
          expect(skeleton(text)).toBe(skeleton(sql));
          // What parsed parses.
          expect(analyse(text, grammar).error).toBeUndefined();
        },
      ),
      { numRuns: 400 },
    );
  });

  it('of what meets no classified column is the text byte for byte', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FORMS),
        fc.array(fc.constantFrom(...PLAIN), { minLength: 1, maxLength: 4 }),
        fc.constantFrom('', ' -- done', '/* ünï */ ', '\n\t'),
        (form, plain, blank) => {
          const sql = `${blank.startsWith('/') ? blank : ''}${form.replace('$', plain.join(' OR '))}${blank}`;
          expect(recorded(sql)).toBe(sql);
        },
      ),
    );
  });

  it('of many rows hides what goes into classified columns, what shows itself, and nothing else', () => {
    const own = new StatementRecords({ key, world: () => world as never });
    const insert = (columns: string, rowOf: (i: number) => string): string =>
      `INSERT INTO users (${columns}) VALUES ${Array.from({ length: 6_000 }, (_, i) => rowOf(i)).join(', ')}`;
    const described = (sql: string) => {
      const analysis = analyse(sql, grammar);
      expect(analysis.places!.folded.length).toBeGreaterThan(0);
      return [undefined, scannedText(sql)].map((scanned) => {
        const one = { ...analysis, statements: [...analysis.statements], scanned };
        return {
          text: JSON.parse(own.describe(one, sql).sqlJson) as string,
          given: own.maskGiven(one, sql, () => [], []),
        };
      });
    };
    const clear = insert('id, status', (i) => `(${i}, 'open ${i}')`);
    const shown = insert('id, status', (i) => (i === 4_000 ? "(1, 'ask ada@example.org')" : `(${i}, 'open ${i}')`));
    const personal = insert('id, email', (i) => `(${i}, 'p${i}@example.org')`);
    const behindNull = insert('id, email', (i) => (i === 0 ? '(0, NULL)' : `(${i}, 'p${i}')`));
    const written = insert('id, email', (i) => (i === 5_000 ? "(1, 'j***@m***.example')" : `(${i}, 'p${i}@a.org')`));
    for (const { text, given } of described(clear)) expect({ same: text === clear, given }).toEqual({ same: true });
    for (const { text, given } of described(shown)) {
      expect(text.replace(/'‹email:[0-9a-f]{12}›'/, "'ask ada@example.org'") === shown).toBe(true);
      expect(text).not.toContain('ada@');
      expect(given).toBeUndefined();
    }
    for (const { text, given } of described(personal)) {
      expect([/@/.test(text), text.split('‹email').length, given]).toEqual([false, 6_001, undefined]);
    }
    for (const { text } of described(behindNull))
      expect([/'p/.test(text), text.split('‹email').length]).toEqual([false, 6_000]);
    for (const { given } of described(written)) expect(given).toBe('email');
  });

  it('has the columns that it touches, with a class and without', () => {
    const touched = (sql: string) => {
      const { facts } = new StatementRecords({ key, world: () => world as never }).describe(analyse(sql, grammar), sql);
      return JSON.parse(`{${facts}}`) as { columns: object; otherColumns?: readonly string[] };
    };
    const one = touched("SELECT id, email FROM users WHERE status = 'open'");
    expect([Object.keys(one.columns), one.otherColumns]).toEqual([
      ['public.users.email'],
      ['public.users.id', 'public.users.status'],
    ]);
    expect(touched('SELECT email FROM users').otherColumns).toBeUndefined();
    expect(touched('SELECT * FROM users').otherColumns).toEqual(
      NAMES.filter((name) => name !== 'email').map((name) => `public.users.${name}`),
    );
  });

  it('of bind values is each of them, but for the rest of very long ones', () => {
    const own = new StatementRecords({ key, world: () => world as never });
    const values = (sql: string, given: readonly string[]): string[] => {
      const parameters = given.map((one) => ({ value: Buffer.from(one), format: 0 }));
      return JSON.parse(own.values(analyse(sql, grammar), sql, parameters, [])) as string[];
    };
    const many = Array.from({ length: 3_000 }, (_, i) => `open ${i}`);
    const list = many.map((_, i) => `$${i + 1}`).join(', ');
    expect(values(`SELECT 1 FROM users WHERE status IN (${list})`, many)).toEqual(many);

    const one = 'SELECT 1 FROM users WHERE status = $1';
    const long = 'é😀 '.repeat(20_000);
    expect(values(one, [long.slice(0, 65_536)])).toEqual([long.slice(0, 65_536)]);
    expect(values(one, [long])).toEqual([`${long.slice(0, 65_535)}…`]);
    // What shows itself, begun where it is cut: taken out as a whole.
    for (const place of [0, 40_000, 65_520]) {
      const [kept] = values(one, [`${'x '.repeat(place / 2)} ada@example.org ${'y '.repeat(place / 2 + 40_000)}`]);
      expect(kept).toMatch(/^‹email:[0-9a-f]{12}›$/);
    }

    const full = 'x '.repeat(32_768);
    const kept = values(`SELECT 1 FROM users WHERE status IN (${list})`, many.slice(0, 100).fill(full));
    expect(kept.map((text) => text.length)).toEqual([...Array(64).fill(65_536), ...Array(36).fill(1)]);
    expect(kept.at(-1)).toBe('…');
    expect([isCutValue(kept[0]!), isCutValue(kept.at(-1)!), isCutValue(values(one, [long])[0]!)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('of long texts that come in turns is each text’s own, and another when its classes are', () => {
    let now = { ...world, classes: { ...world.classes, version: 1 } };
    const own = new StatementRecords({ key, world: () => now as never });
    const padding = ` /* ${'-'.repeat(2_000)} */`;
    const texts = ['ana', 'bob', 'eve'].map((name) => `SELECT 1 FROM users WHERE status = '${name}'${padding}`);
    // All of one shape, as the analyser's cache has them.
    const { statements } = analyse(texts[0]!, grammar);
    const kept = () =>
      texts.map((sql) => JSON.parse(own.describe({ ...analyse(sql, grammar), statements }, sql).sqlJson) as string);
    expect(kept()).toEqual(texts);
    expect(kept()).toEqual(texts);
    now = { ...world, classes: { version: 2, of: () => ({ class: 'username' }) as never } };
    for (const text of kept()) expect(text).toMatch(/status = '‹username:[0-9a-f]{12}›'/);
    expect(new Set(kept()).size).toBe(3);
  });

  it('is another once somebody has looked at its tables, and so is what it says of columns', () => {
    let now = { ...world, classes: { version: 1, firstLooks: 0, of: (): { class?: string } | undefined => undefined } };
    const own = new StatementRecords({ key, world: () => now as never });
    const sql = "SELECT 1 FROM users WHERE status = 'open'";
    const analysis = analyse(sql, grammar);
    const kept = () => own.describe(analysis, sql);
    const given = () => own.maskGiven(analysis, "SELECT 1 FROM users WHERE status = 'j***@m***.example'", () => [], []);
    expect(JSON.parse(kept().sqlJson)).toMatch(/status = '‹\?:[0-9a-f]{12}›'/);
    expect(given()).toBeUndefined();
    now = { ...now, classes: { version: 1, firstLooks: 1, of: () => ({}) } };
    expect(JSON.parse(kept().sqlJson)).toBe(sql);
    now = { ...now, classes: { version: 1, firstLooks: 2, of: () => ({ class: 'email' }) } };
    expect(JSON.parse(kept().sqlJson)).toMatch(/status = '‹email:[0-9a-f]{12}›'/);
    expect(kept().facts).toContain('users.status":"email"');
    expect(given()).toBe('email');
  });

  it('keeps nothing where nothing is known', () => {
    const blind = new StatementRecords({ key, world: () => undefined });
    const sql = "SELECT 'a constant' FROM users WHERE status = 'open' AND id = 7 LIMIT 3";
    expect(JSON.parse(blind.describe(analyse(sql, grammar), sql).sqlJson)).toMatch(
      /^SELECT 'a constant' FROM users WHERE status = '‹\?:[0-9a-f]{12}›' AND id = '‹\?:[0-9a-f]{12}›' LIMIT 3$/,
    );
  });

  it('is found among 10,000 constants beside 10,000 columns, for all of them at once', () => {
    const terms = Array.from({ length: 10_000 }, (_, i) => `a${i} = ${i} OR b = $1`);
    const found = places(`SELECT ${terms.join(' OR ')} FROM t`);
    expect(found?.literals).toHaveLength(10_000);
    expect(new Set(found?.literals).size).toBe(1);
    expect(found?.literals[0]).toHaveLength(10_001);
    expect(found?.parameters).toEqual([found?.literals[0]]);
    const each = places(`SELECT * FROM t WHERE ${terms.join(' OR ')}`);
    expect(each?.literals[4_711]).toEqual([{ column: 'a4711' }]);
    expect(each?.parameters).toEqual([[{ column: 'b' }]]);
  });

  it('keeps its columns where others of its expression go on alone', () => {
    const found = places('UPDATE t SET a = $1 + $2, b = $1, c = $1 + $2, d = $3 WHERE e = $2 AND f = $1 + 5');
    const columns = (i: number): string[] => (found!.parameters[i] as { column: string }[]).map((one) => one.column);
    expect([columns(0), columns(1), columns(2)]).toEqual([['a', 'b', 'c', 'f'], ['a', 'c', 'e'], ['d']]);
    expect(found?.literals).toEqual([[{ column: 'f' }]]);
  });

  it('keeps no literal of a text that has others than were looked at', () => {
    const tokens = new LiteralTokens();
    const text = new RecordedText(new LiteralHash(key), [tokens, new LiteralTokens()]);
    const sql = "SELECT 'abc', 'xyz'";
    tokens.scan(sql);
    expect(text.of(sql, ['', ''])).toBe(sql);
    for (const labels of [[''], ['', '', '']]) expect(text.of(sql, labels)).not.toMatch(/abc|xyz/);
  });

  it('has one token for one value, whatever its class and spelling, and another with another key', () => {
    const token = (text: string): string => /:([0-9a-f]{12})›/.exec(text)![1]!;
    const first = token(recorded("SELECT 1 FROM users WHERE email = 'o''neil'"));
    expect(token(recorded("SELECT 1 FROM users WHERE email = E'o\\'neil'"))).toBe(first);
    expect(token(recorded("SELECT f($$o'neil$$)"))).toBe(first);
    expect(token(records.tokenOf("o'neil"))).toBe(first);
    expect(token(new LiteralHash(new Uint8Array(32).fill(4)).token('email', "o'neil"))).not.toBe(first);
  });
});

describe('tokens of a text', () => {
  it('cover any text in order and never throw, and stop at no character', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(
              "'",
              "''",
              '"',
              "E'",
              "U&'",
              '$$',
              '$a$',
              '$1',
              '--',
              '/*',
              '*/',
              '\\',
              '\n',
              '1.5',
              '1..2',
              '.',
              'ü',
            ),
            fc.string({ maxLength: 5 }),
          ),
          { maxLength: 30 },
        ),
        (parts) => {
          const sql = parts.join('');
          const tokens = new LiteralTokens();
          tokens.scan(sql);
          let end = 0;
          for (let i = 0; i < tokens.count; i++) {
            const [from, to, kind] = [tokens.starts[i]!, tokens.ends[i]!, tokens.kinds[i]!];
            expect(from).toBeGreaterThanOrEqual(end);
            expect(to).toBeGreaterThan(from);
            expect(to).toBeLessThanOrEqual(sql.length);
            if (kind !== COMMENT) literalValue(sql, from, to, kind);
            end = to;
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
