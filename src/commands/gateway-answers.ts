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
      elevations: z
        .array(
          z.object({
            request: z.string(),
            access: z.string().nullable(),
            unmask: z.union([z.literal('all'), z.array(z.string())]).nullable(),
            tables: z.array(z.string()).nullable(),
            until: z.string(),
          }),
        )
        .optional(),
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

const classStatus = z.object({
  event: z.literal('status'),
  tables: z.number(),
  done: z.number(),
  unmatched: z.array(z.string()).default([]),
});

const classifiedColumn = z.object({
  event: z.literal('column'),
  schema: z.string(),
  table: z.string(),
  column: z.string(),
  type: z.string(),
  sensitive: z.boolean(),
  class: z.string().nullable(),
  confidence: z.number(),
  evidence: z.array(z.string()),
});

const classChange = z.object({
  event: z.literal('change'),
  at: z.string(),
  change: z.string(),
  schema: z.string(),
  table: z.string(),
  column: z.string(),
  type: z.string(),
  class: z.string().nullable(),
  was: z.string().nullish(),
});

/** A line of `GET /v1/databases/{name}/classification`. */
export const classificationLine = z.discriminatedUnion('event', [
  classStatus,
  classifiedColumn,
  classChange,
  z.object({ event: z.literal('end') }),
]);

export type ClassStatus = z.infer<typeof classStatus>;
export type ClassifiedLine = z.infer<typeof classifiedColumn>;
export type ClassChange = z.infer<typeof classChange>;

export interface ExplainedAction {
  readonly action: string;
  readonly class?: string | undefined;
  readonly mode?: string | undefined;
  readonly element?: ExplainedAction | undefined;
  readonly fields?: readonly ExplainedAction[] | undefined;
  readonly keys?: Readonly<Record<string, ExplainedAction>> | undefined;
  readonly otherwise?: ExplainedAction | undefined;
}

const explainedAction: z.ZodType<ExplainedAction> = z.lazy(() => z.object(actionShape));
const actionShape = {
  action: z.string(),
  class: z.string().optional(),
  mode: z.string().optional(),
  element: explainedAction.optional(),
  fields: z.array(explainedAction).optional(),
  keys: z.record(z.string(), explainedAction).optional(),
  otherwise: explainedAction.optional(),
};
const explainedSource = z.object({ column: z.string(), class: z.string().nullable() });
const explainedRefusal = z.object({
  rule: z.string(),
  sqlstate: z.string(),
  message: z.string(),
  detail: z.string(),
  hint: z.string(),
  position: z.number().optional(),
});

const explainedStatement = z.object({
  command: z.string(),
  decision: z.string(),
  refusal: explainedRefusal.optional(),
  columns: z
    .array(
      z.object({
        name: z.string(),
        type: z.string().optional(),
        ...actionShape,
        made: z.string(),
        sources: z.array(explainedSource),
        unknown: z.array(z.string()),
        because: z.string().optional(),
      }),
    )
    .optional(),
  result_of: z.string().optional(),
  unknown: z.array(z.string()),
  writes: z.array(
    z.object({
      target: z.string(),
      sources: z.array(explainedSource),
      unknown: z.array(z.string()),
      inherits: z.string().optional(),
    }),
  ),
  uses: z.array(
    z.object({
      column: z.string(),
      use: z.string(),
      subject: z.string().optional(),
      position: z.number().optional(),
    }),
  ),
  lookups: z.number(),
});

export const explainAnswer = z.object({
  database: z.string(),
  environment: z.string(),
  access: z.string(),
  create: z.boolean(),
  sees_everything: z.boolean(),
  search_path: z.array(z.string()),
  decision: z.string(),
  refusal: explainedRefusal.optional(),
  depends_on: z.array(z.string()),
  statements: z.array(explainedStatement),
});

export type ExplainAnswer = z.infer<typeof explainAnswer>;
export type ExplainedStatement = z.infer<typeof explainedStatement>;

/** The answer in its type; an answer of another shape is a gateway of another version. */
export function readAnswer<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DbgateError(ErrorCode.gatewayUnreachable, `the gateway's answer to ${what} is not as expected`, {
    cause: new Error(z.prettifyError(parsed.error)),
    hint: 'the gateway may run another version of dbgate; compare "dbgate --version" with your administrator',
  });
}

const provedRecord = z.object({
  index: z.number(),
  record: z.string(),
  state: z.string(),
  /** The text of a `.tlog-proof`; missing: the record is in no checkpoint yet. */
  proof: z.string().optional(),
  /** Base64, from the size asked for by `since`. */
  consistency: z.array(z.string()).optional(),
});

export const proofsAnswer = z.object({
  id: z.string(),
  session: provedRecord.nullable(),
  intent: provedRecord.nullable(),
  outcome: provedRecord.nullable(),
});
