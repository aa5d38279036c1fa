/** Who was cut off, over restarts: no file that is of no use lets anybody in. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { revokedSubjects } from '../../src/gateway/revoked-subjects.ts';
import { SharedRevocations } from '../../src/gateway/shared-revocations.ts';

let dir: string;
let lines: string[];
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'dbgate-revoked-'));
  lines = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = () => revokedSubjects(dir, (line) => void lines.push(line));
const shared = () => new SharedRevocations(dir, [], (line) => void lines.push(line));
const write = (name: string, text: string) => writeFileSync(path.join(dir, name), text);
const leaver = { issuer: 'https://id.test', subject: 'leaver', reason: 'admin' };
const known = { ...leaver, subject: 'known', email: 'known@example.test' };

it('is who it was, also as files were written before, or with what is no address', () => {
  expect(open().kept).toEqual([]);
  open().keep([leaver, known]);
  expect(open().kept).toEqual([leaver, known]);
  expect(readdirSync(dir)).toEqual(['revoked.json']);
  write('revoked.json', `${JSON.stringify([leaver, { ...known, email: null }], undefined, 1)}\n`);
  expect(open().kept).toEqual([leaver, { ...known, email: undefined }]);
  expect(lines).toEqual([]);
});

it.each(['', '[{"issuer":"https://id.test"', '{}', '[{"issuer":"https://id.test","subject":1,"reason":"x"}]'])(
  'is nobody by guessing: %j',
  (text) => {
    write('revoked.json', text);
    expect(open).toThrow('cannot read who was cut off');
    expect(readFileSync(path.join(dir, 'revoked.json'), 'utf8')).toBe(text);
  },
);

it.each(['', '{"seenSeq":1}', '{"seenSeq":1,"unsent":[{"kind":"revoked"}]}'])(
  'is told to other gateways by no file that is of no use: %j',
  (text) => {
    write('revoked-shared.json', text);
    expect(shared).toThrow('revoked-shared.json');
  },
);

it('holds where it cannot be written, and says so', () => {
  const kept = open();
  rmSync(dir, { recursive: true });
  writeFileSync(dir, '');
  kept.keep([leaver]);
  expect(lines).toEqual([expect.stringMatching(/^who was cut off is not kept beyond a restart: /)]);
});
