/** SQL → expected lineage in the words of `notation.ts`, under `pg_catalog, public`. Each line was judged by hand. */

export type Case = readonly [sql: string, lineage: string];

export const CASES: Readonly<Record<string, readonly Case[]>> = {
  names: [
    ['SELECT mail FROM person', 'mail = person.mail'],
    ['SELECT p.mail AS product FROM person p', 'product = person.mail'],
    ['SELECT person.mail, public.person.tel FROM public.person', 'mail = person.mail, tel = person.tel'],
    ['SELECT "mail" "name" FROM "person"', 'name = person.mail'],
    ['SELECT id, name FROM firm f(name)', 'id = derived(?name id is not known), name = firm.id'],
    ['SELECT * FROM firm', 'id = firm.id, title = firm.title, boss_id = firm.boss_id, contact = firm.contact'],
    [
      'SELECT f.* FROM firm f, item',
      'id = firm.id, title = firm.title, boss_id = firm.boss_id, contact = firm.contact',
    ],
    ['SELECT c FROM person AS p(a, b, c)', 'c = person.mail'],
    ['SELECT ctid, tableoid, xmin FROM firm', 'ctid = none, tableoid = none, xmin = none'],
    ['SELECT q.x FROM (SELECT mail AS x FROM person) q', 'x = person.mail'],
    ['SELECT x FROM (SELECT mail, name FROM person) q(x)', 'x = person.mail'],
    ['SELECT (SELECT p.mail) FROM person p', 'mail = person.mail'],
    [
      'SELECT (SELECT title FROM firm WHERE boss_id = p.id) FROM person p',
      'title = firm.title; uses: join firm.boss_id, join person.id',
    ],
    ['SELECT l.t FROM person p, LATERAL (SELECT p.tel AS t) l', 't = person.tel'],
    ['SELECT firm.title FROM firm, (SELECT 1 AS firm) q', 'title = firm.title'],
    ['SELECT firm FROM (SELECT 1 AS firm) q, firm', 'firm = none'],
    ['SELECT nosuch FROM person', 'nosuch = derived(?name nosuch is not known)'],
    ['SELECT x.mail FROM person p', 'mail = derived(?name x.mail is not known)'],
    [
      'SELECT mail FROM nowhere',
      'mail = derived(?relation nowhere is not in the catalog); unknown: relation nowhere is not in the catalog',
    ],
    ['TABLE item', 'id = item.id gadget.id, label = item.label gadget.label'],
    ['SELECT label FROM ONLY item', 'label = item.label'],
    ['SELECT label FROM item*', 'label = item.label gadget.label'],
    ['SELECT line FROM log', 'line = log.line log_old.line'],
    ['SELECT line FROM log_old', 'line = log_old.line'],
    ['SELECT mail FROM person TABLESAMPLE SYSTEM (5)', 'mail = person.mail'],
    ["VALUES (1, 'a'), (2, 'b')", 'column1 = none, column2 = none'],
    ['SELECT v.k FROM (VALUES (1, (SELECT mail FROM person))) v(k, m)', 'k = none'],
    ['SELECT m FROM (VALUES (1, (SELECT mail FROM person))) v(k, m)', 'm = person.mail'],
  ],
  asked: [
    [
      "SELECT id FROM person WHERE name || ' ' || mail = $1",
      'id = person.id; uses: lookup person.name, lookup person.mail',
    ],
    [
      "SELECT id FROM person WHERE concat(name, ' <', lower(mail), '>') IN ('a', 'b')",
      'id = person.id; uses: lookup person.name, lookup person.mail',
    ],
    [
      "SELECT id FROM person WHERE concat_ws(' ', name, tel) = 'x'",
      'id = person.id; uses: lookup person.name, lookup person.tel',
    ],
    [
      "SELECT id FROM person WHERE format('%s (%s)', name, code) = $1",
      'id = person.id; uses: lookup person.name, lookup person.code',
    ],
    [
      "SELECT id FROM person WHERE upper(trim(coalesce(name, '') || ' ' || mail)) = 'X'",
      'id = person.id; uses: null_test person.name, lookup person.name, lookup person.mail',
    ],
    [
      "SELECT id FROM person WHERE left(name, 1) || mail = 'x'",
      'id = person.id; uses: predicate person.name, predicate person.mail',
    ],
    [
      "SELECT id FROM person WHERE name || ' ' || mail > 'x'",
      'id = person.id; uses: predicate person.name, predicate person.mail',
    ],
    [
      "SELECT id FROM person WHERE name || ' ' || mail LIKE 'x'",
      'id = person.id; uses: lookup person.name, lookup person.mail',
    ],
    [
      "SELECT id FROM person WHERE regexp_replace(tel, '\\D', '', 'g') = '49'",
      'id = person.id; uses: lookup person.tel',
    ],
    [
      "SELECT id FROM person WHERE regexp_replace(tel, '[^0-9]+', '', 'g') = $1",
      'id = person.id; uses: lookup person.tel',
    ],
    [
      "SELECT id FROM person WHERE regexp_replace(tel, '[\\s()-]', '', 'g') = '49'",
      'id = person.id; uses: lookup person.tel',
    ],
    [
      "SELECT id FROM person WHERE regexp_replace(tel, '[ -~]', '', 'g') = '49'",
      'id = person.id; uses: predicate person.tel',
    ],
    [
      "SELECT id FROM person WHERE regexp_replace(mail, '[a-m]', '', 'g') = 'x'",
      'id = person.id; uses: predicate person.mail',
    ],
    [
      "SELECT id FROM person WHERE regexp_replace(mail, '\\D', 'x', 'g') = 'x'",
      'id = person.id; uses: predicate person.mail',
    ],
    ["SELECT id FROM person WHERE ltrim(tel, '+') = '49'", 'id = person.id; uses: lookup person.tel'],
    ["SELECT id FROM person WHERE ltrim(tel, '0') = '49'", 'id = person.id; uses: predicate person.tel'],
    ["SELECT id FROM person WHERE btrim(mail, ' ') = ''", 'id = person.id; uses: lookup person.mail'],
    [
      "SELECT id FROM person WHERE encode(sha256(convert_to(lower(mail), 'UTF8')), 'hex') = 'x'",
      'id = person.id; uses: lookup person.mail',
    ],
    [
      "SELECT id FROM person WHERE encode(substring(sha256(convert_to(mail, 'UTF8')) FROM 1 FOR 1), 'hex') = 'x'",
      'id = person.id; uses: predicate person.mail',
    ],
    ["SELECT id FROM person WHERE mail ILIKE 'a@b.example'", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE mail NOT LIKE 'a'", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE mail LIKE 'a_'", 'id = person.id; uses: predicate person.mail'],
    ['SELECT id FROM person WHERE mail LIKE $1', 'id = person.id; uses: predicate person.mail'],
    ['SELECT id FROM person WHERE length(trim(mail)) > 0', 'id = person.id; uses: null_test person.mail'],
    ['SELECT id FROM person WHERE char_length(mail) = 0', 'id = person.id; uses: lookup person.mail'],
    ['SELECT id FROM person WHERE length(mail) >= 1', 'id = person.id; uses: lookup person.mail'],
    ['SELECT id FROM person WHERE length(mail) > 1', 'id = person.id; uses: predicate person.mail'],
    ['SELECT id FROM person WHERE length(mail) <= 0', 'id = person.id; uses: predicate person.mail'],
    ['SELECT id FROM person WHERE doc @@ \'$.a.b == "x"\'', 'id = person.id; uses: lookup person.doc/a/b'],
    [
      "SELECT id FROM person WHERE doc @@ '$.a > 3 && $.b == true'",
      'id = person.id; uses: predicate person.doc/a, lookup person.doc/b',
    ],
    [
      'SELECT id FROM person WHERE doc @? \'$.a ? (@.b == "x" || @.c < 2)\'',
      'id = person.id; uses: lookup person.doc/a/b, predicate person.doc/a/c',
    ],
    [
      'SELECT id FROM person WHERE jsonb_path_exists(doc, \'$.a[*].b ? (@ == "x")\')',
      'id = person.id; uses: lookup person.doc/a/[]/b',
    ],
    ['SELECT id FROM person WHERE doc @@ \'$.a starts with "x"\'', 'id = person.id; uses: predicate person.doc'],
    ['SELECT id FROM person WHERE doc @? \'$.a ? (@ like_regex "^x")\'', 'id = person.id; uses: predicate person.doc'],
    ["SELECT id FROM person WHERE doc @@ '$.a.b == $.c'", 'id = person.id; uses: predicate person.doc'],
    ["SELECT id FROM person WHERE doc @@ '$.a + 1 == 2'", 'id = person.id; uses: predicate person.doc'],
    ["SELECT id FROM person WHERE doc @@ '$.a.size() == 2'", 'id = person.id; uses: predicate person.doc'],
    ["SELECT id FROM person WHERE doc @@ '$.* == 2'", 'id = person.id; uses: predicate person.doc'],
    [
      "SELECT p.id FROM person p, firm f WHERE p.mail || f.title = 'x'",
      'id = person.id; uses: predicate person.mail, predicate firm.title',
    ],
    [
      "SELECT p.id FROM person p, person q WHERE p.mail || q.name = 'x'",
      'id = person.id; uses: predicate person.mail, predicate person.name',
    ],
    [
      "WITH c AS (SELECT id, mail, name FROM person) SELECT p.id FROM c p, c q WHERE p.mail || q.name = 'x'",
      'id = person.id; uses: predicate person.mail, predicate person.name',
    ],
    [
      "SELECT q.id FROM (SELECT id, mail, name FROM person) q WHERE q.mail || q.name = 'x'",
      'id = person.id; uses: lookup person.mail, lookup person.name',
    ],
    [
      "SELECT q.id FROM (SELECT p.id, p.mail, f.title FROM person p, firm f) q WHERE q.mail || q.title = 'x'",
      'id = person.id; uses: predicate person.mail, predicate firm.title',
    ],
    ["SELECT id FROM person WHERE ('abc' || mail)::name = 'x'", 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE ('abc' || mail)::varchar = 'x'", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE ('abc' || mail)::varchar(5) = 'x'", 'id = person.id; uses: predicate person.mail'],
    [
      "SELECT key FROM v_person WHERE contact || cry = 'x'",
      'key = person.id; uses: lookup person.active in public.v_person, lookup person.mail, lookup person.name',
    ],
    [
      "SELECT a.key FROM v_person a, v_person b WHERE a.contact || b.cry = 'x'",
      'key = person.id; uses: lookup person.active in public.v_person, predicate person.mail, predicate person.name',
    ],
    [
      "WITH c AS (SELECT id, mail, name FROM person) SELECT id FROM c WHERE mail || name = 'x'",
      'id = person.id; uses: lookup person.mail, lookup person.name',
    ],
    [
      "SELECT key FROM v_person WHERE cry = 'x'",
      'key = person.id; uses: lookup person.active in public.v_person, lookup person.name',
    ],
    [
      'SELECT p.id FROM person p JOIN firm f ON p.name || p.mail = f.title',
      'id = person.id; uses: predicate person.name, predicate person.mail, predicate firm.title',
    ],
    [
      'SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY lower(mail) ORDER BY id) AS n FROM person) q WHERE n > 1',
      'id = person.id; uses: group person.mail, order person.id',
    ],
    ['SELECT count(*) FROM person GROUP BY lower(trim(mail))', 'count = none; uses: group person.mail'],
    ['SELECT DISTINCT lower(mail) FROM person', 'lower = text(person.mail); uses: group person.mail'],
    ['SELECT count(DISTINCT upper(mail)) FROM person', 'count = none; uses: count person.mail'],
    ['SELECT count(*) FROM person GROUP BY md5(mail)', 'count = none; uses: predicate person.mail'],
    ['SELECT count(*) FROM person GROUP BY lower(left(mail, 1))', 'count = none; uses: predicate person.mail'],
    ['SELECT count(*) FROM person GROUP BY id::text', 'count = none; uses: group person.id'],
    ['SELECT count(DISTINCT trim(id::text)) FROM person', 'count = none; uses: count person.id'],
    ['SELECT count(*) FROM person GROUP BY mail::varchar(3)', 'count = none; uses: predicate person.mail'],
    [
      "INSERT INTO person (id, name) VALUES (1, 'a'), (2, 'b') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name WHERE person.name IS DISTINCT FROM EXCLUDED.name",
      'uses: lookup person.id, lookup person.name',
    ],
    [
      "INSERT INTO person (id, name) SELECT 1, f.title FROM firm f ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name WHERE person.name || EXCLUDED.name = 'x'",
      'uses: lookup person.id, predicate person.name, predicate firm.title; person.name <- firm.title',
    ],
  ],
  rows: [
    [
      'SELECT person FROM person',
      'person = (id: person.id, name: person.name, mail: person.mail, tel: person.tel, born: person.born, pay: person.pay, code: person.code, doc: person.doc, tags: person.tags, home: person.home, active: person.active, shout: person.shout)',
    ],
    ['SELECT f FROM firm f', 'f = (id: firm.id, title: firm.title, boss_id: firm.boss_id, contact: firm.contact)'],
    ['SELECT (p).mail FROM person p', 'mail = person.mail'],
    ['SELECT (p.home).town FROM person p', 'town = person.home/town'],
    ['SELECT (p).home.town FROM person p', 'town = person.home/town'],
    ['SELECT (home).* FROM person', 'street = person.home/street, town = person.home/town'],
    ['SELECT home FROM person', 'home = person.home'],
    ['SELECT mail(p) FROM person p', 'mail = person.mail'],
    [
      "SELECT ARRAY[f.i, 1] FROM ROWS FROM (unnest(ARRAY['a']), unnest(array_prepend(extract(year FROM date '2024-04-14')::int, ARRAY[5, 6]))) AS f (u, i)",
      'array = none',
    ],
    [
      'SELECT lower(int4range(id, 9) * int4range(1, 9)) FROM person',
      'lower = derived(person.id); uses: fallible person.id',
    ],
    ['SELECT p.full_line FROM person p', 'full_line = text(person.name person.mail)'],
    ['SELECT full_line(p) FROM person p', 'full_line = text(person.name person.mail)'],
    ['SELECT ROW(mail, id) FROM person', 'row = (f1: person.mail, f2: person.id)'],
    ['SELECT ROW(f.*) FROM firm f', 'row = (f1: firm.id, f2: firm.title, f3: firm.boss_id, f4: firm.contact)'],
    ['SELECT f::text FROM firm f', 'f = text(firm.id firm.title firm.boss_id firm.contact)'],
    ['SELECT (q).m FROM (SELECT mail AS m FROM person) q', 'm = person.mail'],
    ['SELECT (x).mail FROM (SELECT p AS x FROM person p) q', 'mail = person.mail'],
    [
      'SELECT count(p) FROM firm p',
      'count = none; uses: count firm.id, count firm.title, count firm.boss_id, count firm.contact',
    ],
    ['SELECT g FROM generate_series(1, 3) g', 'g = none'],
  ],
  joins: [
    [
      'SELECT * FROM firm JOIN other.firm o USING (id)',
      'id = firm.id, title = firm.title, boss_id = firm.boss_id, contact = firm.contact, title = firm.title; uses: join firm.id',
    ],
    [
      'SELECT mail FROM person JOIN firm ON boss_id = person.id',
      'mail = person.mail; uses: join firm.boss_id, join person.id',
    ],
    ['SELECT id FROM person JOIN firm USING (id)', 'id = person.id; uses: join person.id, join firm.id'],
    ['SELECT j.id FROM person JOIN firm USING (id) AS j', 'id = person.id; uses: join person.id, join firm.id'],
    ['SELECT (j).id FROM person JOIN firm USING (id) AS j', 'id = person.id; uses: join person.id, join firm.id'],
    ['SELECT id(j) FROM person JOIN firm USING (id) AS j', 'id = person.id; uses: join person.id, join firm.id'],
    [
      'SELECT id FROM person FULL JOIN firm USING (id)',
      'id = person.id firm.id; uses: join person.id, join firm.id, group person.id, group firm.id',
    ],
    ['SELECT id FROM person RIGHT JOIN firm USING (id)', 'id = firm.id; uses: join person.id, join firm.id'],
    [
      'SELECT j.b FROM (firm JOIN item ON firm.id = item.id) AS j(a, b)',
      'b = firm.title; uses: join firm.id, join item.id, join gadget.id',
    ],
    [
      'SELECT title FROM firm NATURAL JOIN item',
      'title = firm.title; uses: join firm.id, join item.id, join gadget.id',
    ],
    [
      'SELECT 1 FROM person p JOIN firm f ON lower(p.mail) = f.contact',
      '?column? = none; uses: join person.mail, join firm.contact',
    ],
    [
      'SELECT u.mail FROM person u CROSS JOIN LATERAL (SELECT title FROM firm WHERE boss_id = u.id LIMIT 1) f',
      'mail = person.mail; uses: join firm.boss_id, join person.id',
    ],
  ],
  queries: [
    ['WITH q(a) AS (SELECT mail FROM person) SELECT a FROM q', 'a = person.mail'],
    ['WITH person AS (SELECT 1 AS mail) SELECT mail FROM person', 'mail = none'],
    ['WITH firm AS (SELECT mail AS title FROM person) SELECT title FROM firm', 'title = person.mail'],
    ['WITH a AS (SELECT mail m FROM person), b AS (SELECT m FROM a) SELECT * FROM b', 'm = person.mail'],
    [
      'WITH RECURSIVE r(n, t) AS (SELECT 1, mail FROM person UNION ALL SELECT n + 1, substr(t, 2) FROM r WHERE n < 9) SELECT n, t FROM r',
      'n = none, t = derived(person.mail)',
    ],
    [
      'WITH RECURSIVE r AS (SELECT 1 AS a, NULL::text AS b UNION ALL SELECT a + 1, (SELECT mail FROM person WHERE id = a) FROM r) SELECT b FROM r',
      'b = person.mail; uses: predicate person.id',
    ],
    [
      'WITH RECURSIVE t AS (SELECT id, name FROM person UNION SELECT f.id, t.name FROM firm f JOIN t ON f.boss_id = t.id) SELECT * FROM t',
      'id = person.id firm.id, name = person.name; uses: join firm.boss_id, join person.id, join firm.id, group person.id, group firm.id, group person.name',
    ],
    ['SELECT title FROM firm UNION ALL SELECT mail FROM person', 'title = firm.title person.mail'],
    [
      'SELECT title FROM firm UNION SELECT mail FROM person',
      'title = firm.title person.mail; uses: group firm.title, group person.mail',
    ],
    [
      'SELECT mail FROM person EXCEPT SELECT title FROM firm',
      'mail = person.mail; uses: join person.mail, join firm.title, group person.mail',
    ],
    ["SELECT mail FROM person INTERSECT SELECT 'x'", 'mail = person.mail; uses: lookup person.mail, group person.mail'],
    ['SELECT DISTINCT mail FROM person', 'mail = person.mail; uses: group person.mail'],
    [
      'SELECT DISTINCT ON (mail) id FROM person ORDER BY mail',
      'id = person.id; uses: group person.mail, order person.mail',
    ],
    [
      'SELECT mail, count(*) FROM person GROUP BY mail HAVING count(*) > 1',
      'mail = person.mail, count = none; uses: group person.mail',
    ],
    [
      'SELECT mail, name FROM person GROUP BY GROUPING SETS ((mail), (name))',
      'mail = person.mail, name = person.name; uses: group person.mail, group person.name',
    ],
    ['SELECT left(mail, 1) FROM person GROUP BY 1', 'left = derived(person.mail); uses: predicate person.mail'],
    ['SELECT id FROM person ORDER BY mail', 'id = person.id; uses: order person.mail'],
    ['SELECT id FROM person ORDER BY lower(mail)', 'id = person.id; uses: order person.mail'],
    ['SELECT id FROM person ORDER BY length(mail)', 'id = person.id; uses: predicate person.mail'],
    ['SELECT id AS x FROM person ORDER BY x', 'x = person.id; uses: order person.id'],
    ['SELECT id FROM visit LIMIT (SELECT code FROM person LIMIT 1)', 'id = visit.id; uses: predicate person.code'],
    [
      "SELECT t FROM (SELECT mail e, 'in' t FROM person UNION ALL VALUES ('m', 'out')) q ORDER BY e",
      't = none; uses: predicate person.mail',
    ],
    ['SELECT mail FROM person FOR UPDATE', 'mail = person.mail'],
  ],
  conditions: [
    ["SELECT id FROM person WHERE mail = 'x'", 'id = person.id; uses: lookup person.mail'],
    ['SELECT id FROM person WHERE mail = $1', 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE 'x'::text = mail", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE mail IN ('a', 'b')", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE mail NOT IN ('a', 'b')", 'id = person.id; uses: lookup person.mail'],
    ['SELECT id FROM person WHERE mail = ANY ($1)', 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE mail = ANY (ARRAY['a', 'b'])", 'id = person.id; uses: lookup person.mail'],
    [
      "SELECT id FROM person WHERE mail <> 'x' AND NOT active",
      'id = person.id; uses: lookup person.mail, lookup person.active',
    ],
    ["SELECT id FROM person WHERE mail IS NOT DISTINCT FROM 'x'", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE (id, mail) = (1, 'x')", 'id = person.id; uses: lookup person.id, lookup person.mail'],
    [
      "SELECT id FROM person WHERE (id, mail) IN ((1, 'x'))",
      'id = person.id; uses: lookup person.id, lookup person.mail',
    ],
    [
      "SELECT id FROM person WHERE ROW(id, mail) > ROW(1, 'x')",
      'id = person.id; uses: predicate person.id, predicate person.mail',
    ],
    ['SELECT id FROM person WHERE mail = lower($1)', 'id = person.id; uses: lookup person.mail'],
    ['SELECT id FROM person WHERE lower(mail) = $1', 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE lower(mail) = lower('X')", 'id = person.id; uses: lookup person.mail'],
    ['SELECT id FROM person WHERE upper(trim(mail)) IN ($1, $2)', 'id = person.id; uses: lookup person.mail'],
    ['SELECT id FROM person WHERE lower(mail) = ANY ($1)', 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE replace(tel, ' ', '') = $1", 'id = person.id; uses: lookup person.tel'],
    [
      "SELECT id FROM person WHERE lower(replace(replace(tel, '-', ''), '(0)', '')) = 'a'",
      'id = person.id; uses: predicate person.tel',
    ],
    ["SELECT id FROM person WHERE translate(lower(tel), '+-() ', '') = $1", 'id = person.id; uses: lookup person.tel'],
    ["SELECT id FROM person WHERE replace(tel, 'a', '') = $1", 'id = person.id; uses: predicate person.tel'],
    ["SELECT id FROM person WHERE replace(tel, ' ', 'a') = $1", 'id = person.id; uses: predicate person.tel'],
    ["SELECT id FROM person WHERE translate(tel, ' ', '') < $1", 'id = person.id; uses: predicate person.tel'],
    ['SELECT id FROM person WHERE replace(tel, $2, $3) = $1', 'id = person.id; uses: predicate person.tel'],
    ["SELECT id FROM person WHERE md5(lower(mail)) <> 'x'", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE lower(mail)::varchar = 'x'", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE lower(mail)::varchar(2) = 'x'", 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE lower(left(mail, 2)) = 'x'", 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE left(lower(mail), 2) = 'x'", 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE lower(mail) < 'x'", 'id = person.id; uses: predicate person.mail'],
    [
      "SELECT id FROM person WHERE lower(mail || tel) = 'x'",
      'id = person.id; uses: lookup person.mail, lookup person.tel',
    ],
    ["SELECT id FROM person WHERE btrim(mail, 'abc') = 'x'", 'id = person.id; uses: predicate person.mail'],
    [
      'SELECT id FROM person WHERE lower(int4range(code, 9)) = 5',
      'id = person.id; uses: fallible person.code, predicate person.code',
    ],
    ["SELECT id FROM person WHERE code::text = '5'", 'id = person.id; uses: lookup person.code'],
    ["SELECT id FROM person WHERE code::varchar(1) = '5'", 'id = person.id; uses: predicate person.code'],
    ["SELECT id FROM visit WHERE ms::text = '5'", 'id = visit.id; uses: predicate visit.ms'],
    [
      'SELECT p.id FROM person p JOIN firm ON lower(p.mail) = lower(contact)',
      'id = person.id; uses: join person.mail, join firm.contact',
    ],
    [
      'SELECT p.id FROM person p JOIN firm ON lower(p.mail) = contact',
      'id = person.id; uses: join person.mail, join firm.contact',
    ],
    [
      "SELECT q.id FROM (SELECT id, lower(mail) AS m FROM person) q WHERE m = 'x'",
      'id = person.id; uses: lookup person.mail',
    ],
    [
      "SELECT q.id FROM (SELECT id, max(lower(mail)) AS m FROM person GROUP BY id) q WHERE m = 'x'",
      'id = person.id; uses: group person.id, predicate person.mail',
    ],
    ["SELECT id FROM person WHERE CASE lower(mail) WHEN 'a' THEN true END", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE mail = ''", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE mail IS DISTINCT FROM ''::text", 'id = person.id; uses: lookup person.mail'],
    [
      "SELECT id FROM person WHERE TRIM(mail) IN ('', 'a')",
      'id = person.id; uses: null_test person.mail, lookup person.mail',
    ],
    ["SELECT id FROM person WHERE TRIM(lower(mail)) = ''::text", 'id = person.id; uses: null_test person.mail'],
    ["SELECT id FROM person WHERE substr(mail, 3) = ''", 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE mail || '' = ''", 'id = person.id; uses: lookup person.mail'],
    ["SELECT NULLIF(TRIM(mail), '') FROM person", 'nullif = text(person.mail); uses: null_test person.mail'],
    ["SELECT id FROM person WHERE TRIM(BOTH FROM mail) <> ''", 'id = person.id; uses: null_test person.mail'],
    ["SELECT id FROM person WHERE TRIM('abc@.' FROM mail) = ''", 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE TRIM(mail) = 'a'", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE TRIM(substr(mail, 1, 2)) = ''", 'id = person.id; uses: predicate person.mail'],
    ['SELECT id FROM person WHERE TRIM(mail) = $1', 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE mail::varchar = 'x'", 'id = person.id; uses: lookup person.mail'],
    ["SELECT id FROM person WHERE mail::varchar(3) = 'x'", 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE mail LIKE 'a%'", 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE mail ~ 'a'", 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE mail > 'm'", 'id = person.id; uses: predicate person.mail'],
    ['SELECT id FROM person WHERE pay BETWEEN 1 AND 2', 'id = person.id; uses: predicate person.pay'],
    ["SELECT id FROM person WHERE substr(mail, 1, 1) = 'a'", 'id = person.id; uses: predicate person.mail'],
    [
      'SELECT id FROM person WHERE mail IS NULL OR tel IS NOT NULL',
      'id = person.id; uses: null_test person.mail, null_test person.tel',
    ],
    [
      "SELECT id FROM person WHERE nullif(mail, 'x') IS NULL",
      'id = person.id; uses: lookup person.mail, null_test person.mail',
    ],
    ['SELECT id FROM person WHERE length(mail) IS NULL', 'id = person.id; uses: null_test person.mail'],
    [`SELECT id FROM person WHERE split_part(mail, '@', 2) IS NULL`, 'id = person.id; uses: predicate person.mail'],
    [
      'SELECT id FROM person WHERE mail IN (SELECT contact FROM firm)',
      'id = person.id; uses: join person.mail, join firm.contact',
    ],
    [
      'SELECT id FROM person WHERE mail IN (SELECT lower(contact) FROM firm)',
      'id = person.id; uses: join person.mail, join firm.contact',
    ],
    [
      'SELECT id FROM person WHERE EXISTS (SELECT FROM firm WHERE contact = person.mail)',
      'id = person.id; uses: join firm.contact, join person.mail',
    ],
    [
      'SELECT id FROM person WHERE mail = (SELECT max(title) FROM firm)',
      'id = person.id; uses: group firm.title, predicate person.mail, predicate firm.title',
    ],
    [
      "SELECT id FROM person WHERE CASE WHEN mail = 'x' THEN true ELSE false END",
      'id = person.id; uses: lookup person.mail',
    ],
    ['SELECT id FROM person WHERE doc @> \'{"a": 1}\'', 'id = person.id; uses: lookup person.doc/a'],
    [
      `SELECT id FROM person WHERE doc @> '{"a": {"b": "x"}, "c": ["y", {"d": 1}], "e": {}}'`,
      'id = person.id; uses: lookup person.doc/a/b, lookup person.doc/c, lookup person.doc/e',
    ],
    ["SELECT id FROM person WHERE doc -> 'a' @> $1", 'id = person.id; uses: lookup person.doc/a'],
    ["SELECT id FROM person WHERE doc ? 'a'", 'id = person.id; uses: lookup person.doc'],
    ["SELECT id FROM person WHERE doc ?| ARRAY['a', 'b']", 'id = person.id; uses: lookup person.doc'],
    [`SELECT id FROM person WHERE '"a"' <@ doc`, 'id = person.id; uses: lookup person.doc'],
    [`SELECT id FROM person WHERE doc <@ '["a", "b"]'`, 'id = person.id; uses: predicate person.doc'],
    [`SELECT id FROM person WHERE doc @> '{"0": 1}'`, 'id = person.id; uses: predicate person.doc'],
    [
      `SELECT id FROM person WHERE doc @> to_jsonb(mail)`,
      'id = person.id; uses: predicate person.doc, predicate person.mail',
    ],
    [`SELECT id FROM person WHERE to_jsonb(mail) @> '"a"'`, 'id = person.id; uses: predicate person.mail'],
    ["SELECT id FROM person WHERE 'a' = ANY (tags)", 'id = person.id; uses: lookup person.tags'],
    ["SELECT id FROM person WHERE 'a' <> ALL (tags)", 'id = person.id; uses: lookup person.tags'],
    ["SELECT id FROM person WHERE 'a' < ANY (tags)", 'id = person.id; uses: predicate person.tags'],
    [
      'SELECT id FROM person WHERE mail = ANY (tags)',
      'id = person.id; uses: predicate person.mail, predicate person.tags',
    ],
    ["SELECT id FROM person WHERE tags @> ARRAY['a'] OR tags && $1", 'id = person.id; uses: lookup person.tags'],
    [
      'SELECT id FROM person WHERE tags @> ARRAY[mail]',
      'id = person.id; uses: predicate person.tags, predicate person.mail',
    ],
    [
      "SELECT id FROM person WHERE array_remove(tags, 'a') IS NULL",
      'id = person.id; uses: lookup person.tags, null_test person.tags/[]',
    ],
    [
      "SELECT id FROM person WHERE string_to_array(mail, NULL) @> ARRAY['a']",
      'id = person.id; uses: predicate person.mail',
    ],
    ["SELECT id FROM person WHERE doc->>'a' = 'x'", 'id = person.id; uses: lookup person.doc/a'],
    ['SELECT g FROM person, generate_series(1, 9) g WHERE code = g', 'g = none; uses: predicate person.code'],
    ["SELECT id FROM person JOIN (VALUES ('a'), ('b')) v(m) ON mail = m", 'id = person.id; uses: lookup person.mail'],
    ['SELECT id FROM person JOIN unnest($1::text[]) m ON mail = m', 'id = person.id; uses: lookup person.mail'],
    ['SELECT id FROM person WHERE mail = coalesce($1, mail)', 'id = person.id; uses: join person.mail'],
    [
      "SELECT count(*) FROM v_person WHERE contact = 'x'",
      'count = none; uses: lookup person.active in public.v_person, lookup person.mail',
    ],
    [
      "SELECT count(*) FROM v_person WHERE cry = 'x'",
      'count = none; uses: lookup person.active in public.v_person, lookup person.name',
    ],
  ],
  computed: [
    [
      "SELECT mail || 'x', concat(mail, tel), upper(mail), lower(mail) FROM person",
      '?column? = text(person.mail), concat = text(person.mail person.tel), upper = text(person.mail), lower = text(person.mail)',
    ],
    [
      "SELECT string_agg(mail, ','), btrim(mail, 'x'), quote_literal(mail), format('%s', mail) FROM person GROUP BY mail",
      'string_agg = text(person.mail), btrim = text(person.mail), quote_literal = text(person.mail), format = text(person.mail); uses: group person.mail',
    ],
    [
      "SELECT substr(mail, 2), left(mail, 3), right(mail, 3), replace(mail, 'a', 'b'), reverse(mail) FROM person",
      'substr = derived(person.mail), left = derived(person.mail), right = derived(person.mail), replace = derived(person.mail), reverse = derived(person.mail)',
    ],
    [
      "SELECT md5(mail), length(mail), ascii(mail), encode(mail::bytea, 'hex') FROM person",
      'md5 = derived(person.mail), length = derived(person.mail), ascii = derived(person.mail), encode = derived(person.mail); uses: fallible person.mail',
    ],
    [
      "SELECT split_part(mail, '@', 1), translate(mail, 'a', 'b'), overlay(mail PLACING 'x' FROM 1) FROM person",
      'split_part = derived(person.mail), translate = derived(person.mail), overlay = derived(person.mail)',
    ],
    ['SELECT upper(substr(mail, 1, 3)) FROM person', 'upper = derived(person.mail)'],
    ['SELECT mail COLLATE "C" FROM person', 'mail = person.mail'],
    [
      'SELECT mail::text, mail::varchar, tel::text, mail::mail_text, contact::text FROM person, firm',
      'mail = person.mail, mail = person.mail, tel = person.tel, mail = person.mail, contact = firm.contact; uses: fallible person.mail',
    ],
    ['SELECT mail::varchar(5), mail::char(5) FROM person', 'mail = derived(person.mail), mail = derived(person.mail)'],
    [
      'SELECT id::text, born::text, doc::text, tags::text FROM person',
      'id = text(person.id), born = text(person.born), doc = text(person.doc), tags = text(person.tags)',
    ],
    [
      'SELECT code::bigint, code::numeric, pay::int, mail::int FROM person',
      'code = derived(person.code), code = derived(person.code), pay = derived(person.pay), mail = derived(person.mail); uses: fallible person.pay, fallible person.mail',
    ],
    [
      "SELECT to_char(born, 'YYYY'), extract(year FROM born), born + 1, age(born) FROM person",
      'to_char = derived(person.born), extract = derived(person.born), ?column? = derived(person.born), age = derived(person.born)',
    ],
    [
      'SELECT code + 1, code * 2, code + 2000000000, pay * 12, pay / 12, 1 / code FROM person',
      '?column? = derived(person.code), ?column? = derived(person.code), ?column? = derived(person.code), ?column? = derived(person.pay), ?column? = derived(person.pay), ?column? = derived(person.code); uses: fallible person.code',
    ],
    ['SELECT 1 / (ascii(mail) - 97) FROM person', '?column? = derived(person.mail); uses: fallible person.mail'],
    [
      "SELECT mail > 'm', mail = 'x', mail IS NULL FROM person",
      '?column? = derived(person.mail), ?column? = derived(person.mail), ?column? = none; uses: null_test person.mail',
    ],
    [
      "SELECT mail LIKE 'a%' AND 1 / id > 0 FROM person",
      '?column? = derived(person.mail person.id); uses: predicate person.mail, fallible person.id, predicate person.id',
    ],
    [
      'SELECT CASE WHEN id > 1 THEN mail ELSE tel END FROM person',
      'tel = person.mail person.tel; uses: predicate person.id',
    ],
    ["SELECT CASE mail WHEN 'x' THEN 1 END FROM person", 'case = none; uses: lookup person.mail'],
    [
      "SELECT coalesce(mail, tel, 'none'), nullif(mail, ''), greatest(mail, 'm') FROM person",
      'coalesce = person.mail person.tel, nullif = person.mail, greatest = person.mail; uses: null_test person.mail, null_test person.tel, lookup person.mail, predicate person.mail',
    ],
    ['SELECT coalesce(sum(pay), 0) FROM person', 'coalesce = derived(person.pay)'],
    [
      'SELECT coalesce(substr(mail, 1, 1), (1 / id)::text) FROM person',
      'coalesce = derived(person.mail person.id); uses: fallible person.id, null_test person.mail',
    ],
    [
      `SELECT coalesce(substring(mail FROM '^a'), (1 / id)::text) FROM person`,
      'coalesce = derived(person.mail person.id); uses: fallible person.id, predicate person.mail',
    ],
    [
      'SELECT current_user, now(), random(), $1::text, 1 + 1',
      'current_user = none, now = none, random = none, text = none, ?column? = none',
    ],
    ["SELECT repeat('x', ascii(mail)) FROM person", 'repeat = derived(person.mail); uses: fallible person.mail'],
    [
      'SELECT pg_typeof(mail), pg_column_size(mail) FROM person',
      'pg_typeof = none, pg_column_size = derived(person.mail)',
    ],
    [
      'SELECT nosuch(mail) FROM person',
      'nosuch = derived(person.mail ?function nosuch is not in the catalog); unknown: function nosuch is not in the catalog',
    ],
    [
      'SELECT int4(mail), text(code) FROM person',
      'int4 = derived(person.mail), text = text(person.code); uses: fallible person.mail',
    ],
  ],
  aggregates: [
    [
      'SELECT count(*), count(mail), count(DISTINCT mail), count(lower(mail)) FROM person',
      'count = none, count = none, count = none, count = none; uses: count person.mail',
    ],
    [
      'SELECT count(DISTINCT left(mail, 1)), count(substr(mail, 2)) FROM person',
      'count = none, count = none; uses: predicate person.mail, count person.mail',
    ],
    [
      'SELECT min(mail), max(mail), sum(pay), avg(pay) FROM person',
      'min = person.mail, max = person.mail, sum = derived(person.pay), avg = derived(person.pay); uses: group person.mail',
    ],
    [
      'SELECT array_agg(mail), json_agg(mail), jsonb_agg(p) FROM person p',
      'array_agg = [person.mail], json_agg = json([person.mail]), jsonb_agg = json([(id: person.id, name: person.name, mail: person.mail, tel: person.tel, born: person.born, pay: person.pay, code: person.code, doc: person.doc, tags: person.tags, home: person.home, active: person.active, shout: person.shout)])',
    ],
    [
      "SELECT count(*) FILTER (WHERE mail = 'x'), sum(pay) FILTER (WHERE mail LIKE 'x%') FROM person",
      'count = none, sum = derived(person.pay); uses: lookup person.mail, predicate person.mail',
    ],
    [
      'SELECT mode() WITHIN GROUP (ORDER BY mail), percentile_disc(0.5) WITHIN GROUP (ORDER BY pay), percentile_cont(0.5) WITHIN GROUP (ORDER BY pay) FROM person',
      'mode = person.mail, percentile_disc = person.pay, percentile_cont = derived(person.pay); uses: group person.mail, group person.pay',
    ],
    [
      'SELECT percentile_disc(0) WITHIN GROUP (ORDER BY ROW(mail, id)) AS a, mode() WITHIN GROUP (ORDER BY jsonb_build_object(1, tel)) AS b, min(ARRAY[pay]) AS c FROM person',
      'a = (f1: person.mail, f2: person.id), b = json((1: person.tel)), c = [person.pay]; uses: predicate person.mail, predicate person.id, predicate person.tel, predicate person.pay',
    ],
    [
      'SELECT percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY mail) FROM person',
      'percentile_disc = [person.mail]; uses: group person.mail',
    ],
    [
      'SELECT row_number() OVER (ORDER BY mail), lag(mail) OVER (PARTITION BY tel), first_value(mail) OVER w FROM person WINDOW w AS (ORDER BY id)',
      'row_number = none, lag = person.mail, first_value = person.mail; uses: order person.mail, group person.tel, order person.id',
    ],
    ["SELECT string_agg(mail, ',' ORDER BY tel) FROM person", 'string_agg = text(person.mail); uses: order person.tel'],
    [
      "SELECT bool_and(mail LIKE 'a%'), grouping(tel) FROM person GROUP BY tel",
      'bool_and = derived(person.mail), grouping = none; uses: group person.tel',
    ],
    [
      "SELECT max(e) FROM (SELECT mail e FROM person UNION ALL SELECT 'm') q",
      'max = person.mail; uses: predicate person.mail',
    ],
    ['SELECT jsonb_object_agg(id, mail) FROM person', 'jsonb_object_agg = derived(person.id person.mail)'],
  ],
  arrays: [
    ['SELECT tags, tags[1], tags[1:2] FROM person', 'tags = person.tags, tags = person.tags/[], tags = person.tags'],
    ['SELECT unnest(tags) FROM person', 'unnest = person.tags/[]; uses: count person.tags'],
    ['SELECT t FROM person, unnest(tags) t', 't = person.tags/[]; uses: count person.tags'],
    ['SELECT ARRAY[mail, tel], (ARRAY[mail])[1] FROM person', 'array = [person.mail person.tel], array = person.mail'],
    ['SELECT ARRAY(SELECT mail FROM person)', 'array = [person.mail]'],
    ['SELECT (array_agg(mail))[1] FROM person', 'array_agg = person.mail'],
    ['SELECT unnest(ARRAY[mail]) FROM person', 'unnest = person.mail; uses: count person.mail'],
    [
      "SELECT array_append(tags, mail), tags || 'x'::text, array_to_string(tags, ',') FROM person",
      'array_append = [person.tags/[] person.mail], ?column? = [person.tags/[]], array_to_string = text(person.tags)',
    ],
    [
      "SELECT unnest(string_to_array(mail, 'a')) FROM person",
      'unnest = derived(person.mail); uses: predicate person.mail',
    ],
    [
      'SELECT a, b FROM person, unnest(tags, ARRAY[mail]) AS u(a, b)',
      'a = person.tags/[], b = person.mail; uses: count person.tags, count person.mail',
    ],
    [
      'SELECT string_to_table(mail, NULL) FROM person',
      'string_to_table = derived(person.mail); uses: predicate person.mail',
    ],
    [
      'SELECT array_length(tags, 1), cardinality(tags) FROM person',
      'array_length = derived(person.tags), cardinality = derived(person.tags)',
    ],
  ],
  documents: [
    [
      "SELECT doc->'a', doc->>'a', doc#>>'{a,b}', doc->'a'->>'b' FROM person",
      '?column? = person.doc/a, ?column? = person.doc/a, ?column? = person.doc/a/b, ?column? = person.doc/a/b',
    ],
    [
      "SELECT doc->0, doc->$1, doc->lower('A'), doc['a'] FROM person",
      '?column? = person.doc/[], ?column? = derived(person.doc), ?column? = derived(person.doc), doc = person.doc/a',
    ],
    [
      "SELECT doc#>>'{a,0}', doc || '{}', doc - 'a' FROM person",
      '?column? = derived(person.doc/a), ?column? = derived(person.doc), ?column? = derived(person.doc)',
    ],
    [
      "SELECT jsonb_path_query(doc, '$.a.b'), jsonb_path_query_first(doc, '$.a[*]'), jsonb_path_query(doc, '$.** ? (@ == 1)') FROM person",
      'jsonb_path_query = person.doc/a/b/[], jsonb_path_query_first = person.doc/a/[], jsonb_path_query = derived(person.doc); uses: count person.doc/a/b, count person.doc/a/[], predicate person.doc',
    ],
    [
      'SELECT to_jsonb(f), row_to_json(f), to_json(title) FROM firm f',
      'to_jsonb = json((id: firm.id, title: firm.title, boss_id: firm.boss_id, contact: firm.contact)), row_to_json = json((id: firm.id, title: firm.title, boss_id: firm.boss_id, contact: firm.contact)), to_json = json(firm.title)',
    ],
    [
      "SELECT to_jsonb(p)->>'mail', to_jsonb(p)->'born', to_jsonb(p)->>'born' FROM person p",
      '?column? = person.mail, ?column? = json(person.born), ?column? = text(person.born)',
    ],
    [
      "SELECT json_build_object('a', mail, 'b', json_build_array(tel)) FROM person",
      'json_build_object = json((a: person.mail, b: [person.tel]))',
    ],
    ['SELECT json_build_object(mail, 1) FROM person', 'json_build_object = derived(person.mail)'],
    ["SELECT json_build_object('a', mail, 'a', 1) FROM person", 'json_build_object = json(derived(person.mail))'],
    ["SELECT json_agg(json_build_object('m', mail))->0->>'m' FROM person", '?column? = person.mail'],
    [
      "SELECT jsonb_array_elements(doc->'a'), jsonb_array_elements_text(doc) FROM person",
      'jsonb_array_elements = person.doc/a/[], jsonb_array_elements_text = person.doc/[]; uses: count person.doc/a, count person.doc',
    ],
    [
      'SELECT key, value FROM person, jsonb_each_text(doc)',
      'key = derived(person.doc), value = derived(person.doc); uses: count person.doc',
    ],
    [
      'SELECT x.a, x.b FROM person, jsonb_to_record(doc) AS x(a text, b int)',
      'a = person.doc/a, b = derived(person.doc/b); uses: fallible person.doc/b',
    ],
    ['SELECT x.a FROM person, jsonb_to_recordset(doc) AS x(a text)', 'a = person.doc/[]/a; uses: count person.doc'],
    [
      'SELECT row_to_json(q) AS o FROM (SELECT id, mail FROM person) q UNION ALL SELECT row_to_json(f) FROM (SELECT id, title, ROW(boss_id) AS mail FROM firm) f',
      'o = json((id: person.id firm.id, mail: derived(person.mail firm.boss_id), title: firm.title))',
    ],
    [
      "SELECT jsonb_build_array(jsonb_build_object('a', id)) AS o FROM person UNION SELECT jsonb_build_array(jsonb_build_object('b', mail)) FROM person",
      'o = json([(a: person.id, b: person.mail)]); uses: group person.id, group person.mail',
    ],
    [
      'SELECT q AS o FROM (SELECT id, mail FROM person) q UNION ALL SELECT f FROM (SELECT id, title FROM firm) f',
      'o = derived(person.id person.mail firm.id firm.title)',
    ],
    [
      'SELECT row_to_json(q)::text AS a, to_jsonb(q)::varchar AS b FROM (SELECT id, mail FROM person) q',
      'a = text of (id: person.id, mail: person.mail), b = text of (id: person.id, mail: person.mail)',
    ],
    [
      "SELECT coalesce(json_agg(q)::text, '[]') AS a, d FROM (SELECT mail FROM person) q, LATERAL (SELECT to_json(mail)::text AS d) p GROUP BY 2",
      'a = text of [(mail: person.mail)], d = text of person.mail; uses: null_test person.mail, predicate person.mail',
    ],
    // Cut, ordered by, or among others it is computed, of which nothing is shown.
    [
      'SELECT row_to_json(q)::varchar(9) AS a, row_to_json(q)::name AS b, row_to_json(q)::text::name::text AS c FROM (SELECT id, mail FROM person) q',
      'a = text(person.id person.mail), b = text(person.id person.mail), c = text(person.id person.mail)',
    ],
    [
      'SELECT min(j) AS a, mode() WITHIN GROUP (ORDER BY j) AS b, percentile_disc(0.5) WITHIN GROUP (ORDER BY j) AS c FROM (SELECT row_to_json(p)::text AS j FROM (SELECT id, mail FROM person) p) q',
      'a = text(person.id person.mail), b = text(person.id person.mail), c = text(person.id person.mail)',
    ],
    [
      "SELECT upper(j) AS a, j || '' AS b, ARRAY[j] AS c, to_json(j) AS d, trim(j) AS e FROM (SELECT to_json(mail)::text AS j FROM person) q",
      'a = text(person.mail), b = text(person.mail), c = [text(person.mail)], d = json(text of person.mail), e = text(person.mail)',
    ],
    [
      'SELECT to_json(mail)::text AS j FROM person UNION ALL SELECT to_json(tel)::text FROM person',
      'j = text(person.mail person.tel)',
    ],
    [
      'SELECT row_to_json(q) FROM (SELECT id, mail FROM person) q',
      'row_to_json = json((id: person.id, mail: person.mail))',
    ],
    [
      "SELECT JSON_OBJECT('m': mail), JSON_ARRAY(mail, tel), JSON_ARRAYAGG(mail) FROM person",
      'json_object = json((m: person.mail)), json_array = json([person.mail person.tel]), json_arrayagg = json([person.mail])',
    ],
    [
      "SELECT JSON_VALUE(doc, '$.a'), JSON_QUERY(doc, '$.a'), JSON_EXISTS(doc, '$.a') FROM person",
      'json_value = person.doc/a, json_query = person.doc/a, json_exists = derived(person.doc)',
    ],
    [
      "SELECT t.m FROM person, JSON_TABLE(doc, '$.a' COLUMNS (m text PATH '$.m')) t",
      'm = person.doc/a/[]/m; uses: count person.doc/a/[]',
    ],
    [
      `SELECT 1 FROM person, JSON_TABLE(doc, '$.a ? (@ starts with "x")' COLUMNS (n FOR ORDINALITY)) t`,
      '?column? = none; uses: predicate person.doc',
    ],
    [
      `SELECT 1 FROM person, JSON_TABLE(doc, '$.a' COLUMNS (m int PATH '$.m' ERROR ON ERROR)) t`,
      '?column? = none; uses: count person.doc/a/[], fallible person.doc/a/[]/m',
    ],
    [
      `SELECT 1 FROM person, XMLTABLE('/a[. = "x"]' PASSING xmlelement(name a, mail) COLUMNS v text PATH '.')`,
      '?column? = none; uses: predicate person.mail',
    ],
    ['SELECT |/ length(mail) FROM person', '?column? = derived(person.mail); uses: fallible person.mail'],
    ['SELECT (length(mail) - 9)::"char" FROM person', 'char = derived(person.mail); uses: fallible person.mail'],
    ['SELECT length(mail)::int8::oid FROM person', 'length = derived(person.mail); uses: fallible person.mail'],
    [
      'SELECT option_name FROM person, pg_options_to_table(ARRAY[mail]) o',
      'option_name = derived(person.mail); uses: predicate person.mail',
    ],
    [`SELECT row_to_json(ROW(1), mail = 'x') FROM person`, 'row_to_json = derived(person.mail)'],
    [`SELECT length(mail::bytea, 'UTF8') FROM person`, 'length = derived(person.mail); uses: fallible person.mail'],
    [
      'SELECT xmlelement(name a, mail), xmlforest(tel) FROM person',
      'xmlelement = text(person.mail), xmlforest = text(person.tel)',
    ],
    [
      "SELECT v FROM person, XMLTABLE('/a' PASSING xmlelement(name a, mail) COLUMNS v text PATH '.')",
      'v = derived(person.mail); uses: count person.mail',
    ],
    [
      "SELECT json_populate_record(NULL::firm, '{}')",
      'json_populate_record = (id: derived(), title: derived(), boss_id: derived(), contact: derived())',
    ],
    ['SELECT jsonb_pretty(to_jsonb(mail)) FROM person', 'jsonb_pretty = text(person.mail)'],
  ],
  views: [
    [
      'SELECT * FROM v_person',
      'key = person.id, contact = person.mail, cry = text(person.name); uses: lookup person.active in public.v_person',
    ],
    ['SELECT c FROM v_deep', 'c = person.mail; uses: lookup person.active in public.v_person'],
    [
      'SELECT v FROM v_deep v',
      'v = (c: person.mail, cry: text(person.name)); uses: lookup person.active in public.v_person',
    ],
    ['SELECT * FROM mv', 'id = mv.id person.id, m = mv.m person.mail, n = text(mv.n person.name)'],
    ['SELECT relname, relkind FROM pg_class', 'relname = pg_class.relname, relkind = pg_class.relkind'],
    ['SELECT most_common_vals FROM pg_stats', 'most_common_vals = pg_stats.most_common_vals'],
    ['SELECT table_name FROM information_schema.tables', 'table_name = tables.table_name'],
    [
      "SELECT pg_get_functiondef(1), pg_get_viewdef('v_person'::regclass), obj_description(1, 'pg_class')",
      'pg_get_functiondef = text(pg_proc.prosrc/printed), pg_get_viewdef = text(pg_rewrite.ev_action/printed), obj_description = text(pg_description.description/printed)',
    ],
    [
      'SELECT substring(pg_catalog.pg_get_expr(adbin, adrelid, true) for 128) FROM pg_attrdef',
      'substring = text(pg_attrdef.adbin/printed)',
    ],
    [
      'SELECT "substring"(pg_get_constraintdef(c.oid), 7), substr(pg_catalog.pg_get_constraintdef(c.oid, true), 7) FROM pg_constraint c',
      'substring = text(pg_constraint.conbin/printed), substr = text(pg_constraint.conbin/printed)',
    ],
    [
      'SELECT substr(pg_get_constraintdef(oid), 8), substr(pg_get_constraintdef(oid), 7, 9), substr(pg_get_viewdef(oid), 7), substr(upper(pg_get_constraintdef(oid)), 7), substr(d, 7) FROM (SELECT *, pg_get_constraintdef(oid) AS d FROM pg_constraint) c',
      'substr = derived(pg_constraint.conbin/printed), substr = derived(pg_constraint.conbin/printed), substr = derived(pg_rewrite.ev_action/printed), substr = derived(pg_constraint.conbin/printed), substr = derived(pg_constraint.conbin/printed)',
    ],
    [
      'SELECT substring(pg_catalog.pg_get_expr(adbin, adrelid) for 12), substring(pg_catalog.pg_get_expr(adbin, adrelid) from 2 for 128), substring(lower(pg_catalog.pg_get_expr(adbin, adrelid)) for 128), substring(pg_catalog.col_description(1, 1) for 128) FROM pg_attrdef',
      'substring = derived(pg_attrdef.adbin/printed), substring = derived(pg_attrdef.adbin/printed), substring = derived(pg_attrdef.adbin/printed), substring = derived(pg_description.description/printed)',
    ],
    [
      "SELECT current_setting('server_version_num')::int / 10000 AS v, CAST(current_setting('Block_Size') AS numeric) AS b, current_setting('autovacuum_freeze_max_age', true)::float8 AS a",
      'v = none, b = none, a = none',
    ],
    [
      "SELECT current_setting('work_mem') AS w, current_setting('app.block_size')::int AS o, current_setting('server' || mail) AS x FROM person",
      'w = text(pg_settings.setting/printed), o = derived(pg_settings.setting/printed), x = derived(pg_settings.setting/printed person.mail); uses: fallible pg_settings.setting/printed, sink person.mail, fallible person.mail',
    ],
    ['SELECT name, setting FROM pg_settings', 'name = pg_settings.name, setting = pg_settings.setting'],
  ],
  routines: [
    ['SELECT mail_of(3)', 'mail_of = person.mail; uses: lookup person.id'],
    ['SELECT mail_of(id) FROM firm', 'mail_of = person.mail; uses: join person.id, join firm.id'],
    ['SELECT * FROM cards(1)', 'who = person.name, n = none; uses: predicate person.id, group person.name'],
    ['SELECT (cards(1)).who', 'who = person.name; uses: predicate person.id, group person.name'],
    ['SELECT who FROM cards(1) AS c(who)', 'who = person.name; uses: predicate person.id, group person.name'],
    [
      'SELECT doc_of(1)',
      'doc_of = json((id: person.id, name: person.name, mail: person.mail, tel: person.tel, born: person.born, pay: person.pay, code: person.code, doc: person.doc, tags: person.tags, home: person.home, active: person.active, shout: person.shout)); uses: lookup person.id',
    ],
    ["SELECT d->>'mail' FROM doc_of(1)", '?column? = person.mail; uses: lookup person.id'],
    ['SELECT atomic_sum(code, 1) FROM person', 'atomic_sum = derived(person.code); uses: fallible person.code'],
    ['SELECT glued(mail, tel) FROM person', 'glued = text(person.mail person.tel)'],
    ["SELECT defaulted(), defaulted('x')", 'defaulted = person.mail, defaulted = none; uses: group person.mail'],
    [
      'SELECT secret_of(1)',
      'secret_of = derived(person.tel person.id); uses: lookup person.id; opaque: public.secret_of(person.tel person.id)',
    ],
    [
      `SELECT id FROM moved(ARRAY[('a', 'b')::address], ('a', 'b')::address)`,
      'id = derived(visit.id visit.person_id visit.day visit.ms visit.note); opaque: public.moved(visit.id visit.person_id visit.day visit.ms visit.note)',
    ],
    [
      `SELECT changed(ARRAY[('a', 'b')::address], ('a', 'b')::address)`,
      'changed = none; uses: predicate person.mail, predicate person.tel, predicate person.name; visit.note <- derived(person.mail person.tel person.name ?function town is not in the catalog); item.label <- derived(person.mail person.tel person.name); gadget.label <- derived(person.mail person.tel person.name); opaque: public.changed(person.mail person.tel person.name); unknown: function town is not in the catalog',
    ],
    [
      `SELECT fielded(1, ('a', 'b')::address)`,
      'fielded = none; uses: lookup person.id; item.label <- derived(person.name person.id); gadget.label <- derived(person.name person.id); opaque: public.fielded(person.name person.id)',
    ],
    [
      `SELECT handed(('a', 'b')::address)`,
      'handed = none; uses: sink person.mail; item.label <- derived(person.mail); gadget.label <- derived(person.mail); opaque: public.give(person.mail), public.handed(person.mail)',
    ],
    [
      'SELECT secret_of(code) FROM person',
      'secret_of = derived(person.code person.tel person.id); uses: sink person.code, join person.id, join person.code; opaque: public.secret_of(person.code person.tel person.id)',
    ],
    [
      "SELECT dynamic('x')",
      'dynamic = derived(?SQL that a body puts together); opaque: public.dynamic(); unknown: SQL that a body puts together',
    ],
    ['SELECT a.mail FROM all_people() a', 'mail = person.mail'],
    ["SELECT query_to_xml('select 1', true, true, '')", 'query_to_xml = derived(?function pg_catalog.query_to_xml)'],
    ["SELECT table_to_xml('person', true, true, '')", 'table_to_xml = derived(?function pg_catalog.table_to_xml)'],
    [
      "SELECT pg_read_file('x'), lo_get(1)",
      'pg_read_file = derived(?function pg_catalog.pg_read_file), lo_get = derived(?function pg_catalog.lo_get)',
    ],
    [
      "SELECT set_config('a.b', mail, false), pg_notify('c', mail) FROM person",
      'set_config = person.mail, pg_notify = none; uses: fallible person.mail, sink person.mail',
    ],
    [
      "SELECT nextval('s'), pg_sleep(code) FROM person",
      'nextval = none, pg_sleep = none; uses: fallible person.code, sink person.code',
    ],
    ["SELECT mail <-> 'x' FROM person", '?column? = derived(person.mail)'],
    ["CALL note('x')", ''],
    ["CALL give('')", 'v = derived(person.mail); opaque: public.give(person.mail)'],
    ['DO $$ BEGIN PERFORM 1; END $$', 'opaque: DO()'],
    [
      "DO $$ DECLARE r record; BEGIN FOR r IN SELECT mail FROM person LOOP RAISE NOTICE '%', r.mail; END LOOP; END $$",
      'opaque: DO(person.mail)',
    ],
    ["DO $$ BEGIN EXECUTE 'SELECT ' || 'mail FROM person'; END $$", 'opaque: DO(person.mail)'],
    [
      "DO $$ BEGIN EXECUTE 'INSERT INTO visit(id, note) SELECT 1, mail FROM person'; END $$",
      'visit.note <- person.mail; opaque: DO()',
    ],
    [
      'DO $$ DECLARE v text; BEGIN SELECT mail INTO v FROM person; UPDATE visit SET note = v; END $$',
      'visit.note <- derived(person.mail); opaque: DO(person.mail)',
    ],
  ],
  writes: [
    ['INSERT INTO visit(id, note) VALUES (1, $1)', ''],
    ["INSERT INTO booked(id, span) VALUES (1, '[2020-01-01,)')", 'uses: group booked.span'],
    ["INSERT INTO booked(id, since, till) VALUES (1, '2020-01-01', $1)", 'uses: group booked.since, group booked.till'],
    ['UPDATE booked SET room = 3 WHERE id = 1', 'uses: lookup booked.id'],
    ['COPY booked (id, span) FROM STDIN', 'uses: group booked.span'],
    ['COPY item FROM STDIN WHERE mail_of(id) > label', 'uses: predicate person.id, predicate person.mail'],
    ['INSERT INTO visit(id, note) SELECT id, mail FROM person', 'visit.id <- person.id; visit.note <- person.mail'],
    [
      'INSERT INTO visit SELECT id, id, born, 1, mail FROM person',
      'visit.id <- person.id; visit.person_id <- person.id; visit.day <- person.born; visit.note <- person.mail',
    ],
    [
      'INSERT INTO person(id, mail) SELECT id, title FROM firm RETURNING mail, shout',
      'mail = person.mail firm.title, shout = text(person.shout firm.title); person.id <- firm.id; person.mail <- firm.title; person.shout <- text(firm.title)',
    ],
    [
      'INSERT INTO firm(id, title) SELECT id, mail FROM person ON CONFLICT (id) DO UPDATE SET contact = EXCLUDED.title RETURNING contact',
      'contact = firm.contact person.mail; uses: join firm.id, join person.id; firm.id <- person.id; firm.title <- person.mail; firm.contact <- person.mail',
    ],
    ['INSERT INTO visit(note) VALUES ((SELECT mail FROM person))', 'visit.note <- person.mail'],
    [
      'INSERT INTO v_person(key, contact) SELECT id, title FROM firm',
      'person.id <- firm.id; person.mail <- firm.title',
    ],
    ['INSERT INTO ruled(id) VALUES (1) RETURNING v', 'v = ruled.v; unknown: relation public.ruled has rules'],
    ['INSERT INTO item(label) SELECT mail FROM person', 'item.label <- person.mail; gadget.label <- person.mail'],
    [
      'UPDATE visit SET note = p.mail FROM person p WHERE p.id = person_id RETURNING note',
      'note = visit.note person.mail; uses: join person.id, join visit.person_id; visit.note <- person.mail',
    ],
    [
      'UPDATE visit v SET (note, day) = (SELECT mail, born FROM person WHERE id = v.id)',
      'uses: join person.id, join visit.id; visit.note <- person.mail; visit.day <- person.born',
    ],
    [
      'UPDATE person SET mail = lower(mail) WHERE id = 1 RETURNING id, mail',
      'id = person.id, mail = text(person.mail); uses: lookup person.id; person.shout <- text(person.mail)',
    ],
    ['UPDATE person SET tags[1] = name', 'person.tags <- derived(person.name)'],
    ["UPDATE person SET mail = 'x' WHERE mail = 'y'", 'uses: lookup person.mail'],
    [
      `UPDATE person SET doc = jsonb_set(coalesce(doc, '{}'), '{a,b}', to_jsonb($1::text))`,
      'uses: null_test person.doc',
    ],
    [`UPDATE person SET doc = jsonb_insert(doc, '{a}', '1') || '{"b": 2}'`, ''],
    [`UPDATE person SET doc = doc #- '{a,b}'`, ''],
    [`UPDATE person SET doc = doc - ARRAY['a', 'b']`, 'uses: lookup person.doc'],
    [`UPDATE person SET tags = array_remove(tags, 'a')`, 'uses: lookup person.tags; person.tags <- [person.tags/[]]'],
    [`UPDATE person SET doc = jsonb_set(doc, '{a}', doc -> 'b')`, 'person.doc <- derived(person.doc person.doc/b)'],
    [
      `UPDATE person SET doc = jsonb_set(doc, ARRAY[mail], '1')`,
      'uses: fallible person.mail; person.doc <- derived(person.doc person.mail)',
    ],
    [
      'DELETE FROM visit USING person p WHERE p.id = person_id RETURNING p.mail',
      'mail = person.mail; uses: join person.id, join visit.person_id',
    ],
    [
      'MERGE INTO visit v USING person p ON v.id = p.id WHEN MATCHED THEN UPDATE SET note = p.mail WHEN NOT MATCHED THEN INSERT (id, note) VALUES (p.id, p.tel)',
      'uses: join visit.id, join person.id; visit.note <- person.mail person.tel; visit.id <- person.id',
    ],
    [
      'WITH w AS (INSERT INTO visit(id, note) SELECT id, mail FROM person RETURNING note) SELECT note FROM w',
      'note = visit.note person.mail; visit.id <- person.id; visit.note <- person.mail',
    ],
    ['CREATE TABLE t AS SELECT mail AS title FROM person', 'new t.title <- person.mail'],
    ['CREATE TEMP TABLE t(a) AS SELECT mail FROM person', 'new t.a <- person.mail'],
    ['SELECT mail INTO t FROM person', 'new t.mail <- person.mail'],
    ['CREATE VIEW v AS SELECT mail AS a FROM person', 'new v.a <- person.mail'],
    ['CREATE MATERIALIZED VIEW m AS SELECT upper(mail) FROM person', 'new m.upper <- text(person.mail)'],
    ['ALTER TABLE visit ALTER note TYPE text USING (SELECT mail FROM person)', 'visit.note <- person.mail'],
    [
      'ALTER TABLE person ADD COLUMN slug text GENERATED ALWAYS AS (reverse(mail)) STORED',
      'new person.slug <- derived(person.mail)',
    ],
    ['CREATE TABLE n (a text DEFAULT first_mail())', 'uses: sink person.mail'],
    ['CREATE TABLE n (a int CHECK (a > 1), b timestamptz DEFAULT now())', ''],
    ['ALTER TABLE visit ALTER note SET DEFAULT first_mail()', 'uses: sink person.mail'],
    ['CREATE DOMAIN d AS text DEFAULT first_mail()', 'uses: sink person.mail'],
    [
      'CREATE POLICY p ON visit USING (note <> first_mail())',
      'uses: group person.mail, predicate visit.note, predicate person.mail, sink person.mail',
    ],
    ["ALTER TABLE person ADD CHECK (mail > 'm')", 'uses: predicate person.mail'],
    ['CREATE INDEX ON person ((1 / ascii(mail)))', 'uses: fallible person.mail, predicate person.mail'],
    ['CREATE INDEX ON person (lower(mail))', ''],
    [`CREATE INDEX ON person (split_part(mail, '@', 2))`, 'uses: predicate person.mail'],
    ['ALTER TABLE person ALTER mail SET NOT NULL', 'uses: null_test person.mail'],
    ['COPY firm TO STDOUT', 'id = firm.id, title = firm.title, boss_id = firm.boss_id, contact = firm.contact'],
    ['COPY firm (title) TO STDOUT', 'title = firm.title'],
    ['COPY (SELECT mail FROM person) TO STDOUT', 'mail = person.mail'],
    ['COPY firm FROM STDIN', ''],
  ],
  sessions: [
    ['PREPARE p AS SELECT mail FROM person', 'mail = person.mail; defines prepared p'],
    ['EXECUTE p', 'result of prepared p'],
    ['DECLARE c CURSOR FOR SELECT mail FROM person', 'mail = person.mail; defines cursor c'],
    ['FETCH ALL FROM c', 'result of cursor c'],
    ['MOVE c', ''],
    [
      "EXPLAIN SELECT id FROM person WHERE mail LIKE 'x%'",
      'QUERY PLAN = text(pg_rewrite.ev_action/printed); uses: predicate person.mail',
    ],
    [
      'EXPLAIN ANALYZE INSERT INTO visit(id, note) SELECT id, mail FROM person',
      'QUERY PLAN = text(pg_rewrite.ev_action/printed); visit.id <- person.id; visit.note <- person.mail',
    ],
    ['SHOW search_path', 'search_path = text(pg_settings.setting/printed)'],
    ['BEGIN', ''],
    ['LISTEN x', ''],
    ["SET application_name = 'x'", ''],
    [
      'CREATE TABLE t AS EXECUTE p',
      'new t.* <- derived(?CREATE TABLE AS EXECUTE p); unknown: CREATE TABLE AS EXECUTE p',
    ],
  ],
  texts: [
    ['BEGIN; SELECT mail FROM person; COMMIT', ' ;; mail = person.mail ;; '],
    [
      'CREATE TEMP TABLE firm AS SELECT mail AS title FROM person; SELECT title FROM firm',
      'new firm.title <- person.mail ;; title = person.mail',
    ],
    [
      'CREATE TEMP TABLE firm AS SELECT mail AS title FROM person; SELECT title FROM public.firm',
      'new firm.title <- person.mail ;; title = firm.title',
    ],
    [
      'CREATE TABLE t (a text); SELECT a FROM t',
      ' ;; a = derived(?relation t is not known at this place); unknown: relation t is not known at this place',
    ],
    [
      'INSERT INTO visit(id, note) SELECT id, mail FROM person; SELECT note FROM visit',
      'visit.id <- person.id; visit.note <- person.mail ;; note = visit.note person.mail',
    ],
    [
      'SET search_path = other; SELECT title FROM firm',
      ' ;; title = firm.title; unknown: after SET search_path names may mean something else',
    ],
    [
      'DROP TABLE firm; SELECT title FROM firm',
      ' ;; title = firm.title; unknown: after DROP names may mean something else',
    ],
    ["SELECT E'a\\'b', mail FROM person -- '", '?column? = none, mail = person.mail'],
    ["SELECT $a$ ' $b$ -- $a$, mail FROM person", '?column? = none, mail = person.mail'],
    ['((SELECT mail FROM person))', 'mail = person.mail'],
  ],
};
