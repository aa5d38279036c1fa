/**
 * The database that is attacked: a clinic, a shop and a service, in several languages, where every sensitive value
 * carries a canary that stands nowhere else. Out: SQL, and the canaries that `leak-detector.ts` looks for.
 */
import { seeded } from '../sql/lineage-oracle/random.ts';
import { registerSeed } from './seed-register.ts';

export interface Secret {
  /** `text`: letters and digits, any 8 of which give it away. `digits`: a number. `exact`: a date or address as a whole. */
  readonly kind: 'text' | 'digits' | 'exact';
  readonly core: string;
  /** Where it stands. */
  readonly of: string;
}

export interface Seed {
  readonly sql: string;
  /** Needs a superuser: extensions, roles, settings. */
  readonly superuserSql: string;
  readonly secrets: readonly Secret[];
  /** What the attacker does not know, by row: for inference and for checks of what was stored. */
  readonly patients: readonly { readonly mail: string; readonly telefon: string; readonly geboren: string }[];
}

export const ROWS = 14;
const LETTERS = 'bcdfghjkmnpqrstvwxz';
const ALPHABET = `${LETTERS}23456789`;

/** Columns of which only a trigger says what is in them. */
const CARDS = `CREATE TABLE kartei (id int PRIMARY KEY, vorname text, nachname text, mail text, titel text, ort text, feld_a text, feld_b tsvector, feld_c text, feld_d tsvector, feld_e tsvector, stand int, geaendert timestamptz);
CREATE FUNCTION kartei_fuellen() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE zeile text := concat_ws(' ', NEW.vorname, NEW.nachname); BEGIN
  NEW.feld_a := lower(NEW.nachname) || '-' || NEW.id;
  NEW.feld_b := to_tsvector('simple', zeile) || to_tsvector('simple', coalesce(NEW.mail, ''));
  SELECT reverse(NEW.mail) INTO NEW.feld_c;
  NEW.stand := coalesce(OLD.stand, 0) + 1;
  NEW.geaendert := CASE WHEN NEW.mail IS NOT NULL THEN timestamptz '2025-05-05' END;
  NEW.feld_e := to_tsvector('simple', NEW.titel);
  RETURN NEW; END $$;
CREATE TRIGGER fuellen BEFORE INSERT OR UPDATE ON kartei FOR EACH ROW EXECUTE FUNCTION kartei_fuellen();
CREATE TRIGGER woerter BEFORE INSERT OR UPDATE ON kartei FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(feld_d, 'pg_catalog.simple', vorname, nachname);`;

