/** What the sections of gateway.yaml are built from: a field says what it is and what may stand there. */
import * as z from 'zod';
import { HOURS_EXPECTS, parseHours } from '../policy/language/hours.ts';
import { DURATION_PATTERN, parseDurationMs, parseSizeBytes, SIZE_PATTERN } from './units.ts';

export interface FieldMeta {
  readonly description: string;
  readonly expects: string;
  /** The value, or a part of it, may be a secret: never shown in an error. */
  readonly secret?: boolean;
  /** The value may be `env:NAME` or `file:PATH`; what has to be behind it. */
  readonly reference?: ReferenceKind;
  /** JSON Schema, where this one cannot be made from zod's. */
  readonly jsonSchema?: object;
}

export type ReferenceKind =
  | 'password'
  | 'certificate'
  | 'private-key'
  | 'public-key'
  | 'url'
  | 'endpoint'
  | 'mail-server'
  | 'webhook-secret';

/** Gives a field its meta as the outermost wrapper, where `z.toJSONSchema` and the walker look for it. */
export function field<T extends z.ZodType>(
  schema: T,
  description: string,
  expects: string,
  extra: Partial<FieldMeta> = {},
): T {
  return schema.meta({ description, expects, ...extra });
}

export const duration = (minMs: number, maxMs: number) =>
  z
    .string()
    .regex(DURATION_PATTERN)
    .refine((text) => inRange(parseDurationMs(text), minMs, maxMs))
    .transform((text) => parseDurationMs(text)!);
export const size = (minBytes: number, maxBytes: number) =>
  z
    .string()
    .regex(SIZE_PATTERN)
    .refine((text) => inRange(parseSizeBytes(text), minBytes, maxBytes))
    .transform((text) => parseSizeBytes(text)!);

function inRange(value: number | undefined, min: number, max: number): boolean {
  return value !== undefined && value >= min && value <= max;
}

const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;
export const secretReference = z.string().regex(REFERENCE);
export const line = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^\u0000-\u001f\u007f]+$/);
export const LINE_EXPECTS = 'a text of one line';
export const SECRET_EXPECTS = '`file:PATH` (relative to this file) or `env:NAME`; a secret does not stand in this file';

export const subject = z
  .strictObject({
    group: field(line.optional(), 'members of this group', LINE_EXPECTS),
    user: field(line.optional(), 'this person, by email or subject', LINE_EXPECTS),
    service: field(line.optional(), 'this CI job or machine, by subject', LINE_EXPECTS),
    agent: field(line.optional(), 'this agent (`act.sub`), whoever it acts for', LINE_EXPECTS),
  })
  .refine((to) => Object.keys(to).length === 1, 'expected exactly one of `group`, `user`, `service`, `agent`');
export const SUBJECT_EXPECTS = 'exactly one of `group`, `user`, `service`, `agent`, or a list of such';

export const hours = line.refine((text) => parseHours(text) !== undefined, {
  error: `is not hours; expected ${HOURS_EXPECTS}`,
});

/** Which databases something is about. */
export const databaseSelector = (description: string) => ({
  database: field(line.optional(), description, 'the name of a database in `databases`, or `*`'),
  environment: field(line.optional(), 'instead of `database`: every database of this environment', LINE_EXPECTS),
  labels: field(
    z
      .record(z.string(), line)
      .refine((labels) => Object.keys(labels).length > 0, 'is empty; expected at least one label')
      .optional(),
    'instead of `database`, or beside `environment`: every database that has these labels',
    'a mapping of texts to texts',
  ),
});

interface Selected {
  readonly database?: string | undefined;
  readonly environment?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export function selectsOnce({ database, environment, labels }: Selected): boolean {
  return database === undefined ? (environment ?? labels) !== undefined : (environment ?? labels) === undefined;
}
export const SELECTS_ONCE =
  'expected exactly one of `database` and `environment` (or `labels`, alone or beside `environment`)';
