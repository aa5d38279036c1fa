/** What the bodies of the requests' routes hold. Each throws `usage` for what it cannot be; policy judges the rest. */
import type { ElevationAsk } from '../approvals/contract.ts';
import type { Terms } from '../approvals/request.ts';
import { COLUMN_CLASSES, type ColumnClass } from '../classify/classes.ts';
import type { AccessLevel } from '../config/gateway-settings.ts';
import { nearest } from '../config/nearest.ts';
import { DbgateError } from '../errors.ts';
import { ACCESS_LEVELS } from '../policy/language/match-words.ts';

type Body = Readonly<Record<string, unknown>>;

const MAX_TABLES = 100;
/** Two identifiers of 63 bytes, quoted, with a dot between. */
const MAX_TABLE_CHARACTERS = 260;
const MAX_PURPOSE_CHARACTERS = 200;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

export function elevationAsk(body: Body): ElevationAsk {
  const access = accessOf(body.access);
  const unmask = unmaskOf(body.unmask);
  if (access === undefined && unmask === undefined) {
    throw new DbgateError('usage', 'nothing is asked for: access and unmask are both missing');
  }
  const purpose = optionalText(body.purpose, 'purpose', MAX_PURPOSE_CHARACTERS);
  if (purpose !== undefined && CONTROL.test(purpose)) {
    throw new DbgateError('usage', 'purpose holds a control character');
  }
  const breakGlass = body.break_glass ?? false;
  if (typeof breakGlass !== 'boolean') throw new DbgateError('usage', 'break_glass is not true or false');
  return {
    database: text(body.database, 'database'),
    access,
    unmask,
    tables: tablesOf(body.tables),
    durationMs: wholeNumber(body.duration_ms, 'duration_ms'),
    reason: text(body.reason, 'reason'),
    purpose,
    breakGlass,
  };
}

export function termsOf(body: Body): Terms {
  const tryFirst = body.try ?? undefined;
  if (tryFirst !== undefined && typeof tryFirst !== 'boolean') {
    throw new DbgateError('usage', 'try is not true or false');
  }
  const terms: Terms = {
    durationMs: optionalNumber(body.duration_ms, 'duration_ms'),
    tables: tablesOf(body.tables),
    unmask: unmaskOf(body.unmask),
    maxRows: optionalNumber(body.max_rows, 'max_rows'),
    times: optionalNumber(body.times, 'times'),
    tryFirst,
  };
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined));
}

/** Why somebody decides as they do; may be empty. */
export function reasonOf(body: Body): string {
  return optionalText(body.reason, 'reason', Number.POSITIVE_INFINITY) ?? '';
}

export function text(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new DbgateError('usage', `${name} is missing, or not a text`);
}

function optionalText(value: unknown, name: string, maxCharacters: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new DbgateError('usage', `${name} is not a text`);
  if (value.length <= maxCharacters) return value;
  throw new DbgateError('usage', `${name} has ${value.length} characters, at most ${maxCharacters} are taken`);
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new DbgateError('usage', `${name} is not a whole number`);
}

function optionalNumber(value: unknown, name: string): number | undefined {
  return value === undefined || value === null ? undefined : wholeNumber(value, name);
}

function accessOf(value: unknown): AccessLevel | undefined {
  if (value === undefined || value === null) return undefined;
  const level = ACCESS_LEVELS.find((candidate) => candidate === value);
  if (level !== undefined) return level;
  throw new DbgateError('usage', `access is not one of ${ACCESS_LEVELS.join(', ')}`);
}

function unmaskOf(value: unknown): 'all' | readonly ColumnClass[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === 'all') return 'all';
  if (!Array.isArray(value) || value.length === 0 || value.length > COLUMN_CLASSES.length) {
    throw new DbgateError('usage', 'unmask is neither "all" nor a list of classes');
  }
  return [...new Set(value.map(classOf))];
}

function classOf(value: unknown): ColumnClass {
  const found = COLUMN_CLASSES.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  const typed = String(value).slice(0, 40);
  const near = nearest(typed, COLUMN_CLASSES);
  throw new DbgateError('usage', `there is no class ${JSON.stringify(typed)}`, {
    hint: near === undefined ? `classes: ${COLUMN_CLASSES.join(', ')}` : `did you mean ${near}?`,
  });
}

function tablesOf(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_TABLES || !value.every(isTable)) {
    throw new DbgateError('usage', `tables is not a list of 1 to ${MAX_TABLES} names, table or schema.table`);
  }
  return [...new Set(value)];
}

function isTable(value: unknown): value is string {
  return (
    typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TABLE_CHARACTERS && !CONTROL.test(value)
  );
}
