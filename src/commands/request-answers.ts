import { z } from 'zod';

/** Requests as the gateway's API says them (`api/request-json.ts`); unknown keys are ignored. */
const person = z.object({
  issuer: z.string(),
  subject: z.string(),
  kind: z.string(),
  actor: z.string().nullable(),
  email: z.string().nullable(),
  name: z.string().nullable(),
});

const unmask = z.union([z.literal('all'), z.array(z.string())]).nullable();

const terms = z.object({
  duration_ms: z.number().nullable(),
  tables: z.array(z.string()).nullable(),
  unmask,
  max_rows: z.number().nullable(),
  times: z.number().nullable(),
  try: z.boolean(),
});

const said = z.object({ at: z.string(), by: person, via: z.string(), reason: z.string() });

export const requestAnswer = z.object({
  id: z.string().regex(/^r-[0-9a-z]{1,40}$/),
  kind: z.enum(['elevation', 'statement']),
  status: z.string(),
  seq: z.number(),
  database: z.string(),
  environment: z.string(),
  purpose: z.string().nullable(),
  application: z.string().nullable(),
  by: person,
  mine: z.boolean(),
  may_decide: z.boolean(),
  reason: z.string(),
  created_at: z.string(),
  expires_at: z.string(),
  deciders: z.array(z.string()),
  needs: z.number(),
  external: z.string().nullable(),
  link: z.string(),
  break_glass: z.boolean(),
  scope: z
    .object({
      access: z.string().nullable(),
      unmask,
      tables: z.array(z.string()).nullable(),
      duration_ms: z.number(),
    })
    .optional(),
  statement: z
    .object({
      sql: z.string(),
      command: z.string(),
      class: z.string(),
      rule: z.string(),
      reason: z.string(),
      relations: z.array(z.string()),
      findings: z.array(z.string()),
      columns: z.record(z.string(), z.string()),
      cascades: z.array(z.string()),
      triggers: z.array(z.string()),
      estimated_rows: z.number().nullable(),
      binds: z.number(),
      session: z.string(),
      in_transaction: z.boolean(),
      can_roll_back: z.boolean(),
    })
    .optional(),
  approvals: z.array(said),
  terms,
  denied: said.nullable(),
  decided: z.boolean(),
  valid_until: z.string().nullable(),
  waiting: z.number(),
  executions: z.number(),
  used: z.number(),
  tried_rows: z.number().nullable(),
  ended_by: person.nullable(),
  end_reason: z.string().nullable(),
  reviewed_by: person.nullable(),
  risk: z.object({ level: z.string(), reasons: z.array(z.string()) }),
});

export type RequestLine = z.infer<typeof requestAnswer>;
export type PersonLine = z.infer<typeof person>;

const requestEvent = z.looseObject({
  type: z.string(),
  at: z.string(),
  by: person.optional(),
  reason: z.string().optional(),
  rows: z.number().optional(),
});

export const requestDetail = requestAnswer.extend({
  shown: z
    .discriminatedUnion('by', [
      z.object({
        by: z.literal('rights'),
        sql: z.string(),
        values: z.array(z.string().nullable()),
        clear: z.array(z.string()),
        masked: z.array(z.string()),
      }),
      z.object({ by: z.literal('record'), why: z.string() }),
    ])
    .optional(),
  events: z.array(requestEvent),
  recent: z
    .array(
      z.object({
        at: z.string(),
        sql: z.string().nullable(),
        command: z.string().nullish(),
        decision: z.string(),
        rows: z.number().nullable(),
        sqlstate: z.string().nullable(),
        state: z.string(),
      }),
    )
    .optional(),
});

export type RequestDetail = z.infer<typeof requestDetail>;

export const requestsAnswer = z.object({ requests: z.array(requestAnswer), next: z.string().optional() });

/** A line of `GET /v1/requests/{id}/wait` and `GET /v1/requests/events`. */
export const requestStreamLine = z.discriminatedUnion('event', [
  z.object({ event: z.literal('state'), request: requestAnswer }),
  z.object({ event: z.literal('change'), type: z.string(), request: requestAnswer }),
  z.object({ event: z.literal('ready') }),
  z.object({ event: z.literal('ping') }),
]);

export const revokedSession = z.object({ session: z.string(), user: z.string(), database: z.string() });

export const revokedUser = z.object({
  people: z.array(z.object({ issuer: z.string(), subject: z.string() })),
  sessions: z.number(),
  elevations: z.number(),
  refused: z.boolean(),
});

export const restoredUser = z.object({
  people: z.array(z.object({ issuer: z.string(), subject: z.string() })),
});
