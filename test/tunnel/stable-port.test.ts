import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stablePort } from '../../src/tunnel/stable-port.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'dbgate-port-'));
afterAll(() => rm(folder, { recursive: true }));
let files = 0;
const fresh = () => path.join(folder, String(files++), 'ports.json');

async function taken(port: number): Promise<net.Server> {
  const server = net.createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

it('is the same at each call and on each machine, and another for another database or gateway', async () => {
  const [one, two] = [fresh(), fresh()];
  const port = await stablePort(one, 'https://gw.test', 'prod-db');
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThanOrEqual(45_000);
  expect(await stablePort(one, 'https://gw.test/', 'prod-db')).toBe(port);
  expect(await stablePort(two, 'https://gw.test', 'prod-db')).toBe(port);
  expect(await stablePort(one, 'https://gw.test', 'prod-db2')).not.toBe(port);
  expect(await stablePort(one, 'https://gw2.test', 'prod-db')).not.toBe(port);
  expect((await stat(one)).mode & 0o777).toBe(0o600);
});

it('steps aside for a taken port once and keeps that; a kept port that is busy stays kept', async () => {
  const file = fresh();
  const hashed = await stablePort(fresh(), 'https://gw.test', 'shop');
  const first = await taken(hashed);
  const next = await stablePort(file, 'https://gw.test', 'shop');
  expect(next).toBeGreaterThan(hashed);
  first.close();
  await once(first, 'close');
  expect(await stablePort(file, 'https://gw.test', 'shop')).toBe(next);
  const second = await taken(next);
  expect(await stablePort(file, 'https://gw.test', 'shop')).not.toBe(next);
  second.close();
  await once(second, 'close');
  expect(await stablePort(file, 'https://gw.test', 'shop')).toBe(next);
});

it('gives a port that belongs to another database to nobody', async () => {
  const file = fresh();
  const port = await stablePort(fresh(), 'https://gw.test', 'shop');
  await stablePort(file, 'https://gw.test', 'any');
  await writeFile(file, JSON.stringify({ ports: { 'https://gw.test other': port } }));
  expect(await stablePort(file, 'https://gw.test', 'shop')).not.toBe(port);
});

it.each(['', '{', 'null', '[]', '{"ports":{"https://gw.test shop":"22"}}', '{"ports":{"https://gw.test shop":22}}'])(
  'takes %j for empty',
  async (content) => {
    const file = fresh();
    const port = await stablePort(file, 'https://gw.test', 'shop');
    await writeFile(file, content);
    expect(await stablePort(file, 'https://gw.test', 'shop')).toBe(port);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ ports: { 'https://gw.test shop': port } });
  },
);

it('works where nothing can be written', async () => {
  expect(await stablePort('/dev/null/ports.json', 'https://gw.test', 'shop')).toBeGreaterThan(0);
});
