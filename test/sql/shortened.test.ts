/**
 * Of long VALUES lists the parser sees some rows only: what is known of the text must be what a parse of all of them gives.
 * The same statements are analysed alone, as a short text, and with a comment behind that makes the text long.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { ofLiterals } from '../../src/sql/constant-places.ts';
import { traceLineage } from '../../src/sql/lineage/trace.ts';
import { LiteralTokens } from '../../src/sql/literal-tokens.ts';
import { rowCount, shortened } from '../../src/sql/shortened.ts';
import { as, child, list, unwrap } from '../../src/sql/tree.ts';
import { withTestWorld } from './lineage/world.ts';

const test = withTestWorld();
/** More of a constant than the parser needs to see. */
const LONG = "é€😀''x".repeat(300);
const PADDING = `;/*${'-'.repeat(70_000)}*/`;

function known(sql: string): object {
  const { statements, error, class: kind, places } = analyse(sql, test.grammar);
  const tokens = new LiteralTokens();
  tokens.scan(sql);
  const literals = places === undefined ? undefined : ofLiterals(places, (place) => place);
  if (literals !== undefined) expect(literals.length, 'places').toBe(tokens.literals);
  const { literals: _, folded: __, ...others } = places ?? { literals: [], folded: [] };
  return { statements, error, kind, literals, others, lineage: error ? undefined : lineage(sql) };
}

function treesOf(sql: string): unknown {
  try {
    return test.grammar.parse(sql);
  } catch (error) {
    return String(error);
  }
}

function lineage(sql: string): object {
  return traceLineage(sql, test.grammar, test.world());
}

/** Of each statement: how many rows of its VALUES list the parser sees, and how many it has. */
function rows(sql: string): string[] {
  return test.grammar.parse(sql + PADDING).map(({ node }) => {
    const select = as(child(unwrap(node)?.[1] ?? {}, 'selectStmt'), 'SelectStmt') ?? {};
    return `${list(select, 'valuesLists').length} of ${rowCount(select)}`;
  });
}

const text = fc.stringMatching(/^[a-z ,()'\\é€😀]{0,6}$/u);
const cell = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -5_000_000_000, max: 5_000_000_000 }).map(String) },
  { weight: 8, arbitrary: text.map((value) => `'${value.replaceAll("'", "''")}'`) },
  { weight: 4, arbitrary: fc.constantFrom('NULL', 'null', 'TRUE', 'false', '-1.5', '2e5', "''") },
  { weight: 2, arbitrary: fc.constantFrom('DEFAULT', "E'a\\'b'", "e'\\\\'", "'a'\n'b'") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...[`'${LONG}'`, `'${LONG}'''`, `'${LONG}'\n'a'`, `E'${LONG}'`, `$x$${LONG}$x$`],
      ...[`e'\\\\x${LONG}\\''`, `E'${LONG}\\n' -- it's\n'\\t${LONG}'`, `E'${LONG}\\x41'`],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('- 5', '+5', "U&'x'", '$$x$$', "B'01'", "'1'::text", '(1)', '.5', 'now()') },
);
const blank = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('', '', ' ', '\n  ') },
  { weight: 1, arbitrary: fc.constantFrom('/* (1), */', '-- x\n', '/* /* */ é */', `/* ${LONG} */`, `-- ${LONG}\n`) },
);

function rowsOf(width: number, cells = cell): fc.Arbitrary<string> {
  const row = fc
    .tuple(fc.array(fc.tuple(cells, blank), { minLength: width, maxLength: width }), blank)
    .map(([parts, before]) => `${before}(${parts.map(([one, behind]) => one + behind).join(',')})`);
  // Some rows stand for many like them.
  return fc
    .array(fc.tuple(row, fc.constantFrom(1, 1, 1, 2, 60)), { minLength: 1, maxLength: 8 })
    .map((all) => all.flatMap(([one, times]) => Array<string>(times).fill(one)).join(', '));
}

const TARGETS: readonly [string, number][] = [
  ['person (id, mail, name)', 3],
  ['person (mail, id)', 2],
  ['person', 3],
  ['public.person AS u (mail)', 1],
  ['nowhere (a, b)', 2],
];
const TAILS = [
  '',
  '',
  ' RETURNING id, mail',
  ' ON CONFLICT DO NOTHING',
  ' ON CONFLICT (id) DO UPDATE SET mail = excluded.mail',
  " ON CONFLICT (id) DO UPDATE SET name = person.mail WHERE person.name = 'x'",
];
const insert = fc
  .constantFrom(...TARGETS)
  .chain(([target, width]) =>
    fc
      .tuple(rowsOf(width), fc.constantFrom(...TAILS))
      .map(([rows, tail]) => `INSERT INTO ${target} VALUES ${rows}${tail}`),
  );
