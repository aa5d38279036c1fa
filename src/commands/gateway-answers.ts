import { DbgateError, ErrorCode } from '../errors.ts';
import * as shape from './answer-shape.ts';

/** Answers of the gateway's API (docs/architecture.md) as the commands read them; unknown keys are ignored. */
export const databasesAnswer = shape.object({
  databases: shape.list(
    shape.object({
      name: shape.text(),
      environment: shape.text(),
      access: shape.text(),
      create: shape.flag().default(() => false),
      labels: shape.map(shape.text()).default(() => ({})),
      elevations: shape
        .list(
          shape.object({
            request: shape.text(),
            access: shape.text().nullable(),
            unmask: shape.either(shape.oneOf('all'), shape.list(shape.text())).nullable(),
            tables: shape.list(shape.text()).nullable(),
            until: shape.text(),
          }),
        )
        .optional(),
    }),
  ),
});

export const whoamiAnswer = shape.object({
  issuer: shape.text(),
  subject: shape.text(),
  email: shape.text().nullish(),
  name: shape.text().nullish(),
  groups: shape.list(shape.text()).default(() => []),
  kind: shape.text().default(() => 'user'),
  actor: shape.text().nullish(),
  expires_at: shape.text(),
});

export const databaseTokenAnswer = shape.object({
  token: shape.text(),
  expires_in: shape.number(),
  user: shape.text(),
  host: shape.text(),
  port: shape.integer(),
  database: shape.text(),
});

export const renewAnswer = shape.object({ expires_at: shape.text() });

export const tunnelEvent = shape.tagged(
  'event',
  shape.object({
    event: shape.oneOf('stats'),
    sessions: shape.number(),
    statements: shape.number(),
    denied: shape.number(),
    masked: shape.number(),
    errors: shape.number().default(() => 0),
  }),
  shape.object({ event: shape.oneOf('ping') }),
);

const classStatus = shape.object({
  event: shape.oneOf('status'),
  tables: shape.number(),
  done: shape.number(),
  unmatched: shape.list(shape.text()).default(() => []),
});

const classifiedColumn = shape.object({
  event: shape.oneOf('column'),
  schema: shape.text(),
  table: shape.text(),
  column: shape.text(),
  type: shape.text(),
  sensitive: shape.flag(),
  class: shape.text().nullable(),
  confidence: shape.number(),
  evidence: shape.list(shape.text()),
});

const classChange = shape.object({
  event: shape.oneOf('change'),
  at: shape.text(),
  change: shape.text(),
  schema: shape.text(),
  table: shape.text(),
  column: shape.text(),
  type: shape.text(),
  class: shape.text().nullable(),
  was: shape.text().nullish(),
});

/** A line of `GET /v1/databases/{name}/classification`. */
export const classificationLine = shape.tagged(
  'event',
  classStatus,
  classifiedColumn,
  classChange,
  shape.object({ event: shape.oneOf('end') }),
);

export type ClassStatus = shape.Output<typeof classStatus>;
export type ClassifiedLine = shape.Output<typeof classifiedColumn>;
export type ClassChange = shape.Output<typeof classChange>;

export interface ExplainedAction {
  readonly action: string;
  readonly class?: string | undefined;
  readonly mode?: string | undefined;
  readonly element?: ExplainedAction | undefined;
  readonly fields?: readonly ExplainedAction[] | undefined;
  readonly keys?: Readonly<Record<string, ExplainedAction>> | undefined;
  readonly otherwise?: ExplainedAction | undefined;
}

const explainedAction: shape.Shape<ExplainedAction> = shape.later(() => shape.object(actionShape));
const actionShape = {
  action: shape.text(),
  class: shape.text().optional(),
  mode: shape.text().optional(),
  element: explainedAction.optional(),
  fields: shape.list(explainedAction).optional(),
  keys: shape.map(explainedAction).optional(),
  otherwise: explainedAction.optional(),
};
const explainedSource = shape.object({ column: shape.text(), class: shape.text().nullable() });
const explainedRefusal = shape.object({
  rule: shape.text(),
  sqlstate: shape.text(),
  message: shape.text(),
  detail: shape.text(),
  hint: shape.text(),
  position: shape.number().optional(),
});

const explainedStatement = shape.object({
  command: shape.text(),
  decision: shape.text(),
  refusal: explainedRefusal.optional(),
  columns: shape
    .list(
      shape.object({
        name: shape.text(),
        type: shape.text().optional(),
        ...actionShape,
        made: shape.text(),
        sources: shape.list(explainedSource),
        unknown: shape.list(shape.text()),
        because: shape.text().optional(),
      }),
    )
    .optional(),
  result_of: shape.text().optional(),
  unknown: shape.list(shape.text()),
  writes: shape.list(
    shape.object({
      target: shape.text(),
      sources: shape.list(explainedSource),
      unknown: shape.list(shape.text()),
      inherits: shape.text().optional(),
    }),
  ),
  uses: shape.list(
    shape.object({
      column: shape.text(),
      use: shape.text(),
      subject: shape.text().optional(),
      position: shape.number().optional(),
    }),
  ),
  lookups: shape.number(),
});

export const explainAnswer = shape.object({
  database: shape.text(),
  environment: shape.text(),
  access: shape.text(),
  create: shape.flag(),
  sees_everything: shape.flag(),
  search_path: shape.list(shape.text()),
  decision: shape.text(),
  refusal: explainedRefusal.optional(),
  depends_on: shape.list(shape.text()),
  statements: shape.list(explainedStatement),
});

export type ExplainAnswer = shape.Output<typeof explainAnswer>;
export type ExplainedStatement = shape.Output<typeof explainedStatement>;

/** The answer in its type; an answer of another shape is a gateway of another version. */
export function readAnswer<T>(expected: shape.Shape<T>, value: unknown, what: string): T {
  const parsed = expected.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DbgateError(ErrorCode.gatewayUnreachable, `the gateway's answer to ${what} is not as expected`, {
    cause: parsed.error,
    hint: 'the gateway may run another version of dbgate; compare "dbgate --version" with your administrator',
  });
}

const provedRecord = shape.object({
  index: shape.number(),
  record: shape.text(),
  state: shape.text(),
  /** The text of a `.tlog-proof`; missing: the record is in no checkpoint yet. */
  proof: shape.text().optional(),
  /** Base64, from the size asked for by `since`. */
  consistency: shape.list(shape.text()).optional(),
});

export const proofsAnswer = shape.object({
  id: shape.text(),
  session: provedRecord.nullable(),
  intent: provedRecord.nullable(),
  outcome: provedRecord.nullable(),
});
