/** What the API tells of masking: classes and their changes, explanations; and what a reload of classes does. */
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { ColumnClass } from '../../src/classify/classes.ts';
import type { GatewaySettings, GrantMasking } from '../../src/config/gateway-settings.ts';
import { failure, type Json, until, withRig } from '../gateway/gateway-rig.ts';

const rig = withRig({
  sql: `
    CREATE TABLE person (id int PRIMARY KEY, email text, nickname text, note text, data jsonb);
    INSERT INTO person SELECT i, 'p' || i || '@mail' || i % 7 || '.example', 'nick' || i, 'n', '{"a": 1}'
      FROM generate_series(1, 200) i;
    CREATE TABLE item (id int PRIMARY KEY, label text);
    INSERT INTO item SELECT i, 'red cable ' || i FROM generate_series(1, 200) i;
    CREATE VIEW addresses AS SELECT email AS contact, id FROM person;
    CREATE TABLE event (id int, payload text) PARTITION BY RANGE (id);
    CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (100);
    INSERT INTO event VALUES (1, 'green lamp');
    CREATE SCHEMA other;
    CREATE TABLE other.item (id int, email text);`,
});

const route = '/v1/databases/app';

async function classes(query = '?wait=1'): Promise<Json[]> {
  const { status, body } = await rig.api('GET', `${route}/classification${query}`, await rig.token());
  expect(status).toBe(200);
  expect(body.at(-1)).toMatchObject({ event: 'end' });
  return body;
}

const columnOf = (lines: Json[], name: string): Json =>
  lines.find((one) => one.event === 'column' && `${one.schema}.${one.table}.${one.column}` === name);

async function explain(sql: string, more: object = {}, token?: string): Promise<{ status: number; body: Json }> {
  const sent = JSON.stringify({ sql, ...more });
  return rig.api('POST', `${route}/explain`, token ?? (await rig.token()), {}, sent);
}

function configured(settings: GatewaySettings, classification: Record<string, ColumnClass | 'none'>): GatewaySettings {
  const app = settings.databases.get('app')!;
  return {
    ...settings,
    databases: new Map([['app', { ...app, classification: new Map(Object.entries(classification)) }]]),
  };
}

function granted(settings: GatewaySettings, masking: GrantMasking): GatewaySettings {
  return { ...settings, grants: settings.grants.map((grant) => ({ ...grant, masking })) };
}

const first = async (client: pg.Client, sql: string): Promise<Json> =>
  (await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0];

describe('classification', () => {
  it('is made by the question itself: no session was there before', async () => {
    const lines = await classes();
    expect(columnOf(lines, 'public.person.email')).toEqual({
      event: 'column',
      schema: 'public',
      table: 'person',
      column: 'email',
      type: 'text',
      sensitive: true,
      class: 'email',
      confidence: expect.any(Number),
      evidence: expect.arrayContaining([expect.stringMatching(/^values: \d+% of \d+ are e-mail addresses$/)]),
    });
    expect(columnOf(lines, 'public.item.label')).toMatchObject({ sensitive: false, class: null });
    expect(lines.findLast(({ event }) => event === 'status')).toEqual({
      event: 'status',
      tables: 5,
      done: 5,
      unmatched: [],
    });
    expect(JSON.stringify(lines)).not.toMatch(/p1@mail|nick1|red cable|green lamp/);
  });

  it('tells what changed since: new, gone, renamed, another class, also when nobody was connected', async () => {
    expect((await classes('?wait=1&changes=1')).filter(({ event }) => event === 'change')).toEqual([]);
    await rig.direct('ALTER TABLE item ADD phone text, DROP label; ALTER TABLE other.item RENAME email TO mail');
    const changes = (await classes('?wait=1&changes=1')).filter(({ event }) => event === 'change');
    expect(changes).toEqual([
      expect.objectContaining({ change: 'renamed', schema: 'other', column: 'mail', was: 'other.item.email' }),
      expect.objectContaining({ change: 'new', table: 'item', column: 'phone', class: 'phone' }),
      expect.objectContaining({ change: 'gone', table: 'item', column: 'label', class: null }),
    ]);
    const later = new Date(Date.parse(changes[0].at) + 1).toISOString();
    expect((await classes(`?wait=1&changes=1&since=${later}`)).map(({ event }) => event)).not.toContain('change');
    // What was noticed is kept.
    await rig.restart();
    const kept = (await classes('?wait=1&changes=1')).filter(({ event }) => event === 'change');
    expect(kept.slice(0, 3)).toEqual(changes);
  });
});

