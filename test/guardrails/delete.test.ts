import { redTeam } from './red-team.ts';

const LOOP = (query: string): string =>
  `DO $$ DECLARE r record; BEGIN FOR r IN ${query} LOOP DELETE FROM order_lines WHERE order_id = r.id; END LOOP; END $$`;

redTeam('delete', [
  {
    technique: 'cast of itself',
    danger: { sql: 'DELETE FROM journal WHERE id::text = id::text', send: 'extended' },
    neighbour: { sql: "DELETE FROM journal WHERE id::text = '3'", send: 'extended' },
  },
  {
    technique: 'CASE',
    danger: { sql: 'DELETE FROM journal WHERE CASE WHEN id > 0 THEN true ELSE false END', send: 'binary' },
    neighbour: { sql: 'DELETE FROM journal WHERE id = CASE WHEN 1 = 1 THEN 4 ELSE 5 END', send: 'binary' },
  },
  {
    technique: 'IS NOT DISTINCT FROM itself',
    danger: 'DELETE FROM journal WHERE what IS NOT DISTINCT FROM what',
    neighbour: { sql: 'DELETE FROM journal WHERE id IS NOT DISTINCT FROM $1', values: [5] },
  },
  {
    technique: 'row comparison with itself',
    danger: { sql: 'DELETE FROM order_lines WHERE (order_id, line) = (order_id, line)', send: 'named' },
    neighbour: { sql: 'DELETE FROM order_lines WHERE (order_id, line) = (7, 1)', send: 'extended' },
  },
  {
    technique: 'row in the table itself',
    danger: 'DELETE FROM order_lines WHERE (order_id, line) IN (SELECT order_id, line FROM order_lines)',
    neighbour: 'DELETE FROM order_lines WHERE (order_id, line) IN ((8, 1), (8, 2))',
  },
  {
    technique: 'ANY of array_agg',
    danger: 'DELETE FROM journal WHERE id = ANY ((SELECT array_agg(id) FROM journal)::int[])',
    neighbour: { sql: 'DELETE FROM journal WHERE id = ANY ($1::int[])', values: [[6, 7]] },
  },
  {
    technique: 'NOT IN an impossible list',
    danger: 'DELETE FROM journal WHERE id NOT IN (-1, -2)',
    neighbour: 'DELETE FROM journal WHERE id IN (8, 9)',
  },
  {
    technique: '<> ALL',
    danger: 'DELETE FROM journal WHERE id <> ALL (ARRAY[-1])',
    neighbour: 'DELETE FROM journal WHERE id = ANY (ARRAY[10])',
  },
  {
    technique: 'EXISTS (SELECT 1)',
    danger: { sql: 'DELETE FROM journal WHERE EXISTS (SELECT 1)', send: 'pipeline' },
    neighbour: { sql: 'DELETE FROM journal WHERE id = 11 AND EXISTS (SELECT 1)', send: 'pipeline' },
  },
  {
    technique: 'EXISTS over every partner',
    danger: 'DELETE FROM order_lines l WHERE EXISTS (SELECT 1 FROM orders o WHERE o.id = l.order_id)',
    neighbour: 'DELETE FROM order_lines l WHERE EXISTS (SELECT 1 FROM orders o WHERE o.id = l.order_id AND o.id = 9)',
  },
  {
    technique: 'NOT EXISTS of nothing',
    danger: 'DELETE FROM journal j WHERE NOT EXISTS (SELECT 1 FROM settings s WHERE s.key = j.what)',
    neighbour: 'DELETE FROM journal j WHERE j.id = 12 AND NOT EXISTS (SELECT 1 FROM settings s WHERE s.key = j.what)',
  },
  {
    technique: 'USING the parent',
    danger: 'DELETE FROM order_lines USING orders WHERE orders.id = order_lines.order_id',
    neighbour: 'DELETE FROM order_lines USING orders o WHERE o.id = order_lines.order_id AND o.id = 10',
  },
  {
    technique: 'USING a bare column of the other table',
    danger: "DELETE FROM order_lines USING settings WHERE key = 'theme'",
    neighbour: {
      sql: [
        'CREATE TEMP TABLE doomed AS SELECT 11::bigint AS id',
        'DELETE FROM order_lines l USING doomed d WHERE l.order_id = d.id',
      ],
    },
  },
  {
    technique: 'USING generate_series',
    danger: 'DELETE FROM order_lines USING generate_series(1, 100000) g(n) WHERE order_lines.order_id = g.n',
    neighbour: 'DELETE FROM order_lines USING (VALUES (12), (13)) v(n) WHERE order_lines.order_id = v.n',
  },
  {
    technique: 'in the select of another table that covers it',
    danger: 'DELETE FROM order_lines WHERE order_id IN (SELECT id FROM orders)',
    neighbour: 'DELETE FROM order_lines WHERE order_id IN (SELECT id FROM orders WHERE customer_id = 14)',
  },
  {
    technique: 'correlated scalar sub-SELECT',
    danger: 'DELETE FROM orders WHERE id = (SELECT max(o.id) FROM orders o WHERE o.id = orders.id)',
    neighbour: 'DELETE FROM orders WHERE id = (SELECT max(id) FROM orders)',
  },
  {
    technique: 'outer column handed through a query in FROM',
    danger: 'DELETE FROM orders WHERE id IN (SELECT s.x FROM (SELECT orders.id AS x) s)',
    neighbour: 'DELETE FROM orders WHERE id IN (SELECT s.x FROM (SELECT 15::bigint AS x) s)',
  },
  {
    technique: 'outer column handed through a CTE',
    danger: { sql: 'DELETE FROM orders WHERE id IN (WITH c AS (SELECT id AS x) SELECT c.x FROM c)', send: 'extended' },
    neighbour: {
      sql: 'WITH c AS (SELECT 16::bigint AS x) DELETE FROM orders USING c WHERE orders.id = c.x',
      send: 'extended',
    },
  },
  {
    technique: 'whole row reference',
    danger: "DELETE FROM orders WHERE id IN (SELECT (orders).id FROM settings WHERE key = 'theme')",
    neighbour: "DELETE FROM orders WHERE id IN (SELECT value::bigint FROM settings WHERE key = 'limit')",
  },
  {
    technique: 'cross join inside IN',
    danger: "DELETE FROM orders WHERE id IN (SELECT o.id FROM orders o, settings s WHERE s.key = 'theme')",
    neighbour:
      "DELETE FROM orders WHERE id IN (SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = 'c17@shop.example')",
  },
  {
    technique: 'anti join inside IN',
    danger:
      'DELETE FROM journal WHERE id IN (SELECT j.id FROM journal j LEFT JOIN settings s ON s.key = j.what WHERE s.key IS NULL)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal ORDER BY id DESC LIMIT 2)',
  },
  {
    technique: 'WITH TIES',
    danger: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal ORDER BY true FETCH FIRST 1 ROW WITH TIES)',
    neighbour: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal ORDER BY id FETCH FIRST 1 ROW ONLY)',
  },
  {
    technique: 'LIMIT of a sub-SELECT',
    danger: 'DELETE FROM journal WHERE id IN (SELECT id FROM journal LIMIT (SELECT count(*) FROM journal))',
    neighbour: 'DELETE FROM journal WHERE ctid IN (SELECT ctid FROM journal WHERE id = 13 LIMIT 1)',
  },
  {
    technique: 'unnest of all keys',
    danger:
      'DELETE FROM journal WHERE id IN (SELECT unnest(a) FROM (SELECT array_agg(id) AS a FROM journal LIMIT 1) s)',
    neighbour: { sql: 'DELETE FROM journal WHERE id IN (SELECT unnest($1::int[]))', values: [[14]] },
  },
  {
    technique: 'generator beside a narrowed query',
    danger: "DELETE FROM journal WHERE id IN (SELECT generate_series(1, 100000) FROM settings WHERE key = 'theme')",
    neighbour: "DELETE FROM journal WHERE what IN (SELECT value FROM settings WHERE key = 'theme')",
  },
  {
    technique: "LIKE '%'",
    danger: { sql: "DELETE FROM journal WHERE what LIKE '%'", send: 'extended' },
    neighbour: { sql: "DELETE FROM journal WHERE what LIKE 'event 15%'", send: 'extended' },
  },
  {
    technique: "SIMILAR TO '%'",
    danger: "DELETE FROM journal WHERE what SIMILAR TO '%'",
    neighbour: "DELETE FROM journal WHERE what ILIKE 'Event 16'",
  },
  {
    technique: 'regular expression',
    danger: "DELETE FROM journal WHERE what ~ '^'",
    neighbour: "DELETE FROM journal WHERE what = 'event 17'",
  },
  {
    technique: 'BETWEEN the ends of int',
    danger: 'DELETE FROM journal WHERE id BETWEEN -2147483648 AND 2147483647',
    neighbour: 'DELETE FROM journal WHERE id BETWEEN 18 AND 19',
  },
  {
    technique: 'BETWEEN the infinities',
    danger: "DELETE FROM journal WHERE at BETWEEN '-infinity' AND 'infinity'",
    neighbour: "DELETE FROM journal WHERE at BETWEEN '2023-01-20' AND '2023-01-21'",
  },
  {
    technique: 'after 1900',
    danger: "DELETE FROM journal WHERE at > '1900-01-01'",
    neighbour: "DELETE FROM journal WHERE at >= '2023-01-22' AND at < '2023-01-23'",
  },
  {
    technique: 'after 1970',
    danger: { sql: "DELETE FROM journal WHERE at >= timestamptz '1970-01-01'", send: 'named' },
    neighbour: "DELETE FROM journal WHERE at < '2023-01-03'",
  },
  {
    technique: 'before 2100',
    danger: { sql: 'DELETE FROM journal WHERE at < $1::timestamptz', values: ['2100-01-01'] },
    neighbour: "DELETE FROM journal WHERE at::date = '2023-01-25'",
  },
  {
    technique: 'before a negative interval',
    danger: "DELETE FROM journal WHERE at < now() - interval '-10 years'",
    neighbour: "DELETE FROM journal WHERE at < now() - interval '30 days' AND id = 26",
  },
  {
    technique: 'length >= 0',
    danger: "DELETE FROM journal WHERE length(coalesce(what, '')) >= 0",
    neighbour: 'DELETE FROM journal WHERE id = 27 AND length(what) >= 0',
  },
  {
    technique: 'id > 0',
    danger: { sql: 'DELETE FROM journal WHERE id > $1', values: [0] },
    neighbour: { sql: 'DELETE FROM journal WHERE id = $1', values: [28] },
  },
  {
    technique: 'two open bounds',
    danger: 'DELETE FROM journal WHERE id >= 1 AND id <= 9999999',
    neighbour: 'DELETE FROM journal WHERE id >= 29 AND id <= 30',
  },
  {
    technique: 'tableoid',
    danger: "DELETE FROM journal WHERE tableoid = 'journal'::regclass",
    neighbour: "DELETE FROM journal WHERE ctid = '(0,31)'",
  },
  {
    technique: 'ctid of all pages',
    danger: "DELETE FROM journal WHERE ctid >= '(0,0)'",
    neighbour: 'DELETE FROM journal WHERE ctid = ANY (ARRAY(SELECT ctid FROM journal WHERE id = 32))',
  },
  {
    technique: 'century',
    danger: 'DELETE FROM journal WHERE extract(century FROM at) = 21',
    neighbour: "DELETE FROM journal WHERE date_trunc('day', at) = '2023-02-03'",
  },
  {
    technique: 'range that holds all',
    danger: "DELETE FROM journal WHERE at <@ '[1900-01-01,2200-01-01]'::tstzrange",
    neighbour: "DELETE FROM journal WHERE at <@ '[2023-02-04,2023-02-05]'::tstzrange",
  },
  {
    technique: 'parameter that is true',
    danger: { sql: 'DELETE FROM journal WHERE $1::boolean', values: [true] },
    neighbour: { sql: 'DELETE FROM journal WHERE id = $1 AND $2::boolean', values: [36, true] },
  },
  {
    technique: 'optional filter',
    danger: { sql: 'DELETE FROM journal WHERE ($1::int IS NULL OR id = $1)', values: [null] },
    neighbour: { sql: 'DELETE FROM journal WHERE (id = $1 OR id = $2)', values: [37, 38] },
  },
  {
    technique: 'xor of tests',
    danger: 'DELETE FROM journal WHERE (id = 1) IS NOT UNKNOWN',
    neighbour: 'DELETE FROM journal WHERE (id = 39)',
  },
  {
    technique: 'only a partition',
    danger: 'DELETE FROM ONLY readings_old',
    neighbour: "DELETE FROM readings WHERE id = 3 AND at = '2023-01-04'",
  },
  { technique: 'inheritance parent', danger: 'DELETE FROM animals *', neighbour: 'DELETE FROM animals WHERE id = 12' },
  {
    technique: 'a list of all keys, taken apart in USING',
    danger: 'DELETE FROM journal USING unnest((SELECT array_agg(j.id) FROM journal j)) u WHERE journal.id = u',
    neighbour: 'DELETE FROM journal USING unnest(ARRAY[41, 42]) u WHERE journal.id = u',
  },
  {
    technique: 'a list of all keys in one row',
    danger:
      'WITH a AS (SELECT array_agg(id) AS ids FROM journal LIMIT 1) DELETE FROM journal USING a WHERE journal.id = ANY (a.ids)',
    neighbour:
      'WITH a AS (SELECT array_agg(id) AS ids FROM journal WHERE id IN (43, 44)) DELETE FROM journal USING a WHERE journal.id = ANY (a.ids)',
  },
  {
    technique: 'every month',
    danger: 'DELETE FROM journal WHERE extract(month FROM at) IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)',
    neighbour: 'DELETE FROM journal WHERE extract(month FROM at) IN (11, 12)',
  },
  {
    technique: 'what no document has',
    danger: "DELETE FROM customers WHERE prefs->>'none' IS NULL",
    neighbour: "DELETE FROM customers WHERE prefs->>'none' IS NULL AND id = 59",
  },
  {
    technique: 'through a view',
    danger: 'DELETE FROM all_customers',
    neighbour: 'DELETE FROM all_customers WHERE id = 60',
  },
  {
    technique: 'through a view of one’s own',
    danger: ['CREATE VIEW mine1 AS SELECT * FROM journal', 'DELETE FROM mine1'],
    leaves: ['relations', 'columns', 'rules', 'types'],
    neighbour: ['CREATE VIEW mine2 AS SELECT * FROM journal', 'DELETE FROM mine2 WHERE id = 40'],
  },
  {
    technique: 'through a temporary view',
    danger: ['CREATE TEMP VIEW journal_v AS SELECT * FROM public.journal', 'DELETE FROM pg_temp.journal_v'],
    neighbour: ['CREATE TEMP TABLE journal (id int)', 'INSERT INTO journal VALUES (1)', 'DELETE FROM journal'],
  },
  {
    technique: 'after the temporary table is gone',
    danger: {
      sql: ['CREATE TEMP TABLE settings (a int)', 'DROP TABLE settings', 'DELETE FROM settings'],
      send: 'extended',
    },
    neighbour: ['CREATE TEMP TABLE settings (a int)', 'DELETE FROM settings'],
  },
  {
    technique: 'another schema by search_path',
    danger: { sql: ['SET search_path = archive', 'DELETE FROM orders'], send: 'extended' },
    neighbour: ['SET search_path = archive', 'DELETE FROM orders WHERE id = 3'],
  },
  {
    technique: 'unicode escapes',
    danger: `DELETE FROM U&"\\006aournal" WHERE 1 = 1`,
    neighbour: `DELETE FROM U&"\\006aournal" WHERE "id" = 41`,
  },
  {
    technique: 'quoted names',
    danger: 'DELETE FROM public."Order Items" WHERE "Id" = "Id"',
    neighbour: 'DELETE FROM public."Order Items" WHERE "Id" = 3',
  },
  {
    technique: 'nested comments',
    danger: '/* /* */ SELECT 1 */ DELETE -- x\n FROM/**/journal',
    neighbour: '/* DELETE FROM journal; */ DELETE FROM journal /* WHERE true */ WHERE id = 42',
  },
  {
    technique: 'in the middle of a text',
    danger: { sql: 'DELETE FROM journal', send: 'multi' },
    neighbour: { sql: 'DELETE FROM journal WHERE id = 43', send: 'multi' },
  },
  {
    technique: 'EXPLAIN ANALYZE with options',
    danger: { sql: 'DELETE FROM journal', send: 'explain_ext' },
    neighbour: { sql: 'DELETE FROM journal WHERE id = 44', send: 'explain_ext' },
  },
  {
    technique: 'EXPLAIN ANALYZE EXECUTE',
    danger: ['PREPARE w AS DELETE FROM journal', 'EXPLAIN ANALYZE EXECUTE w'],
    neighbour: ['PREPARE w(int) AS DELETE FROM journal WHERE id = $1', 'EXPLAIN ANALYZE EXECUTE w(45)'],
  },
  {
    technique: 'COPY of its RETURNING',
    danger: { sql: 'DELETE FROM journal RETURNING id', send: 'copy' },
    neighbour: { sql: 'DELETE FROM journal WHERE id = 46 RETURNING id', send: 'copy' },
  },
  {
    technique: 'CTE two levels down',
    danger: {
      sql: 'WITH a AS (SELECT 1), b AS (DELETE FROM journal RETURNING *), c AS (SELECT * FROM b) SELECT count(*) FROM c',
      send: 'cursor',
    },
    neighbour: {
      sql: 'WITH b AS (DELETE FROM journal WHERE id = 47 RETURNING *) SELECT count(*) FROM b',
      send: 'cursor',
    },
  },
  {
    technique: 'CREATE TABLE AS of a CTE',
    danger: 'CREATE TEMP TABLE g AS WITH b AS (DELETE FROM journal RETURNING *) SELECT * FROM b',
    neighbour: 'CREATE TEMP TABLE g AS SELECT * FROM journal',
  },
  {
    technique: 'PREPARE',
    danger: { sql: 'DELETE FROM journal WHERE true', send: 'prepare' },
    neighbour: { sql: 'DELETE FROM journal WHERE id = 48', send: 'prepare' },
  },
  {
    technique: 'DO',
    danger: 'DO $do$ BEGIN IF 1 = 1 THEN DELETE FROM journal; END IF; END $do$',
    neighbour: 'DO $do$ BEGIN IF 1 = 1 THEN DELETE FROM journal WHERE id = 49; END IF; END $do$',
  },
  {
    technique: 'DO, in an exception handler',
    danger: "DO 'BEGIN PERFORM 1/0; EXCEPTION WHEN others THEN DELETE FROM journal; END'",
    neighbour: "DO 'BEGIN PERFORM 1/0; EXCEPTION WHEN others THEN DELETE FROM journal WHERE id = 50; END'",
  },
  {
    technique: 'DO, a loop over all keys',
    danger: LOOP('SELECT id FROM orders'),
    neighbour: LOOP('SELECT id FROM orders WHERE customer_id = 18'),
  },
  {
    technique: 'DO, a loop over a range',
    danger: 'DO $$ BEGIN FOR i IN 1..100000 LOOP DELETE FROM journal WHERE id = i; END LOOP; END $$',
    neighbour: 'DO $$ BEGIN FOR i IN 51..52 LOOP DELETE FROM journal WHERE id = i; END LOOP; END $$',
  },
  {
    technique: 'DO, an array of all keys',
    danger:
      'DO $$ DECLARE k int[]; BEGIN k := ARRAY(SELECT id FROM journal); DELETE FROM journal WHERE id = ANY (k); END $$',
    neighbour:
      'DO $$ DECLARE k int; BEGIN k := (SELECT max(id) FROM journal); DELETE FROM journal WHERE id = k; END $$',
  },
  {
    technique: 'DO, a cursor and CURRENT OF',
    danger:
      'DO $$ DECLARE c CURSOR FOR SELECT * FROM journal; BEGIN FOR r IN c LOOP DELETE FROM journal WHERE CURRENT OF c; END LOOP; END $$',
    neighbour:
      'DO $$ DECLARE c CURSOR FOR SELECT * FROM journal WHERE id = 53; r record; BEGIN OPEN c; FETCH c INTO r; DELETE FROM journal WHERE CURRENT OF c; END $$',
  },
  {
    technique: 'DO, batches without end',
    danger:
      'DO $$ BEGIN LOOP DELETE FROM journal WHERE ctid IN (SELECT ctid FROM journal LIMIT 50); EXIT WHEN NOT FOUND; END LOOP; END $$',
    neighbour: 'DELETE FROM journal WHERE ctid IN (SELECT ctid FROM journal WHERE id < 0 ORDER BY id LIMIT 50)',
  },
  {
    technique: 'DO, a variable that is constant',
    danger: 'DO $$ DECLARE one int := 1; BEGIN DELETE FROM journal WHERE one = 1; END $$',
    neighbour: 'DO $$ DECLARE one int := 54; BEGIN DELETE FROM journal WHERE id = one; END $$',
  },
  {
    technique: 'DO, EXECUTE of a constant',
    danger: "DO $$ BEGIN EXECUTE 'DELETE FROM journal'; END $$",
    neighbour: "DO $$ BEGIN EXECUTE 'DELETE FROM journal WHERE id = 55'; END $$",
  },
  {
    technique: 'MERGE',
    danger: 'MERGE INTO journal j USING (SELECT 1) s(x) ON true WHEN MATCHED THEN DELETE',
    neighbour: 'MERGE INTO journal j USING (VALUES (56)) s(id) ON j.id = s.id WHEN MATCHED THEN DELETE',
  },
  {
    technique: 'MERGE with the parent',
    danger: {
      sql: 'MERGE INTO order_lines l USING orders o ON l.order_id = o.id WHEN MATCHED THEN DELETE',
      send: 'extended',
    },
    neighbour: {
      sql: [
        'CREATE TEMP TABLE gone AS SELECT 19::bigint AS id',
        'MERGE INTO order_lines l USING gone o ON l.order_id = o.id WHEN MATCHED THEN DELETE',
      ],
      send: 'extended',
    },
  },
  {
    technique: 'large objects, all of them',
    danger: 'SELECT lo_unlink(oid) FROM pg_largeobject_metadata',
    neighbour: "SELECT lo_unlink(lo_from_bytea(0, 'mine'))",
  },
]);
