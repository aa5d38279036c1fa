/** What the segments hold after real sessions: each statement once, in order, truthfully, and no secret anywhere. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { AuditRecord, StatementIntent, StatementOutcome } from '../../src/audit/record.ts';
import { failure, recordedText, until, withRig } from './gateway-rig.ts';
import { WireClient } from './wire-client.ts';

const rig = withRig({
  sql: `CREATE TABLE colours (id int primary key, name text);
        INSERT INTO colours SELECT i, 'name ' || i FROM generate_series(1, 10) i;
        CREATE TABLE child (parent int REFERENCES colours DEFERRABLE INITIALLY DEFERRED)`,
});

type Of<K extends AuditRecord['kind']> = Extract<AuditRecord, { kind: K }>;

/** All records of the sessions of one subject, when they are closed. */
async function sessionOf(subject: string) {
  let records: AuditRecord[] = [];
  await until(async () => {
    const all = await rig.records();
    const open = all.find((r): r is Of<'session.open'> => r.kind === 'session.open' && r.subject === subject);
    if (open === undefined) return false;
    records = all.filter((r) => 'session' in r && r.session === open.session);
    return records.at(-1)?.kind === 'session.close';
  });
  const kinds = <K extends AuditRecord['kind']>(kind: K) => records.filter((r): r is Of<K> => r.kind === kind);
  return {
    records,
    intents: kinds('statement.intent'),
    outcomes: kinds('statement.outcome'),
    close: kinds('session.close')[0]!,
  };
}

function brief(intent: StatementIntent, outcome: StatementOutcome | undefined) {
  return [recordedText(intent), intent.class, intent.decision, intent.rule, outcome?.rows, outcome?.sqlstate];
}

async function run(client: pg.Client, sql: string, values?: unknown[]): Promise<void> {
  await (values === undefined ? client.query(sql) : client.query(sql, values)).catch(() => {});
}

