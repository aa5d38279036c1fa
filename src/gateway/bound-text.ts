/**
 * A bind value as text, as PostgreSQL would print it, for the record. Binary values of a type that is not known, or not
 * one of these, have none.
 * @see https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES
 */

/** pg_type.oid */
const BOOL = 16;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;
const OID = 26;
const FLOAT4 = 700;
const FLOAT8 = 701;
const UUID = 2950;
/** text, varchar, bpchar, name, json, xml, unknown: their binary form is their text. */
const TEXTS: ReadonlySet<number> = new Set([25, 1043, 1042, 19, 114, 142, 705]);

/** `format`: 0 text, 1 binary; `type`: an OID, 0: not known. */
export function boundText(value: Buffer, format: number, type: number): string | undefined {
  if (format === 0) return value.toString('utf8');
  switch (type) {
    case BOOL:
      return value.length === 1 ? (value[0] === 0 ? 'f' : 't') : undefined;
    case INT2:
      return value.length === 2 ? String(value.readInt16BE(0)) : undefined;
    case INT4:
      return value.length === 4 ? String(value.readInt32BE(0)) : undefined;
    case OID:
      return value.length === 4 ? String(value.readUInt32BE(0)) : undefined;
    case INT8:
      return value.length === 8 ? String(value.readBigInt64BE(0)) : undefined;
    case FLOAT4:
      return value.length === 4 ? String(value.readFloatBE(0)) : undefined;
    case FLOAT8:
      return value.length === 8 ? String(value.readDoubleBE(0)) : undefined;
    case UUID:
      return value.length === 16
        ? value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
        : undefined;
    default:
      return TEXTS.has(type) ? value.toString('utf8') : undefined;
  }
}