const other = fc.oneof(
  fc.constantFrom(
    "SELECT 'x', 5 FROM person WHERE id = 3",
    'SELECT u.values (1), (2), (3), (4) FROM person u',
    "UPDATE person SET mail = v.e FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) v(i, e) WHERE id = v.i",
    "SELECT * FROM person WHERE mail IN (VALUES ('a'), ('b'), ('c'))",
    "INSERT INTO person (mail) SELECT * FROM (VALUES ('a'), ('b'), ('c')) v",
    "INSERT INTO person (mail) VALUES ('a'), ('b'), ('c') ORDER BY 1 LIMIT 2",
    "WITH x AS (VALUES ('a'), ('b'), ('c')) INSERT INTO person (mail) SELECT * FROM x",
    "WITH x AS (INSERT INTO person (mail) VALUES ('a'), ('b'), ('c') RETURNING id) SELECT * FROM x",
    'VALUES (1), (2), (3)',
    `SELECT '${LONG}', $$${LONG}$$ AS "b" FROM person WHERE mail = N'${LONG}' /* ${LONG} */ AND name = 'a'`,
    `/* ${LONG} */ COMMENT ON TABLE person IS '${LONG}'`,
    `DO $do$ BEGIN PERFORM '${LONG}'; DELETE FROM person; END $do$`,
    `DO 'BEGIN DELETE FROM person WHERE mail = ''${LONG.replaceAll("'", "''")}''; END'`,
    `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT mail FROM person WHERE name = '${LONG}' $$`,
    `SET application_name = '${LONG}'`,
    `SELECT '${LONG}' -- continued\n 'a', E'${LONG}', '${LONG}', B'${'01'.repeat(600)}' -- ${LONG}\n`,
    "PREPARE p AS INSERT INTO person (mail) VALUES ('a'), ('b'), ($1)",
  ),
);