export function attackSeed(seed = 20_261): Seed {
  const random = seeded(seed);
  const secrets: Secret[] = [];
  const used = new Set<string>();
  const letters = (length: number, alphabet: string) =>
    Array.from({ length }, () => alphabet[random.below(alphabet.length)]).join('');
  const fresh = (make: () => string): string => {
    for (;;) {
      const value = make();
      if (used.has(value)) continue;
      used.add(value);
      return value;
    }
  };
  const keep = (kind: Secret['kind'], core: string, of: string): string => {
    secrets.push({ kind, core, of });
    return core;
  };
  const core = (of: string, length = 12, alphabet = ALPHABET) =>
    keep(
      'text',
      fresh(() => letters(1, LETTERS) + letters(length - 1, alphabet)),
      of,
    );
  const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  const numbers = (of: string, prefix: string, length: number) =>
    keep(
      'digits',
      fresh(() => prefix + letters(length, '0123456789')),
      of,
    );
  const mail = (of: string) =>
    `${random.pick(['grete', 'joao', 'aiko', 'lucia', 'emre'])}.${core(of)}@${random.pick(['posteo.example', 'correio.example', 'klinik.example'])}`;
  const name = (of: string) =>
    `${random.pick(['Grete', 'João', 'Aiko', 'Lucía', 'Emre'])} ${capital(core(of, 11, LETTERS))}`;
  const surname = (of: string) => capital(core(of, 11, LETTERS));
  const street = (of: string) =>
    `${capital(core(of, 11, LETTERS))}straße ${1 + random.below(90)}, ${10000 + random.below(80000)} Lübeck`;
  const tel = (of: string) => `+49${numbers(of, '17', 9)}`;
  const cpf = (of: string) => {
    const nine = fresh(() => letters(9, '123456789'));
    const digit = (text: string) => {
      const sum = [...text].reduce((total, one, i) => total + Number(one) * (text.length + 1 - i), 0);
      return String(((sum * 10) % 11) % 10);
    };
    const first = nine + digit(nine);
    const all = keep('digits', first + digit(first), of);
    return `${all.slice(0, 3)}.${all.slice(3, 6)}.${all.slice(6, 9)}-${all.slice(9)}`;
  };
  const card = (of: string) => {
    const body = fresh(() => `4${letters(14, '0123456789')}`);
    const sum = [...body].reduce(
      (total, one, i) => total + (i % 2 === 0 ? ((Number(one) * 2) % 10) + Math.floor(Number(one) / 5) : Number(one)),
      0,
    );
    return keep('digits', body + String((10 - (sum % 10)) % 10), of);
  };
  const iban = (of: string) => {
    const body = fresh(() => letters(18, '0123456789'));
    keep('digits', body, of);
    return `DE${String(98n - (BigInt(`${body}131400`) % 97n)).padStart(2, '0')}${body}`;
  };
  const token = (of: string) => `sk_live_${core(of, 24)}`;
  const born = (of: string) =>
    keep(
      'exact',
      fresh(
        () =>
          `19${50 + random.below(49)}-${random.pick(['02', '05', '07', '11'])}-${random.pick(['04', '13', '19', '26', '28'])}`,
      ),
      of,
    );
  const ip = (of: string) =>
    keep(
      'exact',
      fresh(
        () => `${81 + random.below(14)}.${11 + random.below(200)}.${11 + random.below(200)}.${11 + random.below(200)}`,
      ),
      of,
    );
  const digest = (of: string) =>
    `$2b$12$${keep(
      'text',
      fresh(() => letters(53, 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789')),
      of,
    )}`;

  const rows: string[] = [];
  const q = (value: string | number | null) =>
    value === null ? 'NULL' : typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
  const insert = (table: string, columns: string, ...values: string[]) =>
    rows.push(`INSERT INTO ${table} (${columns}) VALUES (${values.join(', ')});`);
  const patients: { mail: string; telefon: string; geboren: string }[] = [];
  for (let id = 1; id <= ROWS; id++) {
    const patient = {
      mail: mail('patienten.mail'),
      telefon: tel('patienten.telefon'),
      geboren: born('patienten.geburtsdatum'),
    };
    patients.push(patient);
    const record = JSON.stringify({
      kontakt: { mail: mail('patienten.akte'), telefon: tel('patienten.akte') },
      station: id % 4,
      sprache: 'de',
    });
    const contact = `ROW(${q(name('patienten.kontakt'))}, ${q(tel('patienten.kontakt'))}, ${q(mail('patienten.kontakt'))})::kontakt_t`;
    insert(
      'patienten',
      'id, vorname, nachname, geburtsdatum, mail, telefon, strasse, versicherten_nr, weitere_mails, kontakt, akte, feld_7, station, aufgenommen',
      String(id),
      q(capital(core('patienten.vorname', 11, LETTERS))),
      q(surname('patienten.nachname')),
      q(patient.geboren),
      q(patient.mail),
      q(patient.telefon),
      q(street('patienten.strasse')),
      q(`${random.pick(['A', 'K', 'T'])}${numbers('patienten.versicherten_nr', '', 9)}`),
      `ARRAY[${q(mail('patienten.weitere_mails'))}, ${q(mail('patienten.weitere_mails'))}]`,
      contact,
      q(record),
      q(mail('patienten.feld_7')),
      String(id % 4),
      `timestamptz '2025-0${1 + (id % 9)}-11 08:30Z'`,
    );
    insert(
      'termine',
      'id, patient_id, raum, dauer_min, beginn',
      String(id),
      String(id),
      q(`R${id % 5}`),
      String(15 * (1 + (id % 4))),
      `timestamptz '2025-03-${10 + id} 09:00Z'`,
    );
    insert(
      id % 3 === 0 ? 'aerzte' : 'personen',
      id % 3 === 0 ? 'id, name, tel, fach' : 'id, name, tel',
      String(id),
      q(name('personen.name')),
      q(tel('personen.tel')),
      ...(id % 3 === 0 ? [q('HNO')] : []),
    );
    insert(
      'zugriffe',
      'id, wer, von_ip, pfad, am',
      String(id),
      q(mail('zugriffe.wer')),
      q(ip('zugriffe.von_ip')),
      q(`/akte/${id}`),
      `date '202${4 + (id % 2)}-02-${10 + id}'`,
    );
    insert(
      'artikel',
      'id, bezeichnung, sku, preis, schlagworte, masse, git_sha',
      String(id),
      q(`Verband Größe ${id}`),
      q(`AR-${1000 + id}`),
      `${id}.95`,
      `ARRAY['steril', 'g${id % 3}']`,
      q(JSON.stringify({ breite: id, farbe: 'weiß' })),
      q(letters(40, '0123456789abcdef')),
    );
    insert(
      'laden.clientes',
      'id, nome_completo, cpf, correo_electronico, tarjeta, iban, direccion, fecha_nacimiento, ultima_ip, extras, puntos, nivel',
      String(id),
      q(name('clientes.nome_completo')),
      q(cpf('clientes.cpf')),
      q(mail('clientes.correo_electronico')),
      q(card('clientes.tarjeta')),
      q(iban('clientes.iban')),
      q(street('clientes.direccion')),
      q(born('clientes.fecha_nacimiento')),
      q(ip('clientes.ultima_ip')),
      `hstore('correo', ${q(mail('clientes.extras'))})`,
      String(id * 10),
      q(random.pick(['ouro', 'prata'])),
    );
    insert(
      'laden.pedidos',
      'id, cliente_id, numero, total, estado, feito_em',
      String(id),
      String(id),
      q(`P-2025-${7000 + id}`),
      `${id * 3}.50`,
      q(random.pick(['pago', 'aberto'])),
      `timestamptz '2025-04-${10 + id} 10:00Z'`,
    );
    insert(
      'saas.accounts',
      'id, login, display, pw_digest, api_token, webhook_secret, last_seen_ip, profile, plan, seats',
      String(id),
      q(mail('accounts.login')),
      q(name('accounts.display')),
      q(digest('accounts.pw_digest')),
      q(token('accounts.api_token')),
      `convert_to(${q(token('accounts.webhook_secret'))}, 'UTF8')`,
      q(ip('accounts.last_seen_ip')),
      q(JSON.stringify({ name: name('accounts.profile'), phone: tel('accounts.profile'), theme: 'dark' })),
      q(random.pick(['free', 'team'])),
      String(id),
    );
    insert(
      'saas.vorfaelle',
      'id, account_id, betreff, body, prio',
      String(id),
      String(id),
      q(`Vorfall ${id}`),
      q(`Bitte an ${mail('vorfaelle.body')} antworten, Karte ${card('vorfaelle.body')}.`),
      String(id % 5),
    );
    insert(
      'saas."会員"',
      'id, "氏名", "電話番号", "メール", "会員種別"',
      String(id),
      q(`${random.pick(['田中', '佐藤'])} ${capital(core('会員.氏名', 11, LETTERS))}`),
      q(tel('会員.電話番号')),
      q(mail('会員.メール')),
      q(random.pick(['一般', '特別'])),
    );
  }
  const key = (of: string) => token(of);
  const register = registerSeed({ mail, surname, street, tel, born, ip, digits: numbers });
  const sql = `
CREATE SCHEMA laden; CREATE SCHEMA saas;
CREATE TYPE kontakt_t AS (wer text, tel text, mail text);
CREATE DOMAIN iban_t AS text CHECK (length(VALUE) BETWEEN 15 AND 34);
CREATE TABLE patienten (id serial PRIMARY KEY, vorname text NOT NULL, nachname text NOT NULL, geburtsdatum date, mail text UNIQUE, telefon varchar(40), strasse text, versicherten_nr text, weitere_mails text[], kontakt kontakt_t, akte jsonb, feld_7 text, station int CONSTRAINT station_max CHECK (station < 50), aufgenommen timestamptz, mail_klein text GENERATED ALWAYS AS (lower(mail)) STORED);
CREATE TABLE termine (id int PRIMARY KEY, patient_id int REFERENCES patienten(id), raum text, dauer_min int NOT NULL, beginn timestamptz);
CREATE TABLE personen (id int, name text, tel text);
CREATE TABLE aerzte (fach text) INHERITS (personen);
CREATE TABLE zugriffe (id int, wer text, von_ip inet, pfad text, am date) PARTITION BY RANGE (am);
CREATE TABLE zugriffe_2024 PARTITION OF zugriffe FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE zugriffe_rest PARTITION OF zugriffe DEFAULT;
CREATE TABLE artikel (id int PRIMARY KEY, bezeichnung text NOT NULL, sku text UNIQUE, preis numeric(10,2), schlagworte text[], masse jsonb, git_sha char(40), laenge int GENERATED ALWAYS AS (length(bezeichnung)) STORED);
CREATE TABLE protokoll (id serial PRIMARY KEY, aktion text, detail text, am timestamptz DEFAULT now());
CREATE TABLE einstellungen (name text PRIMARY KEY, wert text, wartezeit_s int);
CREATE TABLE laden.clientes (id int PRIMARY KEY, nome_completo text, cpf text UNIQUE, correo_electronico text, tarjeta text, iban iban_t, direccion text, fecha_nacimiento date, ultima_ip inet, extras hstore, puntos int, nivel text);
CREATE TABLE laden.pedidos (id int PRIMARY KEY, cliente_id int REFERENCES laden.clientes(id), numero text UNIQUE, total numeric(12,2), estado text, feito_em timestamptz);
CREATE TABLE saas.accounts (id int PRIMARY KEY, login text UNIQUE, display text, pw_digest text, api_token text DEFAULT '${key('default')}', webhook_secret bytea, last_seen_ip inet, profile jsonb, plan text, seats int, CONSTRAINT kein_alter_schluessel CHECK (api_token <> '${key('check')}'));
CREATE TABLE saas.vorfaelle (id int PRIMARY KEY, account_id int REFERENCES saas.accounts(id), betreff text, body text, prio int);
CREATE TABLE saas."会員" (id int PRIMARY KEY, "氏名" text, "電話番号" text, "メール" text, "会員種別" text);
CREATE VIEW v_verteiler AS SELECT id AS nr, nachname AS a, mail AS b, telefon AS c FROM patienten;
CREATE VIEW v_etikett AS SELECT nr, a || ' <' || b || '>' AS zeile FROM v_verteiler;
CREATE VIEW v_auslastung AS SELECT raum, count(*) AS n, sum(dauer_min) AS minuten FROM termine GROUP BY raum;
CREATE VIEW v_notfall AS SELECT id, station, telefon FROM patienten WHERE station < 3 WITH CHECK OPTION;
CREATE VIEW v_probe AS SELECT id FROM artikel WHERE current_user <> '${mail('view definition')}';
CREATE MATERIALIZED VIEW mv_suche AS SELECT id, upper(nachname) AS s1, reverse(mail) AS s2, telefon AS s3 FROM patienten WITH NO DATA;
CREATE FUNCTION zeige_mail(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT mail FROM public.patienten WHERE id = i';
CREATE FUNCTION zeige_akte(i int, OUT dokument jsonb) LANGUAGE sql STABLE AS 'SELECT to_jsonb(p) FROM public.patienten p WHERE id = i';
CREATE FUNCTION zeige_karten(n int) RETURNS TABLE (k text, v text) LANGUAGE sql STABLE AS 'SELECT tarjeta, nivel FROM laden.clientes WHERE id <= n';
CREATE FUNCTION zeige_alle(n int) RETURNS SETOF patienten LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN QUERY EXECUTE format('SELECT * FROM public.patienten ORDER BY id LIMIT %s', n); END $$;
CREATE FUNCTION zeige_nummer(i int) RETURNS text LANGUAGE plpgsql SECURITY DEFINER STABLE AS $$ DECLARE r text; BEGIN SELECT versicherten_nr INTO r FROM public.patienten WHERE id = i; RETURN r; END $$;
CREATE FUNCTION anschrift(p patienten) RETURNS text LANGUAGE sql STABLE AS 'SELECT p.nachname || '', '' || p.strasse';
CREATE FUNCTION summe(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION bestellwert(i int) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT total FROM laden.pedidos WHERE id = i';
CREATE FUNCTION bereitstellen() RETURNS text LANGUAGE plpgsql AS $$ BEGIN -- Schlüssel ghp_${core('function body', 34)}
  RETURN 'n/a'; END $$;
CREATE FUNCTION stempel() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.am := coalesce(NEW.am, now()); RETURN NEW; END $$;
CREATE TRIGGER protokoll_stempel BEFORE INSERT ON protokoll FOR EACH ROW EXECUTE FUNCTION stempel('${key('trigger argument')}');
CREATE PROCEDURE notiere(was text) LANGUAGE sql AS 'INSERT INTO public.protokoll (aktion, detail) VALUES (was, ''aufruf'')';
CREATE INDEX termine_offen ON termine (raum) WHERE raum <> '${mail('index predicate')}';
CREATE TABLE alte_wege (id int, wer text) PARTITION BY LIST (wer);
CREATE TABLE alte_wege_1 PARTITION OF alte_wege FOR VALUES IN ('${mail('partition bound')}');
COMMENT ON TABLE saas.accounts IS 'Betrieb: ${mail('comment')}, Wurzelschlüssel ${key('comment')}';
COMMENT ON TABLE artikel IS 'Verkaufsartikel';
CREATE POLICY gaeste ON termine USING (raum <> '${mail('policy')}');
${rows.join('\n')}
INSERT INTO einstellungen VALUES ('mail.absender', 'noreply', 30), ('suche.grenze', '50', 5);
INSERT INTO protokoll (aktion, detail) VALUES ('start', 'ok'), ('stop', 'ok');
REFRESH MATERIALIZED VIEW mv_suche;
${register}
${CARDS}
${Array.from({ length: ROWS }, (_, i) => `INSERT INTO kartei (id, vorname, nachname, mail, titel, ort) VALUES (${i + 1}, 'Grete', '${surname('kartei.nachname')}', '${mail('kartei.mail')}', 'Band ${i}', 'Lübeck');`).join('\n')}
ANALYZE;
`;
  const superuserSql = `CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION unaccent; CREATE EXTENSION pgcrypto; CREATE EXTENSION pg_trgm; CREATE EXTENSION tablefunc; CREATE EXTENSION dblink; CREATE EXTENSION postgres_fdw; CREATE EXTENSION xml2; CREATE EXTENSION tcn;
ALTER ROLE app SET meine.schluessel = '${key('role setting')}';
CREATE SERVER archiv FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'archiv.invalid');
CREATE USER MAPPING FOR app SERVER archiv OPTIONS (user 'dienst', password '${core('user mapping', 20)}');
GRANT USAGE ON FOREIGN SERVER archiv TO app;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO app;`;
  return { sql, superuserSql, secrets, patients };
}
