import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';
import { NO_ROUTINES, NOTHING_MADE, type Routine, type RoutineTable, withRoutines } from '../../src/sql/routines.ts';

const grammar = await loadGrammar(15);

function routine(name: string, definition: string, more: Partial<Routine> = {}): Routine {
  const body = analyse(definition, grammar).statements[0]?.routine;
  if (body === undefined) throw new Error(`no body: ${definition}`);
  return { schema: 'public', name, isAttribute: false, body, ...more };
}

const fn = (name: string, body: string, more: Partial<Routine> = {}): Routine =>
  routine(name, `CREATE FUNCTION ${name}(i int) RETURNS int LANGUAGE sql AS $$ ${body} $$`, more);

const ROUTINES = [
  fn('purge', 'DELETE FROM t; SELECT 1'),
  fn('outer_one', 'SELECT inner_one(i)'),
  fn('inner_one', 'SELECT purge(1)'),
  fn('loop_a', 'SELECT loop_b(i)'),
  fn('loop_b', 'SELECT loop_a(i)'),
  fn('chase', 'DELETE FROM t WHERE id = i; SELECT chase(i + 1)'),
  fn('step_a', 'SELECT step_b(i)'),
  fn('step_b', 'SELECT step_a(i + 1), del(i)'),
  fn('by_operator', 'DELETE FROM t WHERE id = i; SELECT i ##> 1'),
  fn('fire_again', 'DELETE FROM t WHERE id = i; INSERT INTO public.next VALUES (i + 1); SELECT 1'),
  fn('loosen', "SELECT set_config('Work_Mem', '1GB', false); SELECT 1"),
  fn('walk_up', 'SELECT walk_up(i / 2)'),
  fn('del', 'DELETE FROM t WHERE id = i; SELECT 1'),
  fn('total', 'SELECT sum(a)::int FROM t WHERE id = i'),
  fn('of_row', 'DELETE FROM t; SELECT 1', { isAttribute: true }),
  fn('mine', 'DELETE FROM t; SELECT 1', { schema: 'other' }),
  fn('lower', 'SELECT 1'),
];

const TABLE: RoutineTable = {
  builtin: new Set(['lower', 'count', 'sum', 'generate_series', 'int4', 'upper']),
  known: new Map([
    ...ROUTINES.map((one) => [one.name, new Set([one.schema])] as const),
    ['stamp', new Set(['public'])],
  ]),
  routines: new Map(ROUTINES.map((one) => [one.name, [one]])),
  operators: new Map([
    ['###', [{ schema: 'public', name: 'purge' }]],
    ['##>', [{ schema: 'public', name: 'by_operator' }]],
    ['!!!', [{ schema: 'pg_catalog', name: 'pg_terminate_backend' }]],
  ]),
  aggregates: new Map([['agg', [{ schema: 'public', name: 'purge' }]]]),
  casts: new Map([['money2', [{ schema: 'public', name: 'purge' }]]]),
  views: new Map(),
};

function effects(sql: string, table = TABLE, made: readonly Routine[] = []) {
  const { statements } = analyse(sql, grammar);
  const lately = { ...NOTHING_MADE, routines: (name: string) => made.filter((one) => one.name === name) };
  const judged = withRoutines(statements, table, lately);
  return { statements, judged };
}

const kinds = (sql: string, table?: RoutineTable, made?: readonly Routine[]): string[] =>
  effects(sql, table, made).judged.flatMap((facts) => facts.findings.map((finding) => finding.kind));

