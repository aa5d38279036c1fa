/** What somebody makes through dbgate, under a name that hides what it is or that carries values on by itself. */
import type { Attack } from '../attack.ts';

const PATIENTS = 'FROM patienten';
const LIKE_THE_SERVERS = `AS SELECT id, nachname, strasse, pg_stat_get_numscans(1::oid) AS n ${PATIENTS}`;
const COPY = `INSERT INTO atk_t (nachname) SELECT nachname ${PATIENTS}`;

/** A table of one's own, with a trigger that calls what was there before. */
function fired(id: string, made: string, call: string, ...then: readonly string[]): Attack {
  return {
    id: `carrier.${id}`,
    writes: true,
    run: async (attacker) => {
      if (made !== '') await attacker.bystander(made);
      const [listener, wire] = [await attacker.connect(), await attacker.connect()];
      await listener.query('LISTEN tcn');
      for (const sql of [
        'CREATE TABLE atk_t (nachname text PRIMARY KEY, worte tsvector)',
        `CREATE TRIGGER atk_tr ${call.startsWith('tsvector') ? 'BEFORE' : 'AFTER'} INSERT OR UPDATE ON atk_t FOR EACH ROW EXECUTE FUNCTION ${call}`,
        COPY,
        ...then,
      ])
        await wire.query(sql);
      await listener.query('SELECT 1');
    },
  };
}

const routine = (name: string, body: string): string =>
  `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN ${body}; RETURN NEW; END $f$`;
const NOTED = `SELECT reverse(detail), detail FROM protokoll WHERE aktion = 'trigger'`;

