/**
 * Wherever the grammar takes an expression, what stands there is traced: each literal of these statements in turn is
 * replaced by a subquery on a column, which then has to be in the answer's columns, the uses or the writes.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Grammar, GrammarError, loadGrammar } from '../../../src/sql/grammar.ts';
import { traceLineage } from '../../../src/sql/lineage/trace.ts';
import { written } from './notation.ts';
import { withTestWorld } from './world.ts';

const SECRET = '(SELECT ascii(mail) FROM person WHERE id = 3)';
const LITERAL = /'(?:[^']|'')*'|(?<![\w".$'])\d+(?:\.\d+)?(?![\w"'])/g;

const STATEMENTS = `
SELECT 1, 'a', $x$b$x$ FROM item WHERE id = 3 AND label = 'x' GROUP BY id + 1 HAVING count(*) > 1 ORDER BY id + 2 LIMIT 5 OFFSET 1
SELECT id FROM item ORDER BY id FETCH FIRST 2 ROWS WITH TIES
SELECT id FROM item TABLESAMPLE SYSTEM (50) REPEATABLE (7)
SELECT a.id FROM item a JOIN visit t ON a.id = t.id AND t.note = 'R1' LEFT JOIN firm p ON p.id = 3
SELECT CASE id WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END, CASE WHEN id = 1 THEN 2 ELSE 3 END FROM item
SELECT coalesce(label, 'x'), greatest(id, 3), least(id, 4), nullif(id, 5), label LIKE 'a%' ESCAPE 'e', label ILIKE 'b', label SIMILAR TO 'c', label ~ 'd' FROM item
SELECT id BETWEEN 1 AND 4, id BETWEEN SYMMETRIC 4 AND 1, id IN (1, 2), id = ANY (ARRAY[1, 2]), id = ALL ('{1}'::int[]), id IS DISTINCT FROM 3, (id, label) = (1, 'a'), (id, label) < (1, 'a') FROM item
SELECT id FROM item WHERE id BETWEEN 1 AND 4 OR id IN (1, 2) OR id = ANY (ARRAY[1, 2]) OR id IS DISTINCT FROM 3 OR (id, label) = (1, 'a') OR (id, label) IN ((1, 'a')) OR NOT id > 5 OR (id > 3) IS UNKNOWN
SELECT (ARRAY[1, 2])[1], (ARRAY[1, 2, 3])[1:2], tags[1], tags[1:2], doc['f'], doc -> 'f', doc #> '{a}' FROM person
SELECT sum(id) FILTER (WHERE id > 3), string_agg(label, ',' ORDER BY id + 1), percentile_cont(0.5) WITHIN GROUP (ORDER BY id + 2), rank(3) WITHIN GROUP (ORDER BY id), count(DISTINCT id + 2) FROM item
SELECT sum(id) OVER (PARTITION BY id + 1 ORDER BY id + 2 ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING), lag(id, 1, 7) OVER (ORDER BY id), ntile(3) OVER w FROM item WINDOW w AS (PARTITION BY id + 5 ORDER BY id RANGE BETWEEN 1 PRECEDING AND 3 FOLLOWING)
WITH a AS (SELECT 1 AS x), b AS MATERIALIZED (SELECT 2 AS y WHERE 3 = 4) SELECT x, y FROM a, b WHERE x = 1
WITH RECURSIVE r (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r LIMIT 3
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SEARCH BREADTH FIRST BY n SET o CYCLE n SET c TO 'y' DEFAULT 'n' USING p SELECT n, o, c, p FROM r
SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4 ORDER BY 1 LIMIT 8
VALUES (1, 'a'), (2, 'b') LIMIT 1
SELECT * FROM generate_series(1, 3) g, LATERAL (SELECT g + 1 AS h) l, unnest(ARRAY[1, 2], ARRAY['a']) WITH ORDINALITY u (x, y, o), ROWS FROM (generate_series(1, 2), generate_series(3, 4)) AS r (a, b)
SELECT x.*, y.* FROM json_to_recordset('[]') AS x (a int, b text), jsonb_to_record('{}') AS y (a int)
SELECT x.* FROM XMLTABLE(XMLNAMESPACES('u' AS n, DEFAULT 'd'), '/a/b' PASSING '<a/>' COLUMNS i int PATH 'x' DEFAULT 3 NOT NULL, o FOR ORDINALITY) x
SELECT x.* FROM JSON_TABLE('{}'::jsonb, '$' PASSING 1 AS p, 'b' AS q COLUMNS (a int PATH '$.a' DEFAULT 4 ON EMPTY DEFAULT 5 ON ERROR, NESTED PATH '$.z[*]' COLUMNS (c text PATH '$' DEFAULT 'e' ON EMPTY))) x
SELECT JSON_VALUE('{}'::jsonb, '$.a' PASSING 1 AS v RETURNING int DEFAULT 3 ON EMPTY DEFAULT 4 ON ERROR), JSON_QUERY('{}'::jsonb, '$' PASSING 'x' AS y), JSON_EXISTS('{}'::jsonb, '$.x' PASSING 2 AS z)
SELECT JSON_OBJECT('a': 1, 'b' VALUE 'c'), JSON_ARRAY(1, 'b'), JSON_SCALAR(1), JSON('{}'), JSON_SERIALIZE('{}'), '{}' IS JSON OBJECT, JSON_ARRAY(SELECT 1), JSON_OBJECTAGG('k': 'v'), JSON_ARRAYAGG(1 ORDER BY id + 2) FROM item
SELECT xmlelement(name a, xmlattributes('v' AS w), 'c', xmlforest('x' AS y)), xmlconcat('<a/>', '<b/>'), xmlpi(name php, 'z'), xmlroot('<a/>', version '1.0'), xmlparse(document '<a/>'), xmlserialize(content '<a/>' AS text), xmlexists('/a' PASSING '<a/>'), '<a/>' IS DOCUMENT
SELECT extract(year FROM day + 3), substring('abc' FROM 1 FOR 2), substring('abc' SIMILAR 'a' ESCAPE '#'), overlay('abc' PLACING 'x' FROM 1 FOR 1), position('a' IN 'abc'), trim(both 'x' FROM 'xax'), 'x' COLLATE "C", day AT TIME ZONE 'UTC', normalize('x', NFC), 'x' IS NFC NORMALIZED FROM visit
SELECT EXISTS (SELECT FROM item WHERE id > 1), 3 IN (SELECT 4), ARRAY(SELECT 5), (SELECT 6), 7 > ALL (SELECT 8), (1, 2) = (SELECT 3, 4), (1, 2) < (SELECT 3, 4), (1, 2) IN (SELECT 3, 4)
SELECT id FROM item WHERE EXISTS (SELECT FROM firm WHERE id > 1) OR 3 IN (SELECT 4) OR 7 > ALL (SELECT 8) OR (1, 2) = (SELECT 3, 4) OR (1, 2) < (SELECT 3, 4) OR (1, 2) IN (SELECT 3, 4)
SELECT atomic_sum(1, 2), atomic_sum(a => 1, b => 2), format('%s %s', 'a', 'b'), concat_ws(',', VARIADIC ARRAY['a', 'b']), glued('a', 'b')
SELECT GROUPING(id), count(*) FROM item GROUP BY GROUPING SETS ((id), (id + 1)), ROLLUP (id + 2), CUBE (id + 3)
SELECT DISTINCT ON (id + 1) id FROM item ORDER BY id + 1
SELECT (ROW(1)).f1, ROW(1, 'b')::text, (1, 2) IS NULL, (SELECT a FROM item a WHERE id = 3).label
SELECT id::text::int + 1, CAST('1' AS int), '5'::date, -(1), NOT (1 = 2), 1 IS NOT NULL, (1 = 2) IS NOT TRUE FROM item
INSERT INTO visit (id, note) VALUES (1, 'b') RETURNING 1 + 1, note
INSERT INTO visit (id, note) SELECT 9, 'x' WHERE 1 = 1 ON CONFLICT (id) DO UPDATE SET note = 'z', ms = 4 WHERE visit.id = 3 RETURNING id, 'k'
INSERT INTO person (id, tags[1], doc['a']) VALUES (7, 'c', '1') RETURNING id
UPDATE visit SET note = 'a', (ms, person_id) = (1, 2) WHERE id = 3 RETURNING id + 1
UPDATE visit p SET (ms, note) = (SELECT 1, 'b' WHERE 1 = 1) FROM item a WHERE a.id = 3 RETURNING 3
UPDATE person SET tags[1] = 'x', tags[1:2] = '{}', doc['f'] = '1' WHERE id = 1
DELETE FROM visit USING item a WHERE a.id = visit.id AND visit.id = 4 RETURNING 'x', 3
MERGE INTO person e USING (VALUES (1, 2)) v (n, i) ON e.id = v.n AND e.id = 3 WHEN MATCHED AND v.i = 1 THEN UPDATE SET code = 2, tags[4] = 'c' WHEN NOT MATCHED AND v.i = 2 THEN INSERT (id, tags[5]) VALUES (6, 'c') WHEN NOT MATCHED BY SOURCE AND e.id = 9 THEN DELETE RETURNING 3
WITH w AS (INSERT INTO visit (note) VALUES ('a') RETURNING id + 1 AS z), u AS (UPDATE item SET label = 'x' WHERE id = 8 RETURNING 'r' AS q) SELECT z, q FROM w, u WHERE z > 3
CREATE TABLE own AS SELECT 1 AS a, 'x' AS b WHERE 2 = 2
CREATE TABLE own AS VALUES (1, 'a')
SELECT 1 AS a, 'b' AS c INTO TEMP own FROM item WHERE id = 3
CREATE MATERIALIZED VIEW own AS SELECT 1 AS a, 'x' AS b WHERE 3 = 3
COPY (SELECT 1, 'a' WHERE 3 = 3) TO STDOUT
COPY (INSERT INTO visit (note) VALUES ('x') RETURNING 'y') TO STDOUT
COPY item FROM STDIN WHERE id > 3 AND label = 'x'
CALL note('x')
`
  .split('\n')
  .filter((line) => line !== '');

const test = withTestWorld();
let grammar: Grammar;
beforeAll(async () => {
  grammar = await loadGrammar(18);
});

/** Undefined: no statement. */
function lineageOf(sql: string): string | undefined {
  try {
    return written(traceLineage(sql, grammar, test.world()), test.catalog);
  } catch (error) {
    if (error instanceof GrammarError) return undefined;
    throw error;
  }
}

describe('an expression is traced at every place', () => {
  it.each(STATEMENTS)('%s', (statement) => {
    expect(lineageOf(statement)).toBeDefined();
    const untraced: string[] = [];
    for (const { 0: literal, index } of statement.matchAll(LITERAL)) {
      const sql = `${statement.slice(0, index)}${SECRET}${statement.slice(index + literal.length)}`;
      const lineage = lineageOf(sql);
      if (lineage !== undefined && !lineage.includes('person.mail')) untraced.push(sql);
    }
    expect(untraced).toEqual([]);
  });
});
