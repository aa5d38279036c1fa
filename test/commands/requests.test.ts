/** `dbgate request`, `wait`, `requests`, `cancel`, `review`, `revoke` and what `ls` says of it, with a real gateway. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, until, withRig } from '../gateway/gateway-rig.ts';
import { approvalSettings } from '../support/approvals.ts';
import { type Commands, commandsOf } from './request-rig.ts';

const rig = withRig({
  sql: 'CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item SELECT i FROM generate_series(1, 9) i',
  tune: (settings) => ({
    ...settings,
    roles: { admins: [{ group: 'admins' }], auditors: [{ group: 'auditors' }] },
    approvals: approvalSettings(),
    rules: [{ id: 'deletes', effect: 'hold', match: { command: ['DELETE'] } }],
  }),
});
let dbgate: Commands;
beforeAll(() => {
  dbgate = commandsOf(rig);
});
afterAll(() => dbgate.close());

const ROSA = 'rosa:reviewers';
const ADA = 'ada:admins';
const DDL = ['request', 'app', '--access', 'ddl', '--for', '1h', '--reason', 'INC-1 clean up'];
const ID = /^r-[0-9a-hjkmnp-tv-z]{8}$/;

const lines = (stdout: string): Json[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

async function ask(who = 'dana', ...more: string[]): Promise<string> {
  const { stdout, code } = await dbgate.run(who, [...DDL, ...more]);
  expect(code).toBe(8);
  return stdout.trim();
}

describe('request', () => {
  it('prints the number on stdout and what happens next on stderr, and exits with 8', async () => {
    const { code, stdout, stderr } = await dbgate.run('dana', [...DDL, '--tables', 'item,nothing_like_it']);
    const id = stdout.trim();
    expect({ code, id }).toEqual({ code: 8, id: expect.stringMatching(ID) });
    expect(stderr).toMatch(/^only for item, nothing_like_it$/m);
    expect(stderr).toMatch(/^pending: group reviewers decides, within (59m|1h)/m);
    expect(stderr).toContain(`dbgate wait ${id}`);
    expect(stderr).toContain(`dbgate review ${id}`);
    expect(stderr).toContain(`/requests/${id}`);
  });

  it('--json is one object', async () => {
    const { code, stdout, stderr } = await dbgate.run('dana', [...DDL, '--json', '--access', 'unmask=email,phone']);
    expect({ code, stderr }).toEqual({ code: 8, stderr: '' });
    expect(lines(stdout)).toMatchObject([
      { status: 'pending', scope: { access: 'ddl', unmask: ['email', 'phone'], duration_ms: 3_600_000 } },
    ]);
  });

  it('what a rule approves by itself is approved at once: 0', async () => {
    const small = ['request', 'app', '--access', 'write', '--for', '30m', '--reason', 'INC-7'];
    const { code, stderr } = await dbgate.run('nina:analysts', small);
    expect(code).toBe(0);
    expect(stderr).toMatch(/is approved until .*open sessions/);
    const waited = await dbgate.run('nina:analysts', [...small, '--wait', '--json']);
    expect(waited.code).toBe(0);
    expect(lines(waited.stdout)).toMatchObject([{ status: 'approved' }]);
  });

  it('--break-glass: at once, and said to be looked at', async () => {
    const { code, stdout, stderr } = await dbgate.run(ADA, [...DDL, '--break-glass']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/stays listed until somebody has looked at it/);
    const id = stdout.trim();
    expect((await dbgate.run(ROSA, ['review'])).stdout).toMatch(new RegExp(`^${id} .*break-glass.*not reviewed$`, 'm'));
    expect((await dbgate.run(ADA, ['review', id, '--reviewed', '--reason', 'all good'])).code).not.toBe(0);
    const seen = await dbgate.run(ROSA, ['review', id, '--reviewed', '--reason', 'seen']);
    expect(seen).toMatchObject({ code: 0, stdout: `${id} is reviewed\n` });
    expect((await dbgate.run(ROSA, ['requests', '--unreviewed'])).stdout).not.toContain(id);
    const without = await dbgate.run('dana', [...DDL, '--break-glass']);
    expect(without.code).toBe(5);
  });

  it.each([
    ['no reason', ['request', 'app', '--access', 'write'], /--reason/],
    ['a reason of blanks', [...DDL, '--reason', '  '], /--reason is empty/],
    ['a reason of 1 MB', [...DDL, '--reason', 'x'.repeat(1 << 20)], /1048576 characters, at most 2000/],
    ['no access', ['request', 'app', '--reason', 'x'], /--access/],
    ['a level that there is not', [...DDL, '--access', 'wirte'], /did you mean write\?/],
    ['a class that there is not', [...DDL, '--access', 'unmask=emial'], /did you mean unmask=email\?/],
    ['a class without unmask=', [...DDL, '--access', 'email'], /did you mean unmask=email\?/],
    ['a class like no other', [...DDL, '--access', 'unmask=zzzzzzz'], /classes: email, phone/],
    ['a duration of 0', [...DDL, '--for', '0m'], /--for '0m' is not a duration/],
    ['10 years, by the letter', [...DDL, '--for', '10y'], /--for '10y' is not a duration/],
    ['10 years, in days', [...DDL, '--for', '3650d'], /3650d is too long: 1m to 4h is allowed/],
    ['a second', [...DDL, '--for', '1s'], /too short/],
    ['tables without a name', [...DDL, '--tables', ','], /--tables names no table/],
    ['--timeout without --wait', [...DDL, '--timeout', '1m'], /--timeout is for --wait/],
  ])('%s: 2, and what is wrong', async (_what, argv, message) => {
    const { code, stdout, stderr } = await dbgate.run('dana', argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.length).toBeLessThan(1_000);
  });

  it('5 where nobody may ask for that, in JSON too', async () => {
    const { code, stdout } = await dbgate.run('dana', [...DDL, '--access', 'admin', '--json']);
    expect(code).toBe(5);
    expect(lines(stdout)).toMatchObject([
      { error: { code: 'denied', hint: expect.stringMatching(/You may ask for/) } },
    ]);
    expect((await dbgate.run('dana', ['request', 'nope', '--access', 'ddl', '--reason', 'x'])).code).toBe(5);
  });
});

describe('wait', () => {
  it.each([
    ['approved', 0, (id: string) => dbgate.run(ROSA, ['review', id, '--approve', '--reason', 'go']), /approved until/],
    [
      'denied',
      6,
      (id: string) => dbgate.run(ROSA, ['review', id, '--deny', '--reason', 'not now']),
      /denied by rosa@example\.test: not now/,
    ],
    ['cancelled', 7, (id: string) => dbgate.run('dana', ['cancel', id]), /cancelled by dana@example\.test/],
    ['revoked', 7, (id: string) => dbgate.run('dana', ['revoke', id]), /revoked by dana/],
  ])('%s: exit code %i', async (_status, code, decide, said) => {
    const waiting = await dbgate.start('dana', [...DDL, '--wait']);
    const id = (await waiting.context.until(/^(r-\w+)$/m))[1]!;
    await waiting.context.until(/waits for group reviewers/);
    expect((await decide(id)).code).toBe(0);
    const result = await waiting.result;
    expect(result).toMatchObject({ code, stdout: `${id}\n` });
    expect(result.stderr).toMatch(said);
    expect((await dbgate.run('dana', ['wait', id])).code).toBe(code);
  });

  it('--json: each state a line, the last one is what it came to', async () => {
    const id = await ask();
    const waiting = await dbgate.start('dana', ['wait', id, '--json']);
    await waiting.context.until(/pending/);
    await dbgate.run(ROSA, ['review', id, '--deny', '--reason', 'no']);
    const { code, stdout } = await waiting.result;
    expect(code).toBe(6);
    expect(lines(stdout).map(({ status }) => status)).toEqual(['pending', 'denied']);
  });

  it('124 when the time to wait is over; it stays pending', async () => {
    const id = await ask();
    const { code, stderr } = await dbgate.run('dana', ['wait', id, '--timeout', '200ms']);
    expect(code).toBe(124);
    expect(stderr).toMatch(/still pending[\s\S]*fix: dbgate wait/);
    const json = await dbgate.run('dana', ['wait', id, '--timeout', '200ms', '--json']);
    expect(lines(json.stdout).at(-1)).toMatchObject({ error: { code: 'wait_timed_out' } });
    expect((await dbgate.run('dana', ['requests', 'show', id, '--json'])).stdout).toContain('"status":"pending"');
  });

  it('Ctrl-C leaves it pending, and says so', async () => {
    const id = await ask();
    const waiting = await dbgate.start('dana', ['wait', id]);
    await waiting.context.until(/waits for/);
    waiting.context.abort.abort(new Error('SIGINT'));
    expect((await waiting.result).stderr).toMatch(`${id} is still pending: "dbgate wait ${id}" goes on`);
  });

  it('goes on when the gateway goes away and comes back', async () => {
    const id = await ask();
    const waiting = await dbgate.start('dana', ['wait', id]);
    await waiting.context.until(/waits for/);
    await rig.gateway.close();
    await waiting.context.until(/the gateway is lost, waiting goes on/);
    await rig.restart();
    await dbgate.run(ROSA, ['review', id, '--approve']);
    const { code, stderr } = await waiting.result;
    expect(code).toBe(0);
    expect(stderr).toMatch(/the gateway answers again/);
  });

  it('an unknown one and somebody else’s: not found, in the same words; a typing slip: usage', async () => {
    const id = await ask();
    const others = await dbgate.run('eve', ['wait', id]);
    const unknown = await dbgate.run('eve', ['wait', 'r-00000000']);
    expect([others.code, unknown.code]).toEqual([1, 1]);
    expect(others.stderr.replaceAll(id, 'X')).toBe(unknown.stderr.replaceAll('r-00000000', 'X'));
    expect((await dbgate.run('eve', ['wait', '../../v1/whoami'])).code).toBe(2);
    const { code } = await dbgate.run('dana', ['requests', 'show', id.toUpperCase()]);
    expect(code).toBe(0);
  });

  it('a gateway that is not there from the start: 9, not for ever', async () => {
    const { code } = await dbgate.run('dana', ['wait', 'r-00000000'], { DBGATE_GATEWAY: 'https://127.0.0.1:9' });
    expect(code).toBe(9);
  });
});

describe('requests and review', () => {
  it('a table of what I asked for, one object a line, filtered', async () => {
    const id = await ask('lara', '--tables', 'item');
    const done = await ask('lara');
    await dbgate.run('lara', ['cancel', done, '--reason', 'no more']);
    const { stdout, code } = await dbgate.run('lara', ['requests']);
    expect(code).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^REQUEST +AGE +WHO +DATABASE +ASKS +RISK +STATUS$/);
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatch(new RegExp(`^${id} +\\d+s +lara@example\\.test +app +ddl on item for 1h +\\w+ +pending$`));
    expect(lines((await dbgate.run('lara', ['requests', '--pending', '--json'])).stdout)).toMatchObject([{ id }]);
    expect((await dbgate.run('lara', ['requests', '--status', 'cancelled', '--limit', '1'])).stdout).toContain(done);
    expect((await dbgate.run('lara', ['requests', '--db', 'other'])).stderr).toBe('no request matches\n');
    for (const line of (await dbgate.run('lara', ['requests'], { COLUMNS: '40' })).stdout.split('\n')) {
      expect(line.length).toBeLessThanOrEqual(40);
    }
    expect((await dbgate.run('lara', ['requests', '--limit', '0'])).code).toBe(2);
    expect((await dbgate.run('lara', ['requests', '--status', 'open'])).code).toBe(2);
    expect((await dbgate.run('lara', ['requests', 'show'])).code).toBe(2);
  });

  it('review lists what I may decide, and shows who, why, what, and how risky', async () => {
    const id = await ask('mona', '--access', 'unmask=email');
    const list = await dbgate.run(ROSA, ['review']);
    expect(list.stdout).toMatch(new RegExp(`^${id} .*mona@example.test`, 'm'));
    expect((await dbgate.run('mona', ['review'])).stderr).toBe('nothing waits for you\n');
    const { code, stdout, stderr } = await dbgate.run(ROSA, ['review', id]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^who +mona@example\.test$/m);
    expect(stdout).toMatch(/^why +INC-1 clean up$/m);
    expect(stdout).toMatch(/^opens +ddl, unmask=email$/m);
    expect(stdout).toMatch(/^tables +all$/m);
    expect(stdout).toMatch(/^for +1h$/m);
    expect(stdout).toMatch(/^risk +high: may change and drop tables, shows email/m);
    expect(stdout).toMatch(/^what this person ran here lately\n {2}nothing$/m);
    expect(stdout).toMatch(/^what happened\n {2}\d\d:\d\d {2}requested by mona/m);
    expect(stderr).toContain(`dbgate review ${id} --approve`);
  });

  it('approves shorter and narrower, denies with a reason; 5 for what is not mine to decide, 2 for what is decided', async () => {
    const id = await ask('nora', '--tables', 'item,other');
    expect((await dbgate.run('nora', ['review', id, '--approve'])).code).toBe(5);
    expect((await dbgate.run('otto:auditors', ['review', id, '--approve'])).code).toBe(5);
    const approved = await dbgate.run(ROSA, ['review', id, '--approve', '--for', '10m', '--tables', 'item', '--json']);
    expect(approved.code).toBe(0);
    expect(lines(approved.stdout)).toMatchObject([
      { status: 'approved', terms: { duration_ms: 600_000, tables: ['item'] } },
    ]);
    const late = await dbgate.run('rita:reviewers', ['review', id, '--deny', '--reason', 'no']);
    expect(late.code).toBe(2);
    expect(late.stderr).toMatch(/approved by rosa@example\.test/);
    const ls = await dbgate.run('nora', ['ls']);
    expect(ls.stdout).toMatch(/ELEVATED\napp .*ddl on item until (?:\d{4}-\d\d-\d\d )?\d\d:\d\d$/m);
    expect((await dbgate.run(ROSA, ['ls'])).stdout).not.toContain('ELEVATED');
    expect((await dbgate.run('nora', ['revoke', id, '--reason', 'done'])).stdout).toMatch(/is revoked by nora.*: done/);
    expect((await dbgate.run('nora', ['ls'])).stdout).not.toContain('ELEVATED');
  });

  it.each([
    [['review', 'r-00000000', '--approve', '--deny']],
    [['review', 'r-00000000', '--deny']],
    [['review', 'r-00000000', '--reason', 'x']],
    [['review', 'r-00000000', '--deny', '--reason', 'x', '--for', '1h']],
    [['review', 'r-00000000', '--approve', '--for', '0s']],
    [['review', 'r-00000000', '--approve', '--times', '0']],
    [['review', 'r-00000000', '--approve', '--max-rows', '-1']],
    [['review', 'r-00000000', '--approve', '--unmask', 'emial']],
    [['review', '--approve']],
    [['review', 'r-00000000', '--watch']],
    [['review', 'x']],
    [['revoke']],
    [['revoke', 'r-00000000', '--user', 'x']],
    [['revoke', '--session', 'x', '--restore']],
    [['wait', 'r-00000000', '--timeout', '0']],
  ])('%j is refused before anything is asked', async (argv) => {
    const { code, stdout } = await dbgate.run(ROSA, argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('--watch tells of what waits, and of each change', async () => {
    const id = await ask('olga');
    const watching = await dbgate.start(ROSA, ['review', '--watch']);
    await watching.context.until(
      new RegExp(`^${id}  olga@example.test asks for ddl for 1h on app, risk \\w+: INC-1`, 'm'),
    );
    const next = await ask('olga');
    await watching.context.until(new RegExp(`^${next}  olga@example.test asks`, 'm'));
    await dbgate.run(ROSA, ['review', next, '--deny', '--reason', 'no']);
    await watching.context.until(new RegExp(`^${next}  denied by rosa`, 'm'));
    watching.context.abort.abort(new Error('SIGINT'));
    expect((await watching.result).code).toBe(0);
  });
});

describe('revoke', () => {
  it('ends a session of mine, and cuts a person off until restored', async () => {
    const client = await rig.connect(await rig.tokenOf('quin'));
    const [{ id }] = (await rig.api('GET', '/v1/sessions', await rig.tokenOf('quin'))).body.sessions;
    expect((await dbgate.run('eve', ['revoke', '--session', id])).code).toBe(1);
    expect(await dbgate.run('quin', ['revoke', '--session', id])).toMatchObject({
      code: 0,
      stdout: `session ${id} of quin@example.test on app is ended\n`,
    });
    await expect(client.query('SELECT 1')).rejects.toThrow();
    const other = await rig.connect(await rig.tokenOf('quin'));
    expect((await dbgate.run('eve', ['revoke', '--user', 'quin'])).code).toBe(5);
    const cut = await dbgate.run(ADA, ['revoke', '--user', 'quin@example.test', '--reason', 'lost laptop']);
    expect(cut.stdout).toBe('quin@example.test is cut off: 1 session and 0 elevations ended\n');
    await expect(other.query('SELECT 1')).rejects.toThrow();
    const refused = await dbgate.run('quin', ['ls']);
    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('fix: ask whoever administers this gateway'),
    });
    expect((await dbgate.run(ADA, ['revoke', '--user', 'quin', '--restore'])).code).toBe(0);
    expect((await dbgate.run('quin', ['ls'])).code).toBe(0);
  });
});

describe('a statement that is held', () => {
  async function held(sql: string): Promise<{ id: string; result: Promise<unknown>; end(): Promise<void> }> {
    const client = await rig.connect(await rig.tokenOf('hanna'));
    const result = client.query(sql).then(
      ({ rowCount }) => rowCount,
      ({ code }) => code,
    );
    let id = '';
    await until(async () => {
      const { stdout } = await dbgate.run('hanna', ['requests', '--pending', '--json']);
      id = stdout === '' ? '' : lines(stdout)[0].id;
      return id !== '';
    });
    return { id, result, end: () => client.end() };
  }

  it('is listed and shown; tried first, it is kept once its rows are known and approved', async () => {
    const { id, result, end } = await held('DELETE FROM item WHERE id <= 2');
    expect((await dbgate.run(ROSA, ['review'])).stdout).toMatch(
      new RegExp(`^${id} .*hanna.*DELETE FROM item WHERE id <= 2`, 'm'),
    );
    const { stdout } = await dbgate.run(ROSA, ['review', id]);
    expect(stdout).toMatch(/^statement +DELETE FROM item WHERE id <= 2$/m);
    expect(stdout).toMatch(/^rule +deletes$/m);
    expect(stdout).toMatch(/^relations +public\.item$/m);
    const waiting = await dbgate.start('hanna', ['wait', id, '--json']);
    await waiting.context.until(/pending/);
    expect((await dbgate.run(ROSA, ['review', id, '--approve', '--try'])).code).toBe(0);
    await waiting.context.until(/"tried_rows":2/);
    expect((await dbgate.run(ROSA, ['review', id])).stdout).toMatch(/^tried +2 rows, kept only if approved again$/m);
    expect((await dbgate.run(ROSA, ['review', id, '--approve'])).code).toBe(0);
    expect(await result).toBe(2);
    const { code, stdout: states } = await waiting.result;
    expect(code).toBe(0);
    expect(lines(states).at(-1).status).toMatch(/approved|used/);
    expect((await dbgate.run('hanna', ['wait', id])).code).toBe(0);
    await end();
  });

  it('with --max-rows it is rolled back when it changes more; denied, it says so', async () => {
    const many = await held('DELETE FROM item');
    expect((await dbgate.run(ROSA, ['review', many.id, '--approve', '--max-rows', '3'])).code).toBe(0);
    expect(await many.result).toBe('42501');
    await many.end();
    const denied = await held('DELETE FROM item WHERE id = 9');
    expect((await dbgate.run(ROSA, ['review', denied.id, '--deny', '--reason', 'no'])).code).toBe(0);
    expect(await denied.result).toBe('42501');
    await denied.end();
    expect(await rig.direct('SELECT count(*)::int AS n FROM item')).toEqual([{ n: 7 }]);
  });
});
