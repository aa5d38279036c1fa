import { redTeam } from './red-team.ts';

redTeam('update', [
  {
    technique: 'SET … FROM the parent',
    danger: 'UPDATE orders o SET total = 0 FROM customers c WHERE o.customer_id = c.id',
    neighbour:
      "UPDATE orders o SET total = 1 FROM customers c WHERE o.customer_id = c.id AND c.email = 'c3@shop.example'",
  },
  {
    technique: 'SET … FROM itself',
    danger: { sql: 'UPDATE orders SET total = 0 FROM orders x WHERE x.id = orders.id', send: 'extended' },
    neighbour: {
      sql: 'UPDATE orders SET total = v.t FROM (VALUES (1, 5), (2, 6)) v(id, t) WHERE orders.id = v.id',
      send: 'extended',
    },
  },
  {
    technique: 'status is one of all',
    danger: 'UPDATE orders SET total = 0 WHERE status IS NOT NULL OR status IS NULL',
    neighbour: "UPDATE orders SET total = 2 WHERE status = 'open'",
  },
  {
    technique: 'coalesce',
    danger: { sql: 'UPDATE customers SET score = 0 WHERE id = coalesce($1::int, id)', values: [null] },
    neighbour: { sql: 'UPDATE customers SET score = 1 WHERE id = coalesce($1::int, 0)', values: [4] },
  },
  {
    technique: 'nullif',
    danger: "UPDATE customers SET score = 0 WHERE nullif(name, '') IS NOT NULL",
    neighbour: "UPDATE customers SET score = 2 WHERE name IN ('Customer 5', 'Customer 6')",
  },
  {
    technique: 'greatest',
    danger: 'UPDATE customers SET score = 0 WHERE greatest(id, 0) = id',
    neighbour: 'UPDATE customers SET score = 3 WHERE id = greatest(7, 1)',
  },
  {
    technique: 'arithmetic',
    danger: 'UPDATE customers SET score = 0 WHERE id + 0 = id',
    neighbour: 'UPDATE customers SET score = score + 1 WHERE id = 4 + 4',
  },
  {
    technique: 'JSON',
    danger: "UPDATE customers SET score = 0 WHERE prefs @> '{}'",
    neighbour: 'UPDATE customers SET prefs = prefs || \'{"a": 1}\' WHERE id = 9',
  },
  {
    technique: 'arrays',
    danger: 'UPDATE orders SET total = 0 WHERE tags && tags',
    neighbour: "UPDATE orders SET total = 3 WHERE tags @> ARRAY['t1'] AND id = 5",
  },
  {
    technique: 'ranges',
    danger: "UPDATE orders SET total = 0 WHERE span && '[1900-01-01,2200-01-01]'",
    neighbour: "UPDATE orders SET total = 4 WHERE span && '[2023-01-05,2023-01-06]' AND id = 6",
  },
  {
    technique: 'all keys of an index',
    danger: 'UPDATE customers SET email = email || id WHERE email IS NOT NULL',
    neighbour: "UPDATE customers SET email = 'new@shop.example' WHERE email = 'c10@shop.example'",
  },
  {
    technique: 'self join in a sub-SELECT',
    danger:
      'UPDATE customers SET score = 0 WHERE id IN (SELECT a.id FROM customers a JOIN customers b ON a.manager_id = b.id)',
    neighbour:
      'UPDATE customers SET score = 4 WHERE id IN (SELECT a.id FROM customers a JOIN customers b ON a.manager_id = b.id WHERE b.id = 2 LIMIT 3)',
  },
  {
    technique: 'RETURNING through a CTE',
    danger: { sql: 'WITH u AS (UPDATE customers SET score = 0 RETURNING id) SELECT count(*) FROM u', send: 'binary' },
    neighbour: {
      sql: 'WITH u AS (UPDATE customers SET score = 5 WHERE id = 11 RETURNING id) SELECT count(*) FROM u',
      send: 'binary',
    },
  },
  {
    technique: 'ON CONFLICT over every key',
    danger: 'INSERT INTO settings SELECT key, value FROM settings ON CONFLICT (key) DO UPDATE SET value = NULL',
    neighbour: "INSERT INTO settings VALUES ('theme', 'light') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
  },
  {
    technique: 'ON CONFLICT, generated keys',
    danger:
      "INSERT INTO customers (id, name) SELECT g, 'x' FROM generate_series(1, 1000) g ON CONFLICT (id) DO UPDATE SET name = 'x'",
    leaves: ['sequences'],
    neighbour:
      "INSERT INTO customers (id, name) SELECT g, 'x' FROM generate_series(2001, 2003) g ON CONFLICT (id) DO NOTHING",
  },
  {
    technique: 'MERGE, not matched by key',
    danger: 'MERGE INTO customers c USING customers s ON c.id = s.id WHEN MATCHED THEN UPDATE SET score = 0',
    neighbour:
      "MERGE INTO settings t USING (VALUES ('mail', 'off')) s(k, v) ON t.key = s.k WHEN MATCHED THEN UPDATE SET value = s.v WHEN NOT MATCHED THEN INSERT VALUES (s.k, s.v)",
  },
  {
    technique: 'updatable view',
    danger: 'UPDATE open_orders SET total = 0',
    neighbour: 'UPDATE open_orders SET total = 9 WHERE id = 3',
  },
  {
    technique: 'partitioned parent',
    danger: { sql: 'UPDATE readings SET value = 0 WHERE at >= $1', values: ['2000-01-01'] },
    neighbour: { sql: 'UPDATE readings SET value = 1 WHERE id = $1', values: [5] },
  },
  {
    technique: 'FOREACH over all keys',
    danger:
      'DO $$ DECLARE k int; BEGIN FOREACH k IN ARRAY ARRAY(SELECT id FROM customers) LOOP UPDATE customers SET score = 0 WHERE id = k; END LOOP; END $$',
    neighbour:
      'DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM customers WHERE id = 12 LOOP UPDATE customers SET score = 6 WHERE id = r.id; END LOOP; END $$',
  },
  {
    technique: 'setval of another’s sequence',
    danger: "SELECT setval('orders_id_seq', 1)",
    neighbour: "SELECT nextval('ticket_no')",
  },
  {
    technique: 'setval, found by catalog',
    danger: { sql: "SELECT setval(pg_get_serial_sequence('orders', 'id'), 1)", send: 'extended' },
    neighbour: {
      sql: [
        'CREATE TABLE mine_serial (id serial, a int)',
        "SELECT setval(pg_get_serial_sequence('mine_serial', 'id'), 10)",
      ],
      send: 'extended',
    },
  },
  {
    technique: 'setval by OID',
    danger: "SELECT setval(oid::regclass, 1) FROM pg_class WHERE relname = 'ticket_no'",
    neighbour: "SELECT currval('ticket_no') FROM (SELECT nextval('ticket_no')) x",
  },
  {
    technique: 'large object overwritten through all',
    danger: "SELECT lo_put(oid, 0, 'x') FROM pg_largeobject_metadata",
    neighbour: 'SELECT lo_get(4711)',
  },
  {
    technique: 'COPY FROM STDIN of a file',
    danger: "COPY customers FROM '/etc/passwd'",
    neighbour: 'COPY (SELECT id FROM customers WHERE id = 1) TO STDOUT (FORMAT csv)',
  },
]);
