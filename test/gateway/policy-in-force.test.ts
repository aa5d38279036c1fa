/** Grants and rules of the policy language, in force in a running gateway before a real Postgres. */
import type pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { GrantSettings, RuleSettings } from '../../src/config/gateway-settings.ts';
import { beforeEnd, failure, until, withRig } from './gateway-rig.ts';

const rig = withRig({
  sql: `CREATE TABLE t (id int PRIMARY KEY, a int); CREATE SCHEMA scratch; CREATE TABLE scratch.s (a int);
    CREATE FUNCTION loosen() RETURNS text LANGUAGE sql AS $$ SELECT set_config($n$work_mem$n$, $v$1GB$v$, false) $$;
    CREATE VIEW loosened AS SELECT loosen()`,
});
afterEach(() => rig.gateway.reload(rig.settings));

const GRANT: GrantSettings = {
  to: { group: 'developers' },
  database: '*',
  environment: undefined,
  access: 'write',
  create: true,
};
const reload = (more: Partial<GrantSettings>, rules: readonly RuleSettings[] = []) =>
  rig.gateway.reload({ ...rig.settings, grants: [{ ...GRANT, ...more }], rules });

let person = 0;
const connect = async (options: { purpose?: string; config?: pg.ClientConfig } = {}, sub = `p${++person}`) =>
  rig.connect(await rig.tokenOf(sub), {
    ...(options.purpose === undefined ? {} : { headers: { 'dbgate-purpose': encodeURIComponent(options.purpose) } }),
    ...(options.config === undefined ? {} : { config: options.config }),
  });
const refusal = async () => (await rig.refusal({ token: await rig.tokenOf(`p${++person}`) })).body.error;

