/**
 * A proof that a record is in the log, as a file that can be checked without asking anybody. The record goes along as
 * its extra data, so the file is all that is needed besides the gateway's key.
 * @see https://c2sp.org/tlog-proof
 */
import { type Checkpoint, parseCheckpoint, parseHash } from './checkpoint.ts';

export interface TlogProof {
  /** Not proved by itself: see what it says of the entry. */
  readonly extra: Buffer | undefined;
  readonly index: number;
  readonly hashes: readonly Buffer[];
  readonly checkpoint: Checkpoint;
}

/** What dbgate puts into `extra`, as JSON. */
export interface ProofExtra {
  /** The record as it is stored: with its body, or without where it was erased or is not to be seen. */
  readonly record: string;
  /** Lines of `tree.keys`, where keys have changed. */
  readonly keys?: string | undefined;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const MAX_HASHES = 63;

export function formatProof(proof: Omit<TlogProof, 'checkpoint'>, checkpoint: string): string {
  const extra = proof.extra === undefined ? '' : `extra ${proof.extra.toString('base64')}\n`;
  const hashes = proof.hashes.map((one) => `${one.toString('base64')}\n`).join('');
  return `${HEADER}\n${extra}index ${proof.index}\n${hashes}\n${checkpoint}`;
}

/** Undefined when it is no proof. */
export function parseProof(text: string): TlogProof | undefined {
  const split = text.indexOf('\n\n');
  if (split < 0) return undefined;
  const lines = text.slice(0, split).split('\n');
  if (lines.shift() !== HEADER) return undefined;
  let extra: Buffer | undefined;
  if (lines[0]?.startsWith('extra ') === true) {
    const encoded = lines.shift()!.slice('extra '.length);
    extra = Buffer.from(encoded, 'base64');
    if (extra.toString('base64') !== encoded) return undefined;
  }
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  const hashes = lines.map(parseHash);
  const checkpoint = parseCheckpoint(text.slice(split + 2));
  if (index === undefined || checkpoint === undefined || hashes.length > MAX_HASHES) return undefined;
  if (!hashes.every((one) => one !== undefined)) return undefined;
  return { extra, index: Number(index), hashes, checkpoint };
}

export function encodeExtra(extra: ProofExtra): Buffer {
  return Buffer.from(JSON.stringify(extra));
}

/** Undefined when it is none of dbgate's. */
export function decodeExtra(extra: Buffer | undefined): ProofExtra | undefined {
  try {
    const parsed = JSON.parse(extra?.toString() ?? '') as Partial<ProofExtra> | null;
    if (typeof parsed?.record !== 'string') return undefined;
    return { record: parsed.record, keys: typeof parsed.keys === 'string' ? parsed.keys : undefined };
  } catch {
    return undefined;
  }
}