describe('classes by configuration', () => {
  it('count at once in sessions that are open, for partitions too, and are taken back', async () => {
    const client = await rig.connect(await rig.token());
    const prepared = { name: 'p', text: 'SELECT nickname FROM person WHERE id = 1', rowMode: 'array' as const };
    expect(await first(client, 'SELECT payload FROM event_1')).toBe('green lamp');
    const before = (await client.query(prepared)).rows[0];
    rig.gateway.reload(
      configured(rig.settings, {
        'public.person.email': 'none',
        'public.person.nickname': 'secret',
        'public.event.payload': 'free_text',
        'public.person.nikname': 'secret',
      }),
    );
    expect(await first(client, 'SELECT email FROM person WHERE id = 1')).toBe('p1@mail1.example');
    expect(await first(client, 'SELECT contact FROM addresses WHERE id = 1')).toBe('p1@mail1.example');
    expect(await first(client, 'SELECT nickname FROM person WHERE id = 1')).toBe('[secret]');
    expect((await client.query(prepared)).rows[0]).toEqual(['[secret]']);
    expect(await first(client, 'SELECT payload FROM event_1')).not.toBe('green lamp');
    const lines = await classes();
    expect(lines.findLast(({ event }) => event === 'status').unmatched).toEqual(['public.person.nikname']);
    expect(columnOf(lines, 'public.person.email')).toMatchObject({
      sensitive: false,
      class: null,
      evidence: ['configuration: none'],
    });
    expect(
      (await classes('?wait=1&changes=1')).filter((one) => one.change === 'class' && one.column === 'email'),
    ).toEqual([expect.objectContaining({ was: 'email', class: null })]);
    rig.gateway.reload(rig.settings);
    expect(await first(client, 'SELECT email FROM person WHERE id = 1')).toBe('p***@m***.example');
    expect((await client.query(prepared)).rows[0]).toEqual(before);
    await client.end();
  });
});

it('another password of the upstream: sessions that are open know new tables, and mask them', async () => {
  const client = await rig.connect(await rig.token());
  expect(await first(client, 'SELECT email FROM person WHERE id = 1')).toBe('p***@m***.example');
  await rig.direct("ALTER ROLE app PASSWORD 'another'");
  const app = rig.settings.databases.get('app')!;
  const upstream = { ...app.upstream, password: 'another' };
  const next = { ...rig.settings, databases: new Map([['app', { ...app, upstream }]]) };
  rig.gateway.reload(next);
  await client.query('CREATE TABLE fresh AS SELECT email AS e FROM person');
  expect(await first(client, 'SELECT e FROM fresh')).toMatch(/^p\*\*\*@/);
  await client.end();
  const later = await rig.connect(await rig.token());
  expect(await first(later, 'SELECT e FROM fresh')).toMatch(/^p\*\*\*@/);
  await later.end();
  const superuser = new pg.Client({ connectionString: rig.server.superuserUrl });
  await superuser.connect();
  await superuser.query(`ALTER ROLE app PASSWORD '${app.upstream.password}'`);
  await superuser.end();
  rig.gateway.reload(rig.settings);
});

