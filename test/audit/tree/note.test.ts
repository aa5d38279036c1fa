import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envelopeOf } from '../../../src/audit/envelope.ts';
import { checkpointText, parseCheckpoint } from '../../../src/audit/tree/checkpoint.ts';
import {
  firstKeyLine,
  keyChangeLine,
  keyChangeText,
  keysFollowing,
  parseKeyChain,
} from '../../../src/audit/tree/key-chain.ts';
import { leafOf, MAX_ENTRY_BYTES } from '../../../src/audit/tree/leaf.ts';
import {
  cosignedMessage,
  formatNote,
  noteKey,
  parseNote,
  parseVkey,
  rawPublicKey,
  signatureLine,
  verifyNote,
} from '../../../src/audit/tree/note.ts';
import { parseTilePath, tilePath, tileWidth } from '../../../src/audit/tree/tile-path.ts';

const pair = (name: string, type: 'ed25519' | 'cosignature' = 'ed25519') => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = noteKey(name, rawPublicKey(privateKey), type);
  return { key, sign: (text: string) => sign(null, Buffer.from(text), privateKey), privateKey };
};

describe('signed notes', () => {
  const log = pair('log.example/a');
  const text = checkpointText({ origin: 'log.example/a', size: 17, root: Buffer.alloc(32, 1) });
  const note = formatNote(text, [signatureLine(log.key, log.sign(text))]);

  it('a change of any byte is no signature any more', () => {
    const bytes = Buffer.from(note);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      const parsed = parseNote(changed.toString());
      const verdict = parsed && verifyNote(parsed, [log.key]);
      expect(verdict?.kind === 'verified' && verdict.by.length > 0, `byte ${at}`).toBe(false);
    }
  });

  it('unknown keys count for nothing, a known name with a foreign signature is a forgery', () => {
    const other = pair('log.example/a');
    const parsed = parseNote(note)!;
    expect(verifyNote(parsed, [other.key])).toEqual({ kind: 'verified', by: [] });
    const forged = parseNote(formatNote(text, [signatureLine(log.key, other.sign(text))]))!;
    expect(verifyNote(forged, [log.key])).toMatchObject({ kind: 'forged' });
  });

  it('cosignatures sign the time as well', () => {
    const witness = pair('witness.example/w', 'cosignature');
    const cosign = (time: number, said = time) => {
      const stamp = Buffer.alloc(8);
      stamp.writeBigUInt64BE(BigInt(said));
      const signature = sign(null, cosignedMessage(text, time), witness.privateKey);
      return signatureLine(witness.key, Buffer.concat([stamp, signature]));
    };
    const verdict = (line: string) => verifyNote(parseNote(formatNote(text, [line]))!, [witness.key]);
    expect(verdict(cosign(1_679_315_147))).toMatchObject({ kind: 'verified', by: [{ time: 1_679_315_147 }] });
    expect(verdict(cosign(1_679_315_147, 1_679_315_148))).toMatchObject({ kind: 'forged' });
    expect(parseVkey(witness.key.vkey)).toEqual(witness.key);
  });

  it('refuses what is not exactly a checkpoint', () => {
    const signed = (body: string) => formatNote(body, [signatureLine(log.key, log.sign(body))]);
    const root = Buffer.alloc(32).toString('base64');
    expect(parseCheckpoint(signed(`o\n1\n${root}\n`))).toBeDefined();
    for (const body of [
      `o\n01\n${root}\n`,
      `o\n-1\n${root}\n`,
      `o\n1\n${root.slice(4)}\n`,
      `\n1\n${root}\n`,
      'o\n1\n',
      `o\n1\n${root}=\n`,
    ]) {
      expect(parseCheckpoint(signed(body)), JSON.stringify(body)).toBeUndefined();
    }
    expect(parseVkey(log.key.vkey).keyId).toBe(log.key.keyId);
    expect(() => parseVkey(log.key.vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))).toThrow(/key id/);
  });
});