describe('a grant', () => {
  it('that wants a purpose is refused without, and says how', async () => {
    reload({ purposeRequired: true });
    expect(await refusal()).toEqual({
      code: 'denied',
      message: 'access to database "app" needs a purpose',
      hint: 'Say what it is for: `dbgate connect app --purpose "…"`.',
    });
    const client = await connect({ purpose: 'ticket 4711' });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('out of its hours says when it is open', async () => {
    // Half an hour in the middle of another day than this.
    const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
    const hours = `${days[(new Date().getUTCDay() + 3) % 7]} 12:00-12:30 UTC`;
    reload({ hours: [hours] });
    expect(await refusal()).toEqual({
      code: 'denied',
      message: 'access to database "app" is not open now',
      hint: `It is granted to you ${hours}.`,
    });
    const { body } = await rig.api('GET', '/v1/databases', await rig.tokenOf('lister'));
    expect(body.databases).toEqual([]);
  });

  it('that has ended says so, on the native listener too', async () => {
    const password = await rig.databaseToken(await rig.tokenOf('native'));
    reload({ expiresAt: Date.parse('2026-01-01T00:00:00Z') });
    expect((await refusal()).message).toBe('access to database "app" ended at 2026-01-01T00:00:00.000Z');
    const error = await failure(rig.native('native@example.test', password).connect());
    expect(error.message).toBe('access to database "app" ended at 2026-01-01T00:00:00.000Z');
    expect(error.code).toBe('28000');
  });

  it('ends its sessions when it does', async () => {
    const begun = await beforeEnd(1_500, async (expiresAt) => {
      reload({ expiresAt });
      const client = await connect();
      const told = new Promise<pg.DatabaseError>((resolve) => client.on('error', (e) => resolve(e as never)));
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      return { told };
    });
    const error = await begun.told;
    expect(error).toMatchObject({ severity: 'FATAL', code: '28000', message: 'the grant for this session ended' });
    const ended = async () =>
      (await rig.records()).some((one) => one.kind === 'session.close' && one.reason === 'grant_ended');
    await until(ended);
  });

  it('is for so many sessions of one person', async () => {
    reload({ limits: { maxSessions: 2 } });
    const first = await connect({}, 'crowd');
    await connect({}, 'crowd');
    const error = await failure(connect({}, 'crowd'));
    expect(error).toMatchObject({
      code: '53300',
      message: 'your grant on database "app" is for 2 sessions at once',
    });
    await connect({}, 'somebody-else');
    await first.end();
    // The gateway hears of the end a moment later.
    await until(async () => {
      const client = await connect({}, 'crowd').catch(() => undefined);
      return client !== undefined;
    });
  });

  it('sets timeouts that the session cannot change, by any spelling', async () => {
    reload({ limits: { statementTimeoutMs: 200, lockTimeoutMs: 100, settings: ['work_mem'] } });
    const client = await connect();
    const setting = async (name: string) => (await client.query(`SHOW ${name}`)).rows[0][name];
    expect([await setting('statement_timeout'), await setting('lock_timeout')]).toEqual(['200ms', '100ms']);
    for (const sql of [
      'SET statement_timeout = 0',
      'SET LOCAL lock_timeout = 0',
      "SELECT set_config('statement_timeout', '0', false)",
      "SET WORK_MEM = '1GB'",
      'SELECT loosen()',
      'DO $$ BEGIN PERFORM loosen(); END $$',
      'SELECT * FROM loosened',
      "BEGIN; SET LOCAL work_mem = '1GB'; COMMIT",
      'PREPARE p AS SELECT loosen()',
      "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql SET work_mem FROM CURRENT AS 'SELECT 1'",
      "ALTER FUNCTION loosen() SET work_mem = '1GB'",
    ]) {
      expect(await failure(client.query(sql)), sql).toMatchObject({
        code: '42501',
        detail: 'rule access.fixed-settings: the grant that gives access fixes it',
      });
    }
    for (const sql of [
      'ALTER ROLE CURRENT_USER SET statement_timeout = 0',
      'ALTER DATABASE app SET statement_timeout = 0',
      'ALTER SYSTEM SET work_mem = 1',
      "UPDATE pg_settings SET setting = '0' WHERE name = 'statement_timeout'",
      "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'statement_timeout'",
      "SELECT set_config(lower('Statement_Timeout'), '0', false)",
    ]) {
      expect(await failure(client.query(sql)), sql).toMatchObject({ code: '42501' });
    }
    await client.query('RESET ALL');
    await client.query('DISCARD ALL');
    expect([await setting('statement_timeout'), await setting('work_mem')]).toEqual(['200ms', '4MB']);
    expect(await failure(client.query('SELECT count(*) FROM generate_series(1, 1e9)'))).toMatchObject({
      code: '57014',
    });
    const wanted = { config: { options: '-c statement_timeout=0' } };
    expect(await failure(connect(wanted))).toMatchObject({
      code: '42501',
      message: 'the setting statement_timeout cannot be given when connecting: your grant fixes it',
    });
  });
});

const rule = (id: string, effect: RuleSettings['effect'], match: RuleSettings['match']): RuleSettings => ({
  id,
  effect,
  match,
});

describe('rules', () => {
  it('deny, hold and allow in a session that is open, and one that was prepared before', async () => {
    const client = await connect();
    const insert = { name: 'ins', text: 'INSERT INTO t VALUES ($1, 1)', values: [1] };
    await client.query(insert);
    expect(await failure(client.query('TRUNCATE scratch.s'))).toMatchObject({ code: '42501' });
    reload({}, [
      rule('no-insert', 'deny', { command: ['INSERT'] }),
      rule('wait', 'hold', { relation: ['scratch.s'], command: ['SELECT'] }),
      rule('open', 'allow', { finding: ['truncates'], relation: ['scratch.*'] }),
    ]);
    expect(await failure(client.query({ ...insert, values: [2] }))).toMatchObject({
      code: '42501',
      detail: 'rule no-insert: the policy of this gateway does not allow it',
    });
    expect(await failure(client.query('SELECT * FROM scratch.s'))).toMatchObject({ code: 'DG002' });
    await client.query('TRUNCATE scratch.s');
    expect(await failure(client.query('TRUNCATE t'))).toMatchObject({ code: '42501' });
    expect((await client.query('SELECT id FROM t')).rows).toEqual([{ id: 1 }]);
  });

  it('see group, application and purpose', async () => {
    const only = (match: RuleSettings['match']) => reload({}, [rule('x', 'deny', { ...match, command: ['SELECT'] })]);
    const pass = async (client: pg.Client) => (await client.query('SELECT 1').catch(() => undefined)) !== undefined;
    const tool = await connect({ config: { application_name: 'pgAdmin 4' } });
    const purposeful = await connect({ purpose: 'x' });
    only({ application: ['pgAdmin*'] });
    expect([await pass(tool), await pass(purposeful)]).toEqual([false, true]);
    only({ purpose: ['missing'] });
    expect([await pass(tool), await pass(purposeful)]).toEqual([false, true]);
    only({ group: ['developers'] });
    expect([await pass(tool), await pass(purposeful)]).toEqual([false, false]);
    only({ group: ['others'] });
    expect([await pass(tool), await pass(purposeful)]).toEqual([true, true]);
  });

  it('know whose object it is', async () => {
    const client = await connect();
    reload({}, [rule('keep', 'deny', { finding: ['drops'], object: ['own'] })]);
    await client.query('CREATE TABLE mine (a int)');
    await client.query('CREATE TEMP TABLE passing (a int)');
    await client.query('DROP TABLE passing');
    expect(await failure(client.query('DROP TABLE mine'))).toMatchObject({
      detail: expect.stringMatching(/^rule keep: /),
    });
    expect(await failure(client.query('DROP TABLE t'))).toMatchObject({
      detail: expect.stringMatching(/^rule production\.no-drop: /),
    });
  });
});
