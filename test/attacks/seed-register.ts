/**
 * The second part of the attacked database: a staff register, a club and a mailing list in other languages and other
 * shapes. Domains over domains, composites with arrays, arrays of composites, ranges, documents in documents,
 * partitions of partitions, views with security_barrier, computed columns. In: what makes canaries. Out: SQL.
 */

/** Each gives a new value and notes its canary under the column that it is for. */
export interface CanaryTools {
  readonly mail: (of: string) => string;
  readonly surname: (of: string) => string;
  readonly street: (of: string) => string;
  readonly tel: (of: string) => string;
  readonly born: (of: string) => string;
  readonly ip: (of: string) => string;
  readonly digits: (of: string, prefix: string, length: number) => string;
}

export const REGISTER_ROWS = 10;

const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;

export function registerSeed(tools: CanaryTools): string {
  const rows = Array.from({ length: REGISTER_ROWS }, (_, i) => registerRow(tools, i + 1)).join('\n');
  return `
CREATE SCHEMA rejestr;
CREATE DOMAIN rejestr.adres_el AS text CHECK (VALUE LIKE '%@%');
CREATE DOMAIN rejestr.adres_firmowy AS rejestr.adres_el CHECK (length(VALUE) < 200);
CREATE TYPE rejestr.osoba_t AS (imie text, adresy rejestr.adres_firmowy[], urodzony date);
CREATE TABLE rejestr.pracownicy (id int PRIMARY KEY, imie text, nazwisko text NOT NULL, pesel text UNIQUE, email rejestr.adres_firmowy, wynagrodzenie int, stawka real, premia numeric(12,2), data_urodzenia date, ostatnie_ip inet, kontakt_awaryjny rejestr.osoba_t, rodzina rejestr.osoba_t[], metryka jsonb, karta xml, dzial text, pietro int, zatrudniony_od date, email_dolny text GENERATED ALWAYS AS (lower(email)) STORED);
CREATE TABLE rejestr.wejscia (id int, pracownik_id int, adres_ip inet, kto text, drzwi text, dzien date) PARTITION BY RANGE (dzien);
CREATE TABLE rejestr.wejscia_2025 PARTITION OF rejestr.wejscia FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (drzwi);
CREATE TABLE rejestr.wejscia_2025_a PARTITION OF rejestr.wejscia_2025 FOR VALUES IN ('A', 'B');
CREATE TABLE rejestr.wejscia_2025_x PARTITION OF rejestr.wejscia_2025 DEFAULT;
CREATE TABLE rejestr.czlonkowie (id int PRIMARY KEY, telefon_kom text, plec text);
CREATE TABLE rejestr.czlonkowie_honorowi (adres_domowy text, rok int) INHERITS (rejestr.czlonkowie);
CREATE TABLE rejestr.abonnes (numero int PRIMARY KEY, nom_famille text, courriel text, telephones text[], carnet jsonb, ville text, points int, naissance daterange);
CREATE TABLE rejestr.oddzialy (id int PRIMARY KEY, nazwa text, budzet numeric(14,2), pojemnosc int, etykiety text[], parametry jsonb);
CREATE TABLE rejestr.kartoteka (id int PRIMARY KEY, teczka jsonb, zapis text, surowe bytea, cechy hstore, wpisy jsonb[], miejsce point);
CREATE VIEW rejestr.v_kadry WITH (security_barrier) AS SELECT id, nazwisko || ', ' || imie AS kto, email, dzial FROM rejestr.pracownicy WHERE pietro < 90;
CREATE VIEW rejestr.v_kontakt AS SELECT k.id, k.kto, (p.kontakt_awaryjny).adresy AS adresy, p.rodzina FROM rejestr.v_kadry k JOIN rejestr.pracownicy p USING (id);
CREATE MATERIALIZED VIEW rejestr.mv_lista AS SELECT dzial, string_agg(email, ';') AS adresaci, jsonb_agg(jsonb_build_object('e', email)) AS j FROM rejestr.pracownicy GROUP BY dzial;
CREATE FUNCTION rejestr.pelna(p rejestr.pracownicy) RETURNS rejestr.osoba_t LANGUAGE sql STABLE AS 'SELECT ROW(p.nazwisko, ARRAY[p.email]::rejestr.adres_firmowy[], p.data_urodzenia)::rejestr.osoba_t';
CREATE FUNCTION rejestr.szukaj(n int DEFAULT 3, VARIADIC d text[] DEFAULT '{}') RETURNS SETOF rejestr.v_kadry LANGUAGE sql STABLE AS 'SELECT * FROM rejestr.v_kadry WHERE id <= n';
CREATE FUNCTION rejestr.przyjmij(INOUT i int, OUT adres text, OUT tel text) LANGUAGE plpgsql STABLE AS $$ BEGIN SELECT p.email, p.pesel INTO adres, tel FROM rejestr.pracownicy p WHERE p.id = i; END $$;
${rows}
INSERT INTO rejestr.oddzialy VALUES (1, 'Kadry', 100.5, 40, '{a,b}', '{"kolor": "red"}'), (2, 'Sklep', 77, 10, '{c}', '{"kolor": "blue", "n": [1, 2]}');
REFRESH MATERIALIZED VIEW rejestr.mv_lista;
CREATE TABLE rejestr.adresy (id int, adres_ip inet, opis text, EXCLUDE USING gist (adres_ip inet_ops WITH &&));
INSERT INTO rejestr.adresy SELECT id, ostatnie_ip, 'x' FROM rejestr.pracownicy;
`;
}

