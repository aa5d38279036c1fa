/** Building one message: the type byte, the length that counts itself, the body. */

export function encodeMessage(type: string, ...body: Buffer[]): Buffer {
  let length = 4;
  for (const part of body) length += part.length;
  const header = Buffer.allocUnsafe(5);
  header[0] = type.charCodeAt(0);
  header.writeInt32BE(length, 1);
  return Buffer.concat([header, ...body], length + 1);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}
