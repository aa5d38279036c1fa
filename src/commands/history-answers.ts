import { z } from 'zod';

/** What the gateway says of the record (docs/history.md), as the commands read it; unknown keys are kept for `--json`. */
const historyEntry = z.looseObject({
  id: z.string(),
  at: z.string(),
  database: z.string(),
  environment: z.string().default(''),
  principal: z.string().default(''),
  session: z.string().default(''),
  application: z.string().nullish(),
  purpose: z.string().nullish(),
  /** Null: it was erased. */
  sql: z.string().nullable(),
  fingerprint: z.string().default(''),
  command: z.string().default(''),
  class: z.string().default(''),
  relations: z.array(z.string()).default([]),
  columns: z.record(z.string(), z.string()).default({}),
  decision: z.string(),
  rule: z.string().nullish(),
  approval: z.string().nullish(),
  gateway: z.string().default(''),
  rows: z.number().nullish(),
  ms: z.number().nullish(),
  sqlstate: z.string().nullish(),
  masked: z.number().nullish(),
  state: z.string(),
});

export type HistoryLine = z.infer<typeof historyEntry>;

export const historyAnswer = z.object({
  entries: z.array(historyEntry),
  next_cursor: z.string().nullish(),
});

export const statementAnswer = z.looseObject({
  entry: historyEntry,
  protocol: z.string(),
  binds: z.number(),
  values: z.array(z.string().nullable()).nullable(),
  erased: z.boolean(),
  bytes: z.number().nullable(),
  masked_by: z.record(z.string(), z.number()).nullable(),
  fate: z.string().nullable(),
  answered_at: z.string().nullable(),
  policy_version: z.string().nullable(),
  rule_words: z.string().nullable(),
  session: z
    .looseObject({
      subject: z.string(),
      actors: z.array(z.string()),
      via: z.string(),
      upstream_user: z.string(),
      client_address: z.string().nullable(),
    })
    .nullable(),
  record: z.object({ intent: z.number(), outcome: z.number().nullable() }),
});

export type StatementAnswer = z.infer<typeof statementAnswer>;

const sessionLine = z.looseObject({
  session: z.string(),
  at: z.string(),
  closedAt: z.string().nullable(),
  state: z.string(),
  reason: z.string().nullable(),
  principal: z.string(),
  actors: z.array(z.string()).default([]),
  database: z.string(),
  environment: z.string(),
  application: z.string().nullable(),
  purpose: z.string().nullable(),
  statements: z.number(),
  denied: z.number(),
});

export type SessionLine = z.infer<typeof sessionLine>;

export const sessionsAnswer = z.object({
  sessions: z.array(sessionLine),
  next_cursor: z.string().nullish(),
});

const transcriptStep = z.looseObject({
  n: z.number(),
  entry: historyEntry,
  values: z.array(z.string().nullable()).optional(),
  binds: z.number(),
  protocol: z.string(),
});

export type TranscriptStep = z.infer<typeof transcriptStep>;

export const transcriptAnswer = z.object({
  session: sessionLine,
  own: z.boolean(),
  judged_as: z
    .object({
      subject: z.string(),
      email: z.string().nullable(),
      kind: z.enum(['user', 'service', 'agent']),
      actors: z.array(z.string()),
      groups: z.array(z.string()),
    })
    .nullable(),
  steps: z.array(transcriptStep),
  next_after: z.number().nullish(),
});

export type TranscriptAnswer = z.infer<typeof transcriptAnswer>;

/** A line of `GET /v1/watch`. */
export const watchEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready'), gateway: z.string() }),
  z.object({ event: z.literal('statement'), entry: historyEntry }),
  z.looseObject({
    event: z.literal('session'),
    change: z.enum(['open', 'close']),
    at: z.string(),
    session: z.string(),
    reason: z.string().nullable(),
    principal: z.string(),
    database: z.string(),
    application: z.string().nullable(),
    purpose: z.string().nullable(),
  }),
  z.object({
    event: z.literal('event'),
    record: z.looseObject({
      kind: z.string(),
      at: z.string(),
      by: z.string().optional(),
      database: z.string().optional(),
    }),
  }),
  z.object({ event: z.literal('lost'), count: z.number() }),
]);

export type WatchEvent = z.infer<typeof watchEvent>;

export const reindexLine = z.discriminatedUnion('event', [
  z.object({ event: z.literal('progress'), done: z.number(), total: z.number() }),
  z.object({ event: z.literal('end'), records: z.number() }),
]);
