/** The guard before a real server: what it asks, and whether it notices what somebody changed. */
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { UpstreamSettings } from '../../src/config/gateway-settings.ts';
import { DefinitionGuard } from '../../src/gateway/definition-guard.ts';
import type { StatementFacts } from '../../src/sql/facts.ts';
import { NO_ROUTINES } from '../../src/sql/routines.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres();

async function direct(...texts: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  for (const text of texts) await client.query(text);
  await client.end();
}

function factsOf(relation: string, more: Partial<StatementFacts> = {}): StatementFacts[] {
  const none = {
    findings: [],
    targets: [],
    functions: [],
    operators: [],
    types: [],
    locks: false,
    offset: 0,
    length: 0,
  };
  return [{ command: 'SELECT', class: 'read', writes: false, ...none, relations: [relation], ...more }];
}

async function withGuard(work: (guard: DefinitionGuard, readings: () => number) => Promise<void>): Promise<void> {
  let readings = 0;
  const settings: UpstreamSettings = {
    host: server.host,
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    password: decodeURIComponent(new URL(server.superuserUrl).password),
    tls: { mode: 'disable', ca: undefined, cert: undefined, key: undefined },
    connectTimeoutMs: 60_000,
  };
  const routines = { ...NO_ROUTINES, builtin: new Set(['lower']) };
  const snapshots = {
    routines: () => routines,
    readAnew: async () => void readings++,
  };
  const guard = new DefinitionGuard(settings, snapshots, () => {});
  try {
    await guard.ensure();
    await work(guard, () => readings);
  } finally {
    guard.close();
  }
}

const SPLIT = 201;
beforeAll(() =>
  direct(
    `CREATE TABLE plain (id int); CREATE VIEW shown AS SELECT id FROM plain; CREATE TABLE "it's ""odd\\" (id int)`,
    `CREATE VIEW "odd's" AS SELECT * FROM "it's ""odd\\"`,
    'CREATE TABLE split (id int) PARTITION BY LIST (id)',
    `DO $$ BEGIN FOR i IN 1..${SPLIT} LOOP EXECUTE format('CREATE TABLE split_%s PARTITION OF split FOR VALUES IN (%s)', i, i); END LOOP; END $$`,
    'CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
  ),
);

describe('what is asked before a statement', () => {
  it('is nothing for a plain table, but once each time that somebody has changed something', () =>
    withGuard(async (guard, readings) => {
      const facts = factsOf('plain');
      expect(guard.questionOf(facts, false)).toBeUndefined();
      guard.noticed();
      const question = guard.questionOf(facts, false)!;
      expect(await guard.check([question])).toBe('same');
      expect(guard.questionOf(facts, false)).toBeUndefined();
      await direct('DROP TABLE plain CASCADE; CREATE VIEW plain AS SELECT 1 AS id');
      guard.noticed();
      expect(await guard.check([guard.questionOf(facts, false)!])).toBe('changed');
      expect(readings()).toBe(1);
      // A view is asked for each time.
      expect(await guard.check([guard.questionOf(facts, false)!])).toBe('same');
    }));

  it('goes by names as they are, whatever is in them', () =>
    withGuard(async (guard) => {
      const question = guard.questionOf(factsOf(`public."odd's"`), false)!;
      expect(question.parameters[0]).toEqual(["odd's", 'it\'s "odd\\']);
      for (let i = 0; i < 3; i++) expect(await guard.check([question])).toBe('same');
      await direct(`CREATE OR REPLACE VIEW "odd's" AS SELECT id + 1 AS id FROM "it's ""odd\\"`);
      expect(await guard.check([question])).toBe('changed');
    }));

  it(`is what fires on one of ${SPLIT} partitions, and what that runs`, () =>
    withGuard(async (guard) => {
      const facts = factsOf('split', { command: 'INSERT', class: 'write', writes: true, manyRows: true });
      const check = async (): Promise<string> => await guard.check([guard.questionOf(facts, false)!]);
      expect(await check()).toBe('same');
      await direct('CREATE TRIGGER fires BEFORE INSERT ON split_7 FOR EACH ROW EXECUTE FUNCTION fires()');
      expect(await check()).toBe('changed');
      expect(await check()).toBe('same');
      await direct(
        'CREATE OR REPLACE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM plain; RETURN NEW; END $$',
      );
      expect(await check()).toBe('changed');
      await direct('ALTER TABLE split_9 ADD CONSTRAINT small CHECK (id < 1000)');
      expect(await check()).toBe('changed');
      expect(await check()).toBe('same');
      await direct('INSERT INTO split VALUES (1)');
      expect(await check()).toBe('same');
    }));
});
