/**
 * Guards against reading a masked value by whether a statement fails (`failures.ts`, `overflow.ts`): the forms of the first
 * table were seen to tell a whole name through the gateway, letter by letter (`test/attacks/families/oracles.ts`).
 */
import { describe, expect, it } from 'vitest';
import { traceLineage } from '../../../src/sql/lineage/trace.ts';
import { withTestWorld } from './world.ts';

const test = withTestWorld();
const ZERO = '1 / (id - id)';

/** What is noted of columns of `person` that only masks would hide. */
function steers(sql: string): readonly string[] {
  const [statement] = traceLineage(`SELECT ${sql} FROM person`, test.grammar, test.world()).statements;
  const person = test.catalog.relation('public', 'person')!;
  const hidden = new Set(
    person.columns.filter(({ name }) => /^(?:mail|born|pay|code)$/.test(name)).map((one) => one.attnum),
  );
  return (statement?.uses ?? [])
    .filter(
      ({ source, against }) => source.relation === person.oid && hidden.has(source.attnum) && against === undefined,
    )
    .map(({ use }) => use);
}

function fallible(sql: string): readonly string[] {
  const { statements } = traceLineage(sql, test.grammar, test.world());
  return statements.flatMap(({ uses }) => uses.map(({ use }) => use)).filter((use) => use === 'fallible');
}

describe('whether it fails tells what a column holds', () => {
  it.each([
    // What is behind is computed only as long as it is not decided.
    `substr(mail, 1, 1) BETWEEN 'a' AND (${ZERO})::text`,
    `substr(mail, 1, 1) IN ('a', (${ZERO})::text)`,
    `substr(mail, 1, 1) NOT IN ('a', (${ZERO})::text)`,
    `ROW(substr(mail, 1, 1), 1) = ROW('a', ${ZERO})`,
    `ROW(substr(mail, 1, 1), 1) < ROW('a', ${ZERO})`,
    `ROW(substring(mail FROM 'a'), ${ZERO}) IS NULL`,
    `substr(mail, 1, 1) = 'a' AND name ~ '('`,
    `substr(mail, 1, 1) = 'a' OR date_trunc('abc', born) > now()`,
    `substr(mail, 1, 1) = 'a' AND format(name || '%') = ''`,
    `substr(mail, 1, 1) = 'a' AND length(repeat(name, 999999999)) > 1`,
    `substr(mail, 1, 1) = 'a' AND (SELECT true)`,
    `substr(mail, 1, 1) = 'a' AND id = secret_of(id)::int`,
    `coalesce(substring(mail FROM 'a'), date_trunc('abc', now())::text)`,
    `coalesce(substring(mail FROM 'a'), format(name))`,
    // The argument decides.
    `format(replace(mail, 'a', '%'))`,
    `format('%I', substring(mail FROM 'a'))`,
    `timezone(mail, now())`,
    `date_part(mail, now())`,
    `convert_to('a', mail)`,
    `ntile(ascii(mail) - 97) OVER ()`,
    `has_table_privilege(mail, 'select')`,
    `repeat(replace(mail, 'a', ''), 2000000000)`,
    // It becomes too long for any value only where the letter is.
    `repeat(replace(left(mail, 1), 'a', repeat('x', 200000)), 10000)`,
    `repeat(repeat(repeat(btrim(left(mail, 1), 'a'), 10000), 10000), 10000)`,
    `repeat('x', 999999999) || btrim(left(mail, 1), 'a')`,
    `string_agg(repeat(btrim(left(mail, 1), 'a'), 10000), '')`,
    `(WITH RECURSIVE r (s, n) AS (SELECT btrim(left(mail, 1), 'a'), 1 UNION ALL SELECT s || s, n + 1 FROM r WHERE n < 40) SELECT s FROM r LIMIT 1)`,
    // A notice tells, too.
    `plainto_tsquery('simple', btrim(left(mail, 1), 'a'))`,
    `'x'::text @@ replace(left(mail, 1), 'a', 'the')`,
    `btrim(left(mail, 1), 'a') @@ 'x'::tsquery`,
    `to_tsvector('simple', replace(left(mail, 1), 'a', repeat('x', 3000)))`,
    // Which definition it is.
    `pg_get_functiondef((1200 + ascii(left(mail, 1)))::oid)`,
    `name ~ mail`,
    `name LIKE mail`,
    `jsonb_build_object(substring(mail FROM 'a'), 1)`,
    `json_object_agg(substring(mail FROM 'a'), 1)`,
    `jsonb_path_query_array(to_jsonb(mail), 'strict $.a')`,
    `jsonb_path_query_array(to_jsonb(mail), '$.double()')`,
    `jsonb_array_length(to_jsonb(string_to_array(mail, 'a')) -> 1)`,
    `ARRAY[string_to_array(mail, 'a'), ARRAY['a', 'b']]`,
    `ARRAY[ARRAY['a', 'b']] || string_to_array(mail, 'a')`,
    `array_agg(string_to_array(mail, 'a'))`,
    // A NULL that is computed.
    `ROW(substring(mail FROM 'a')) IS NULL`,
    `to_jsonb(substring(mail FROM 'a')) IS NULL`,
    `count(to_jsonb(substring(mail FROM 'a')))`,
    `array_cat(string_to_array(substring(mail FROM 'a'), ','), NULL) IS NULL`,
    // Numbers and days that leave their range.
    `code * (id + 40000)`,
    `code * 5000`,
    `code * 100 * 100`,
    `1000000 + code + 1000000`,
    `code * $1`,
    `pay * (SELECT 1e300)`,
    `pay * 1e20 * 1e20`,
    `born + 2145031948`,
    `born + interval '290000 years'`,
    `timestamp '294276-01-01' + ascii(mail) * interval '1 day'`,
    `inet '255.255.255.255' + ascii(mail)`,
  ])('%s', (sql) => {
    expect(
      steers(sql).some((use) => use === 'fallible' || use === 'predicate'),
      String(steers(sql)),
    ).toBe(true);
  });

  it('of a subquery that is computed where it is used', () => {
    const sql = `SELECT substr(p.mail, 1, 1) = 'a' AND q.b FROM person p, LATERAL (SELECT ${ZERO} > 0 AS b) q`;
    const [statement] = traceLineage(sql, test.grammar, test.world()).statements;
    expect(statement?.uses.map(({ use }) => use)).toContain('predicate');
  });
});

