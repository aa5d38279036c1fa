import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { describe, expect, it } from 'vitest';
import { type Rig, until, withRig } from '../gateway/gateway-rig.ts';

const rig = withRig({
  tune: (settings) => ({ ...settings, roles: { admins: [], auditors: [{ group: 'auditors' }] } }),
});

interface Watching {
  readonly response: IncomingMessage;
  /** Data of the events that were read. */
  readonly events: { event: string; entry?: { sql: string; state: string; principal: string }; count?: number }[];
  read(): void;
}

/** An open stream whose reader may take its time. */
async function watch(of: Rig, token: string, query = ''): Promise<Watching> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const url = new URL(`/v1/watch${query}`, of.settings.publicUrl);
    const headers = { authorization: `Bearer ${token}` };
    https
      .get(url, { ca: of.certificates.ca, servername: 'localhost', agent: false, headers }, resolve)
      .once('error', reject);
  });
  of.onClose(() => response.destroy());
  response.on('error', () => {});
  const events: Watching['events'] = [];
  let rest = '';
  return {
    response,
    events,
    read() {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop()!;
        for (const line of lines) if (line.startsWith('data: ')) events.push(JSON.parse(line.slice(6)));
      });
    },
  };
}

describe('GET /v1/watch', () => {
  it('shows everybody’s to auditors, and to others their own', async () => {
    const [ann, bob, otto] = await Promise.all([
      rig.tokenOf('ann'),
      rig.tokenOf('bob'),
      rig.tokenOf('otto', ['auditors']),
    ]);
    const own = await watch(rig, ann);
    const all = await watch(rig, otto);
    own.read();
    all.read();
    expect(all.response.headers['content-type']).toBe('text/event-stream');
    const [asAnn, asBob] = [await rig.connect(ann), await rig.connect(bob)];
    await asBob.query('SELECT 1 AS by_bob');
    await asAnn.query('SELECT 1 AS by_ann');
    const done = (one: Watching): string[] =>
      one.events.filter(({ entry }) => entry?.state === 'done').map(({ entry }) => entry!.principal);
    await until(() => done(all).length >= 2 && done(own).length >= 1);
    expect(new Set(done(all))).toEqual(new Set(['ann@example.test', 'bob@example.test']));
    expect(JSON.stringify(own.events)).not.toMatch(/bob/);
    const reads = (await rig.records()).filter(({ kind }) => kind === 'history.read');
    expect(reads).toHaveLength(1);
    expect((await rig.api('GET', '/v1/watch?by=bob', ann)).status).toBe(403);
  });

  it('loses events of a reader that is too slow, tells how many, and keeps little for it', async () => {
    const token = await rig.tokenOf('fast');
    const slow = await watch(rig, token, '?grep=');
    slow.response.pause();
    const client = await rig.connect(token);
    const large = 'x'.repeat(400_000);
    const before = process.memoryUsage().arrayBuffers;
    // More than the buffers of both sockets take.
    for (let i = 0; i < 60; i++) await client.query(`SELECT '${large}' AS large_${i}`);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 << 20);
    slow.read();
    slow.response.resume();
    await until(async () => {
      await client.query('SELECT 1 AS afterwards');
      return slow.events.some(({ event }) => event === 'lost');
    });
    expect(slow.events.find(({ event }) => event === 'lost')!.count).toBeGreaterThan(10);
  });

  it('costs nothing and holds nothing when nobody watches any more', async () => {
    const token = await rig.tokenOf('gone');
    const stream = await watch(rig, token);
    stream.read();
    const client = await rig.connect(token);
    await client.query('SELECT 1');
    await until(() => stream.events.some(({ entry }) => entry?.state === 'done'));
    stream.response.destroy();
    await client.query('SELECT 2');
    const again = await watch(rig, token);
    again.read();
    await client.query('SELECT 3');
    await until(() => again.events.some(({ entry }) => entry?.sql === 'SELECT 3' && entry.state === 'done'));
    expect(again.events.map(({ entry }) => entry?.sql)).not.toContain('SELECT 2');
  });
});
