/** Files of the gateway's state: replaced as a whole, and never used when they are torn. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { StateFile } from '../../src/gateway/state-file.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'dbgate-state-file-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const schema = z.object({ version: z.literal(1), list: z.array(z.int()) });
let count = 0;
const fresh = () => new StateFile(path.join(dir, String(++count), 'kept.json'), schema);
const state = (fill: number, length = 3) => ({ version: 1 as const, list: Array.from({ length }, () => fill) });

describe('a file of state', () => {
  it('is none, then what was written, for its owner alone', async () => {
    const file = fresh();
    expect(await file.read()).toEqual({ kind: 'none' });
    expect(file.readSync()).toEqual({ kind: 'none' });
    await file.replace(state(1));
    expect(await file.read()).toEqual({ kind: 'found', state: state(1) });
    file.replaceSync(state(2));
    expect(file.readSync()).toEqual({ kind: 'found', state: state(2) });
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file.path)).mode & 0o777).toBe(0o700);
    expect(readdirSync(path.dirname(file.path))).toEqual(['kept.json']);
  });

  it('is whole at every moment while it is replaced', async () => {
    const file = fresh();
    await file.replace(state(0, 20_000));
    let isOver = false;
    const writing = (async () => {
      for (let i = 1; i <= 20; i++) await file.replace(state(i, 20_000));
      isOver = true;
    })();
    const seen = new Set<number>();
    while (!isOver) {
      const found = await file.read();
      if (found.kind !== 'found') throw new Error(found.kind);
      expect(found.state.list).toHaveLength(20_000);
      expect(new Set(found.state.list).size).toBe(1);
      seen.add(found.state.list[0]!);
    }
    await writing;
    expect(seen.size).toBeGreaterThan(1);
  });

  it('has what was said last, whatever came at once', async () => {
    const file = fresh();
    await Promise.all([1, 2, 3].map((fill) => file.replace(state(fill, 30_000 / fill))));
    expect(file.readSync()).toEqual({ kind: 'found', state: state(3, 30_000 / 3) });
  });

  it('keeps what was written at the end, not what was under way', async () => {
    const file = fresh();
    const late = [file.replace(state(1, 100_000)), file.replace(state(2))];
    file.replaceSync(state(9));
    await Promise.all(late);
    expect(file.readSync()).toEqual({ kind: 'found', state: state(9) });
    expect(readdirSync(path.dirname(file.path))).toEqual(['kept.json']);
  });

  it.each(['', '{"version":1,"list":[1,2', '{"version":2,"list":[]}', '{"version":1,"list":["7"]}', '[]'])(
    'is refused as %j, without a word of it',
    async (text) => {
      const file = fresh();
      await file.replace(state(1));
      writeFileSync(file.path, text);
      for (const found of [await file.read(), file.readSync()]) {
        expect(found.kind).toBe('unusable');
        expect(found.kind === 'unusable' && found.why).toMatch(/^(?:it is no JSON|[\w.]* is not what it should be)$/);
      }
      expect(readFileSync(file.path, 'utf8')).toBe(text);
    },
  );

  it('stays what it was where it cannot be replaced', async () => {
    const blocked = new StateFile(path.join(fresh().path, 'below.json'), schema);
    writeFileSync(path.join(dir, 'plain'), '');
    const impossible = new StateFile(path.join(dir, 'plain', 'kept.json'), schema);
    await expect(impossible.replace(state(1))).rejects.toThrow();
    expect(() => impossible.replaceSync(state(1))).toThrow();
    expect(impossible.readSync().kind).toBe('unusable');
    // The one that failed keeps nobody from trying again.
    await blocked.replace(state(1));
    expect(blocked.readSync().kind).toBe('found');
  });
});
