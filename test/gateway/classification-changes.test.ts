import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ColumnClass } from '../../src/classify/classes.ts';
import { ClassificationChanges } from '../../src/gateway/classification-changes.ts';
import type { ClassifiedColumn } from '../../src/gateway/classifier.ts';

let dir: string;
let logs: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dbgate-changes-'));
  logs = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** `unseen`: nobody has looked at it. */
function column(attnum: number, name: string, found: ColumnClass | 'none' | 'unseen'): ClassifiedColumn {
  const columnClass = found === 'none' || found === 'unseen' ? undefined : found;
  const classification = { class: columnClass, confidence: 1, evidence: [], scan: false };
  return {
    oid: 7,
    attnum,
    schema: 'public',
    table: 't',
    column: name,
    type: 'text',
    classification: found === 'unseen' ? undefined : classification,
  };
}

const open = () => new ClassificationChanges(dir, 'app', (line) => logs.push(line));
const note = (changes: ClassificationChanges, second: number, ...columns: ClassifiedColumn[]) =>
  changes.note(
    () => [columns],
    () => `2026-01-01T00:00:0${second}.000Z`,
  );
const said = async (changes: ClassificationChanges, sinceMs = 0) =>
  (await changes.since(sinceMs)).map(({ change, column: name, class: found, was }) => [change, name, found, was]);

describe('changes of classes', () => {
  it('are those of a map of any length', async () => {
    const many = (last: ColumnClass) => [
      ...Array.from({ length: 2_500 }, (_, n) => column(n + 1, `c${n + 1}`, 'none')),
      column(2_501, 'last', last),
    ];
    await note(open(), 1, ...many('email'));
    expect(await said(open())).toEqual([]);
    const changes = open();
    await note(changes, 2, ...many('phone'));
    expect(await said(changes)).toEqual([['class', 'last', 'phone', 'email']]);
    expect(logs).toEqual([]);
  });

  it('are none in the first map, which waits until all of it was looked at', async () => {
    const changes = open();
    await note(changes, 1, column(1, 'a', 'email'), column(2, 'b', 'unseen'));
    await note(changes, 2, column(1, 'a', 'email'), column(2, 'b', 'phone'));
    expect(await said(changes)).toEqual([]);
    await note(changes, 3, column(1, 'a', 'none'), column(2, 'b', 'phone'), column(3, 'c', 'secret'));
    expect(await said(changes)).toEqual([
      ['class', 'a', null, 'email'],
      ['new', 'c', 'secret', undefined],
    ]);
  });

  it('are found once, and not where nobody has looked again yet', async () => {
    const changes = open();
    await note(changes, 1, column(1, 'a', 'email'));
    await note(changes, 2, column(1, 'a', 'unseen'), column(2, 'b', 'unseen'));
    expect(await said(changes)).toEqual([]);
    await note(changes, 3, column(1, 'renamed', 'email'));
    await note(changes, 4, column(1, 'renamed', 'email'));
    await note(changes, 5);
    expect(await said(changes)).toEqual([
      ['renamed', 'renamed', 'email', 'public.t.a'],
      ['gone', 'renamed', 'email', undefined],
    ]);
    expect(await said(changes, Date.parse('2026-01-01T00:00:04Z'))).toHaveLength(1);
  });

  it('are kept, with no more than names, types and classes', async () => {
    await note(open(), 1, column(1, 'a', 'email'));
    const changes = open();
    await note(changes, 2, column(1, 'a', 'phone'));
    const again = open();
    expect(await said(again)).toEqual([['class', 'a', 'phone', 'email']]);
    await note(again, 3, column(1, 'a', 'phone'));
    expect(await said(again)).toHaveLength(1);
    expect(logs).toEqual([]);
  });

  it('begin anew where the file is of no use, and say so', async () => {
    const file = join(dir, 'classification', 'app.changes.json');
    await note(open(), 1, column(1, 'a', 'email'));
    expect(JSON.parse(readFileSync(file, 'utf8')).columns).toHaveLength(1);
    for (const text of ['{"version":1', '[]', '{"version":1,"columns":3,"changes":[]}', 'null']) {
      writeFileSync(file, text);
      const changes = open();
      await note(changes, 2, column(1, 'a', 'phone'));
      expect(await said(changes), text).toEqual([]);
      await note(changes, 3, column(1, 'a', 'email'));
      expect(await said(changes), text).toHaveLength(1);
    }
    expect(logs.length).toBeGreaterThan(0);
  });
});