describe('the chain of keys', () => {
  it('follows changes that the key before signed, and no others', () => {
    const [a, b, c, thief] = [pair('o'), pair('o'), pair('o'), pair('o')];
    const change = (from: typeof a, to: typeof a, by = from) =>
      keyChangeLine(
        from.key,
        to.key,
        '2026-01-01T00:00:00.000Z',
        by.sign(keyChangeText(from.key, to.key, '2026-01-01T00:00:00.000Z')),
      );
    const text = firstKeyLine(a.key, 'x') + change(a, b) + change(b, c);
    const chain = parseKeyChain(text);
    expect(chain.keys.map(({ vkey }) => vkey)).toEqual([a.key.vkey, b.key.vkey, c.key.vkey]);
    const names = (keys: readonly { vkey: string }[]) => keys.map(({ vkey }) => vkey).sort();
    expect(names(keysFollowing([a.key], chain))).toEqual(names([a.key, b.key, c.key]));
    expect(names(keysFollowing([b.key], chain))).toEqual(names([b.key, c.key]));
    // Who was given another key is led nowhere.
    expect(keysFollowing([thief.key], chain)).toEqual([thief.key]);
    expect(keysFollowing([], chain)).toEqual([]);
    expect(() => parseKeyChain(text + change(c, thief, thief))).toThrow(/not one that/);
    expect(() => parseKeyChain(firstKeyLine(a.key, 'x') + change(b, c))).toThrow(/not one that/);
  });
});

describe('leaves', () => {
  it('are the envelope, erased or not', () => {
    const unit = fc.constantFrom(
      'a',
      '"',
      '\\',
      '}',
      '\ud800',
      '\u00e9',
      '\u{1f600}',
      '\n',
      ',"body":{"salt":"',
      '\ufffd',
    );
    const body = fc.string({ unit });
    fc.assert(
      fc.property(body, body, (sql, name) => {
        const stored = `${JSON.stringify({ v: 2, kind: 'statement.intent', name }).slice(0, -1)},"body":${JSON.stringify({ salt: 's', sql })}}`;
        const kept = leafOf(Buffer.from(stored));
        const erased = leafOf(Buffer.from(envelopeOf(stored)));
        expect(kept.body).toBe('kept');
        expect(erased.body).toBe('erased');
        expect(kept.data.toString()).toBe(envelopeOf(stored));
        expect(erased.data.equals(kept.data)).toBe(true);
      }),
    );
    expect(leafOf(Buffer.from('{"v":2,"kind":"session.close","statements":1}')).body).toBe('whole');
  });

  it('the byte behind the body is not hashed, and must be what it is', () => {
    expect(leafOf(Buffer.from('{"v":2,"body":{"salt":"x","a":1}~')).body).toBe('malformed');
  });

  it('bytes that are no UTF-8 are others than those that replace them', () => {
    const of = (bytes: Buffer) =>
      leafOf(Buffer.concat([Buffer.from('{"body":"x","k":"'), bytes, Buffer.from('"}')])).data;
    expect(of(Buffer.of(0xff)).equals(of(Buffer.from('\ufffd')))).toBe(false);
  });

  it('what no bundle can hold is in the tree as its digest', () => {
    const long = leafOf(Buffer.from(`{"v":2,"x":"${'y'.repeat(MAX_ENTRY_BYTES)}"}`));
    expect(long.data.toString()).toMatch(/^\{"long":"sha256:[A-Za-z0-9_-]{43}","bytes":65549\}$/);
    expect(leafOf(long.data)).toMatchObject({ body: 'erased', data: long.data });
  });
});

describe('names of tiles', () => {
  it('are read back as they were written, and nothing else is a name', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 'entries', index: 0, width: 3 })).toBe('tile/entries/000.p/3');
    const level = fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const));
    fc.assert(
      fc.property(level, fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 1, max: 256 }), (one, index, width) => {
        expect(parseTilePath(tilePath({ level: one, index, width }))).toEqual({ level: one, index, width });
      }),
    );
    for (const path of [
      'tile/0/../000',
      'tile/64/000',
      'tile/00/000',
      'tile/0/1',
      'tile/0/x000/000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000/',
      '/tile/0/000',
    ]) {
      expect(parseTilePath(path), path).toBeUndefined();
    }
    // The example of the specification.
    expect([0, 272, 273, 274].map((index) => tileWidth(0, index, 70_000))).toEqual([256, 256, 112, 0]);
    expect([tileWidth(1, 0, 70_000), tileWidth(1, 1, 70_000), tileWidth(2, 0, 70_000)]).toEqual([256, 17, 1]);
  });
});