describe('grants', () => {
  it('mask as they say, and as they say after a reload', async () => {
    const client = await rig.connect(await rig.token());
    const email = () => first(client, 'SELECT email FROM person WHERE id = 1');
    expect(await email()).toBe('p***@m***.example');
    rig.gateway.reload(granted(rig.settings, { mask: 'redact' }));
    expect(await email()).toBe('[redacted]');
    rig.gateway.reload(granted(rig.settings, { mask: 'partial', classes: { email: 'null' } }));
    expect(await email()).toBeNull();
    rig.gateway.reload(granted(rig.settings, { mask: 'token' }));
    const token = await email();
    expect(token).not.toContain('p1@');
    expect(await first(client, "SELECT email FROM person WHERE email = 'p1@mail1.example'")).toBe(token);
    rig.gateway.reload(granted(rig.settings, { predicates: 'none' }));
    expect(await failure(client.query("SELECT 1 FROM person WHERE email = 'x'"))).toMatchObject({ code: '42501' });
    rig.gateway.reload(granted(rig.settings, { predicates: 'free' }));
    expect((await client.query("SELECT 1 FROM person WHERE email LIKE 'p1@%'")).rows).toHaveLength(1);
    await client.end();
    rig.gateway.reload(rig.settings);
  });

  it('a session that saw everything ends when that is taken back', async () => {
    rig.gateway.reload(granted(rig.settings, { mask: 'none', predicates: 'free' }));
    const client = await rig.connect(await rig.token());
    expect(await first(client, 'SELECT email FROM person WHERE id = 1')).toBe('p1@mail1.example');
    let ended = false;
    client.once('end', () => {
      ended = true;
    });
    rig.gateway.reload(rig.settings);
    await until(() => ended);
  });
});