export const carriers: readonly Attack[] = [
  { id: 'carrier.view-of-the-server', sql: [`CREATE TEMP VIEW pg_stat_x ${LIKE_THE_SERVERS}`, 'TABLE pg_stat_x'] },
  {
    id: 'carrier.view-in-transaction',
    sql: ['BEGIN', `CREATE VIEW pg_qualstats ${LIKE_THE_SERVERS}`, 'TABLE pg_qualstats'],
  },
  {
    id: 'carrier.view-of-the-server-copied',
    sql: [
      `CREATE TEMP VIEW pg_buffercache ${LIKE_THE_SERVERS}`,
      `INSERT INTO protokoll (aktion, detail) SELECT 'sicht', nachname FROM pg_buffercache`,
      `SELECT detail FROM protokoll WHERE aktion = 'sicht'`,
    ],
  },
  {
    id: 'carrier.generated-words',
    sql: [
      `CREATE TABLE mitschrift (id int, nachname text, notiz text, worte tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(notiz, ''))) STORED)`,
      `INSERT INTO mitschrift (id, notiz) VALUES (0, 'Visite')`,
      'SELECT pg_sleep(2)',
      'SELECT worte FROM mitschrift',
      `INSERT INTO mitschrift (id, notiz) SELECT id, nachname ${PATIENTS}`,
      'SELECT worte FROM mitschrift',
    ],
  },
  {
    id: 'carrier.generated-words-renamed',
    sql: [
      `ALTER TABLE patienten ADD COLUMN worte tsvector GENERATED ALWAYS AS (to_tsvector('simple', nachname)) STORED`,
      'ALTER TABLE patienten RENAME COLUMN nachname TO aufgabe',
      'SELECT worte FROM patienten',
    ],
  },
  {
    id: 'carrier.view-written',
    sql: [
      'CREATE VIEW pg_stat_y AS SELECT id, aktion, detail FROM protokoll WHERE pg_stat_get_numscans(1::oid) = 0',
      `INSERT INTO pg_stat_y (aktion, detail) SELECT 'basis', nachname ${PATIENTS}`,
      `SELECT detail FROM protokoll WHERE aktion = 'basis'`,
    ],
  },
  ...['TEMP TABLE atk_e', 'TABLE atk_e (z)', 'TABLE IF NOT EXISTS atk_e'].map(
    (table, i): Attack => ({
      id: `carrier.execute-${i + 1}`,
      sql: [
        `PREPARE atk_q (int) AS SELECT nachname AS x ${PATIENTS} WHERE id < $1`,
        `CREATE ${table} AS EXECUTE atk_q (20)`,
        'TABLE atk_e',
      ],
    }),
  ),
  {
    id: 'carrier.execute-explained',
    sql: [
      `PREPARE atk_q AS SELECT nachname AS x ${PATIENTS}`,
      'EXPLAIN ANALYZE CREATE TEMP TABLE atk_e AS EXECUTE atk_q',
      'COPY atk_e TO STDOUT',
    ],
  },
  {
    id: 'carrier.generated-quote',
    sql: [
      `CREATE TABLE atk_g AS SELECT nachname AS "a""b" ${PATIENTS}`,
      'ALTER TABLE atk_g ADD g text GENERATED ALWAYS AS (reverse("a""b")) STORED',
      'SELECT g FROM atk_g',
    ],
  },
  {
    id: 'carrier.renamed',
    sql: [
      'CREATE TABLE atk_r (nachname text)',
      `INSERT INTO atk_r SELECT nachname ${PATIENTS}`,
      'ALTER TABLE atk_r RENAME nachname TO sku',
      'SELECT pg_sleep(1.2)',
      'SELECT sku FROM atk_r',
      'SELECT pg_sleep(1.2)',
      'SELECT sku FROM atk_r',
    ],
  },
  {
    id: 'carrier.renamed-in-steps',
    sql: [
      `CREATE TABLE atk_r AS SELECT id, nachname AS a ${PATIENTS}`,
      'ALTER TABLE atk_r ADD nachname text',
      'UPDATE atk_r SET nachname = a',
      'ALTER TABLE atk_r DROP a',
      'ALTER TABLE atk_r RENAME nachname TO sku',
      'SELECT sku FROM atk_r',
    ],
  },
  fired('words', '', `tsvector_update_trigger('worte', 'pg_catalog.simple', 'nachname')`, 'SELECT worte FROM atk_t'),
  fired('notification', '', 'triggered_change_notification()'),
  fired(
    'noted',
    routine('atk_n1', `INSERT INTO public.protokoll (aktion, detail) VALUES ('trigger', NEW.nachname)`),
    'atk_n1()',
    NOTED,
  ),
  fired(
    'noted-row',
    routine('atk_n2', `INSERT INTO public.protokoll (aktion, detail) VALUES ('trigger', to_jsonb(NEW)::text)`),
    'atk_n2()',
    NOTED,
  ),
  fired(
    'noted-dynamic',
    routine(
      'atk_n3',
      `EXECUTE 'INSERT INTO public.protokoll (aktion, detail) VALUES ($1, ($2).nachname)' USING 'trigger', NEW`,
    ),
    'atk_n3()',
    NOTED,
  ),
  {
    id: 'carrier.one-routine-two-tables',
    writes: true,
    run: async (attacker) => {
      const [listener, wire] = [await attacker.connect(), await attacker.connect()];
      await listener.query('LISTEN atk_ch');
      for (const sql of [
        routine('atk_f', `PERFORM pg_notify('atk_ch', reverse(NEW.mail::text))`),
        'CREATE TABLE atk_t1 (mail int)',
        'CREATE TABLE atk_t2 (mail text)',
        'CREATE TRIGGER a AFTER INSERT ON atk_t1 FOR EACH ROW EXECUTE FUNCTION atk_f()',
        'CREATE TRIGGER a AFTER INSERT ON atk_t2 FOR EACH ROW EXECUTE FUNCTION atk_f()',
        `WITH a AS (INSERT INTO atk_t1 VALUES (1)) INSERT INTO atk_t2 SELECT mail ${PATIENTS}`,
        `WITH a AS (INSERT INTO atk_t2 SELECT mail ${PATIENTS} RETURNING 1) INSERT INTO atk_t1 SELECT 1 FROM a`,
      ])
        await wire.query(sql);
      await listener.query('SELECT 1');
    },
  },
];
