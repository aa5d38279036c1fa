import * as shape from './answer-shape.ts';

/** Requests as the gateway's API says them (`api/request-json.ts`); unknown keys are ignored. */
const person = shape.object({
  issuer: shape.text(),
  subject: shape.text(),
  kind: shape.text(),
  actor: shape.text().nullable(),
  email: shape.text().nullable(),
  name: shape.text().nullable(),
});

const unmask = shape.either(shape.oneOf('all'), shape.list(shape.text())).nullable();

const terms = shape.object({
  duration_ms: shape.number().nullable(),
  tables: shape.list(shape.text()).nullable(),
  unmask,
  max_rows: shape.number().nullable(),
  times: shape.number().nullable(),
  try: shape.flag(),
});

const said = shape.object({ at: shape.text(), by: person, via: shape.text(), reason: shape.text() });

export const requestAnswer = shape.object({
  id: shape.text(/^r-[0-9a-z]{1,40}$/),
  kind: shape.oneOf('elevation', 'statement'),
  status: shape.text(),
  seq: shape.number(),
  database: shape.text(),
  environment: shape.text(),
  purpose: shape.text().nullable(),
  application: shape.text().nullable(),
  by: person,
  mine: shape.flag(),
  may_decide: shape.flag(),
  reason: shape.text(),
  created_at: shape.text(),
  expires_at: shape.text(),
  deciders: shape.list(shape.text()),
  needs: shape.number(),
  external: shape.text().nullable(),
  link: shape.text(),
  break_glass: shape.flag(),
  scope: shape
    .object({
      access: shape.text().nullable(),
      unmask,
      tables: shape.list(shape.text()).nullable(),
      duration_ms: shape.number(),
    })
    .optional(),
  statement: shape
    .object({
      sql: shape.text(),
      command: shape.text(),
      class: shape.text(),
      rule: shape.text(),
      reason: shape.text(),
      relations: shape.list(shape.text()),
      findings: shape.list(shape.text()),
      columns: shape.map(shape.text()),
      cascades: shape.list(shape.text()),
      triggers: shape.list(shape.text()),
      estimated_rows: shape.number().nullable(),
      binds: shape.number(),
      session: shape.text(),
      in_transaction: shape.flag(),
      can_roll_back: shape.flag(),
    })
    .optional(),
  approvals: shape.list(said),
  terms,
  denied: said.nullable(),
  decided: shape.flag(),
  valid_until: shape.text().nullable(),
  waiting: shape.number(),
  executions: shape.number(),
  used: shape.number(),
  tried_rows: shape.number().nullable(),
  /** Missing: from a gateway that does not tell. */
  tried_effects: shape
    .list(
      shape.object({
        table: shape.text(),
        inserted: shape.number(),
        updated: shape.number(),
        deleted: shape.number(),
        truncated: shape.number(),
      }),
    )
    .nullish(),
  ended_by: person.nullable(),
  end_reason: shape.text().nullable(),
  reviewed_by: person.nullable(),
  risk: shape.object({ level: shape.text(), reasons: shape.list(shape.text()) }),
});

export type RequestLine = shape.Output<typeof requestAnswer>;
export type PersonLine = shape.Output<typeof person>;

const requestEvent = shape.openObject({
  type: shape.text(),
  at: shape.text(),
  by: person.optional(),
  reason: shape.text().optional(),
  rows: shape.number().optional(),
});

const execution = { sql: shape.text(), values: shape.list(shape.text().nullable()) };

/** Missing: from a gateway that shows less. */
const shownBeside = {
  clear: shape.list(shape.text()).default(() => []),
  masked: shape.list(shape.text()).default(() => []),
  others: shape.list(shape.object({ ...execution, waiting: shape.number() })).default(() => []),
  unseen: shape.number().default(() => 0),
};

export const requestDetail = shape.object({
  ...requestAnswer.fields,
  shown: shape
    .tagged(
      'by',
      shape.object({ by: shape.oneOf('rights'), ...execution, ...shownBeside }),
      shape.object({ by: shape.oneOf('record'), why: shape.text(), ...shownBeside }),
    )
    .optional(),
  events: shape.list(requestEvent),
  recent: shape
    .list(
      shape.object({
        at: shape.text(),
        sql: shape.text().nullable(),
        command: shape.text().nullish(),
        decision: shape.text(),
        rows: shape.number().nullable(),
        sqlstate: shape.text().nullable(),
        state: shape.text(),
      }),
    )
    .optional(),
});

export type RequestDetail = shape.Output<typeof requestDetail>;

export const requestsAnswer = shape.object({ requests: shape.list(requestAnswer), next: shape.text().optional() });

/** A line of `GET /v1/requests/{id}/wait` and `GET /v1/requests/events`. */
export const requestStreamLine = shape.tagged(
  'event',
  shape.object({ event: shape.oneOf('state'), request: requestAnswer }),
  shape.object({ event: shape.oneOf('change'), type: shape.text(), request: requestAnswer }),
  shape.object({ event: shape.oneOf('ready') }),
  shape.object({ event: shape.oneOf('ping') }),
);

export const revokedSession = shape.object({ session: shape.text(), user: shape.text(), database: shape.text() });

export const revokedUser = shape.object({
  people: shape.list(shape.object({ issuer: shape.text(), subject: shape.text() })),
  sessions: shape.number(),
  elevations: shape.number(),
  refused: shape.flag(),
});

export const restoredUser = shape.object({
  people: shape.list(shape.object({ issuer: shape.text(), subject: shape.text() })),
});
