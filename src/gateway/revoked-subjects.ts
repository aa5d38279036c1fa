/**
 * Who was cut off stays cut off when the gateway starts again: `state_dir/revoked.json`, a list of issuer, subject and
 * reason. A file that cannot be read stops the start: guessing would let somebody in.
 */
import path from 'node:path';
import * as z from 'zod';
import { DbgateError } from '../errors.ts';
import type { RevocationOptions, SubjectRevocation } from '../identity/revocation.ts';
import { StateFile } from './state-file.ts';

export const subjectRevocation = z.object({
  issuer: z.string(),
  subject: z.string(),
  // Nobody is let in again for it.
  email: z.string().optional().catch(undefined),
  reason: z.string(),
});
const fileSchema = z.array(subjectRevocation);

/** @param logLine told when it cannot be written: then the cut holds until the gateway ends */
export function revokedSubjects(stateDir: string, logLine: (line: string) => void): Required<RevocationOptions> {
  const file = new StateFile(path.join(stateDir, 'revoked.json'), fileSchema);
  return {
    kept: readRevoked(file),
    keep(subjects) {
      try {
        file.replaceSync([...subjects]);
      } catch (error) {
        logLine(`who was cut off is not kept beyond a restart: ${(error as Error).message}`);
      }
    },
  };
}

function readRevoked(file: StateFile<typeof fileSchema>): readonly SubjectRevocation[] {
  const found = file.readSync();
  if (found.kind === 'none') return [];
  if (found.kind === 'found') return found.state;
  throw new DbgateError('config', `cannot read who was cut off: ${file.path}: ${found.why}`, {
    hint: 'Repair the file, or remove it to let everybody in again.',
  });
}
