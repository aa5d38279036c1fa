import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseUpstreamUrl } from '../../src/demo/upstream-url.ts';

const noFiles = { ca: undefined, cert: undefined, key: undefined };

describe('an upstream URL', () => {
  it('is read as libpq reads it', async () => {
    expect(await parseUpstreamUrl('postgres://a%40b:p%2Fw%3A@db.test:6432/my%20db?sslmode=require')).toEqual({
      host: 'db.test',
      port: 6432,
      database: 'my db',
      user: 'a@b',
      password: 'p/w:',
      tls: { mode: 'require', ...noFiles },
      connectTimeoutMs: 10_000,
    });
  });

  it.each([
    ['postgresql://u@[::1]/d', { host: '::1', port: 5432, password: undefined, tls: { mode: 'prefer', ...noFiles } }],
    ['postgres://u:p@127.0.0.1', { database: 'u' }],
    ['postgres://u:p@/d?host=/run/postgresql&port=5433', { host: '/run/postgresql', port: 5433, database: 'd' }],
    ['postgres:///d?host=/tmp&user=u', { host: '/tmp', user: 'u' }],
    ['postgres://u@h/x?dbname=d&connect_timeout=3', { database: 'd', connectTimeoutMs: 3000 }],
    ['postgres://u@h/d?sslmode=allow&application_name=x', { tls: { mode: 'prefer', ...noFiles } }],
  ])('%s', async (url, expected) => {
    expect(await parseUpstreamUrl(url)).toMatchObject(expected);
  });

  it('verifies TLS fully off this machine unless told otherwise', async () => {
    expect((await parseUpstreamUrl('postgres://u:p@db.test/d')).tls.mode).toBe('verify-full');
    expect((await parseUpstreamUrl('postgres://u:p@localhost.evil.test/d')).tls.mode).toBe('verify-full');
    expect((await parseUpstreamUrl('postgres://u:p@localhost/d')).tls.mode).toBe('prefer');
  });

  it('reads the files it names', async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-test-'));
    try {
      await writeFile(path.join(dir, 'ca.pem'), 'PEM');
      const url = `postgres://u@h/d?sslrootcert=${encodeURIComponent(path.join(dir, 'ca.pem'))}`;
      expect((await parseUpstreamUrl(url)).tls.ca).toBe('PEM');
      await expect(parseUpstreamUrl(`${url}.gone`)).rejects.toThrow('cannot read the file of sslrootcert');
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it.each([
    ['mysql://u:secret@h/d', 'begin with postgres://'],
    ['postgres://h/d', 'names no user'],
    ['postgres://u:secret@h:99999/d', 'not a URL'],
    ['postgres://u:secret@h/d?port=x', 'port'],
    ['postgres://u:secret@h/d?sslmode=on', 'sslmode must be one of'],
    ['postgres://u:secret%zz@h/d', 'percent sign'],
    ['postgres://u:secret@h/d?options=-crole%3Dx', '"options" is not supported'],
  ])('refuses %s without showing its password', async (url, message) => {
    const error = await parseUpstreamUrl(url).catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });
});