describe('explain', () => {
  it('tells lineage and masks of each output column', async () => {
    const { body } = await explain(
      'SELECT p.id, contact AS c, upper(email) u, array_agg(email) OVER () a, p.* FROM person p JOIN addresses a USING (id)',
    );
    expect(body).toMatchObject({ database: 'app', access: 'write', decision: 'mask', sees_everything: false });
    expect(body.statements).toHaveLength(1);
    const [id, contact, upper, array] = body.statements[0].columns;
    expect(id).toMatchObject({
      name: 'id',
      type: 'integer',
      action: 'pass',
      sources: [{ column: 'public.person.id' }],
    });
    expect(contact).toMatchObject({
      name: 'c',
      action: 'mask',
      class: 'email',
      mode: 'partial',
      made: 'copy',
      sources: [{ column: 'public.person.email', class: 'email' }],
      because: 'made of public.person.email (email)',
    });
    expect(upper).toMatchObject({ action: 'redact' });
    expect(array).toMatchObject({ action: 'array', element: { action: 'mask', class: 'email' } });
    expect(body.statements[0].columns).toHaveLength(9);
  });

  it.each<[string, string, object]>([
    ["SELECT 1 FROM person WHERE email LIKE 'a%'", 'deny', { rule: 'masking.no-inference', position: 34 }],
    ['SELECT $$\u{1f600}$$ FROM person WHERE email < $$b$$', 'deny', { rule: 'masking.no-inference', position: 38 }],
    ['INSERT INTO event (payload) SELECT email FROM person', 'deny', { rule: 'masking.no-copy' }],
    ['DROP TABLE person; SELECT 1', 'depends', {}],
    ['DROP DATABASE app', 'deny', { rule: expect.stringMatching(/^production\./) }],
    ['SELEC 1', 'deny', { rule: 'sql.syntax', sqlstate: '42601', position: 1 }],
    ['SELECT 1', 'allow', {}],
    ['SELECT count(*) FROM person', 'allow', {}],
    ['', 'allow', {}],
  ])('%s: %s', async (sql, decision, refusal) => {
    const { status, body } = await explain(sql);
    expect(status).toBe(200);
    expect(body.decision).toBe(decision);
    expect(body.refusal ?? {}).toMatchObject(refusal);
  });

  it('runs nothing, and counts nothing', async () => {
    await explain('DELETE FROM person WHERE id = 1');
    await explain("SELECT nextval('no_such_sequence')");
    expect(await rig.direct('SELECT id FROM person WHERE id = 1')).toHaveLength(1);
    const { body } = await explain("SELECT id FROM person WHERE email = 'x'");
    expect(body.statements[0]).toMatchObject({ lookups: 1, uses: [{ column: 'public.person.email', use: 'lookup' }] });
  });

  it('tells what is written, and which class goes along', async () => {
    const { body } = await explain('CREATE TABLE copy AS SELECT email AS e, id FROM person');
    expect(body.statements[0].writes).toContainEqual(
      expect.objectContaining({
        target: expect.stringMatching(/copy.*\.e$/),
        sources: [{ column: 'public.person.email', class: 'email' }],
        inherits: 'email',
      }),
    );
  });

  it('follows a cursor of the same text, and names one that is not', async () => {
    const { body } = await explain('DECLARE c CURSOR FOR SELECT email FROM person; FETCH c; FETCH d');
    expect(body.statements.map(({ decision }: Json) => decision)).toEqual(['pass', 'mask', 'depends']);
    expect(body.statements[1].columns).toEqual([expect.objectContaining({ name: 'email', action: 'mask' })]);
    expect(body.statements[2]).toMatchObject({ result_of: 'cursor d' });
  });

  it('means what names mean under the given search_path', async () => {
    const sourcesOf = async (more: object) =>
      (await explain('SELECT id FROM item', more)).body.statements[0].columns[0].sources[0].column;
    expect(await sourcesOf({})).toBe('public.item.id');
    expect(await sourcesOf({ search_path: ['other', 'public'] })).toBe('other.item.id');
    expect((await explain('SELECT 1', { search_path: ['other', 'no "such'] })).body.search_path).toEqual([
      'pg_catalog',
      'other',
    ]);
  });

  it('is for the rights of who asks', async () => {
    const admin = await explain('SELECT email FROM person', {}, await rig.tokenOf('ada', ['admins']));
    expect(admin.body).toMatchObject({ sees_everything: true, decision: 'allow' });
    expect(admin.body.statements[0].columns[0]).toMatchObject({ action: 'pass' });
    const analyst = await rig.tokenOf('ann', ['analysts']);
    expect((await explain('DELETE FROM item WHERE id = 1', {}, analyst)).body).toMatchObject({
      access: 'read',
      decision: 'deny',
    });
    expect((await explain('SELECT 1', {}, await rig.tokenOf('nobody', []))).status).toBe(403);
  });

  it('is what then happens', async () => {
    const client = await rig.connect(await rig.token());
    for (const sql of [
      'SELECT id, email, nickname, note, data FROM person WHERE id = 1',
      'SELECT max(email), count(email), length(email) FROM person GROUP BY email LIMIT 1',
    ]) {
      const { columns } = (await explain(sql)).body.statements[0];
      const direct = Object.values((await rig.direct(sql))[0]!);
      const masked = (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows[0]!;
      columns.forEach(({ name, action }: Json, i: number) => {
        if (action === 'pass') expect(masked[i], name).toEqual(direct[i]);
        if (action === 'mask' || action === 'redact') expect(masked[i], name).not.toEqual(direct[i]);
      });
    }
    await client.end();
  });

  it.each([
    ['no JSON', 'hello'],
    ['a list', '[]'],
    ['no text', '{"sql": 1}'],
    ['NUL', '{"sql": "a\\u0000b"}'],
    ['a search_path that is none', '{"sql": "SELECT 1", "search_path": "public"}'],
    ['names too long', JSON.stringify({ sql: 'SELECT 1', search_path: ['x'.repeat(64)] })],
    ['more than a statement may be', JSON.stringify({ sql: 'x'.repeat(8 << 20) })],
  ])('refuses %s', async (_name, sent) => {
    const { status, body } = await rig.api('POST', `${route}/explain`, await rig.token(), {}, sent);
    expect(status).toBe(400);
    expect(body.error.code).toBe('usage');
  });
});