describe('everyday expressions say nothing by failing', () => {
  it.each([
    `replace(mail, '@', ' at ') || repeat('.', 5) || lpad(mail, 30)`,
    `string_agg(name || ' <' || mail || '>', ', ')`,
    `(WITH RECURSIVE r (s, n) AS (SELECT mail, 1 UNION ALL SELECT r.s || ' > ' || p.mail, n + 1 FROM r JOIN person p ON p.id = r.n) SELECT s FROM r LIMIT 1)`,
    `mail IS NOT NULL AND active`,
    `mail = 'x' OR name = 'y'`,
    `upper(mail) || name`,
    `coalesce(mail, name, 'none')`,
    `coalesce(upper(mail), lower(name))`,
    `coalesce(mail, '') = '' AND date_trunc('month', born) = now()`,
    `substr(mail, 1, 3)`,
    `repeat(mail, 2)`,
    `lpad(mail, 40)`,
    `regexp_replace(mail, '[^a-z]+', '')`,
    `split_part(mail, '@', 2)`,
    `format('%s <%s>', name, mail)`,
    `jsonb_build_object('mail', mail, 'pay', pay)`,
    `jsonb_build_object(mail, pay)`,
    `jsonb_path_query_array(doc, '$.a[*].b')`,
    `ROW(mail, pay) IS NULL`,
    `ARRAY[mail, name]`,
    `array_agg(mail)`,
    `pay * 12`,
    `pay * 1.19 / 12`,
    `code + 1000`,
    `code * 100`,
    `code - 1`,
    `now() - born`,
    `current_date - born`,
    `born + interval '18 years'`,
    `born + 365 * 18`,
    `date '2030-01-01' - born`,
    `to_char(born, 'YYYY-MM')`,
    `date_trunc('month', born)`,
    `extract(year FROM age(born))`,
    `mail BETWEEN 'a' AND 'b'`,
    `mail IN ('a', 'b')`,
    `mail LIKE 'a%'`,
  ])('%s', (sql) => {
    const uses = steers(sql);
    expect(uses.filter((use) => use === 'fallible' || use === 'predicate')).toEqual([]);
  });

  const LONGER = [
    'tel TYPE varchar(30)',
    'tel TYPE varchar(254)',
    'tel TYPE text',
    'mail TYPE varchar',
    'code TYPE bigint',
  ];
  const WIDER = ['pay TYPE numeric(14,2)', 'pay TYPE numeric(16,4)', 'pay TYPE numeric', 'born TYPE date'];
  // As knex writes them.
  const OF_ITSELF = [
    'tel TYPE varchar(40) USING (tel::varchar(40))',
    'tel TYPE varchar(40) USING tel',
    'mail TYPE text USING (mail::text)',
    'pay TYPE numeric(14,2) USING ("pay"::numeric(14,2))',
  ];
  it.each([...LONGER, ...WIDER, ...OF_ITSELF])('ALTER COLUMN %s', (change) => {
    expect(fallible(`ALTER TABLE person ALTER COLUMN ${change}`)).toEqual([]);
  });

  const SHORTER = [
    'tel TYPE varchar(29)',
    'tel TYPE char(40)',
    'mail TYPE varchar(254)',
    'mail TYPE mail_text',
    'code TYPE smallint',
  ];
  it.each(SHORTER)('ALTER COLUMN %s says whether it is about length', (change) => {
    const { statements } = traceLineage(`ALTER TABLE person ALTER COLUMN ${change}`, test.grammar, test.world());
    const isOfLength = statements.flatMap(({ uses }) => uses.map((use) => use.ofLength === true));
    expect(isOfLength).toEqual([/ TYPE varchar/.test(change)]);
  });
  it('of what has children, or is computed anew, it does not', () => {
    for (const sql of [
      'ALTER TABLE item ALTER label TYPE varchar(5)',
      'ALTER TABLE person ALTER mail TYPE varchar(9) USING repeat(mail, 2)',
      'ALTER TABLE person ALTER mail TYPE varchar(9) COLLATE "C"',
    ]) {
      const uses = traceLineage(sql, test.grammar, test.world()).statements.flatMap((one) => one.uses);
      expect(uses.some(({ use }) => use === 'fallible')).toBe(true);
      expect(uses.some(({ ofLength }) => ofLength)).toBe(false);
    }
  });
  const NARROWER = ['pay TYPE numeric(13,4)', 'pay TYPE numeric(14,1)', 'pay TYPE bigint', 'doc TYPE varchar(9)'];
  const COMPUTED = ['tel TYPE varchar(40) USING repeat(tel, 2)', 'tel TYPE varchar(40) COLLATE "C"'];
  const OF_ANOTHER = [
    'tel TYPE varchar(40) USING (tel::varchar(4))',
    'tel TYPE varchar(40) USING mail',
    'tel TYPE varchar(29) USING (tel::varchar(29))',
    'tel TYPE varchar(40) USING (lower(tel)::varchar(40))',
  ];
  it.each([...SHORTER, ...NARROWER, ...COMPUTED, ...OF_ANOTHER])('but ALTER COLUMN %s may', (change) => {
    expect(fallible(`ALTER TABLE person ALTER COLUMN ${change}`)).toContain('fallible');
  });

  it.each([
    'ALTER TABLE person ALTER tel TYPE varchar(60); ALTER TABLE person ALTER tel TYPE varchar(40)',
    'CREATE TABLE own AS SELECT mail FROM person; ALTER TABLE own ALTER mail TYPE varchar(40)',
  ])('what became of a table in the text is not known: %s', (text) => {
    const { statements } = traceLineage(text, test.grammar, test.world());
    expect(statements.map(({ oracle }) => oracle)).toEqual([undefined, 'type']);
  });

  it('columns of tables that were there before are noted with them', () => {
    const [statement] = traceLineage('SELECT code + id, pay * code FROM person', test.grammar, test.world()).statements;
    const used = statement?.uses.filter(({ use }) => use === 'fallible') ?? [];
    expect(used.length).toBeGreaterThan(0);
    expect(used.every(({ against }) => (against?.length ?? 0) > 0)).toBe(true);
  });
});

describe('keys made of columns', () => {
  it.each(['jsonb_build_object(mail, 1)', "json_build_object('a', 1, upper(mail), 2)"])(
    '%s is redacted as a whole',
    (sql) => {
      const [statement] = traceLineage(`SELECT ${sql} FROM person`, test.grammar, test.world()).statements;
      expect(statement?.columns?.[0]?.shape.kind).toBe('derived');
    },
  );
});
