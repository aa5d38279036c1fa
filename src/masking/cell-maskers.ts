/**
 * From a column's action, type and format to what masks its cells. In: an action of the plan, a type's shape. Out: a
 * CellMasker that gives values of the same type and format, or NULL. What it does not know becomes NULL; it never gives
 * `pass` for another action than `pass`.
 */
import { Buffer } from 'node:buffer';
import { always, alwaysNull, type CellMasker, constant, MASKED, NULLED, pass, toNull } from './maskers/cell-masker.ts';
import {
  arrayBinary,
  arrayText,
  hstoreBinary,
  hstoreText,
  multirangeBinary,
  rangeBinary,
  rangeText,
  rowBinary,
  rowText,
} from './maskers/container.ts';
import { HashTag, hashedFor, type Mask, type MaskContext } from './maskers/context.ts';
import { type DateType, dateBinary, dateText } from './maskers/date.ts';
import { jsonbBinary, jsonText } from './maskers/json.ts';
import { AddressMasks, hexToken } from './maskers/network.ts';
import {
  type FloatType,
  floatBinary,
  floatText,
  type IntegerType,
  integerBinary,
  integerText,
  moneyText,
  numberMask,
} from './maskers/number.ts';
import { decodeNumeric, numericBinary, numericText } from './maskers/numeric.ts';
import { pointBinary, pointText } from './maskers/point.ts';
import { scanPrinted, scanText } from './maskers/scan.ts';
import { limitedText, paddedText, textMasker } from './maskers/text.ts';
import { REDACTED } from './maskers/text-partial.ts';
import type { ColumnAction, TypeLookup, TypeShape } from './plan.ts';
import { withoutSizes } from './plan-sizes.ts';

export interface ColumnType {
  /** Undefined: unknown. */
  readonly shape: TypeShape | undefined;
  /** pg_attribute.atttypmod; -1: none. */
  readonly typeModifier: number;
  /** 0 text, 1 binary. */
  readonly format: number;
}

interface Build extends MaskContext {
  readonly types: TypeLookup;
  readonly format: number;
  /** Composites and arrays around the value. */
  readonly depth: number;
}

/** A row type may hold itself. */
const MOST_DEPTH = 16;
const VARLENA_HEADER = 4;
const NAME_BYTES = 63;
/** 2249: `record`, whose fields only binary values tell. */
const RECORD = 'record';

/** Types that are text on the wire, in both formats. */
const TEXT_TYPES: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar', 'name', 'citext', 'unknown', 'cstring']);
/** What is scanned at all; of other types nothing can be told from a value. */
const NOT_SCANNED: ReadonlySet<string> = new Set([
  'bool',
  'int2',
  'int4',
  'float4',
  'float8',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'uuid',
  'oid',
  'point',
]);

export function cellMasker(
  action: ColumnAction,
  type: ColumnType,
  types: TypeLookup,
  context: MaskContext,
): CellMasker {
  return build(action, type.shape, type.typeModifier, { ...context, types, format: type.format, depth: 0 });
}

function build(action: ColumnAction, shape: TypeShape | undefined, typeModifier: number, at: Build): CellMasker {
  if (action.do === 'pass') return pass;
  if (action.do === 'mask') at = hashedFor(action, at);
  const toNothing = action.do === 'redact' && action.keepsBlank !== true ? alwaysNull : toNull;
  if (shape === undefined || at.depth > MOST_DEPTH || (at.format !== 0 && at.format !== 1)) return toNothing;
  if (action.do === 'mask' && action.mode === 'null') return toNull;
  switch (shape.kind) {
    case 'enum':
      return toNothing;
    case 'array':
      if (action.do === 'redact') return toNothing;
      return buildArray(action, shape, typeModifier, at);
    case 'composite':
      if (action.do === 'redact') return toNothing;
      return buildRow(action, shape, at);
    case 'range':
    case 'multirange':
      if (action.do === 'redact') return toNothing;
      return buildRange(action, shape, at);
    case 'scalar':
      return buildScalar(action, shape.base, typeModifier, at);
    default:
      return shape.kind satisfies never;
  }
}

function buildArray(action: ColumnAction, shape: TypeShape, typeModifier: number, at: Build): CellMasker {
  const inner = action.do === 'array' ? action.element : action;
  if (action.do === 'row' || shape.element === undefined) return toNull;
  const element = build(inner, shape.element, typeModifier, { ...at, depth: at.depth + 1 });
  if (at.format === 1) return arrayBinary(element, new Set([shape.element.oid]));
  return arrayText(element, shape.element.base === 'box' ? 0x3b : 0x2c);
}

