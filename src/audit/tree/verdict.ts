/** What is said at the end of a verification. */
import type { Position } from '../../store/event-log.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type NoteKey, type VerifiedSignature, verifyNote } from './note.ts';
import type { TrustedKeys } from './trusted-keys.ts';

export interface Finding {
  readonly what: string;
  /** Which leaf; undefined: of none in particular. */
  readonly leaf?: number | undefined;
  readonly position?: Position | undefined;
  /** First position of the segment: its file's name. */
  readonly segment?: Position | undefined;
  /** In the segment's file. */
  readonly byte?: number | undefined;
}

export interface SeenCheckpoint {
  /** Where it is from. */
  readonly source: string;
  readonly origin: string;
  readonly size: number;
  /** vkeys of the log. */
  readonly signedBy: readonly string[];
  readonly cosignedBy: readonly { readonly name: string; readonly at: string }[];
}

export interface VerifyOptions {
  readonly keys: TrustedKeys;
  readonly witnesses: readonly NoteKey[];
  /** One that was seen elsewhere, such as a witness has: what is verified is its continuation, or the same. */
  readonly known?: Checkpoint | undefined;
}

export interface Verdict {
  /** `tampered` as soon as there is a finding; `unknown`: nothing is wrong, and yet not all is proved. */
  readonly verdict: 'ok' | 'tampered' | 'unknown';
  readonly findings: readonly Finding[];
  /** Why it is unknown. */
  readonly unproved: readonly string[];
  readonly checkpoints: readonly SeenCheckpoint[];
}

export function verdictOf(findings: readonly Finding[], unproved: readonly string[]): Verdict['verdict'] {
  return findings.length > 0 ? 'tampered' : unproved.length > 0 ? 'unknown' : 'ok';
}

export interface CheckpointCheck {
  readonly seen: SeenCheckpoint;
  readonly findings: readonly Finding[];
}

/** Checks who signed a checkpoint. `keys` empty: nobody said which key is the log's, so nothing is said of it either. */
export function checkSignatures(
  source: string,
  checkpoint: Checkpoint,
  keys: readonly NoteKey[],
  witnesses: readonly NoteKey[],
): CheckpointCheck {
  const { origin, size } = checkpoint;
  const own = keys.filter(({ name }) => name === origin);
  const verdict = verifyNote(checkpoint.note, [...own, ...witnesses]);
  const by: readonly VerifiedSignature[] = verdict.kind === 'verified' ? verdict.by : [];
  const signedBy = by.filter(({ key }) => own.includes(key)).map(({ key }) => key.vkey);
  const cosignedBy = by
    .filter(({ key }) => witnesses.includes(key))
    .map(({ key, time }) => ({ name: key.name, at: time === undefined ? '' : new Date(time * 1000).toISOString() }));
  const findings: Finding[] = [];
  if (verdict.kind === 'forged') findings.push({ what: `the signature of ${verdict.key.name} on ${source} is forged` });
  else if (keys.length > 0 && signedBy.length === 0)
    findings.push({ what: `${source} is not signed with the key given` });
  return { seen: { source, origin, size, signedBy, cosignedBy }, findings };
}

/** Witnesses that were asked for and have not cosigned any of these. */
export function missingWitnesses(seen: readonly SeenCheckpoint[], witnesses: readonly NoteKey[]): string[] {
  return witnesses
    .filter(({ name }) => !seen.some(({ cosignedBy }) => cosignedBy.some((one) => one.name === name)))
    .map(({ name }) => `no checkpoint here is cosigned by ${name}`);
}
