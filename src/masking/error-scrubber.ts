/**
 * ErrorResponse and NoticeResponse as a masked principal may read them. What is kept was said by the server itself and
 * cannot carry a value: the severity, a SQLSTATE of PostgreSQL's own, the place in the client's own text. RAISE chooses
 * everything else, the names of tables and constraints too.
 */
import type { Buffer } from 'node:buffer';
import { mayHoldSensitive } from '../classify/scan-text.ts';
import {
  decodeErrorFields,
  type ErrorFields,
  encodeErrorResponse,
  encodeNoticeResponse,
} from '../pgwire/error-response.ts';
import { conditionName } from './condition-names.ts';
import type { TextScan } from './maskers/context.ts';

/**
 * `scan`: what can be told from a value alone is masked in every text. `data`: so where the message is about the
 * client's own text or the state of the server, else `generic`. `generic`: only of what kind it is, but where the server did not even
 * understand the client's own text.
 */
export type ScrubMode = 'scan' | 'data' | 'generic';

/** Is this the name of such a thing in the catalog? Missing: none is told. */
export type IdentifierCheck = (
  kind: 'schema' | 'table' | 'column' | 'dataType' | 'constraint',
  name: string,
) => boolean;

const ERROR_RESPONSE = 0x45;
const HEADER_BYTES = 5;
const IDENTIFIERS = ['schema', 'table', 'column', 'dataType', 'constraint'] as const;
const TEXTS = ['message', 'detail', 'hint', 'where', 'internalQuery', ...IDENTIFIERS] as const;
const SEVERITIES: ReadonlySet<string> = new Set([
  'ERROR',
  'FATAL',
  'PANIC',
  'WARNING',
  'NOTICE',
  'DEBUG',
  'INFO',
  'LOG',
]);
/** Data exceptions, integrity constraint violations, PL/pgSQL's own. */
const SHOWS_VALUES = /^(?:22|23|44|P0)/;
/** Transaction state and rollback, resources, limits, intervention by an operator. */
const SHOWS_STATE = /^(?:25|40|53|54|57)/;
/** Syntax error or access rule violation. */
const OWN_TEXT = /^42/;
const RAISED = 'P0001';
const WITHHELD = 'The text of this message is withheld because the statement uses masked columns.';

/** The message at `buffer[start..end)`, header included; undefined: it may go as it came. */
export function scrubMessage(
  buffer: Buffer,
  start: number,
  end: number,
  mode: ScrubMode,
  scan: TextScan,
  isIdentifier?: IdentifierCheck,
): Buffer | undefined {
  const fields = decodeErrorFields(buffer, start + HEADER_BYTES, end);
  const encode = buffer[start] === ERROR_RESPONSE ? encodeErrorResponse : encodeNoticeResponse;
  if ((mode === 'generic' && !isAboutOwnText(fields)) || (mode === 'data' && mayShowData(fields))) {
    return encode(genericError(fields, isIdentifier));
  }
  if (!mayHoldSensitive(buffer, start + HEADER_BYTES, end)) return undefined;
  const scanned = scanError(fields, scan);
  const bytes = encode(scanned ?? fields);
  // Of another length: there are fields that nobody knows.
  return scanned === undefined && bytes.length === end - start ? undefined : bytes;
}

/** `'…'::regclass` of a value says it in an error about names; one about the client's own text has a position in it. */
function mayShowData(fields: ErrorFields): boolean {
  const { code, position, where, internalQuery } = fields;
  // Whatever a routine says, it says with its own place.
  if (where !== undefined || internalQuery !== undefined) return true;
  if (conditionName(code) === undefined || SHOWS_VALUES.test(code)) return true;
  return !isNotice(fields) && position === undefined && !SHOWS_STATE.test(code);
}

/**
 * A name that is not there, a syntax error: told before anything runs, with its place in the text of the client. What is said in
 * such words of a value (`email::regclass`, a text that a routine puts together) has no such place, or one of its own.
 */
function isAboutOwnText(fields: ErrorFields): boolean {
  const { code, position, where, internalQuery, internalPosition } = fields;
  if (where !== undefined || internalQuery !== undefined || internalPosition !== undefined) return false;
  return !isNotice(fields) && position !== undefined && OWN_TEXT.test(code) && conditionName(code) !== undefined;
}

function isNotice({ severity }: ErrorFields): boolean {
  return severity !== 'ERROR' && severity !== 'FATAL' && severity !== 'PANIC';
}

/** Only of what kind it is. */
export function genericError(fields: ErrorFields, isIdentifier?: IdentifierCheck): ErrorFields {
  const condition = conditionName(fields.code);
  const generic: { -readonly [Key in keyof ErrorFields]: ErrorFields[Key] } = {
    severity: SEVERITIES.has(fields.severity) ? fields.severity : 'ERROR',
    code: condition === undefined ? RAISED : fields.code,
    message:
      isNotice(fields) && fields.code.startsWith('00') ? 'message withheld' : (condition ?? conditionName(RAISED)!),
    detail: WITHHELD,
  };
  if (fields.localizedSeverity !== undefined) generic.localizedSeverity = fields.localizedSeverity;
  if (fields.position !== undefined && /^\d{1,7}$/.test(fields.position)) generic.position = fields.position;
  for (const kind of IDENTIFIERS) {
    const name = fields[kind];
    if (name !== undefined && isIdentifier?.(kind, name) === true) generic[kind] = name;
  }
  return generic;
}

/** With what a scan finds masked; undefined: it finds nothing. */
export function scanError(fields: ErrorFields, scan: TextScan): ErrorFields | undefined {
  let scanned: ErrorFields | undefined;
  for (const name of TEXTS) {
    const text = fields[name];
    if (text === undefined) continue;
    const masked = scan(text);
    if (masked !== text) scanned = { ...(scanned ?? fields), [name]: masked };
  }
  return scanned;
}