describe('of a long text', () => {
  it('as much is known as of a short one', () => {
    let folded = 0;
    let whole = 0;
    const statement = fc.oneof({ weight: 4, arbitrary: insert }, { weight: 1, arbitrary: other });
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 3 }), (parts) => {
        // A semicolon behind the last: then its length is said.
        const sql = `${parts.join(';')};SELECT 1`;
        fc.pre(sql.length < 60_000);
        expect(known(sql + PADDING)).toEqual(known(`${sql};`));
        if (!/\bVALUES\b/.test(sql)) expect(treesOf(sql + PADDING)).toEqual(treesOf(`${sql};`));
        if ((shortened(sql)?.folds.length ?? 0) === 0) whole++;
        else folded++;
      }),
      { numRuns: 400 },
    );
    expect(folded).toBeGreaterThan(whole);
  });

  it.each<[string, string[]]>([
    ["INSERT INTO t VALUES (1, 'a'), (-2, NULL), (TRUE, E'\\'),(') , ('\n', 3.5e7)", ['1 of 4']],
    ['INSERT INTO t (a) VALUES (1), (2); INSERT INTO t (a) VALUES (3), (4) RETURNING a', ['1 of 2', '1 of 2']],
    ['INSERT INTO t VALUES (1, DEFAULT), (DEFAULT, 2), (3, DEFAULT), (4, 5), (DEFAULT, 6)', ['3 of 5']],
    ['INSERT INTO t VALUES (1), (2), (f(3)), (4), (5)', ['4 of 5']],
    ['INSERT INTO t VALUES (1), ($1), (2)', ['3 of 3']],
    ["INSERT INTO t VALUES ('a'), (U&'b'), ('c'::text), ($$d$$)", ['4 of 4']],
    ['INSERT INTO t VALUES (1) /* , */ , (2), /* (9), */ (3)', ['3 of 3']],
    ['INSERT INTO t VALUES ((1), (2), (3))', ['1 of 1']],
    ['INSERT INTO t VALUES (1), (2) ORDER BY 1', ['2 of 2']],
    ['INSERT INTO t VALUES (1), (2) LIMIT 1', ['2 of 2']],
    ['INSERT INTO t WITH x AS (SELECT 1) VALUES (1), (2)', ['2 of 2']],
    ['INSERT INTO t SELECT * FROM (VALUES (1), (2)) v', ['0 of 0']],
    ['INSERT INTO t VALUES (1), (2); SELECT u.values (1), (2), (3) FROM u', ['2 of 2', '0 of 0']],
  ])('rows of nothing but constants are few in what is parsed: %s', (sql, expected) => {
    expect(rows(sql)).toEqual(expected);
  });

  it.each([
    "INSERT INTO t VALUES ('é😀', 1), ('é😀', 2), ('x', 3) RETURNING ;",
    "INSERT INTO t VALUES ('é😀', 1), ('é😀', 2) oops ; INSERT INTO t VALUES ('é', 3), ('é', 4)",
    "INSERT INTO t VALUES ('é', 1), ('é', 2); INSERT INTO t VALUES ('é', 3), ('é', 4), (5,, 6)",
  ])('an error stands where it stands in the text: %s', (sql) => {
    const { error } = analyse(sql, test.grammar);
    expect(error?.cursorPosition).toBeGreaterThan(1);
    expect(analyse(sql + PADDING, test.grammar).error).toEqual(error);
  });

  it('an error at a long constant says where, not what the parser saw in its place', () => {
    const sql = `SELECT 1 FROM person x '${LONG}' ${PADDING}`;
    expect(analyse(sql, test.grammar).error).toMatchObject({
      message: 'syntax error at or near "\'…\'"',
      cursorPosition: sql.indexOf("'") + 1,
    });
  });

  it('a constant goes on behind comments, as to the server', async () => {
    const sql = "SELECT 'a' -- it''s\n -- b\n'b', E'c' --\n'\\'', 5";
    expect(await test.describe(sql)).toHaveLength(3);
    for (const one of [sql, sql + PADDING]) expect(JSON.stringify(treesOf(one))).toMatch(/"ab".*"c'".*5/);
  });

  it('a constant that spells what the parser sees of another is itself', () => {
    const sql = `SELECT '${LONG}', E'\\x64bgate:0:', 'dbgate', E'\\x64bgate-1:0:'; SELECT E'\\x64bgate:0:'`;
    expect(treesOf(sql + PADDING)).toEqual(treesOf(`${sql};`));
    const other = sql.replace("'dbgate',", '');
    expect(treesOf(other + PADDING)).toEqual(treesOf(`${other};`));
  });

  it.each([
    `SELECT $${'1'.repeat(2_000)}, '$', $$${LONG}$$, $x$a$x$`,
    `SELECT '${LONG}', 'dbgate', 'dbgate-1', 'dbgate-2', 'dbgate-3'`,
    `SELECT E'${LONG}\\u00e9', E'${LONG}\\101', E'${LONG}\\xg'`,
    `SELECT E'${LONG}\\u12'`,
  ])('%.30s is read as it is', (sql) => {
    expect(treesOf(sql + PADDING)).toEqual(treesOf(`${sql};`));
  });

  it('a row that is no row of constants has its long ones cut once', () => {
    const rows = `('${LONG}', now()), ('a', 1, '${LONG}'), (1, '${LONG}')`;
    const { cut } = shortened(`INSERT INTO t VALUES ${rows}`)!;
    expect(cut.text.match(/dbgate:\d+:/g)).toEqual(['dbgate:0:', 'dbgate:1:', 'dbgate:2:']);
    const broken = `INSERT INTO t VALUES ${rows} '${LONG}' oops`;
    const { error } = analyse(broken, test.grammar);
    expect(analyse(broken + PADDING, test.grammar).error?.cursorPosition).toBe(error!.cursorPosition);
  });

  it('rows of an INSERT do not count as constants, all others do', () => {
    const error = (sql: string): string | undefined => analyse(sql, test.grammar).error?.message;
    const many = (n: number, part: (i: number) => string) => Array.from({ length: n }, (_, i) => part(i)).join(',');
    expect(error(`INSERT INTO t VALUES ${many(100_001, (i) => `(${i},'x',NULL)`)}`)).toBeUndefined();
    expect(error(`SELECT 1 FROM t WHERE a IN (${many(200_001, String)})`)).toBe(
      'statement has 200002 constants outside of rows, more than 200000 are not analysed',
    );
    expect(error(`SELECT * FROM (VALUES ${many(100_001, (i) => `(${i},'x')`)}) v`)).toMatch(/200002 constants/);
  });
});
