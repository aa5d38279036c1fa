/** Values in errors, notices and the details of constraints. */
import type { Attack } from '../attack.ts';

const cast = (type: string, value = 'mail'): Attack => ({
  id: `error.cast-${type.replaceAll(' ', '-')}`,
  sql: `SELECT (${value})::${type} FROM patienten WHERE id = 3`,
});
const raised = (block: string) => `DO $$ BEGIN ${block} END $$`;
const THIRD = '(SELECT mail FROM patienten WHERE id = 3)';

export const errors: readonly Attack[] = [
  ...[
    'int',
    'boolean',
    'date',
    'uuid',
    'inet',
    'interval',
    'json',
    'jsonb',
    'float8',
    'numeric',
    'xml',
    'int4range',
    'text[]',
    'tsquery',
    'pg_lsn',
    'macaddr',
    'point',
    'regclass',
    'regtype',
    'regproc',
    'regnamespace',
    'regrole',
    'regconfig',
  ].map((type) =>
    cast(
      type,
      type === 'json' || type === 'jsonb'
        ? `'{"a": "' || mail || '" x}'`
        : type === 'xml'
          ? `'<a>' || mail`
          : type === 'text[]'
            ? `'{' || mail`
            : type === 'tsquery'
              ? `mail || ' ('`
              : /^reg(namespace|role)$/.test(type)
                ? 'nachname'
                : 'mail',
    ),
  ),
  { id: 'error.to-number', sql: `SELECT make_date(substr(versicherten_nr, 2)::int, 1, 1) FROM patienten WHERE id = 3` },
  { id: 'error.timezone', sql: `SELECT now() AT TIME ZONE mail FROM patienten WHERE id = 3` },
  { id: 'error.encoding-name', sql: `SELECT convert_to('a', mail) FROM patienten WHERE id = 3` },
  { id: 'error.decode', sql: `SELECT decode(mail, mail) FROM patienten WHERE id = 3` },
  { id: 'error.setting-name', sql: `SELECT current_setting(nachname) FROM patienten WHERE id = 3` },
  {
    id: 'error.regexp',
    sql: `SELECT regexp_replace('a', '(' || mail, '') FROM patienten WHERE id = 3`,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(`SELECT 'a' ~ ('[[:' || mail || ':]]') FROM patienten WHERE id = 3`);
      await wire.query(`SELECT to_regclass('x'), ('a.' || mail || '.b.c')::regclass FROM patienten WHERE id = 3`);
    },
  },
  { id: 'error.enum', sql: ["CREATE TYPE atk_e AS ENUM ('a')", `SELECT mail::atk_e FROM patienten WHERE id = 3`] },
  {
    id: 'error.json-context',
    sql: `SELECT ('["' || reverse(mail) || '" x]')::jsonb FROM patienten WHERE id = 3`,
    by: 'extended',
  },
  { id: 'error.composite', sql: `SELECT ('(' || mail || ',')::kontakt_t FROM patienten WHERE id = 3` },
  { id: 'error.extract-field', sql: `SELECT date_part(nachname, now()) FROM patienten WHERE id = 3` },
  { id: 'error.in-copy', sql: `SELECT mail::int FROM patienten WHERE id = 4`, by: 'copy' },
  { id: 'error.in-cursor', sql: 'SELECT (id || mail)::int FROM patienten', by: 'cursor' },
  { id: 'error.in-pipeline', sql: 'SELECT telefon::date FROM patienten', by: 'pipeline' },
  { id: 'error.in-where', sql: 'SELECT id FROM patienten WHERE mail::int > 3' },
  { id: 'error.in-order', sql: 'SELECT id FROM patienten ORDER BY mail::inet' },
  {
    id: 'error.in-function',
    sql: [
      'CREATE FUNCTION atk_int(t text) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN t::int; END $f$',
      'SELECT atk_int(mail) FROM patienten',
    ],
  },
  {
    id: 'error.caught',
    sql: [
      'CREATE FUNCTION atk_ca() RETURNS text LANGUAGE plpgsql AS $f$ DECLARE m text; BEGIN PERFORM mail::int FROM patienten; RETURN NULL; EXCEPTION WHEN others THEN GET STACKED DIAGNOSTICS m = MESSAGE_TEXT; RETURN m; END $f$',
      'SELECT atk_ca()',
    ],
  },
  { id: 'error.raise', sql: raised(`RAISE EXCEPTION '%', ${THIRD};`) },
  {
    id: 'error.raise-fields',
    sql: raised(`RAISE EXCEPTION USING MESSAGE = 'x', DETAIL = reverse(${THIRD}), HINT = 'h', COLUMN = 'c';`),
  },
  {
    id: 'error.raise-constraint-name',
    sql: raised(`RAISE EXCEPTION USING MESSAGE = 'x', CONSTRAINT = ${THIRD}, TABLE = ${THIRD};`),
  },
  { id: 'error.assert', sql: raised(`ASSERT false, ${THIRD};`) },
  { id: 'error.dynamic', sql: raised(`EXECUTE ${THIRD};`) },
  { id: 'error.identifier', sql: raised(`EXECUTE format('SELECT %I', ${THIRD});`) },
  { id: 'error.role-name', sql: raised(`EXECUTE format('SET ROLE %I', ${THIRD});`) },
  { id: 'error.context', sql: raised(`EXECUTE format('SELECT 1/0 /* %s */', ${THIRD});`) },
  {
    id: 'error.code-division',
    infers: true,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await attacker.bisect(14, async (at, code) =>
        (
          await wire.query(
            `SELECT 1 / (CASE WHEN ascii(substr(mail, ${at}, 1)) > ${code} THEN 0 ELSE 1 END) FROM patienten WHERE id = 3`,
          )
        ).errors.some(({ code: state }) => state === '22012'),
      );
    },
  },
  {
    id: 'constraint.unique',
    sql: 'UPDATE patienten SET mail = (SELECT mail FROM patienten WHERE id = 4) WHERE id = 5',
  },
  { id: 'constraint.not-null', sql: 'UPDATE patienten SET vorname = NULL WHERE id = 4' },
  { id: 'constraint.check', sql: 'UPDATE patienten SET station = 99 WHERE id = 4', by: 'extended' },
  {
    id: 'constraint.not-null-clear-column',
    sql: 'UPDATE termine SET raum = (SELECT mail FROM patienten WHERE id = 3), dauer_min = NULL WHERE id = 3',
  },
  {
    id: 'constraint.own-check',
    sql: [
      'CREATE TABLE atk_k (t text, n int CHECK (n > 5))',
      'INSERT INTO atk_k SELECT mail, 1 FROM patienten WHERE id = 3',
    ],
  },
  {
    id: 'constraint.own-unique',
    sql: [
      'CREATE TABLE atk_u (t text UNIQUE)',
      'INSERT INTO atk_u SELECT mail FROM patienten, generate_series(1, 2) WHERE id = 3',
    ],
  },
  {
    id: 'constraint.no-partition',
    sql: ['CREATE TABLE atk_np (t text) PARTITION BY LIST (t)', 'INSERT INTO atk_np SELECT mail FROM patienten'],
  },
  {
    id: 'constraint.foreign-key',
    sql: [
      'CREATE TABLE atk_f (t text REFERENCES einstellungen (name))',
      'INSERT INTO atk_f SELECT mail FROM patienten WHERE id = 3',
    ],
  },
  {
    id: 'constraint.exclusion',
    sql: [
      'CREATE TABLE atk_x (t text, EXCLUDE USING btree (t WITH =))',
      'INSERT INTO atk_x SELECT mail FROM patienten, generate_series(1, 2) WHERE id = 3',
    ],
  },
  {
    id: 'constraint.unique-index-expression',
    sql: 'CREATE UNIQUE INDEX atk_ux ON patienten ((station * 0), (0))',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('CREATE TABLE atk_ui AS SELECT mail, 1 AS n FROM patienten, generate_series(1, 2)');
      await wire.query('CREATE UNIQUE INDEX atk_uix ON atk_ui (mail)');
    },
  },
  { id: 'constraint.view-check', sql: 'UPDATE v_notfall SET station = 7 WHERE id = 1' },
  {
    id: 'constraint.domain',
    sql: [
      "CREATE DOMAIN atk_d AS text CHECK (VALUE = 'x')",
      'CREATE TABLE atk_dt (d atk_d, t text)',
      'INSERT INTO atk_dt (t, d) SELECT mail, mail FROM patienten',
    ],
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('CREATE TABLE atk_len (t varchar(3), u text NOT NULL)');
      await wire.query('INSERT INTO atk_len SELECT substr(mail, 1, 3), NULL FROM patienten WHERE id = 3');
      await wire.query('CREATE TABLE atk_len2 (v text, u text NOT NULL)');
      await wire.query('INSERT INTO atk_len2 SELECT mail, NULL FROM patienten WHERE id = 3');
    },
  },
  {
    id: 'constraint.copy-context',
    run: async (attacker) => {
      const wire = await attacker.connect();
      const out = await wire.query('COPY (SELECT mail FROM patienten WHERE id < 3) TO STDOUT');
      await wire.query('CREATE TABLE atk_ci (n int)');
      await wire.query('COPY atk_ci FROM STDIN', out.copy);
    },
  },
  { id: 'constraint.type-change', sql: 'ALTER TABLE patienten ALTER COLUMN strasse TYPE int USING strasse::int' },
  { id: 'constraint.set-not-valid', sql: `ALTER TABLE saas.accounts ADD CONSTRAINT atk_c CHECK (login::int > 0)` },
  { id: 'notice.raise', sql: raised(`RAISE NOTICE '%', ${THIRD};`) },
  { id: 'notice.warning-row', sql: raised(`RAISE WARNING '%', (SELECT p FROM patienten p WHERE id = 3);`) },
  {
    id: 'notice.info-json',
    sql: raised(`RAISE INFO '%', (SELECT to_jsonb(p) FROM patienten p WHERE id = 3);`),
    by: 'extended',
  },
  { id: 'notice.debug', sql: ['SET client_min_messages = debug1', raised(`RAISE DEBUG '%', reverse(${THIRD});`)] },
  {
    id: 'notice.codes',
    sql: `DO $$ DECLARE t text := ${THIRD}; BEGIN FOR i IN 1..length(t) LOOP RAISE NOTICE '%', ascii(substr(t, i, 1)); END LOOP; END $$`,
    decode: ({ notices }) => [notices.map(({ message }) => String.fromCharCode(Number(message))).join('')],
  },
  {
    id: 'notice.sqlstate',
    sql: `DO $$ DECLARE t text := upper(replace(replace(split_part(split_part(${THIRD}, '.', 2), '@', 1), 'x', '0'), 'x', '0')); BEGIN FOR i IN 1..8 LOOP RAISE NOTICE USING MESSAGE = 'm', ERRCODE = 'Z000' || substr(t, i, 1); END LOOP; END $$`,
    decode: ({ notices }) => [
      notices
        .map(({ code }) => code.slice(4))
        .join('')
        .replaceAll('0', 'x'),
    ],
  },
  { id: 'notice.if-exists', sql: raised(`EXECUTE format('DROP TABLE IF EXISTS %I', ${THIRD});`) },
  {
    id: 'notice.existing',
    sql: raised(
      `EXECUTE format('CREATE TABLE %I (n int)', ${THIRD}); EXECUTE format('CREATE TABLE IF NOT EXISTS %I (n int)', ${THIRD});`,
    ),
  },
  { id: 'notice.truncated-identifier', sql: raised(`EXECUTE format('SELECT 1 AS %I', ${THIRD} || repeat('x', 64));`) },
  {
    id: 'notice.cascade',
    sql: [
      raised(`CREATE TABLE atk_ca (n int); EXECUTE format('CREATE VIEW %I AS SELECT * FROM atk_ca', ${THIRD});`),
      'DROP TABLE atk_ca CASCADE',
    ],
  },
  {
    id: 'notice.analyze-verbose',
    sql: [raised(`EXECUTE format('CREATE TABLE %I (n int)', ${THIRD});`), 'ANALYZE VERBOSE'],
  },
  {
    id: 'notice.refcursor',
    sql: [
      'BEGIN',
      `CREATE FUNCTION atk_rc() RETURNS refcursor LANGUAGE plpgsql AS $f$ DECLARE c refcursor := ${THIRD}; BEGIN OPEN c FOR SELECT 1; RETURN c; END $f$`,
      'SELECT atk_rc()',
    ],
  },
];
