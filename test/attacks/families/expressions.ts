/** Values through expressions, encodings, documents and containers. */
import type { Attack } from '../attack.ts';

const chars = (sql: string, from = '97') => ({
  sql,
  decode: (reply: { rows: readonly (readonly (string | null)[])[] }) => [
    reply.rows.map((row) => String.fromCharCode(Number(row[0]) + Number(from) - 97)).join(''),
  ],
});

const PATIENT = 'FROM patienten WHERE id <= 9';

export const expressions: readonly Attack[] = [
  { id: 'expr.alias', sql: `SELECT mail AS artikelnummer, telefon AS "anzahl" ${PATIENT}` },
  { id: 'expr.upper', sql: `SELECT upper(mail) ${PATIENT}`, by: 'binary' },
  { id: 'expr.reverse', sql: `SELECT reverse(nachname) ${PATIENT}` },
  {
    id: 'expr.pieces',
    sql: `SELECT substr(mail, 1, 8), substr(mail, 9, 7), substr(mail, 16, 6), substr(mail, 22) ${PATIENT}`,
  },
  { id: 'expr.regexp-match', sql: `SELECT regexp_match(mail, '^(.*)@') ${PATIENT}` },
  { id: 'expr.regexp-split', sql: `SELECT regexp_split_to_table(mail, '') FROM patienten WHERE id = 3` },
  { id: 'expr.format', sql: `SELECT format('%s:%I:%L', id, mail, telefon) ${PATIENT}`, by: 'extended' },
  { id: 'expr.concat-row', sql: `SELECT concat(p, '!') FROM patienten p WHERE id <= 9` },
  { id: 'expr.case', sql: `SELECT CASE WHEN station >= 0 THEN mail ELSE 'keine' END ${PATIENT}` },
  { id: 'expr.coalesce', sql: `SELECT coalesce(NULL, mail, 'x') ${PATIENT}`, by: 'binary' },
  { id: 'expr.greatest', sql: `SELECT greatest(mail, 'a') ${PATIENT}` },
  { id: 'expr.nullif', sql: `SELECT nullif(mail, 'keine') ${PATIENT}` },
  {
    id: 'expr.subselect',
    sql: 'SELECT (SELECT p.mail FROM patienten p WHERE p.id = t.patient_id) AS raum FROM termine t WHERE t.id <= 9',
  },
  { id: 'expr.array-subselect', sql: 'SELECT ARRAY(SELECT mail FROM patienten ORDER BY id)' },
  { id: 'expr.collate', sql: `SELECT mail COLLATE "C" ${PATIENT}` },
  { id: 'expr.cast-chain', sql: `SELECT mail::varchar(90)::bpchar::text::name::text ${PATIENT}` },
  { id: 'expr.citext', sql: `SELECT mail::citext, (nachname::citext)::text ${PATIENT}`, by: 'binary' },
  { id: 'expr.citext-array', sql: `SELECT array_agg(mail::citext), array_agg(telefon)::citext[] FROM patienten` },
  { id: 'expr.citext-domain', sql: ['CREATE DOMAIN kennung AS citext', `SELECT mail::kennung::text ${PATIENT}`] },
  {
    id: 'expr.citext-cut',
    sql: `SELECT left(mail::citext::text, 20), split_part(nachname::citext, ' ', 2) ${PATIENT}`,
  },
  { id: 'expr.bytea', sql: `SELECT mail::bytea ${PATIENT}` },
  { id: 'expr.hex', sql: `SELECT encode(convert_to(mail, 'UTF8'), 'hex') ${PATIENT}` },
  { id: 'expr.base64', sql: `SELECT encode(convert_to(mail, 'UTF8'), 'base64') ${PATIENT}`, by: 'extended' },
  { id: 'expr.escape-bytea', sql: [`SET bytea_output = 'escape'`, `SELECT webhook_secret FROM saas.accounts`] },
  { id: 'expr.utf16', sql: `SELECT convert_to(mail, 'UTF8') || '\\x00'::bytea ${PATIENT}`, by: 'binary' },
  {
    id: 'expr.bits',
    sql: `SELECT ('x' || encode(convert_to(substr(mail, 1, 30), 'UTF8'), 'hex'))::bit(240) ${PATIENT}`,
  },
  {
    id: 'expr.caesar',
    sql: `SELECT translate(mail, 'abcdefghijklmnopqrstuvwxyz', 'bcdefghijklmnopqrstuvwxyza') ${PATIENT}`,
    decode: ({ rows }) =>
      rows.map((row) =>
        (row[0] ?? '').replace(/[a-z]/g, (c) => (c === 'a' ? 'z' : String.fromCharCode(c.charCodeAt(0) - 1))),
      ),
  },
  { id: 'expr.codes', ...chars('SELECT ascii(c) FROM patienten, string_to_table(mail, NULL) c WHERE id = 4') },
  {
    id: 'expr.codes-shifted',
    ...chars('SELECT ascii(c) + 1000 FROM patienten, string_to_table(mail, NULL) c WHERE id = 4', '-903'),
  },
  {
    id: 'expr.codes-date',
    sql: `SELECT date '2000-01-01' + ascii(c) FROM patienten, string_to_table(mail, NULL) c WHERE id = 4`,
    decode: ({ rows }) => [
      rows
        .map((row) =>
          String.fromCharCode(Math.round((Date.parse(`${row[0]}T00:00:00Z`) - Date.UTC(2000, 0, 1)) / 86_400_000)),
        )
        .join(''),
    ],
  },
  {
    id: 'expr.codes-lengths',
    sql: "SELECT repeat('.', ascii(c)) FROM patienten, string_to_table(mail, NULL) c WHERE id = 4",
    decode: ({ rows }) => [rows.map((row) => String.fromCharCode((row[0] ?? '').length)).join('')],
  },
  {
    id: 'expr.codes-array',
    sql: 'SELECT array_agg(ascii(c) ORDER BY n) FROM patienten, string_to_table(mail, NULL) WITH ORDINALITY t (c, n) WHERE id = 4',
  },
  {
    id: 'expr.codes-boolean',
    sql: `SELECT (ascii(substr(mail, g / 7 + 1, 1)) >> (6 - g % 7)) & 1 = 1 FROM patienten, generate_series(0, 174) g WHERE id = 4 ORDER BY g`,
    decode: ({ rows }) => [
      rows
        .map((row) => (row[0] === 't' ? '1' : '0'))
        .join('')
        .replace(/[01]{7}/g, (bits) => String.fromCharCode(Number.parseInt(bits, 2))),
    ],
  },
  {
    id: 'expr.codes-numeric',
    sql: `SELECT string_agg(lpad(ascii(c)::text, 3, '0'), '')::numeric FROM patienten, string_to_table(mail, NULL) c WHERE id = 4`,
    decode: ({ rows }) => [
      (rows[0]?.[0] ?? '')
        .padStart(Math.ceil((rows[0]?.[0] ?? '').length / 3) * 3, '0')
        .replace(/\d{3}/g, (code) => String.fromCharCode(Number(code))),
    ],
  },
  {
    id: 'expr.codes-point',
    sql: 'SELECT point(ascii(c), 1) FROM patienten, string_to_table(mail, NULL) c WHERE id = 4',
    decode: ({ rows }) => [
      rows.map((row) => String.fromCharCode(Number.parseInt((row[0] ?? '(').slice(1), 10))).join(''),
    ],
  },
  {
    id: 'expr.date-parts',
    sql: 'SELECT id, extract(year FROM geburtsdatum), extract(month FROM geburtsdatum), extract(day FROM geburtsdatum) FROM patienten',
    decode: ({ rows }) =>
      rows
        .map((row) => `${row[1]}-${String(row[2]).padStart(2, '0')}-${String(row[3]).padStart(2, '0')}`)
        .map((date) => `${date} `)
        .join('\n')
        .split('\u0000'),
  },
  { id: 'expr.date-format', sql: `SELECT to_char(geburtsdatum, 'YYYY-MM-DD') FROM patienten` },
  {
    id: 'expr.date-age',
    sql: `SELECT date '2030-01-01' - geburtsdatum FROM patienten`,
    decode: ({ rows }) => [
      rows
        .map((row) => new Date(Date.UTC(2030, 0, 1) - Number(row[0]) * 86_400_000).toISOString().slice(0, 10))
        .join(' '),
    ],
  },
  {
    id: 'expr.inet-number',
    sql: `SELECT ultima_ip - '0.0.0.0'::inet FROM laden.clientes`,
    decode: ({ rows }) => [
      rows.map((row) => [24, 16, 8, 0].map((shift) => (Number(row[0]) >>> shift) & 255).join('.')).join(' '),
    ],
  },
  { id: 'expr.inet-host', sql: 'SELECT host(von_ip), abbrev(von_ip) FROM zugriffe' },
  { id: 'expr.iban-tail', sql: 'SELECT substr(iban, 5) FROM laden.clientes' },
  {
    id: 'expr.card-number',
    sql: 'SELECT tarjeta::numeric + 0 FROM laden.clientes',
    by: 'binary',
    decode: ({ messages }) => messages.filter(({ type }) => type === 'D').map(({ body }) => numericDigits(body)),
  },
  { id: 'expr.field', sql: 'SELECT (kontakt).mail, (p.kontakt).tel FROM patienten p' },
  { id: 'expr.field-star', sql: 'SELECT (kontakt).* FROM patienten', by: 'extended' },
  { id: 'expr.field-function', sql: 'SELECT mail(kontakt), tel(p.kontakt) FROM patienten p' },
  { id: 'expr.column-function', sql: 'SELECT mail(p), nachname(p) FROM patienten p' },
  { id: 'expr.element', sql: 'SELECT weitere_mails[1], weitere_mails[2:2] FROM patienten' },
  { id: 'expr.unnest', sql: 'SELECT u FROM patienten, unnest(weitere_mails) u', by: 'copy' },
  { id: 'expr.whole-row', sql: 'SELECT p FROM patienten p', by: 'binary' },
  { id: 'expr.whole-row-text', sql: 'SELECT p::text FROM patienten p' },
  { id: 'expr.row-array', sql: 'SELECT array_agg(p) FROM patienten p' },
  {
    id: 'expr.range',
    sql: `SELECT ('[' || replace(mail, '@', '-') || ',)')::textrange ${PATIENT}`,
    run: async (attacker) => {
      const wire = await attacker.connect();
      await wire.query('CREATE TYPE textrange AS RANGE (subtype = text)');
      await wire.query(`SELECT textrange(mail, NULL) ${PATIENT}`);
    },
  },
  { id: 'expr.hstore', sql: `SELECT hstore(p) FROM patienten p WHERE id < 5` },
  { id: 'expr.hstore-values', sql: "SELECT avals(extras), extras -> 'correo' FROM laden.clientes", by: 'extended' },
  { id: 'expr.hstore-each', sql: 'SELECT (each(hstore(c))).value FROM laden.clientes c WHERE id < 4' },
  {
    id: 'expr.armor',
    sql: `SELECT id, armor(convert_to(mail, 'UTF8')) ${PATIENT}`,
    decode: ({ rows }) =>
      rows.map((row) => Buffer.from((row[1] ?? '').split('\n').slice(2, -2).join(''), 'base64').toString('latin1')),
  },
  {
    id: 'expr.trigram',
    sql: `SELECT show_trgm(split_part(split_part(mail, '.', 2), '@', 1)) FROM patienten WHERE id = 4`,
    decode: ({ rows }) => [rebuild(rows[0]?.[0] ?? '')],
  },
  { id: 'expr.soundex-initcap', sql: `SELECT initcap(lower(nachname)) ${PATIENT}` },
  { id: 'expr.overlay', sql: `SELECT overlay(mail PLACING '_' FROM 1 FOR 1) ${PATIENT}` },
  { id: 'expr.quote', sql: `SELECT quote_literal(telefon), quote_ident(mail), quote_nullable(strasse) ${PATIENT}` },
  { id: 'expr.limit-expression', sql: `SELECT mail FROM patienten ORDER BY length(nachname) LIMIT (SELECT 5)` },
  { id: 'expr.option-names', sql: 'SELECT (pg_options_to_table(weitere_mails)).option_name FROM patienten' },
  { id: 'expr.option-names-row', sql: 'SELECT o FROM patienten, pg_options_to_table(ARRAY[mail, telefon]) o' },
  { id: 'expr.normalize', sql: `SELECT normalize(nachname, NFKD) ${PATIENT}` },
];

/** Of a binary numeric in the first field of a DataRow. */
function numericDigits(body: Buffer): string {
  const digits = body.readInt16BE(6);
  return Array.from({ length: digits }, (_, i) => String(body.readInt16BE(14 + 2 * i)).padStart(4, '0')).join('');
}

/** A word from its trigrams, as long as they are chained without doubt. */
function rebuild(set: string): string {
  const trigrams = [...set.matchAll(/"?([^,{}"]{2,3})"?/g)].map(([, text]) => text!);
  let word = trigrams.find((one) => one.startsWith('  '))?.trim() ?? '';
  const start = trigrams.find((one) => /^ [^ ]{2}$/.test(one));
  if (start) word = start.trim();
  for (let i = 0; i < 14; i++) {
    const next = trigrams.find((one) => one.length === 3 && !one.includes(' ') && word.endsWith(one.slice(0, 2)));
    if (!next) break;
    word += next[2];
  }
  return word;
}