describe('what a statement does by calling routines', () => {
  it.each([
    'SELECT purge(1)',
    'SELECT public.purge(1)',
    'SELECT outer_one(1)',
    'EXPLAIN SELECT purge(1)',
    'SELECT * FROM t WHERE purge(id) = 1',
    'DO $$ BEGIN PERFORM purge(1); END $$',
    'CREATE TEMP TABLE d (a int DEFAULT purge(1))',
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT purge(1)'",
    'SELECT 1 ### 2',
    'SELECT agg(a) FROM t',
    'SELECT 1::money2',
    'SELECT (x).of_row FROM t x',
    'SELECT x.of_row FROM t x',
    'SELECT mine(1)',
    'SELECT del(id) FROM t',
    'SELECT del(g) FROM generate_series(1, 99999) g',
    'DO $$ BEGIN LOOP PERFORM del(1); END LOOP; END $$',
    'UPDATE t SET a = del(id)',
    'SELECT * FROM t, del(t.id)',
    'SELECT del(x) FROM generate_series(1, 99999) x',
    'SELECT * FROM t, LATERAL (SELECT * FROM del(t.id)) x',
    'SELECT (SELECT d FROM del(t.id) d) FROM t',
    'SELECT * FROM total((SELECT max(del(id)) FROM t))',
    'UPDATE t SET a = (SELECT d FROM del(t.id) d)',
    'SELECT * FROM purge(1)',
    'SELECT chase(1)',
    'SELECT step_a(1)',
    'SELECT step_b(1)',
    'SELECT by_operator(1)',
    'SELECT 1 ##> 2',
  ])('%s deletes', (sql) => {
    expect(kinds(sql)).toContain('delete_without_where');
    expect(effects(sql).judged.some((facts) => facts.writes)).toBe(true);
  });

  it.each([
    'SELECT total(1)',
    'SELECT total(id) FROM t',
    'SELECT del(1)',
    'SELECT * FROM del(1)',
    'SELECT d FROM public.del(total(del(1))) d LEFT JOIN t ON t.id = d',
    'SELECT del(id) FROM t WHERE id = 4',
    'SELECT loop_a(1)',
    'SELECT walk_up(1)',
    'SELECT public.mine(1)',
    'SELECT x.purge FROM t x',
    'SELECT lower(a) FROM t',
    'SELECT pg_catalog.lower(a) FROM t',
  ])('%s does not', (sql) => {
    expect(kinds(sql)).not.toContain('delete_without_where');
  });

  it('names the settings that they change', () => {
    const [facts] = effects('SELECT loosen(1), set_config($$lock_timeout$$, $$1s$$, true)').judged;
    expect(facts!.settings).toEqual(['lock_timeout', 'work_mem']);
    expect(effects('SELECT total(1)').judged[0]!.settings).toBeUndefined();
  });

  it('leaves the facts of a statement that calls none as they are', () => {
    for (const sql of ['SELECT count(*) FROM t', 'SELECT 1 + 2', "INSERT INTO t VALUES (lower('A'))"]) {
      const { statements, judged } = effects(sql, { ...TABLE, routines: new Map() });
      expect(judged).toBe(statements);
    }
  });

  it('names what stands behind an operator', () => {
    expect(kinds('SELECT !!! 5')).toEqual(['dangerous_function']);
  });

  it('charges the keyed body of one made a moment ago, when it is called for all', () => {
    const made = [fn('fresh', 'DELETE FROM t WHERE id = i; SELECT 1')];
    expect(kinds('SELECT fresh(id) FROM t', TABLE, made)).toContain('delete_without_where');
    expect(kinds('SELECT fresh(5)', TABLE, made)).toEqual([]);
  });

  it('charges what one made a moment ago calls, when that was too', () => {
    const made = [fn('fresh', 'DELETE FROM t WHERE id = i; SELECT 1'), fn('outside', 'SELECT fresh(i)')];
    expect(kinds('SELECT outside(id) FROM t', TABLE, made)).toContain('delete_without_where');
  });

  it('asks whose the rows are that one changes which calls itself', () => {
    const [found] = effects('SELECT chase(1)').judged[0]!.findings;
    expect(found).toMatchObject({ kind: 'delete_without_where', lookup: 't' });
    const made = [fn('again', 'DELETE FROM u WHERE id = i; SELECT again(i + 1)')];
    expect(
      kinds("CREATE FUNCTION again() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT again(1)", TABLE, made),
    ).toContain('delete_without_where');
  });

  it.each([
    ['SELECT nobody_knows(1)', ['nobody_knows']],
    ['SELECT s.nobody_knows(1)', ['s.nobody_knows']],
    ['SELECT other.purge(1)', ['other.purge']],
    ['SELECT stamp()', []],
    ["CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'SELECT f(n)'", []],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT f()", []],
  ])('%s has to be asked for: %j', (sql, names) => {
    const { judged } = effects(sql);
    expect(
      judged.flatMap((facts) => facts.targets.filter((one) => one.action === 'call').map((one) => one.name)),
    ).toEqual(names);
  });

  it('without a catalog only what dbgate knows is built in', () => {
    const calls = (sql: string) =>
      effects(sql, NO_ROUTINES).judged.flatMap((facts) => facts.targets.map((one) => one.name));
    expect(calls('SELECT count(*), lower(a) FROM t')).toEqual([]);
    expect(calls('SELECT total(1)')).toEqual(['total']);
  });
});

