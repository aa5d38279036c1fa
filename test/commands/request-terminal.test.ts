/** `dbgate wait` and `dbgate review` on a real terminal: drawn, driven by keys. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withRig } from '../gateway/gateway-rig.ts';
import { approvalSettings } from '../support/approvals.ts';
import { onTerminal, SCRIPT, type Terminal } from './on-terminal.ts';
import { type Commands, commandsOf } from './request-rig.ts';

const rig = withRig({ tune: (settings) => ({ ...settings, approvals: approvalSettings() }) });
let dbgate: Commands;
let dir: string;
beforeAll(() => {
  dbgate = commandsOf(rig);
  dir = mkdtempSync(join(tmpdir(), 'dbgate-terminal-'));
  writeFileSync(join(dir, 'ca.pem'), rig.certificates.ca);
});
afterAll(() => {
  dbgate.close();
  rmSync(dir, { recursive: true, force: true });
});

const DDL = ['request', 'app', '--access', 'ddl', '--reason', 'INC-1 clean up'];

async function terminal(who: string, command: string, env: Record<string, string> = {}): Promise<Terminal> {
  const [person, groups = 'developers'] = who.split(':');
  const screen = onTerminal(command, {
    HOME: dir,
    DBGATE_GATEWAY: rig.settings.publicUrl,
    DBGATE_CA_FILE: join(dir, 'ca.pem'),
    DBGATE_TOKEN: await rig.tokenOf(person!, groups.split(',')),
    ...env,
  });
  rig.onClose(screen.kill);
  return screen;
}

describe.skipIf(!existsSync(SCRIPT))('on a terminal', () => {
  it('review: list, detail, shorten, approve with a reason; and the list again', async () => {
    const id = (await dbgate.run('dana', DDL)).stdout.trim();
    const screen = await terminal('rosa:reviewers', 'review');
    await screen.until(/1 request waits[\s\S]*dana@example\.test/);
    screen.type('\r');
    await screen.until(/INC-1 clean up[\s\S]*a approve, d deny, s shorten/);
    screen.type('s');
    await screen.until(/for how long at most/);
    screen.type('20m');
    await screen.until(/20m/);
    screen.type('\r');
    await screen.until(/shortened to 20m/);
    screen.type('a');
    await screen.until(/approve, because/);
    screen.type('looks fine');
    await screen.until(/looks fine/);
    screen.type('\r');
    await screen.until(/is approved until/);
    screen.type('q');
    expect((await screen.ended).code).toBe(0);
    const { stdout } = await dbgate.run('dana', ['requests', 'show', id, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'approved',
      terms: { duration_ms: 1_200_000 },
      approvals: [{ reason: 'looks fine', by: { subject: 'rosa' } }],
    });
  });

  it('review ID: what was mistyped is said and nothing is decided; Ctrl-C ends it with 130', async () => {
    const id = (await dbgate.run('dana', DDL)).stdout.trim();
    const screen = await terminal('rosa:reviewers', `review ${id}`, { NO_COLOR: '1' });
    await screen.until(/a approve/);
    screen.type('s');
    await screen.until(/for how long/);
    screen.type('xyz');
    await screen.until(/xyz/);
    screen.type('\r');
    await screen.until(/shortened to xyz/);
    screen.type('a');
    await screen.until(/approve, because/);
    screen.type('\r');
    await screen.until(/'xyz' is not a duration/);
    screen.type('\u0003');
    const { code, text } = await screen.ended;
    expect(code).toBe(130);
    expect(text).not.toMatch(/\u001b\[3\dm/);
    const { stdout } = await dbgate.run('dana', ['requests', 'show', id, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'pending' });
  });

  it('wait: who decides and how long; gone once it is decided', async () => {
    const id = (await dbgate.run('dana', DDL)).stdout.trim();
    const screen = await terminal('dana', `wait ${id} --timeout 5m`);
    await screen.until(/waits for a decision[\s\S]*group reviewers[\s\S]*expires in[\s\S]*Ctrl-C leaves it pending/);
    await dbgate.run('rosa:reviewers', ['review', id, '--deny', '--reason', 'not today']);
    await screen.until(new RegExp(`${id} is denied by rosa@example.test: not today`));
    expect((await screen.ended).code).toBe(6);
  });

  it('Ctrl-C in wait: 130, and still pending', async () => {
    const id = (await dbgate.run('dana', DDL)).stdout.trim();
    const screen = await terminal('dana', `wait ${id}`);
    await screen.until(/waits for a decision/);
    screen.type('\u0003');
    // On a line of its own; what waits may have been drawn once more before.
    await screen.until(new RegExp(`\\^C[\\s\\S]*\\r\\n${id} is still pending`));
    expect((await screen.ended).code).toBe(130);
  });
});
