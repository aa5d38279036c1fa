-- session 55620be3-701a-4d09-bef4-b87f9db04c2a of dev@demo.test on prod-db

-- 2026-11-22T06:41:38.200Z  1: 3 rows, 7.2 ms, mask, 15 values masked
SELECT * FROM people LIMIT 3;
;

-- 2026-11-22T06:41:38.213Z  2: 0 rows, 8.1 ms, deny masking.no-inference
-- not repeatable: it did not succeed (denied)
--   SELECT email FROM people WHERE email LIKE '‹email:cba5e6bf93c4›';

-- 2026-11-22T06:41:38.240Z  3: 0 rows, 0.8 ms, deny production.no-drop
-- not repeatable: it did not succeed (denied)
--   DROP TABLE people;

-- 2026-11-22T06:41:38.244Z  4: 0 rows, 0.6 ms, allow, error 22012
-- not repeatable: it did not succeed (failed)
--   SELECT 1/0;

-- 2026-11-22T06:41:38.564Z  5: 0 rows, 0.8 ms, mask, error 42703
-- not repeatable: it did not succeed (failed)
--   SELECT nope FROM people;

-- 2026-11-22T06:41:38.572Z  6: 0 rows, 2.7 ms, allow, error 42703
-- not repeatable: it did not succeed (failed)
--   UPDATE people SET full_name = '‹?:32026a7255c0›' WHERE id = 1;

-- 2026-11-22T06:41:38.588Z  7: 1 row, 1.2 ms, allow
SELECT E'\033[31mred\033[0m' AS "evil
name";
;

-- 2026-11-22T06:41:38.599Z  8: 5 rows, 31 ms, mask, 10 values masked
COPY (SELECT * FROM payments LIMIT 5) TO STDOUT;
;

-- 2026-11-22T06:41:38.634Z  9: 0 rows, 3.1 ms, allow
BEGIN;
;

-- 2026-11-22T06:41:38.665Z  10: 1 row, 5.6 ms, allow
INSERT INTO orders (person_id, product_id, quantity) VALUES (1,1,1);
;

-- 2026-11-22T06:41:38.671Z  11: 0 rows, 6.3 ms, allow
ROLLBACK;
;

-- 2026-11-22T06:41:38.684Z  12: 0 rows, 1.5 ms, allow
PREPARE p(int) AS SELECT id FROM orders WHERE id = $1;
;

-- 2026-11-22T06:41:38.688Z  13: 1 row, 6.5 ms, allow
-- not repeatable: values in it are kept as keyed hashes only
--   EXECUTE p('‹?:8dd06823f27f›');
