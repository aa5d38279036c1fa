/** COPY forms, messages in unusual orders, prepared statements across changes, and texts that fool other parsers. */
import { encodeMessage } from '../../../src/pgwire/message.ts';
import type { Attack } from '../attack.ts';
import { bind, encodeDescribe, encodeExecute, encodeParse, functionCall, SYNC } from '../wire.ts';

const MAILS = 'SELECT mail FROM patienten WHERE id <= 9';

export const protocols: readonly Attack[] = [
  { id: 'copy.table', sql: 'COPY patienten TO STDOUT' },
  { id: 'copy.columns', sql: 'COPY laden.clientes (cpf, direccion) TO STDOUT (FORMAT binary)' },
  {
    id: 'copy.old-syntax',
    sql: `COPY BINARY patienten TO STDOUT`,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(`COPY patienten (mail) TO STDOUT CSV HEADER DELIMITER AS 'm'`);
    },
  },
  {
    id: 'copy.delimiter-letter',
    sql: `COPY patienten (mail) TO STDOUT (FORMAT csv, DELIMITER '@', QUOTE '.')`,
    decode: ({ copy }) => [copy.toString('utf8').replaceAll('..', '.')],
  },
  { id: 'copy.null-string', sql: `COPY (SELECT nullif(mail, 'x'), NULL FROM patienten) TO STDOUT (NULL '@@')` },
  { id: 'copy.partition', sql: 'COPY zugriffe_2024 TO STDOUT' },
  { id: 'copy.returning', sql: 'COPY (UPDATE patienten SET station = station RETURNING mail) TO STDOUT' },
  { id: 'copy.union', sql: 'COPY (SELECT sku FROM artikel UNION ALL SELECT mail FROM patienten) TO STDOUT' },
  { id: 'copy.encoding', sql: `COPY patienten (nachname, mail) TO STDOUT (ENCODING 'LATIN1')` },
  { id: 'copy.values', sql: `COPY (VALUES ((SELECT mail FROM patienten WHERE id = 2))) TO STDOUT` },
  {
    id: 'protocol.prepare-then-bind',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(`PREPARE atk_b AS ${MAILS}`);
      wire.send(bind('', 'atk_b'), encodeExecute(''), SYNC);
      await wire.reply();
    },
  },
  {
    id: 'protocol.parse-then-execute',
    run: async (attacker) => {
      const wire = await attacker.connect();
      wire.send(encodeParse('atk_e', MAILS), SYNC);
      await wire.reply();
      await wire.query('EXECUTE atk_e');
    },
  },
  {
    id: 'protocol.portal-then-fetch',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('BEGIN');
      wire.send(encodeParse('', MAILS), bind('atk_po', '', [], [1]), SYNC);
      await wire.reply();
      await wire.query('FETCH ALL FROM atk_po');
    },
  },
  {
    id: 'protocol.cursor-then-execute',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('BEGIN');
      await wire.query(`DECLARE atk_c CURSOR FOR ${MAILS}`);
      wire.send(encodeDescribe('P', 'atk_c'), encodeExecute('atk_c'), SYNC);
      await wire.reply();
    },
  },
  {
    id: 'protocol.describe-other',
    run: async (attacker) => {
      const wire = await attacker.connect();
      wire.send(
        encodeParse('a', 'SELECT sku FROM artikel'),
        encodeParse('b', MAILS),
        encodeDescribe('S', 'a'),
        bind('', 'b'),
        encodeExecute(''),
        SYNC,
      );
      await wire.reply();
    },
  },
  {
    id: 'protocol.two-portals',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('BEGIN');
      wire.send(encodeParse('a', 'SELECT sku FROM artikel'), encodeParse('b', MAILS), bind('pa', 'a'), bind('pb', 'b'));
      wire.send(encodeExecute('pa', 1), encodeExecute('pb', 1), encodeExecute('pa', 1), encodeExecute('pb', 0), SYNC);
      await wire.reply();
    },
  },
  {
    id: 'protocol.statement-redefined',
    run: async (attacker) => {
      const wire = await attacker.connect();
      wire.send(
        encodeParse('', 'SELECT sku FROM artikel'),
        encodeDescribe('S', ''),
        encodeParse('', MAILS),
        bind('', ''),
        encodeExecute(''),
        SYNC,
      );
      await wire.reply();
    },
  },
  {
    id: 'protocol.view-replaced',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('CREATE VIEW atk_pv AS SELECT sku AS t FROM artikel');
      wire.send(encodeParse('v', 'SELECT t FROM atk_pv'), encodeDescribe('S', 'v'), SYNC);
      await wire.reply();
      await wire.query('CREATE OR REPLACE VIEW atk_pv AS SELECT mail AS t FROM patienten');
      wire.send(bind('', 'v'), encodeExecute(''), SYNC);
      await wire.reply();
    },
  },
  {
    id: 'protocol.function-replaced',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(`CREATE FUNCTION atk_pf() RETURNS SETOF text LANGUAGE sql AS 'SELECT sku FROM artikel'`);
      wire.send(encodeParse('f', 'SELECT atk_pf()'), bind('', 'f'), encodeExecute(''), SYNC);
      await wire.reply();
      await wire.query(
        `CREATE OR REPLACE FUNCTION atk_pf() RETURNS SETOF text LANGUAGE sql AS 'SELECT mail FROM patienten'`,
      );
      wire.send(bind('', 'f'), encodeExecute(''), SYNC);
      await wire.reply();
    },
  },
  {
    id: 'protocol.search-path-changed',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('CREATE SCHEMA atk_s1');
      await wire.query('CREATE VIEW atk_s1.artikel AS SELECT id, mail AS sku FROM public.patienten');
      wire.send(encodeParse('s', 'SELECT sku FROM artikel'), bind('', 's'), encodeExecute(''), SYNC);
      await wire.reply();
      await wire.query('SET search_path = atk_s1, public');
      wire.send(bind('', 's'), encodeExecute(''), SYNC);
      await wire.reply();
    },
  },
  {
    id: 'protocol.temp-table-shadows',
    run: async (attacker) => {
      const wire = await attacker.connect();
      wire.send(encodeParse('s', 'SELECT sku FROM artikel'), bind('', 's'), encodeExecute(''), SYNC);
      await wire.reply();
      await wire.query('CREATE TEMP TABLE artikel AS SELECT id, mail AS sku FROM patienten');
      wire.send(bind('', 's'), encodeExecute(''), SYNC);
      await wire.reply();
    },
  },
  {
    id: 'protocol.redefined-behind-an-error',
    run: async (attacker) => {
      const wire = await attacker.connect();
      wire.send(encodeParse('s', 'SELECT mail FROM patienten'), SYNC);
      await wire.reply();
      // Close and the second Parse never happen.
      wire.send(encodeParse('', 'SELECT 1/0'), bind('', ''), encodeExecute(''));
      wire.send(encodeMessage('C', Buffer.from('Ss\0')), encodeParse('s', 'SELECT sku FROM artikel'), SYNC);
      await wire.reply();
      wire.send(bind('', 's'), encodeExecute(''), SYNC);
      await wire.reply();
    },
  },
  {
    id: 'protocol.error-between-syncs',
    run: async (attacker) => {
      const wire = await attacker.connect();
      wire.send(encodeParse('s', 'SELECT mail FROM patienten'), SYNC);
      wire.send(encodeParse('', 'SELECT 1/0'), bind('', ''), encodeExecute(''), bind('', 's'), encodeExecute(''), SYNC);
      wire.send(bind('', 's'), encodeExecute(''), SYNC);
      await wire.reply({ ready: 3 });
    },
  },
  {
    id: 'protocol.table-in-place-of-view',
    run: async (attacker) => {
      await attacker.bystander('CREATE VIEW tafel AS SELECT id::text AS v FROM patienten');
      const wire = await attacker.connect();
      await wire.query('SELECT pg_sleep(3)');
      wire.send(encodeParse('s', 'SELECT v FROM tafel'), SYNC, bind('', 's'), encodeExecute(''), SYNC);
      await wire.reply({ ready: 2 });
      await attacker.bystander('DROP VIEW tafel; CREATE TABLE tafel AS SELECT mail AS v FROM patienten');
      wire.send(bind('', 's'), encodeExecute(''), SYNC);
      await wire.reply();
    },
    writes: true,
  },
  {
    id: 'protocol.renamed-by-another',
    run: async (attacker) => {
      const [wire, other] = [await attacker.connect(), await attacker.connect()];
      wire.send(encodeParse('r', 'SELECT "会員種別" FROM saas."会員"'), bind('', 'r'), encodeExecute(''), SYNC);
      await wire.reply();
      await other.query(
        'ALTER TABLE saas."会員" RENAME "会員種別" TO x; ALTER TABLE saas."会員" RENAME "メール" TO "会員種別"',
      );
      wire.send(bind('', 'r'), encodeExecute(''), SYNC);
      await wire.reply();
    },
  },
  {
    id: 'protocol.parameter-type',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.extended('SELECT CASE WHEN $1 THEN mail ELSE $2 END FROM patienten', {
        values: ['t', ''],
        types: [16, 25],
      });
    },
  },
  {
    id: 'protocol.mixed-formats',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.extended('SELECT id, mail, telefon, station FROM patienten', { formats: [1, 0, 1, 0] });
    },
  },
  {
    id: 'protocol.many-columns',
    sql: `SELECT ${Array.from({ length: 1400 }, (_, i) => i).join()}, mail FROM patienten`,
  },
  {
    id: 'protocol.function-call',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(
        `DO $$ BEGIN PERFORM lo_from_bytea(88200, (SELECT convert_to(string_agg(mail, ','), 'UTF8') FROM patienten)); END $$`,
      );
      wire.send(functionCall(3458, '88200'));
      await wire.reply();
    },
  },
  {
    id: 'protocol.function-call-setting',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(
        `DO $$ BEGIN PERFORM set_config('mein.f', (SELECT mail FROM patienten WHERE id = 4), false); END $$`,
      );
      // current_setting(text)
      wire.send(functionCall(2077, 'mein.f'));
      await wire.reply();
    },
  },
  {
    id: 'protocol.startup-search-path',
    run: async (attacker) => {
      const first = await attacker.connect();
      await first.query('CREATE SCHEMA atk_s2');
      await first.query('CREATE VIEW atk_s2.artikel AS SELECT id, mail AS sku FROM public.patienten');
      const second = await attacker.connect({ options: '-c search_path=atk_s2,public' });
      await second.query('SELECT sku FROM artikel');
    },
  },
  {
    id: 'protocol.client-encoding',
    run: async (attacker) => {
      const wire = await attacker.connect({ client_encoding: 'LATIN1' });
      await wire.query(Buffer.from(`SELECT '\xe9' || mail FROM patienten`, 'latin1'));
    },
  },
  {
    id: 'protocol.gbk',
    run: async (attacker) => {
      const wire = await attacker.connect({ client_encoding: 'GBK' });
      await wire.query(
        Buffer.concat([
          Buffer.from("SELECT E'"),
          Buffer.from([0x95, 0x5c]),
          Buffer.from("', mail, telefon FROM patienten -- '"),
        ]),
      );
    },
  },
  {
    id: 'protocol.backslashes',
    sql: ['SET standard_conforming_strings = off', String.raw`SELECT 'a\', mail, \'b' FROM patienten`],
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('SET standard_conforming_strings = off');
      await wire.query([String.raw`SELECT '\' , mail -- ', sku FROM artikel`, 'FROM patienten'].join('\n'));
      await wire.query(String.raw`SELECT 'x\'' AS a, mail FROM patienten --'`);
    },
  },
  { id: 'parser.comment-quotes', sql: `SELECT /* ' */ mail /* ' */ FROM patienten` },
  {
    id: 'parser.nested-comments',
    sql: `SELECT /* /* ' */ -- */ mail FROM patienten --'`,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(`SELECT /* a /* b */ ' */ mail FROM patienten --'`);
    },
  },
  { id: 'parser.dollar-quotes', sql: `SELECT $x$ ' $y$ FROM artikel -- $x$, mail FROM patienten` },
  { id: 'parser.escape-string', sql: String.raw`SELECT E'a\'', mail FROM patienten --'` },
  { id: 'parser.unicode-identifier', sql: String.raw`SELECT U&"m\0061il" FROM U&"p\0061tienten"` },
  { id: 'parser.unicode-escape-char', sql: `SELECT U&"m!0061il" UESCAPE '!' FROM patienten` },
  { id: 'parser.unicode-string', sql: String.raw`SELECT to_jsonb(p) ->> U&'m\0061il' FROM patienten p` },
  { id: 'parser.case-folding', sql: 'SELECT MaIl FROM PATIENTEN' },
  { id: 'parser.quoted', sql: 'SELECT "p"."mail" FROM "public"."patienten" AS "p"' },
  {
    id: 'parser.database-qualified',
    run: async (attacker) => {
      const wire = await attacker.connect();
      const { rows } = await wire.query('SELECT current_database()');
      await wire.query(`SELECT mail FROM ${rows[0]?.[0]}.public.patienten`);
    },
  },
  { id: 'parser.long-alias', sql: `SELECT ${'z'.repeat(63)}.mail FROM patienten AS ${'z'.repeat(90)}` },
  { id: 'parser.line-separators', sql: `SELECT\fmail\rFROM\tpatienten\r` },
  {
    id: 'parser.newline-in-comment',
    sql: `SELECT sku -- aus artikel\r, mail\nFROM artikel JOIN patienten USING (id)`,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query(`SELECT 1 -- x\r, mail FROM patienten`);
    },
  },
  { id: 'parser.no-space', sql: `SELECT(mail)FROM patienten WHERE(id)<9` },
  { id: 'parser.multibyte-offset', sql: `SELECT 'ÄÖÜ日本語', 'é', mail FROM patienten; SELECT '会員'` },
  { id: 'parser.many-statements', sql: `${'SELECT 1; '.repeat(40)}SELECT mail FROM patienten` },
  { id: 'parser.string-continuation', sql: `SELECT 'a'\n'b', mail FROM patienten` },
  {
    id: 'shadow.temp-table',
    sql: ['CREATE TEMP TABLE artikel AS SELECT id, mail AS sku FROM patienten', 'SELECT sku FROM artikel'],
  },
  {
    id: 'shadow.schema',
    sql: [
      'CREATE SCHEMA atk_sh',
      'CREATE VIEW atk_sh.artikel AS SELECT id, nachname AS sku FROM public.patienten',
      'SET search_path = atk_sh, public',
      'SELECT sku FROM artikel',
    ],
  },
  {
    id: 'shadow.set-local',
    sql: [
      'CREATE SCHEMA atk_sl',
      'CREATE VIEW atk_sl.artikel AS SELECT id, mail AS sku FROM public.patienten',
      'BEGIN',
      'SET LOCAL search_path = atk_sl',
      'SELECT sku FROM artikel',
    ],
  },
  {
    id: 'shadow.set-config',
    sql: [
      'CREATE SCHEMA atk_sc',
      'CREATE VIEW atk_sc.artikel AS SELECT id, mail AS sku FROM public.patienten',
      `SELECT set_config('search_path', 'atk_sc', false)`,
      'SELECT sku FROM artikel',
    ],
  },
  {
    id: 'shadow.built-in-function',
    sql: [
      `CREATE FUNCTION public.md5(text) RETURNS text LANGUAGE sql AS 'SELECT $1'`,
      'SET search_path = public, pg_catalog',
      'SELECT md5(mail) FROM patienten',
    ],
  },
  {
    id: 'shadow.count',
    sql: [
      `CREATE FUNCTION atk_cs(s text, v text) RETURNS text LANGUAGE sql AS 'SELECT $2'`,
      'CREATE AGGREGATE public.count(text) (SFUNC = atk_cs, STYPE = text)',
      'SET search_path = public, pg_catalog',
      'SELECT count(mail) FROM patienten',
    ],
  },
  {
    id: 'shadow.overload',
    sql: [
      `CREATE FUNCTION public.count(varchar) RETURNS varchar LANGUAGE sql AS 'SELECT $1'`,
      'SELECT public.count(mail::varchar) FROM patienten',
    ],
  },
  {
    id: 'shadow.operator',
    sql: [
      `CREATE FUNCTION atk_eq(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1'`,
      'CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = atk_eq)',
      'SET search_path = public, pg_catalog',
      `SELECT mail = 'x' FROM patienten`,
    ],
  },
  {
    id: 'shadow.operator-qualified',
    sql: [
      `CREATE FUNCTION atk_lt(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1'`,
      'CREATE OPERATOR public.< (LEFTARG = text, RIGHTARG = text, FUNCTION = atk_lt)',
      `SELECT mail OPERATOR(public.<) 'x' FROM patienten`,
    ],
  },
  {
    id: 'shadow.catalog-view',
    sql: [
      'CREATE VIEW public.pg_tables AS SELECT id, mail AS tablename FROM patienten',
      'SET search_path = public, pg_catalog',
      'SELECT tablename FROM pg_tables',
    ],
  },
  {
    id: 'shadow.type',
    sql: [
      'CREATE DOMAIN public.int4 AS text',
      'SET search_path = public, pg_catalog',
      'SELECT mail::public.int4 FROM patienten',
    ],
  },
  {
    id: 'shadow.renamed-table',
    sql: [
      'ALTER TABLE artikel RENAME TO artikel_alt',
      'ALTER TABLE patienten RENAME TO artikel',
      'ALTER TABLE artikel RENAME COLUMN mail TO sku',
      'SELECT sku FROM artikel',
    ],
  },
  {
    id: 'foreign.loopback',
    run: async (attacker) => {
      const wire = await attacker.connect();
      const { rows } = await wire.query(`SELECT current_setting('port'), current_database()`);
      await wire.query(
        `CREATE SERVER atk_lo FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '${rows[0]?.[0]}', dbname '${rows[0]?.[1]}')`,
      );
      await wire.query(`CREATE USER MAPPING FOR CURRENT_USER SERVER atk_lo OPTIONS (user 'leser', password 'leser')`);
      await wire.query(
        `CREATE FOREIGN TABLE atk_ft (n int OPTIONS (column_name 'id'), sku text OPTIONS (column_name 'mail')) SERVER atk_lo OPTIONS (schema_name 'public', table_name 'patienten')`,
      );
      await wire.query('SELECT sku FROM atk_ft');
    },
    writes: true,
  },
  {
    id: 'foreign.dblink',
    run: async (attacker) => {
      const wire = await attacker.connect();
      const { rows } = await wire.query(`SELECT current_setting('port'), current_database()`);
      await wire.query(
        `SELECT * FROM dblink('host=127.0.0.1 port=${rows[0]?.[0]} dbname=${rows[0]?.[1]} user=leser password=leser', 'SELECT sku, mail FROM artikel JOIN patienten USING (id)') AS t (a text, b text)`,
      );
    },
  },
  {
    id: 'foreign.dblink-own-session',
    run: async (attacker) => {
      const wire = await attacker.connect();
      const { rows } = await wire.query(`SELECT current_setting('port'), current_database()`);
      await wire.query(
        `SELECT dblink_connect('eins', 'host=127.0.0.1 port=${rows[0]?.[0]} dbname=${rows[0]?.[1]} user=leser password=leser')`,
      );
      await wire.query(`SELECT dblink_open('eins', 'c1', 'SELECT mail FROM patienten')`);
      await wire.query(`SELECT * FROM dblink_fetch('eins', 'c1', 9) AS t (sku text)`);
    },
  },
];