describe('the record of a session', () => {
  it('has one intent and one outcome for each statement, in order, behind session.open', async () => {
    const client = await rig.connect(await rig.tokenOf('scripted'));
    await run(client, 'SELECT * FROM colours WHERE id <= 3');
    await run(client, 'SELECT name FROM colours WHERE id = $1', [1]);
    await run(client, "INSERT INTO colours VALUES (100, 'new'), (101, 'newer')");
    await run(client, 'UPDATE colours SET name = upper(name) WHERE id IN (100, 101)');
    await run(client, 'DELETE FROM colours');
    await run(client, 'DELETE FROM colours WHERE id IN (100, 101)');
    await run(client, 'SELECT nothing FROM colours');
    await run(client, 'SELECT 1 +');
    await run(client, 'DROP TABLE colours');
    await run(client, 'BEGIN');
    await run(client, 'SELECT 1/0');
    await run(client, 'SELECT 1');
    await run(client, 'ROLLBACK');
    await run(client, 'CREATE TABLE mine (id int)');
    await run(client, 'DROP TABLE mine');
    await client.end();
    const { records, intents, outcomes, close } = await sessionOf('scripted');
    expect(records[0]).toMatchObject({ kind: 'session.open', policyVersion: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(intents.map((intent) => intent.n)).toEqual(intents.map((_, i) => i + 1));
    expect(outcomes.map((outcome) => outcome.n).sort((a, b) => a - b)).toEqual(intents.map((i) => i.n));
    for (const { n } of intents) {
      const at = (kind: string) => records.findIndex((r) => r.kind === kind && (r as StatementIntent).n === n);
      expect(at('statement.intent')).toBeLessThan(at('statement.outcome'));
    }
    const told = intents.map((intent) =>
      brief(
        intent,
        outcomes.find((o) => o.n === intent.n),
      ),
    );
    expect(told).toEqual([
      ['SELECT * FROM colours WHERE id <= 3', 'read', 'allow', undefined, 3, undefined],
      ['SELECT name FROM colours WHERE id = $1', 'read', 'allow', undefined, 1, undefined],
      ["INSERT INTO colours VALUES (100, 'new'), (101, 'newer')", 'write', 'allow', undefined, 2, undefined],
      ['UPDATE colours SET name = upper(name) WHERE id IN (100, 101)', 'write', 'allow', undefined, 2, undefined],
      ['DELETE FROM colours', 'write', 'deny', expect.stringContaining('production.'), 0, '42501'],
      ['DELETE FROM colours WHERE id IN (100, 101)', 'write', 'allow', undefined, 2, undefined],
      ['SELECT nothing FROM colours', 'read', 'mask', undefined, 0, '42703'],
      [expect.stringMatching(/^SELECT '‹\?:[0-9a-f]{12}›' \+$/), expect.any(String), 'deny', 'sql.syntax', 0, '42601'],
      ['DROP TABLE colours', 'ddl', 'deny', 'production.no-drop', 0, '42501'],
      ['BEGIN', expect.any(String), 'allow', undefined, 0, undefined],
      ['SELECT 1/0', 'read', 'allow', undefined, 0, '22012'],
      ['SELECT 1', 'read', 'allow', undefined, 0, '25P02'],
      ['ROLLBACK', expect.any(String), 'allow', undefined, 0, undefined],
      ['CREATE TABLE mine (id int)', 'ddl', 'allow', undefined, 0, undefined],
      ['DROP TABLE mine', 'ddl', 'allow', undefined, 0, undefined],
    ]);
    expect(intents[1]).toMatchObject({ protocol: 'extended', binds: 1 });
    expect(intents[0]).toMatchObject({ protocol: 'simple', binds: 0 });
    expect(close).toMatchObject({ reason: 'client', statements: intents.length, denied: 3 });
  });

  it('of a statement that fails at Sync, by a deferred constraint, says so', async () => {
    const client = await rig.connect(await rig.tokenOf('deferred'));
    const sql = 'INSERT INTO child VALUES ($1)';
    await expect(client.query(sql, [99])).rejects.toMatchObject({ code: '23503' });
    await client.query(sql, [1]);
    await client.end();
    const { outcomes } = await sessionOf('deferred');
    expect(outcomes).toMatchObject([
      { n: 1, sqlstate: '23503', fate: 'rolled_back' },
      { n: 2, rows: 1 },
    ]);
    expect(outcomes[1]).not.toHaveProperty('sqlstate');
    const own = await rig.api('GET', '/v1/history', await rig.tokenOf('deferred'));
    expect(own.body.entries.map((entry: { state: string }) => entry.state)).toEqual(['done', 'rolled_back']);
  });

  it('says what was not run behind an error of a pipeline', async () => {
    const client = await rig.connect(await rig.tokenOf('pipelined'));
    const { connection } = client as unknown as { connection: Pipeline };
    const ready = new Promise<void>((resolve) => connection.once('readyForQuery', () => resolve()));
    for (const [name, text] of [
      ['a', "INSERT INTO colours VALUES (200, 'a')"],
      ['b', 'SELECT 1/0'],
      ['c', "INSERT INTO colours VALUES (201, 'c')"],
    ] as const) {
      connection.parse({ name, text, types: [] }, true);
      connection.bind({ statement: name, portal: '', values: [] }, true);
      connection.execute({ portal: '', rows: 0 }, true);
    }
    connection.sync();
    connection.on('errorMessage', () => {});
    await ready;
    await client.end();
    const { intents, outcomes } = await sessionOf('pipelined');
    const ends = intents.map((intent) => [recordedText(intent), outcomes.find((o) => o.n === intent.n)?.sqlstate]);
    expect(ends.slice(0, 2)).toEqual([
      ["INSERT INTO colours VALUES (200, 'a')", '22012'],
      ['SELECT 1/0', '22012'],
    ]);
    // It ran, and went with what failed behind it.
    expect(outcomes[0]).toMatchObject({ n: 1, rows: 1, fate: 'rolled_back' });
    // Never run: either not even begun upstream, or told so.
    for (const [, sqlstate] of ends.slice(2)) expect(sqlstate).toBe('DG001');
    expect(await rig.direct('SELECT 1 FROM colours WHERE id >= 200')).toEqual([]);
  });

  it('refused statements of FunctionCall, bad UTF-8 and too much text are there as well', async () => {
    const wire = new WireClient(await rig.upgrade({ token: await rig.tokenOf('strange') }));
    await wire.startup().through('Z');
    wire.send(Buffer.from([0x46, 0, 0, 0, 14, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0]));
    expect(await wire.error()).toMatchObject({ severity: 'ERROR', code: '0A000' });
    await wire.through('Z');
    wire.send(Buffer.from([0x51, 0, 0, 0, 14, ...Buffer.from("SELECT '"), 0xff, 0]));
    expect(await wire.error()).toMatchObject({ severity: 'ERROR', code: '22021' });
    await wire.through('Z');
    wire.stream.end();
    const { intents } = await sessionOf('strange');
    expect(intents.map((i) => [i.protocol, i.decision])).toEqual([
      ['function', 'deny'],
      ['simple', 'deny'],
    ]);
  });

  it('an upstream that dies in the middle of a statement leaves an outcome, not a hole', async () => {
    const client = await rig.connect(await rig.tokenOf('bereft'));
    const running = failure(client.query('SELECT pg_sleep(60)'));
    await until(
      async () =>
        (await rig.direct("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"))
          .length === 1,
    );
    await rig.direct(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'",
    );
    expect((await running).code).toBe('57P01');
    const { outcomes, close } = await sessionOf('bereft');
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]!.sqlstate).toMatch(/^(57P01|08006)$/);
    expect(close.reason).toMatch(/^upstream/);
  });
});

