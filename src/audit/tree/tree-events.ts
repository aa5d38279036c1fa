import type { Recorder } from '../recorder.ts';
import type { AcceptedRewrite } from './tree-protocol.ts';

/** The record says of itself that it was taken though it is not what was signed. */
export async function recordAcceptedRewrite(
  recorder: Recorder,
  accepted: AcceptedRewrite | undefined,
  reason = '',
): Promise<void> {
  if (accepted === undefined) return;
  const { signedSize, signedRoot, why } = accepted;
  await recorder.event({
    kind: 'audit.rewrite_accepted',
    by: undefined,
    database: undefined,
    detail: { signed_size: signedSize, signed_root: signedRoot, why },
    body: { reason },
  });
}

export function recordKeyRotation(recorder: Recorder, vkey: string, before: string): void {
  recorder.note({ kind: 'audit.key_rotated', by: undefined, database: undefined, detail: { vkey, before } });
}
