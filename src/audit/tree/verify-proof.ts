/** Verifies a `.tlog-proof` file, without asking anybody. */
import type { Checkpoint } from './checkpoint.ts';
import { keysFollowing, parseKeyChain } from './key-chain.ts';
import { leafOf } from './leaf.ts';
import { leafHash, verifyConsistency, verifyInclusion } from './merkle.ts';
import type { NoteKey } from './note.ts';
import { decodeExtra, parseProof } from './proof-file.ts';
import {
  checkSignatures,
  type Finding,
  missingWitnesses,
  type SeenCheckpoint,
  type Verdict,
  type VerifyOptions,
  verdictOf,
} from './verdict.ts';

export interface VerifyProofOptions extends VerifyOptions {
  /** Hashes from `known` to the proof's checkpoint. */
  readonly consistency?: readonly Buffer[] | undefined;
}

export interface ProofVerdict extends Verdict {
  readonly index: number | undefined;
  /** The record that is proved, as stored. */
  readonly record: string | undefined;
  readonly erased: boolean;
}

export function verifyProof(text: string, options: VerifyProofOptions): ProofVerdict {
  const findings: Finding[] = [];
  const unproved: string[] = [];
  const checkpoints: SeenCheckpoint[] = [];
  let index: number | undefined;
  let record: string | undefined;
  let erased = false;
  const proof = parseProof(text);
  if (proof === undefined) findings.push({ what: 'it is not a tlog-proof, or not whole' });
  else {
    index = proof.index;
    const { checkpoint } = proof;
    const extra = decodeExtra(proof.extra);
    const keys = followed(options.keys(checkpoint.origin), extra?.keys, findings);
    const own = checkSignatures('the checkpoint', checkpoint, keys, options.witnesses);
    checkpoints.push(own.seen);
    findings.push(...own.findings);
    if (keys.length === 0) unproved.push("no key was given, so the checkpoint may be anybody's");
    if (options.known !== undefined) checkKnown(options.known, keys, checkpoint);
    unproved.push(...missingWitnesses(checkpoints, options.witnesses));
    record = extra?.record;
    if (record === undefined) unproved.push('the record itself is not in the file');
    else {
      const { data, body } = leafOf(Buffer.from(record));
      erased = body === 'erased';
      const { size, root } = checkpoint;
      if (body === 'malformed' || !verifyInclusion(proof.index, size, leafHash(data), proof.hashes, root)) {
        findings.push({ what: `the record is not leaf ${proof.index} of the tree of ${size}`, leaf: proof.index });
      }
    }
  }
  return { verdict: verdictOf(findings, unproved), findings, unproved, checkpoints, index, record, erased };

  function checkKnown(known: Checkpoint, keys: readonly NoteKey[], checkpoint: Checkpoint): void {
    const check = checkSignatures('the known checkpoint', known, keys, options.witnesses);
    checkpoints.push(check.seen);
    findings.push(...check.findings);
    if (known.origin !== checkpoint.origin) findings.push({ what: 'the two checkpoints are of different logs' });
    else if (known.size === checkpoint.size) {
      if (!known.root.equals(checkpoint.root)) findings.push({ what: `there are two trees of ${known.size} records` });
    } else if (options.consistency === undefined || known.size > checkpoint.size) {
      unproved.push('whether the two checkpoints are of one history cannot be told from this');
    } else if (!verifyConsistency(known.size, checkpoint.size, known.root, checkpoint.root, options.consistency)) {
      findings.push({ what: `the tree of ${checkpoint.size} is no continuation of the known one of ${known.size}` });
    }
  }
}

function followed(trusted: readonly NoteKey[], chain: string | undefined, findings: Finding[]): NoteKey[] {
  try {
    return keysFollowing(trusted, chain === undefined ? undefined : parseKeyChain(chain));
  } catch (error) {
    findings.push({ what: `the chain of keys does not hold: ${(error as Error).message}` });
    return [...trusted];
  }
}