function buildRow(action: ColumnAction, shape: TypeShape, at: Build): CellMasker {
  if (action.do === 'array' || action.do === 'json') return toNull;
  const inside = { ...at, depth: at.depth + 1 };
  const known = shape.fields;
  const actions = action.do === 'row' ? action.fields : known?.map(() => action);
  if (actions === undefined) return shape.base === RECORD && action.do !== 'row' ? anyRecord(action, inside) : toNull;
  if (known !== undefined && known.length !== actions.length) return toNull;
  if (at.format === 0) {
    // What an anonymous record's text holds has no type: it is masked as text.
    return rowText(actions.map((field, i) => build(field, known === undefined ? TEXT : known[i], -1, inside)));
  }
  const built = actions.map(() => new Map<number, CellMasker>());
  return rowBinary(actions.length, (index, type) => {
    const field = known?.[index];
    let masker = built[index]!.get(type);
    if (masker === undefined) {
      const fieldShape = field === undefined ? at.types(type) : field.oid === type ? field : undefined;
      masker = build(actions[index]!, fieldShape, -1, inside);
      built[index]!.set(type, masker);
    }
    return masker;
  });
}

const TEXT: TypeShape = { oid: 25, base: 'text', kind: 'scalar' };

/** A record of which nothing is known: as many fields as there are, all with one action. */
function anyRecord(action: ColumnAction, at: Build): CellMasker {
  if (at.format === 0) return toNull;
  const built = new Map<number, CellMasker>();
  const field = (_index: number, type: number): CellMasker => {
    let masker = built.get(type);
    if (masker === undefined) built.set(type, (masker = build(action, at.types(type), -1, at)));
    return masker;
  };
  return (source, start, end, out) =>
    end - start < 4
      ? toNull(source, start, end, out)
      : rowBinary(source.readInt32BE(start), field)(source, start, end, out);
}

/** Only years keep the order of bounds. */
function buildRange(action: ColumnAction, shape: TypeShape, at: Build): CellMasker {
  const subtype = shape.kind === 'multirange' ? shape.element?.element : shape.element;
  const base = subtype?.base;
  if (action.do === 'scan') return base !== undefined && NOT_SCANNED.has(base) ? pass : toNull;
  if (action.do !== 'mask' || action.mode !== 'partial' || subtype === undefined) return toNull;
  if (base !== 'date' && base !== 'timestamp' && base !== 'timestamptz') return toNull;
  const bound = build(action, subtype, -1, { ...at, depth: at.depth + 1 });
  if (at.format === 0) return rangeText(bound);
  return shape.kind === 'range' ? rangeBinary(bound) : multirangeBinary(bound);
}

const SCAN: ColumnAction = { do: 'scan' };

function buildScalar(action: ColumnAction, base: string, typeModifier: number, at: Build): CellMasker {
  if (action.do === 'redact' && action.keepsBlank !== true) return redactAll(base, typeModifier, at);
  if (action.do === 'scan' && action.withoutSizes === true)
    return withoutSizes(buildScalar(SCAN, base, typeModifier, at));
  if (base === 'json' || base === 'jsonb') {
    return base === 'jsonb' && at.format === 1 ? jsonbBinary(action, at) : jsonText(action, at);
  }
  switch (action.do) {
    case 'pass':
      return pass;
    case 'redact':
      return TEXT_TYPES.has(base) ? ofText(base, constant(REDACTED), undefined, typeModifier, at) : toNull;
    case 'scan':
      return scanScalar(base, at);
    case 'mask':
      if (TEXT_TYPES.has(base)) return ofText(base, textMasker(action, at), action, typeModifier, at);
      return maskScalar(action, base, typeModifier, at);
    case 'json':
      if (base === 'hstore') return byKeys(action, at);
      // `->>` gives a document as text.
      return TEXT_TYPES.has(base)
        ? ofText(base, orRedacted(jsonText(action, at)), undefined, typeModifier, at)
        : toNull;
    // A container that the type is not: the lineage and the server disagree.
    case 'array':
    case 'row':
      return redactAll(base, typeModifier, at);
    default:
      return action satisfies never;
  }
}

/** The same for every value, NULL and the empty text too: inside of another value that is NULL. */
function redactAll(base: string, typeModifier: number, at: Build): CellMasker {
  if (at.depth > 0 || !TEXT_TYPES.has(base)) return alwaysNull;
  const isLimited = typeModifier >= VARLENA_HEADER && (base === 'varchar' || base === 'bpchar');
  return always(isLimited ? REDACTED.slice(0, typeModifier - VARLENA_HEADER) : REDACTED);
}

function ofText(base: string, masker: CellMasker, mask: Mask | undefined, typeModifier: number, at: Build): CellMasker {
  if (base === 'name') return limitedText(masker, mask, NAME_BYTES, at);
  if (typeModifier < VARLENA_HEADER || (base !== 'varchar' && base !== 'bpchar')) return masker;
  const characters = typeModifier - VARLENA_HEADER;
  const limited = limitedText(masker, mask, characters, at);
  return base === 'bpchar' ? paddedText(limited, characters) : limited;
}

const isPrivate = (mask: Mask): boolean =>
  mask.mode === 'redact' || (mask.mode === 'partial' && (mask.class === 'secret' || mask.class === 'password_hash'));

