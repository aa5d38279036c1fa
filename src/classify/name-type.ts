/** What a column's type allows it to hold, before any name is read: a boolean is no e-mail address. */
import type { ColumnClass, ColumnSubject } from './classes.ts';

export type TypeKind =
  | 'text'
  | 'bytes'
  | 'boolean'
  | 'integer'
  | 'numeric'
  | 'date'
  | 'timestamp'
  | 'time'
  | 'uuid'
  | 'network'
  | 'mac'
  | 'json'
  | 'xml'
  | 'geometry'
  | 'search'
  | 'enum'
  | 'composite'
  | 'range'
  | 'vector'
  | 'other';

/** By the bare name of a type as format_type prints it, or as schema tools call it. */
const KINDS: Readonly<Record<string, TypeKind>> = {
  text: 'text',
  character: 'text',
  'character varying': 'text',
  varchar: 'text',
  char: 'text',
  bpchar: 'text',
  citext: 'text',
  string: 'text',
  name: 'text',
  nvarchar: 'text',
  mediumtext: 'text',
  longtext: 'text',
  tinytext: 'text',
  clob: 'text',
  '"char"': 'text',
  bytea: 'bytes',
  binary: 'bytes',
  blob: 'bytes',
  varbinary: 'bytes',
  oid: 'other',
  bit: 'other',
  'bit varying': 'other',
  boolean: 'boolean',
  bool: 'boolean',
  integer: 'integer',
  int: 'integer',
  bigint: 'integer',
  smallint: 'integer',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  serial: 'integer',
  bigserial: 'integer',
  smallserial: 'integer',
  tinyint: 'integer',
  numeric: 'numeric',
  decimal: 'numeric',
  real: 'numeric',
  'double precision': 'numeric',
  float: 'numeric',
  double: 'numeric',
  float4: 'numeric',
  float8: 'numeric',
  money: 'numeric',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  datetime: 'timestamp',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamp',
  time: 'time',
  timetz: 'time',
  'time without time zone': 'time',
  'time with time zone': 'time',
  interval: 'time',
  uuid: 'uuid',
  inet: 'network',
  cidr: 'network',
  macaddr: 'mac',
  macaddr8: 'mac',
  json: 'json',
  jsonb: 'json',
  hstore: 'json',
  xml: 'xml',
  point: 'geometry',
  geometry: 'geometry',
  geography: 'geometry',
  polygon: 'geometry',
  path: 'geometry',
  box: 'geometry',
  circle: 'geometry',
  line: 'geometry',
  lseg: 'geometry',
  tsvector: 'search',
  tsquery: 'search',
  vector: 'vector',
  halfvec: 'vector',
  enum: 'enum',
  int4range: 'range',
  int8range: 'range',
  numrange: 'range',
  daterange: 'range',
  tsrange: 'range',
  tstzrange: 'range',
  int4multirange: 'range',
  int8multirange: 'range',
  nummultirange: 'range',
  datemultirange: 'range',
  tsmultirange: 'range',
  tstzmultirange: 'range',
  ltree: 'other',
}; // prettier-ignore

/** `public.varchar(40)[]` → `varchar`; the schema, the modifier and array brackets are no part of the kind. */
export function bareType(type: string): string {
  const bare = type
    .toLowerCase()
    .replace(/(\[\d*\])+$/u, '')
    .replace(/\([^)]*\)/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
  const dot = bare.lastIndexOf('.');
  return dot === -1 ? bare : bare.slice(dot + 1);
}

export function typeKind(subject: ColumnSubject): TypeKind {
  if (subject.fields !== undefined && subject.fields.length > 0) return 'composite';
  if (subject.labels !== undefined || subject.baseType === 'enum') return 'enum';
  return KINDS[bareType(subject.type)] ?? (subject.baseType ? KINDS[bareType(subject.baseType)] : undefined) ?? 'other';
}

/** A type that is none of PostgreSQL's own, as a name to read (`public.email_address` → `email_address`). */
export function ownTypeName(subject: ColumnSubject): string | undefined {
  const bare = bareType(subject.type);
  if (KINDS[bare] !== undefined) return undefined;
  return bare.replaceAll('"', '');
}

const TEXTS: readonly TypeKind[] = ['text', 'bytes', 'json', 'xml', 'composite', 'other'];
const NUMBERS: readonly TypeKind[] = ['integer', 'numeric'];

/** Which kinds can hold a class at all. */
export const KINDS_OF: Readonly<Record<ColumnClass, ReadonlySet<TypeKind>>> = {
  email: new Set([...TEXTS, 'search']),
  phone: new Set([...TEXTS, ...NUMBERS]),
  person_name: new Set([...TEXTS, 'search']),
  postal_address: new Set([...TEXTS, ...NUMBERS, 'search']),
  geo: new Set([...TEXTS, ...NUMBERS, 'geometry']),
  date_of_birth: new Set([...TEXTS, ...NUMBERS, 'date', 'timestamp', 'time', 'range']),
  national_id: new Set([...TEXTS, ...NUMBERS]),
  tax_id: new Set([...TEXTS, ...NUMBERS]),
  ip_address: new Set([...TEXTS, ...NUMBERS, 'network']),
  device_id: new Set([...TEXTS, ...NUMBERS, 'uuid', 'mac']),
  username: new Set(TEXTS),
  password_hash: new Set(TEXTS),
  secret: new Set([...TEXTS, 'uuid']),
  payment_card: new Set([...TEXTS, ...NUMBERS]),
  bank_account: new Set([...TEXTS, ...NUMBERS]),
  health: new Set([...TEXTS, ...NUMBERS, 'enum', 'boolean', 'date']),
  demographic: new Set([...TEXTS, ...NUMBERS, 'enum', 'boolean']),
  financial: new Set([...TEXTS, ...NUMBERS, 'range']),
  free_text: new Set([...TEXTS, 'search']),
  photo: new Set(TEXTS),
};
