import { z } from 'zod';
import { DbgateError, ErrorCode } from '../errors.ts';

/** Answers of the gateway's API (docs/architecture.md) as the commands read them; unknown keys are ignored. */
export const databasesAnswer = z.object({
  databases: z.array(
    z.object({
      name: z.string(),
      environment: z.string(),
      access: z.string(),
      create: z.boolean().default(false),
      labels: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

export const whoamiAnswer = z.object({
  issuer: z.string(),
  subject: z.string(),
  email: z.string().nullish(),
  name: z.string().nullish(),
  groups: z.array(z.string()).default([]),
  kind: z.string().default('user'),
  actor: z.string().nullish(),
  expires_at: z.string(),
});

export const databaseTokenAnswer = z.object({
  token: z.string(),
  expires_in: z.number(),
  user: z.string(),
  host: z.string(),
  port: z.int(),
  database: z.string(),
});

export const renewAnswer = z.object({ expires_at: z.string() });

export const tunnelEvent = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('stats'),
    sessions: z.number(),
    statements: z.number(),
    denied: z.number(),
    masked: z.number(),
    errors: z.number().default(0),
  }),
  z.object({ event: z.literal('ping') }),
]);

const historyEntry = z.looseObject({
  id: z.string(),
  at: z.string(),
  database: z.string(),
  sql: z.string(),
  decision: z.string(),
  rule: z.string().nullish(),
  rows: z.number().nullish(),
  ms: z.number().nullish(),
  sqlstate: z.string().nullish(),
  state: z.string(),
});

export const historyAnswer = z.object({
  entries: z.array(historyEntry),
  next_cursor: z.string().nullish(),
});

export type HistoryLine = z.infer<typeof historyEntry>;

/** The answer in its type; an answer of another shape is a gateway of another version. */
export function readAnswer<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DbgateError(ErrorCode.gatewayUnreachable, `the gateway's answer to ${what} is not as expected`, {
    cause: new Error(z.prettifyError(parsed.error)),
    hint: 'the gateway may run another version of dbgate; compare "dbgate --version" with your administrator',
  });
}
