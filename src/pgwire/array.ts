/**
 * One-dimensional arrays in binary, as parameters of Bind: nothing in them is ever read as SQL or as an array's own notation.
 *
 * @see array_recv in PostgreSQL's src/backend/utils/adt/arrayfuncs.c
 */

/** OID of the type of an element. */
export const NAME_OID = 19;
export const OID_OID = 26;

const HEADER_BYTES = 20;
const EMPTY_HEADER_BYTES = 12;
/** NAMEDATALEN with the zero byte that ends it. */
const MAX_NAME_BYTES = 63;

/** Elements as the receive function of their type takes them; none is NULL. */
export function encodeArray(elementOid: number, elements: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(elements.length === 0 ? EMPTY_HEADER_BYTES : HEADER_BYTES);
  header.writeInt32BE(elements.length === 0 ? 0 : 1, 0);
  header.writeUInt32BE(elementOid, 8);
  if (elements.length === 0) return header;
  header.writeInt32BE(elements.length, 12);
  header.writeInt32BE(1, 16);
  const parts: Buffer[] = [header];
  for (const element of elements) {
    const length = Buffer.alloc(4);
    length.writeInt32BE(element.length);
    parts.push(length, element);
  }
  return Buffer.concat(parts);
}

/** A name as the server cuts it where it is longer than one may be. */
export function encodeName(name: string): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length <= MAX_NAME_BYTES) return bytes;
  let end = MAX_NAME_BYTES;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

export function encodeOid(oid: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Number(oid));
  return bytes;
}