function maskScalar(mask: Mask, base: string, typeModifier: number, at: Build): CellMasker {
  if (isPrivate(mask)) return base === 'xml' && mask.mode === 'redact' ? constant('<redacted/>') : toNull;
  const isText = at.format === 0;
  switch (base) {
    case 'int2':
    case 'int4':
    case 'int8':
      return (isText ? integerText : integerBinary)(base satisfies IntegerType, mask, at);
    case 'float4':
    case 'float8':
      return (isText ? floatText : floatBinary)(base satisfies FloatType, mask, at);
    case 'numeric':
      return (isText ? numericText : numericBinary)(mask, typeModifier, at);
    case 'money':
      if (numberMask(mask) !== 'magnitude') return toNull;
      return isText ? moneyText(mask) : integerBinary('int8', mask, at);
    case 'point':
      return (isText ? pointText : pointBinary)(mask, at);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return (isText ? dateText : dateBinary)(base satisfies DateType, mask, at);
    case 'uuid': {
      const masks = new AddressMasks(at.hash);
      return isText ? masks.uuidText : masks.uuidBinary;
    }
    case 'inet':
    case 'cidr': {
      const masks = new AddressMasks(at.hash);
      return isText ? masks.addressText(base === 'cidr') : masks.addressBinary(base === 'cidr');
    }
    case 'macaddr':
    case 'macaddr8': {
      const masks = new AddressMasks(at.hash);
      return isText ? masks.macText : masks.macBinary;
    }
    case 'time':
      return zeros('00:00:00', 8, isText);
    case 'timetz':
      return zeros('00:00:00+00', 12, isText);
    case 'interval':
      return zeros('00:00:00', 16, isText);
    case 'tsvector':
      return isText ? () => MASKED : zeros('', 4, false);
    case 'bytea':
      return bytesMasker(mask, at, isText);
    case 'xml':
      return constant('<redacted/>');
    case 'hstore': {
      const value = textMasker(mask, at);
      return (isText ? hstoreText : hstoreBinary)(() => value, scanText(at.scan));
    }
    default:
      return toNull;
  }
}

/** An hstore, by key. */
function byKeys(action: ColumnAction & { readonly do: 'json' }, at: Build): CellMasker {
  const inside = (inner: ColumnAction): CellMasker => {
    if (inner.do === 'json' && inner.keys.size === 0) return inside(inner.otherwise);
    return buildScalar(inner, 'text', -1, { ...at, depth: at.depth + 1 });
  };
  const keys = new Map([...action.keys].map(([key, inner]) => [key, inside(inner)]));
  const otherwise = inside(action.otherwise);
  const maskerOfKey = (key: string): CellMasker => keys.get(key) ?? otherwise;
  return (at.format === 0 ? hstoreText : hstoreBinary)(maskerOfKey, scanText(at.scan));
}

function orRedacted(masker: CellMasker): CellMasker {
  const redacted = constant(REDACTED);
  return (source, start, end, out) => {
    const result = masker(source, start, end, out);
    return result === NULLED ? redacted(source, start, end, out) : result;
  };
}

/** A constant: text, or so many zero bytes. */
function zeros(text: string, bytes: number, isText: boolean): CellMasker {
  if (isText) return constant(text);
  return (_source, _start, _end, out) => {
    for (let i = 0; i < bytes; i++) out.byte(0);
    return MASKED;
  };
}

/** No bytes, or as a token 8 keyed ones. The token is of the bytes, so text and binary agree with bytea_output = hex. */
function bytesMasker(mask: Mask, at: Build, isText: boolean): CellMasker {
  return (source, start, end, out) => {
    if (end === start) return MASKED;
    if (isText) out.ascii('\\x');
    if (mask.mode !== 'token') return MASKED;
    let from = start;
    let to = end;
    let bytes = source;
    if (isText && source[start] === 0x5c && source[start + 1] === 0x78) {
      bytes = bufferOfHex(source, start + 2, end);
      from = 0;
      to = bytes.length;
      if (to === 0) return MASKED;
    }
    if (isText) hexToken(at.hash, HashTag.bytes, bytes, from, to, out);
    else {
      at.hash.hash(HashTag.bytes, bytes, from, to);
      out.int32(at.hash.words[0]!);
      out.int32(at.hash.words[1]!);
    }
    return MASKED;
  };
}

function bufferOfHex(source: Buffer, start: number, end: number): Buffer {
  return Buffer.from(source.toString('latin1', start, end), 'hex');
}

function scanScalar(base: string, at: Build): CellMasker {
  const { scan, format } = at;
  if (NOT_SCANNED.has(base)) return pass;
  if (TEXT_TYPES.has(base) || base === 'xml') return scanText(scan);
  if (base === 'hstore') return (format === 0 ? hstoreText : hstoreBinary)(() => scanText(scan), scanText(scan));
  if (format === 0) return scanPrinted(scan, (source, start, end) => source.toString('utf8', start, end));
  if (base === 'int8') {
    return scanPrinted(scan, (source, start, end) =>
      end - start === 8 ? source.readBigInt64BE(start).toString() : undefined,
    );
  }
  if (base === 'numeric') return scanPrinted(scan, decodeNumeric);
  // The letters and digits in it, whatever else there is.
  return scanPrinted(scan, (source, start, end) => source.toString('latin1', start, end));
}
