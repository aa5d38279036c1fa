/** The file that keeps classes over restarts. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ClassificationStore, type StoredClasses } from '../../src/gateway/classification-store.ts';

let stateDir: string;
beforeAll(async () => {
  stateDir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-classes-'));
});
afterAll(() => rm(stateDir, { recursive: true, force: true }));

const table = (oid: number) => ({
  oid,
  schema: 'public',
  name: `t\n${oid}`,
  rows: oid,
  columns: [
    { attnum: 1, name: 'clear', type: 'text', own: { class: undefined, confidence: 0.5, evidence: [], scan: true } },
    {
      attnum: 2,
      name: '"},\n{"oid":7',
      type: 'jsonb',
      own: {
        class: 'email' as const,
        confidence: 0.9,
        evidence: [{ from: 'values' as const, says: 'in 5 documents' }],
        scan: false,
        paths: new Map([['a', 'email' as const]]),
      },
    },
  ],
});

const classes = (tables: number): StoredClasses => ({
  tables: Array.from({ length: tables }, (_, n) => table(n)),
  inherited: [{ oid: 3, attnum: 1, class: 'phone', from: 'public.t.c', computed: true }],
});

it.each([0, 1, 50, 51, 120])('reads what it wrote of %d tables, which is JSON', async (tables) => {
  const lines: string[] = [];
  const store = new ClassificationStore(stateDir, `of ${tables}`, (line) => lines.push(line));
  await store.write(classes(tables));
  expect(await store.read()).toEqual(classes(tables));
  const file = path.join(stateDir, 'classification', `of%20${tables}.json`);
  const whole = JSON.parse(await readFile(file, 'utf8')) as { tables: unknown[] };
  expect(whole.tables).toHaveLength(tables);
  // However its lines are broken.
  await writeFile(file, JSON.stringify(whole));
  expect(await store.read()).toEqual(classes(tables));
  expect(lines).toEqual([]);
});

it('takes no part of a file that ends too early', async () => {
  const lines: string[] = [];
  const store = new ClassificationStore(stateDir, 'cut', (line) => lines.push(line));
  const file = path.join(stateDir, 'classification', 'cut.json');
  await store.write(classes(120));
  const text = await readFile(file, 'utf8');
  for (const end of [text.length - 3, text.lastIndexOf('\n]'), text.indexOf('\n', 5_000), 30]) {
    await writeFile(file, text.slice(0, end));
    expect(await store.read()).toBeUndefined();
  }
  expect(lines).toHaveLength(4);
});
