import { createHash } from 'node:crypto';
import type { WitnessSettings } from '../../config/audit-settings.ts';
import { openS3 } from '../s3/s3-client.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Witness } from './witness.ts';
import { WitnessConflict } from './witness-conflict.ts';

const MAX_CHECKPOINT_BYTES = 64 * 1024;

/**
 * Puts each checkpoint into a bucket, under its size: `checkpoint/0000000000001234`. Under an object lock it cannot be taken
 * back. Another one of the same size is another history.
 */
export function openS3Witness({ s3 }: WitnessSettings & { kind: 's3' }): Witness {
  const client = openS3(s3);
  let told: string | undefined;
  return {
    async push(checkpoint) {
      const { size, root, text } = checkpoint;
      const key = `checkpoint/${String(size).padStart(16, '0')}`;
      // Signed anew of the same tree, a heartbeat: it is there.
      if (told === `${key} ${root.toString('hex')}`) return [];
      if ((await client.head(key)) === undefined) {
        const bytes = Buffer.from(text);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        await client.put(key, { size: bytes.length, sha256, open: () => bytes });
      }
      const body = await client.get(key);
      if (body === undefined) throw new Error(`${client.place}${key} is not there though it was stored`);
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk as Buffer);
      const there = parseCheckpoint(Buffer.concat(chunks).toString().slice(0, MAX_CHECKPOINT_BYTES));
      if (there?.size !== size || !there.root.equals(root) || there.origin !== checkpoint.origin) {
        throw new WitnessConflict(`${client.place}${key} is another checkpoint of ${size} records`);
      }
      told = `${key} ${root.toString('hex')}`;
      return [];
    },
  };
}