describe('what is called without its being said', () => {
  const table: RoutineTable = {
    ...TABLE,
    operators: new Map([['@@@', [{ schema: 'public', name: 'del' }]]]),
    casts: new Map([['one_by_one', [{ schema: 'public', name: 'del' }]]]),
    relations: new Map([
      [
        'seen',
        [
          { schema: 'public', read: [{ schema: 'public', name: 'purge' }], write: [] },
          { schema: 'quiet', read: [{ schema: 'public', name: 'total' }], write: [] },
        ],
      ],
      ['mine', [{ schema: 'public', read: [], write: [{ schema: 'public', name: 'del' }] }]],
      ['next', [{ schema: 'public', read: [], write: [{ schema: 'public', name: 'fire_again' }] }]],
    ]),
  };
  it.each([
    'SELECT * FROM seen',
    'SELECT * FROM public.seen',
    'SELECT a @@@ 1 FROM t',
    'SELECT a::one_by_one FROM t',
    'INSERT INTO mine SELECT a FROM t',
    'COPY mine FROM STDIN',
    'INSERT INTO mine TABLE t',
    'INSERT INTO next VALUES (1)',
  ])('%s deletes', (sql) => expect(kinds(sql, table)).toContain('delete_without_where'));
  it.each([
    'SELECT * FROM quiet.seen',
    'WITH seen AS (SELECT 1) SELECT * FROM seen',
    'DROP VIEW seen',
    'COMMENT ON VIEW seen IS $$x$$',
    'SELECT * FROM mine',
    'INSERT INTO mine VALUES (1), (2)',
    'INSERT INTO mine DEFAULT VALUES',
    'UPDATE mine SET a = 2 WHERE id = 1',
    'COPY mine TO STDOUT',
  ])('%s does not', (sql) => expect(kinds(sql, table)).not.toContain('delete_without_where'));
  it('says whose the table must be for its triggers to count', () => {
    const [found] = effects('INSERT INTO mine SELECT a FROM u', table).judged[0]!.findings;
    expect(found).toMatchObject({ kind: 'delete_without_where', lookup: 't', ofOwn: 'mine' });
  });
});

describe('routines that call themselves', () => {
  /** Routine i calls those of `calls[i]`; those of `changing` delete from a table of their own. */
  function graphOf(calls: readonly (readonly number[])[], changing: ReadonlySet<number>): RoutineTable {
    const all = calls.map((called, i) => {
      const removes = changing.has(i) ? `DELETE FROM t${i} WHERE id = i; ` : '';
      return fn(`f${i}`, `${removes}SELECT ${[...called.map((to) => `f${to}(i)`), 'i'].join(', ')}`);
    });
    const known = new Map(all.map((one) => [one.name, new Set(['public'])] as const));
    return { ...TABLE, known, routines: new Map(all.map((one) => [one.name, [one]])) };
  }

  it('count, with all that they call, wherever they are met', () => {
    const size = 6;
    const node = fc.nat(size - 1);
    const graph = fc.array(fc.uniqueArray(node, { maxLength: 3 }), { minLength: size, maxLength: size });
    let circles = 0;
    fc.assert(
      fc.property(graph, fc.uniqueArray(node, { maxLength: 4 }), node, (calls, changing, first) => {
        const from = (start: readonly number[]): Set<number> => {
          const found = new Set(start);
          for (const one of found) for (const to of calls[one]!) found.add(to);
          return found;
        };
        const expected = [...from([first])]
          .filter((one) => from(calls[one]!).has(one))
          .flatMap((one) => [...from([one])].filter((other) => changing.includes(other)));
        const { judged } = effects(`SELECT f${first}(1)`, graphOf(calls, new Set(changing)));
        const told = judged[0]!.findings.filter(({ subject }) => subject?.endsWith('calls itself'));
        expect(new Set(told.map(({ subject }) => /of \S*?(t\d)/.exec(subject!)![1]))).toEqual(
          new Set(expected.map((one) => `t${one}`)),
        );
        if (expected.length > 0) circles++;
      }),
      { numRuns: 300 },
    );
    expect(circles).toBeGreaterThan(50);
  });

  it('what each calls is looked up a few times, however many there are', () => {
    const size = 200;
    for (const last of [[], [0]]) {
      const table = graphOf(
        Array.from({ length: size }, (_, i) => (i + 1 < size ? [i + 1] : last)),
        new Set([size - 1]),
      );
      let lookups = 0;
      const { statements } = analyse('SELECT f0(1)', grammar);
      const routines = (): readonly Routine[] => {
        lookups++;
        return [];
      };
      withRoutines(statements, table, { ...NOTHING_MADE, routines });
      expect(lookups).toBeGreaterThan(size / 2);
      expect(lookups).toBeLessThan(size * 8);
    }
  });
});