function registerRow(tools: CanaryTools, id: number): string {
  const { mail, surname, street, tel, born, ip, digits } = tools;
  const person = (of: string): string =>
    `ROW(${quote(surname(of))}, ARRAY[${quote(mail(of))}, ${quote(mail(of))}]::rejestr.adres_firmowy[], ${quote(born(of))})::rejestr.osoba_t`;
  const document = JSON.stringify({
    wersja: 2,
    kontakty: [
      { rodzaj: 'dom', adres: { mail: mail('pracownicy.metryka'), tel: [tel('pracownicy.metryka')] } },
      { rodzaj: 'praca', adres: { mail: mail('pracownicy.metryka'), tel: [] } },
    ],
    jezyk: 'pl',
  });
  const book = JSON.stringify([
    {
      courriel: mail('abonnes.carnet'),
      enfants: [{ prenom: surname('abonnes.carnet'), courriel: mail('abonnes.carnet') }],
    },
    { courriel: mail('abonnes.carnet'), enfants: [] },
  ]);
  const birth = born('abonnes.naissance');
  const insert = (table: string, ...values: string[]): string =>
    `INSERT INTO rejestr.${table} VALUES (${values.join(', ')});`;
  return [
    `INSERT INTO rejestr.pracownicy (id, imie, nazwisko, pesel, email, wynagrodzenie, stawka, premia, data_urodzenia, ostatnie_ip, kontakt_awaryjny, rodzina, metryka, karta, dzial, pietro, zatrudniony_od) VALUES (${[
      String(id),
      quote(surname('pracownicy.imie')),
      quote(surname('pracownicy.nazwisko')),
      quote(digits('pracownicy.pesel', String(44 + id), 9)),
      quote(mail('pracownicy.email')),
      digits('pracownicy.wynagrodzenie', '1', 8),
      String(20 + id),
      `${id * 111}.25`,
      quote(born('pracownicy.data_urodzenia')),
      quote(ip('pracownicy.ostatnie_ip')),
      person('pracownicy.kontakt_awaryjny'),
      `ARRAY[${person('pracownicy.rodzina')}, ${person('pracownicy.rodzina')}]`,
      quote(document),
      quote(`<karta><mail>${mail('pracownicy.karta')}</mail><ulica>${street('pracownicy.karta')}</ulica></karta>`),
      quote(['Kadry', 'Sklep', 'Biuro'][id % 3]!),
      String(id % 4),
      quote(`2020-0${(id % 9) + 1}-15`),
    ].join(', ')});`,
    insert(
      'wejscia',
      String(id),
      String(id),
      quote(ip('wejscia.adres_ip')),
      quote(mail('wejscia.kto')),
      quote(['A', 'B', 'C'][id % 3]!),
      quote(`2025-03-${10 + id}`),
    ),
    insert(
      'kartoteka',
      String(id),
      quote(
        JSON.stringify({
          'osoba.nazwisko': surname('kartoteka.teczka'),
          '2024': { nazwisko: surname('kartoteka.teczka'), pokoj: id },
          czlonkowie: { [`p${id}`]: { nazwisko: surname('kartoteka.teczka'), email: mail('kartoteka.teczka') } },
          wiersze: [[{ nazwisko: surname('kartoteka.teczka'), stan: 'ok' }]],
        }),
      ),
      quote(JSON.stringify({ nazwisko: surname('kartoteka.zapis'), stan: 'ok' })),
      `convert_to(${quote(JSON.stringify({ nazwisko: surname('kartoteka.surowe') }))}, 'UTF8')`,
      `hstore(ARRAY['osoba.nazwisko', ${quote(surname('kartoteka.cechy'))}, 'stan', 'ok'])`,
      `ARRAY[${quote(JSON.stringify({ nazwisko: surname('kartoteka.wpisy'), stan: 'ok' }))}::jsonb]`,
      `point(${50 + id / 1000}, ${10 + id / 1000})`,
    ),
    insert('czlonkowie', String(id), quote(tel('czlonkowie.telefon_kom')), quote(id % 2 === 0 ? 'k' : 'm')),
    insert(
      'czlonkowie_honorowi',
      String(id + 50),
      quote(tel('czlonkowie_honorowi.telefon_kom')),
      quote('k'),
      quote(street('czlonkowie_honorowi.adres_domowy')),
      String(1990 + id),
    ),
    insert(
      'abonnes',
      String(id),
      quote(surname('abonnes.nom_famille')),
      quote(mail('abonnes.courriel')),
      `ARRAY[${quote(tel('abonnes.telephones'))}, ${quote(tel('abonnes.telephones'))}]`,
      quote(book),
      quote(['Lyon', 'Brest', 'Nice'][id % 3]!),
      String(id * 7),
      `daterange(${quote(birth)}, ${quote(birth)}, '[]')`,
    ),
  ].join('\n');
}
