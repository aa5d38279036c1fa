/** UUIDs that are the same for the same names. @see https://www.rfc-editor.org/rfc/rfc9562#section-5.5 */
import { createHash } from 'node:crypto';

/** Of dbgate's evidence: a v4 UUID, made once. */
const NAMESPACE = Buffer.from('5b9c6f5e2f3d4f0a9d0c7a41c1de86b3', 'hex');

/** Version 5; the names are joined so that no two lists of them give one text. */
export function stableUuid(...names: readonly string[]): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(JSON.stringify(names)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
