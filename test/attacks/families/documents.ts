/** json, jsonb and xml, made and taken apart. */
import type { Attack } from '../attack.ts';

const FROM = 'FROM patienten p WHERE id <= 6';

export const documents: readonly Attack[] = [
  { id: 'json.row', sql: `SELECT row_to_json(p) ${FROM}`, by: 'extended' },
  { id: 'json.jsonb', sql: `SELECT to_jsonb(p) ${FROM}`, by: 'binary' },
  { id: 'json.minus', sql: `SELECT to_jsonb(p) - 'id' - 'station' ${FROM}` },
  { id: 'json.key', sql: `SELECT to_jsonb(p) ->> 'mail' ${FROM}` },
  { id: 'json.computed-key', sql: `SELECT to_jsonb(p) ->> ('ma' || 'il') ${FROM}` },
  {
    id: 'json.key-parameter',
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.extended(`SELECT to_jsonb(p) ->> $1 ${FROM}`, { values: ['telefon'] });
    },
  },
  { id: 'json.subscript', sql: `SELECT (to_jsonb(p))['nachname'] ${FROM}` },
  { id: 'json.path', sql: `SELECT jsonb_path_query(to_jsonb(p), '$.*') ${FROM}` },
  { id: 'json.path-kontakt', sql: `SELECT akte #>> '{kontakt,mail}', akte -> 'kontakt' ->> 'telefon' FROM patienten` },
  { id: 'json.each', sql: `SELECT e.value FROM patienten p, jsonb_each_text(to_jsonb(p)) e WHERE id <= 4` },
  { id: 'json.each-nested', sql: `SELECT v FROM patienten, jsonb_each_text(akte -> 'kontakt') AS e (k, v)` },
  { id: 'json.keys', sql: `SELECT jsonb_object_keys(jsonb_build_object(mail, 1)) ${FROM}` },
  { id: 'json.as-key', sql: `SELECT json_object_agg(telefon, id) ${FROM}` },
  {
    id: 'json.build',
    sql: `SELECT jsonb_build_object('artikel', mail, 'liste', jsonb_build_array(telefon, strasse)) ${FROM}`,
    by: 'copy',
  },
  { id: 'json.object-arrays', sql: `SELECT json_object(ARRAY['a', 'b'], ARRAY[mail, telefon]) ${FROM}` },
  { id: 'json.agg', sql: 'SELECT json_agg(p) FROM patienten p' },
  {
    id: 'json.agg-subselect',
    sql: `SELECT coalesce(json_agg(z), '[]') FROM (SELECT id, mail AS label FROM patienten) z`,
  },
  { id: 'json.populate', sql: `SELECT (jsonb_populate_record(NULL::patienten, to_jsonb(p))).telefon ${FROM}` },
  {
    id: 'json.to-record',
    sql: `SELECT r.x FROM patienten p, jsonb_to_record(jsonb_build_object('x', p.mail)) AS r (x text)`,
  },
  {
    id: 'json.recordset',
    sql: `SELECT r.* FROM jsonb_to_recordset((SELECT jsonb_agg(to_jsonb(p)) FROM patienten p)) AS r (mail text, nachname text)`,
  },
  { id: 'json.set', sql: `SELECT jsonb_set('{"a": 1}', '{a}', to_jsonb(mail)) ${FROM}` },
  { id: 'json.pretty', sql: `SELECT jsonb_pretty(akte) FROM patienten` },
  { id: 'json.array-elements', sql: `SELECT jsonb_array_elements_text(to_jsonb(weitere_mails)) FROM patienten` },
  {
    id: 'json.unicode-escapes',
    sql: `SELECT to_json(regexp_replace(mail, '(.)', '\\1é', 'g')) ${FROM}`,
    decode: ({ rows }) => rows.map((row) => (row[0] ?? '').replaceAll('é', '')),
  },
  { id: 'json.strip', sql: `SELECT jsonb_strip_nulls(profile), profile - 'theme' FROM saas.accounts` },
  { id: 'json.concat', sql: `SELECT '{"x": 1}'::jsonb || profile FROM saas.accounts`, by: 'binary' },
  { id: 'xml.element', sql: `SELECT xmlelement(name zeile, xmlattributes(mail AS wert), telefon) ${FROM}` },
  { id: 'xml.forest', sql: `SELECT xmlforest(mail, nachname AS n) ${FROM}` },
  { id: 'xml.agg', sql: `SELECT xmlagg(xmlelement(name m, mail)) FROM patienten` },
  { id: 'xml.comment', sql: `SELECT xmlcomment(replace(mail, '-', '+')) ${FROM}` },
  { id: 'xml.pi', sql: `SELECT xmlpi(name php, mail) ${FROM}` },
  {
    id: 'xml.table',
    sql: `SELECT x.m FROM patienten p, xmltable('/r/m' PASSING xmlelement(name r, xmlelement(name m, p.mail)) COLUMNS m text PATH '.') x`,
  },
  { id: 'xml.query', sql: `SELECT query_to_xml('SELECT mail FROM patienten', true, false, '')` },
  {
    id: 'xml.query-built',
    sql: `SELECT query_to_xml('SELECT ' || 'ma' || 'il FROM pati' || 'enten', true, false, '')`,
  },
  { id: 'xml.table-to-xml', sql: `SELECT table_to_xml('patienten', false, true, '')`, by: 'extended' },
  { id: 'xml.schema', sql: `SELECT schema_to_xml('saas', false, true, '')` },
  {
    id: 'xml.database',
    sql: `SELECT length(database_to_xml(true, false, '')::text), substr(database_to_xml(true, false, '')::text, 1, 400000)`,
  },
  {
    id: 'xml.cursor',
    sql: [
      'BEGIN',
      'DECLARE cx CURSOR FOR SELECT mail FROM patienten',
      `SELECT cursor_to_xml('cx', 100, false, false, '')`,
    ],
    by: 'simple',
  },
  {
    id: 'xml.xpath',
    sql: `SELECT xpath('//mail/text()', query_to_xml('SELECT * FROM patienten', false, false, ''))::text`,
  },
  {
    id: 'xml2.xpath-table',
    sql: `SELECT * FROM xpath_table('id', '''<a>'' || mail || ''</a>''', 'patienten', '/a', 'true') AS t (id int, artikel text)`,
  },
  {
    id: 'tablefunc.crosstab',
    sql: `SELECT * FROM crosstab('SELECT id, 1, mail FROM patienten ORDER BY 1') AS t (id int, a text)`,
  },
  {
    id: 'tablefunc.connectby',
    sql: `SELECT * FROM connectby('patienten', 'mail', 'nachname', (SELECT nachname FROM patienten WHERE id = 3), 0) AS t (m text, p text, ebene int)`,
  },
  { id: 'search.vector', sql: `SELECT to_tsvector('simple', mail || ' ' || nachname) ${FROM}` },
  { id: 'search.headline', sql: `SELECT ts_headline('simple', mail, 'zzz'::tsquery) ${FROM}` },
  { id: 'search.stat', sql: `SELECT word FROM ts_stat('SELECT to_tsvector(''simple'', nachname) FROM patienten')` },
  { id: 'search.parse', sql: `SELECT token FROM patienten, ts_parse('default', mail)` },
  { id: 'search.debug', sql: `SELECT d.token, d.lexemes FROM patienten, ts_debug('simple', nachname) d` },
  {
    id: 'search.rewrite',
    sql: `SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, plainto_tsquery(''simple'', string_agg(nachname, '' '')) FROM patienten')`,
  },
];
