/**
 * A small record with a witnessed checkpoint, and everything that somebody with all rights on its files may do to it:
 * checksums, numbers and headers are made right again, as whoever falsifies a log would.
 */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Checkpoint, checkpointText, parseCheckpoint } from '../../../src/audit/tree/checkpoint.ts';
import { leafOf } from '../../../src/audit/tree/leaf.ts';
import {
  cosignedMessage,
  formatNote,
  type NoteKey,
  noteKey,
  rawPublicKey,
  signatureLine,
} from '../../../src/audit/tree/note.ts';
import { openTileFiles } from '../../../src/audit/tree/tiles.ts';
import { openAuditTree } from '../../../src/audit/tree/tree.ts';
import { TreeBuilder } from '../../../src/audit/tree/tree-builder.ts';
import { trustedKeys } from '../../../src/audit/tree/trusted-keys.ts';
import { type DirectoryVerdict, verifyDirectory } from '../../../src/audit/tree/verify-directory.ts';
import {
  decodeFrame,
  decodeSegmentHeader,
  encodeSegmentHeader,
  type Frame,
  type SegmentHeader,
} from '../../../src/store/segment-format.ts';
import { openSegmentLog } from '../../../src/store/segment-log.ts';

export interface Record {
  position: number;
  stream: string;
  streamSeq: number;
  payload: Buffer;
}

export interface WitnessedLog {
  readonly dir: string;
  readonly key: NoteKey;
  readonly witness: NoteKey;
  readonly known: Checkpoint;
  remove(): void;
}

const statement = (i: number): string =>
  `{"v":2,"kind":"statement.intent","at":"2026-01-01T00:00:00.000Z","session":"s${i % 3}","n":${i},"decision":"allow"` +
  `,"body":{"salt":"salt${i}","sql":"SELECT ${i}","hash":"${'0'.repeat(8)}"}}`;
const outcome = (i: number): string =>
  `{"v":2,"kind":"statement.outcome","at":"2026-01-01T00:00:00.000Z","session":"s${i % 3}","n":${i},"rows":${i},"masked":0}`;

