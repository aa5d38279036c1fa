import { open } from 'node:fs/promises';
import type { WitnessSettings } from '../../config/audit-settings.ts';
import type { Witness } from './witness.ts';

/** Appends checkpoints to a file, a blank line behind each: on a medium that takes no writes twice, or another machine's. */
export function openFileWitness({ path }: WitnessSettings & { kind: 'file' }): Witness {
  return {
    async push(checkpoint) {
      const file = await open(path, 'a', 0o644);
      try {
        await file.appendFile(`${checkpoint.text}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      return [];
    },
  };
}