describe('secrets', () => {
  it('are in no file of the state directory and in no log line', async () => {
    const token = await rig.tokenOf('secretive', ['admins']);
    const password = await rig.databaseToken(token);
    const client = await rig.connect(token);
    const secrets = [
      "CREATE ROLE x_role PASSWORD 's3cret-one'",
      "ALTER ROLE x_role PASSWORD 's3cret-two'",
      "ALTER ROLE x_role WITH ENCRYPTED PASSWORD 's3cret-three'",
    ];
    for (const sql of secrets) await run(client, sql);
    await run(client, "CREATE ROLE x_role2 PASSWORD 's3cret-four' LOGIN; DROP ROLE x_role2");
    await run(client, "PREPARE make AS SELECT 1; CREATE USER x_role3 PASSWORD E's3cret-f\\x69ve'");
    await run(client, "CREATE ROLE broken PASSWORD 's3cret-six' NONSENSE");
    await run(client, "DO $$ BEGIN EXECUTE 'CREATE ROLE x_role4 PASSWORD ''s3cret-seven'''; END $$");
    await client.end();
    const native = rig.native('secretive@example.test', password);
    await native.connect();
    await native.end();
    await failure(rig.native('secretive@example.test', `${password}x`).connect());
    await rig.refusal({ token: `${token}x` });
    await rig.direct('DROP ROLE IF EXISTS x_role, x_role3, x_role4');
    // The index follows the segments; its write-ahead file counts as well.
    await until(async () => (await rig.api('GET', '/v1/history?limit=100', token)).body.entries.length >= 5);
    const { upstream } = rig.settings.databases.get('app')!;
    const written = filesOf(rig.settings.stateDir).map((file) => ({ file, content: readFileSync(file) }));
    expect(written.length).toBeGreaterThan(2);
    const needles = [
      upstream.password!,
      token,
      token.split('.')[2]!,
      password,
      password.split('.')[2]!,
      's3cret-one',
      's3cret-two',
      's3cret-three',
      's3cret-four',
      's3cret-f',
      's3cret-six',
      's3cret-seven',
    ];
    for (const needle of needles) {
      for (const { file, content } of written)
        expect(content.includes(needle), `${needle} in ${path.basename(file)}`).toBe(false);
      expect(rig.logs.filter((line) => line.includes(needle))).toEqual([]);
    }
  });

  it('the state directory is for the gateway’s user alone', () => {
    for (const file of [rig.settings.stateDir, path.join(rig.settings.stateDir, 'audit')]) {
      expect((statSync(file).mode & 0o077).toString(8), file).toBe('0');
    }
  });
});

describe('what the gateway logs', () => {
  it('is one line for each event, whatever a name holds', async () => {
    const before = rig.logs.length;
    const database = rig.settings.databases.get('app')!;
    const name = 'x\n2026-01-01 forged line\u001b[2J';
    const down = { ...database, name, upstream: { ...database.upstream, database: name } };
    rig.gateway.reload({ ...rig.settings, databases: new Map([...rig.settings.databases, [name, down]]) });
    const wire = new WireClient(await rig.upgrade({ token: await rig.token(), database: name }));
    await wire.startup().error();
    rig.gateway.reload(rig.settings);
    const lines = rig.logs.slice(before);
    expect(lines.filter((line) => /[\u0000-\u001f\u007f-\u009f]/.test(line))).toEqual([]);
  });
});

function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

interface Pipeline extends NodeJS.EventEmitter {
  parse(query: object, more: boolean): void;
  bind(config: object, more: boolean): void;
  execute(config: object, more: boolean): void;
  sync(): void;
}