/** `records` of two streams in segments of a few records each. */
export async function makeWitnessedLog(records: number, segmentBytes = 3000): Promise<WitnessedLog> {
  const dir = mkdtempSync(join(tmpdir(), 'dbgate-tamper-'));
  const log = await openSegmentLog({
    dir: join(dir, 'audit'),
    gatewayId: 'gw',
    segmentBytes,
    durability: 'sync',
    maxQueuedBytes: 1 << 24,
    now: Date.now,
  });
  const tree = await openAuditTree(log, {
    stateDir: dir,
    gatewayId: 'gw',
    settings: undefined,
    acceptRewritten: false,
    onWarning: (message) => {
      throw new Error(message);
    },
    onRotated: () => undefined,
  });
  for (let i = 0; i < records; i++) {
    const stream = i % 7 === 6 ? 'request/1' : 'audit';
    log.enqueue(stream, i % 2 === 0 ? statement(i) : outcome(i));
    if (i % 5 === 4) await log.flush();
  }
  await log.flush();
  await tree.close();
  await log.close();
  const checkpoint = parseCheckpoint(readFileSync(join(dir, 'tree/checkpoint'), 'utf8'))!;
  const witness = generateKeyPairSync('ed25519').privateKey;
  const witnessKey = noteKey('witness.example/w', rawPublicKey(witness), 'cosignature');
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(1_790_000_000n);
  const cosignature = sign(null, cosignedMessage(checkpoint.note.text, 1_790_000_000), witness);
  const lines = [...checkpoint.note.signatures.map(({ line }) => line)];
  const text = formatNote(checkpoint.note.text, [
    ...lines,
    signatureLine(witnessKey, Buffer.concat([stamp, cosignature])),
  ]);
  return {
    dir,
    key: noteKey('dbgate/gw', rawPublicKey(privateKeyOf(dir))),
    witness: witnessKey,
    known: parseCheckpoint(text)!,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

const privateKeyOf = (dir: string) => createPrivateKey(readFileSync(join(dir, 'tree.key')));

export function verify(log: WitnessedLog, dir: string): Promise<DirectoryVerdict> {
  const { key, witness, known } = log;
  return verifyDirectory(dir, { keys: trustedKeys([key.vkey]), witnesses: [witness], known, patienceMs: 0 });
}

/** A copy that may be changed; gone afterwards. */
export async function withCopy<T>(log: WitnessedLog, run: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'dbgate-tampered-'));
  try {
    cpSync(log.dir, dir, { recursive: true });
    return await run(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export interface Segment {
  readonly name: string;
  header: SegmentHeader;
  records: Record[];
}

export function segmentNames(dir: string): string[] {
  return readdirSync(join(dir, 'audit'))
    .filter((name) => name.endsWith('.seg'))
    .sort();
}

export interface Place {
  readonly name: string;
  readonly frame: Frame;
  readonly start: number;
}

/** Every frame of every segment. */
export function frames(dir: string): Place[] {
  return segmentNames(dir).flatMap((name) => {
    const bytes = readFileSync(join(dir, 'audit', name));
    const found: Place[] = [];
    const header = decodeSegmentHeader(bytes);
    if (header.kind !== 'header') throw new Error(name);
    for (let at = header.next; ; ) {
      const frame = decodeFrame(bytes, at);
      if (frame.kind !== 'frame') return found;
      found.push({ name, frame, start: at });
      at = frame.next;
    }
  });
}

export function readAll(dir: string): Segment[] {
  return segmentNames(dir).map((name) => {
    const bytes = readFileSync(join(dir, 'audit', name));
    const header = decodeSegmentHeader(bytes);
    if (header.kind !== 'header') throw new Error(name);
    const records: Record[] = [];
    for (let at = header.next; ; ) {
      const frame = decodeFrame(bytes, at);
      if (frame.kind !== 'frame') return { name, header: header.header, records };
      const { position, streamSeq, streamStart, payloadStart, next } = frame;
      const stream = bytes.toString('utf8', streamStart, payloadStart);
      records.push({ position, stream, streamSeq, payload: Buffer.from(bytes.subarray(payloadStart, next)) });
      at = next;
    }
  });
}

/** Writes segments so that every number and checksum in them fits. */
export function writeAll(dir: string, segments: readonly Segment[]): void {
  for (const name of segmentNames(dir)) rmSync(join(dir, 'audit', name));
  const seqs = new Map<string, number>();
  let leaf = 0;
  let previous: SegmentHeader['previous'] = null;
  for (const segment of segments) {
    const streams = [...seqs];
    const parts = [encodeSegmentHeader({ ...segment.header, firstLeaf: leaf, previous, streams })];
    for (const record of segment.records) {
      record.streamSeq = (seqs.get(record.stream) ?? 0) + 1;
      seqs.set(record.stream, record.streamSeq);
      parts.push(encodeRecord(record));
      leaf++;
    }
    const bytes = Buffer.concat(parts);
    previous = { firstPosition: segment.header.firstPosition, endOffset: bytes.length };
    writeFileSync(join(dir, 'audit', segment.name), bytes);
  }
}

function encodeRecord({ position, stream, streamSeq, payload }: Record): Buffer {
  const name = Buffer.from(stream);
  const body = Buffer.alloc(14 + name.length + payload.length);
  body.writeUInt32LE(position, 0);
  body.writeUInt32LE(streamSeq, 8);
  body[13] = name.length;
  name.copy(body, 14);
  payload.copy(body, 14 + name.length);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt32LE(crc32(body), 4);
  return Buffer.concat([head, body]);
}

/** Changes bytes of a segment; `mend`: the frame's checksum is made right again. */
export function patch(dir: string, { name, frame, start }: Place, at: number, bit: number, mend: boolean): void {
  const path = join(dir, 'audit', name);
  const bytes = readFileSync(path);
  bytes[at]! ^= 1 << bit;
  if (mend) bytes.writeUInt32LE(crc32(bytes.subarray(start + 8, frame.next)), start + 4);
  writeFileSync(path, bytes);
}

/** Makes the tree anew and signs it with the gateway's own key: what only a witness can find. */
export function resign(dir: string): void {
  const treeDir = join(dir, 'tree');
  rmSync(treeDir, { recursive: true, force: true });
  mkdirSync(treeDir);
  const builder = new TreeBuilder({ files: openTileFiles(treeDir) });
  for (const { records } of readAll(dir)) for (const { payload } of records) builder.append(leafOf(payload).data);
  builder.writePartial();
  const privateKey = privateKeyOf(dir);
  const text = checkpointText({ origin: 'dbgate/gw', size: builder.size, root: builder.root() });
  const line = signatureLine(noteKey('dbgate/gw', rawPublicKey(privateKey)), sign(null, Buffer.from(text), privateKey));
  writeFileSync(join(treeDir, 'checkpoint'), formatNote(text, [line]));
}

/** Numbers below `n`, all of one manipulation's choices come from here. */
export type Pick = (n: number) => number;

export const MANIPULATIONS: { readonly [name: string]: (dir: string, pick: Pick) => void } = {
  'flip a bit': (dir, pick) => {
    const place = choose(frames(dir), pick);
    patch(dir, place, place.start + pick(place.frame.next - place.start), pick(8), false);
  },
  'flip a bit of a record and mend its checksum': (dir, pick) => {
    const place = choose(frames(dir), pick);
    const { payloadStart, next } = place.frame;
    patch(dir, place, payloadStart + pick(next - payloadStart), pick(8), true);
  },
  'delete a record': (dir, pick) => {
    const segments = readAll(dir);
    const { records } = choose(
      segments.filter((one) => one.records.length > 0),
      pick,
    );
    records.splice(pick(records.length), 1);
    writeAll(dir, segments);
  },
  'add a record': (dir, pick) => {
    const segments = readAll(dir);
    const { records } = choose(
      segments.filter((one) => one.records.length > 0),
      pick,
    );
    const at = pick(records.length);
    records.splice(at, 0, { ...records[at]!, payload: Buffer.from(statement(1000 + pick(1000))) });
    for (let i = records.length - 1; i >= 0; i--) records[i]!.position -= records.length - 1 - i;
    renumber(segments);
    writeAll(dir, segments);
  },
  'swap two records': (dir, pick) => {
    const segments = readAll(dir);
    const all = segments.flatMap(({ records }) => records);
    const [a, b] = two(all, pick);
    [a.payload, b.payload] = [b.payload, a.payload];
    writeAll(dir, segments);
  },
  'swap two bodies': (dir, pick) => {
    const segments = readAll(dir);
    const withBody = segments.flatMap(({ records }) => records).filter(({ payload }) => payload.includes(',"body":{'));
    const [a, b] = two(withBody, pick);
    const cut = (payload: Buffer) => payload.indexOf(',"body":{');
    const [headA, headB] = [a.payload.subarray(0, cut(a.payload)), b.payload.subarray(0, cut(b.payload))];
    const [bodyA, bodyB] = [a.payload.subarray(cut(a.payload)), b.payload.subarray(cut(b.payload))];
    a.payload = Buffer.concat([headA, bodyB]);
    b.payload = Buffer.concat([headB, bodyA]);
    writeAll(dir, segments);
  },
  'cut off the end': (dir, pick) => {
    const place = choose(frames(dir), pick);
    const names = segmentNames(dir);
    for (const later of names.slice(names.indexOf(place.name) + 1)) rmSync(join(dir, 'audit', later));
    const path = join(dir, 'audit', place.name);
    const at = place.start + pick(place.frame.next - place.start);
    writeFileSync(path, readFileSync(path).subarray(0, at));
  },
  'take a segment away': (dir, pick) => {
    const segments = readAll(dir);
    segments.splice(pick(segments.length), 1);
    writeAll(dir, segments);
  },
  'remove a segment’s file': (dir, pick) => {
    rmSync(join(dir, 'audit', choose(segmentNames(dir), pick)));
  },
  'rewrite a statement and sign it anew with the gateway’s key': (dir, pick) => {
    const segments = readAll(dir);
    const { records } = choose(
      segments.filter((one) => one.records.length > 0),
      pick,
    );
    const record = choose(records, pick);
    record.payload = Buffer.from(statement(5000 + pick(1000)));
    writeAll(dir, segments);
    resign(dir);
  },
  'leave a record out and sign anew with the gateway’s key': (dir, pick) => {
    const segments = readAll(dir);
    const { records } = choose(
      segments.filter((one) => one.records.length > 0),
      pick,
    );
    records.splice(pick(records.length), 1);
    writeAll(dir, segments);
    resign(dir);
  },
  'cut off the end, go on differently, and sign anew': (dir, pick) => {
    const segments = readAll(dir);
    const { records } = segments.findLast((one) => one.records.length > 0)!;
    const cut = 1 + pick(records.length);
    for (const record of records.slice(-cut)) record.payload = Buffer.from(outcome(9000 + pick(900)));
    writeAll(dir, segments);
    resign(dir);
  },
  'change a signed checkpoint': (dir, pick) => {
    const path = join(dir, 'tree/checkpoint');
    const bytes = readFileSync(path);
    bytes[pick(bytes.length)]! ^= 1 << pick(7);
    writeFileSync(path, bytes);
  },
};

function renumber(segments: readonly Segment[]): void {
  let position = 0;
  for (const { records } of segments)
    for (const record of records) record.position = position = Math.max(position + 1, record.position);
}

function choose<T>(list: readonly T[], pick: Pick): T {
  return list[pick(list.length)]!;
}

function two(records: readonly Record[], pick: Pick): [Record, Record] {
  const a = pick(records.length);
  const b = (a + 1 + pick(records.length - 1)) % records.length;
  return [records[a]!, records[b]!];
}
