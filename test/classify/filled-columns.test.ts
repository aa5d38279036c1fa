/** Which columns triggers fill from which others, by their bodies as the server prints them. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { catalogFromRows } from '../../src/catalog/catalog-model.ts';
import { CATALOG_SQL } from '../../src/catalog/catalog-query.ts';
import { filledColumns } from '../../src/classify/filled-columns.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres();

/** Body of the trigger → columns of `fiche` and what fills them. */
const BODIES: Readonly<Record<string, readonly [body: string, filled: Readonly<Record<string, string>>]>> = {
  assigned: [
    `BEGIN NEW.cle := lower(NEW.nom) || '-' || NEW.id; NEW.maj = now(); RETURN NEW; END`,
    { cle: 'fiche.id fiche.nom' },
  ],
  'in branches': [
    `BEGIN IF TG_OP = 'INSERT' THEN NEW.cle := NEW.nom; ELSIF NEW.ville IS NULL THEN NEW.cle := 'x'; ELSE NEW.cle = OLD.prenom; END IF; RETURN NEW; END`,
    { cle: 'fiche.nom fiche.prenom' },
  ],
  'by variables': [
    `DECLARE v text := trim(both ' ' from NEW.nom); n int := 0; w text; BEGIN n := n + 1; w := upper(v); NEW.cle := w; NEW.rang := n; RETURN NEW; END`,
    { cle: 'fiche.nom' },
  ],
  'words and ages': [
    `BEGIN NEW.mots := setweight(to_tsvector('simple', coalesce(NEW.nom, '')), 'A') || to_tsvector(NEW.ville); NEW.rang := extract(year FROM age(NEW.ne_le)); RETURN NEW; END`,
    { mots: 'fiche.nom fiche.ville', rang: 'fiche.ne_le' },
  ],
  'looked up': [
    `BEGIN SELECT p.mail, p.nom INTO STRICT NEW.cle, NEW."Payeur" FROM payeurs p WHERE p.id = NEW.id; RETURN NEW; END`,
    { cle: 'payeurs.mail', Payeur: 'payeurs.nom' },
  ],
  'looked up before': [
    `BEGIN SELECT INTO NEW.cle mail FROM public.payeurs WHERE nom = NEW.nom; NEW."Payeur" := (SELECT nom FROM payeurs WHERE id = NEW.rang); RETURN NEW; END`,
    { cle: 'payeurs.mail', Payeur: 'payeurs.nom' },
  ],
  'by a row': [
    `DECLARE r record; BEGIN SELECT * INTO r FROM payeurs WHERE id = NEW.id; NEW.cle := r.mail; NEW.rang := r.id; RETURN NEW; END`,
    { cle: 'payeurs.mail', rang: 'payeurs.id' },
  ],
  'by a loop': [
    `DECLARE r record; BEGIN FOR r IN SELECT * FROM payeurs LOOP NEW.cle := concat(NEW.cle, r.nom); END LOOP; RETURN NEW; END`,
    { cle: 'payeurs.nom' },
  ],
  'what only decides': [
    `BEGIN -- NEW.cle := NEW.nom;
      /* NEW.cle := NEW.nom; */
      NEW.cle := CASE WHEN NEW.nom <> OLD.nom THEN 'changed' ELSE '; NEW.cle := NEW.nom' END;
      NEW."Payeur" := CASE NEW.nom WHEN 'a' THEN 'x' END;
      NEW.rang := length(NEW.nom) + (SELECT count(*) FROM payeurs p WHERE p.nom = NEW.nom);
      NEW.maj := CASE WHEN NEW.mail IS DISTINCT FROM OLD.mail THEN now() ELSE OLD.maj END;
      NEW.a_mail := NEW.mail LIKE '%@%';
      NEW.ville := initcap(NEW.ville);
      IF NEW.nom = 'x' THEN RAISE NOTICE '%', NEW.nom; END IF; RETURN NEW; END`,
    {},
  ],
  'another row': [`BEGIN INSERT INTO payeurs (nom) VALUES (NEW.nom); RETURN NEW; END`, {}],
};

const catalogs = new Map<string, Catalog>();

beforeAll(async () => {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  const read = async (name: string) => {
    const text = { types: { getTypeParser: () => (one: string) => one }, rowMode: 'array' as const, text: CATALOG_SQL };
    const { rows } = (await client.query(text as never)) as pg.QueryResult;
    catalogs.set(name, catalogFromRows(rows as never, catalogs.size + 1));
  };
  await client.query(`CREATE TABLE payeurs (id int, nom text, mail text);
    CREATE TABLE fiche (id int, nom text, prenom text, ville text, mail text, ne_le date, cle text, "Payeur" text, rang int, maj timestamptz, a_mail boolean, mots tsvector)`);
  for (const [name, [body]] of Object.entries(BODIES)) {
    await client.query(
      `CREATE OR REPLACE FUNCTION remplir() RETURNS trigger LANGUAGE plpgsql AS $corps$ ${body} $corps$`,
    );
    await client.query(
      'CREATE OR REPLACE TRIGGER t BEFORE INSERT OR UPDATE ON fiche FOR EACH ROW EXECUTE FUNCTION remplir()',
    );
    await read(name);
  }
  await client.query(
    `DROP TRIGGER t ON fiche; CREATE TRIGGER t BEFORE INSERT ON fiche FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(mots, 'pg_catalog.simple', nom, prenom)`,
  );
  await read('of PostgreSQL’s own');
  await client.end();
});
afterAll(() => catalogs.clear());

function filledIn(name: string): Record<string, string> {
  const catalog = catalogs.get(name)!;
  const relation = catalog.relation('public', 'fiche')!;
  return Object.fromEntries(
    [...filledColumns(catalog, relation)].map(([attnum, sources]) => {
      const from = sources.map(({ relation: oid, attnum: source }) => {
        const table = catalog.relationByOid(oid)!;
        return `${table.name}.${table.columns.find((one) => one.attnum === source)?.name}`;
      });
      return [relation.columns.find((one) => one.attnum === attnum)?.name, [...new Set(from)].sort().join(' ')];
    }),
  );
}

describe('a trigger fills', () => {
  it.each(Object.entries(BODIES))('%s', (name, [, filled]) => {
    expect(filledIn(name)).toEqual(filled);
  });

  it('a column by PostgreSQL’s own', () => {
    expect(filledIn('of PostgreSQL’s own')).toEqual({ mots: 'fiche.nom fiche.prenom' });
  });
});
