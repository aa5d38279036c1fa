import * as shape from './answer-shape.ts';

/** What the gateway says of the record (docs/history.md), as the commands read it; unknown keys are kept for `--json`. */
const historyEntry = shape.openObject({
  id: shape.text(),
  at: shape.text(),
  database: shape.text(),
  environment: shape.text().default(() => ''),
  principal: shape.text().default(() => ''),
  session: shape.text().default(() => ''),
  application: shape.text().nullish(),
  purpose: shape.text().nullish(),
  /** Null: it was erased. */
  sql: shape.text().nullable(),
  /** Only its beginning was asked for. */
  sql_cut: shape.flag().optional(),
  fingerprint: shape.text().default(() => ''),
  command: shape.text().default(() => ''),
  class: shape.text().default(() => ''),
  relations: shape.list(shape.text()).default(() => []),
  columns: shape.map(shape.text()).default(() => ({})),
  other_columns: shape.list(shape.text()).default(() => []),
  decision: shape.text(),
  rule: shape.text().nullish(),
  approval: shape.text().nullish(),
  gateway: shape.text().default(() => ''),
  rows: shape.number().nullish(),
  ms: shape.number().nullish(),
  sqlstate: shape.text().nullish(),
  masked: shape.number().nullish(),
  state: shape.text(),
});

export type HistoryLine = shape.Output<typeof historyEntry>;

export const historyAnswer = shape.object({
  entries: shape.list(historyEntry),
  next_cursor: shape.text().nullish(),
});

export const statementAnswer = shape.openObject({
  entry: historyEntry,
  protocol: shape.text(),
  binds: shape.number(),
  values: shape.list(shape.text().nullable()).nullable(),
  erased: shape.flag(),
  bytes: shape.number().nullable(),
  masked_by: shape.map(shape.number()).nullable(),
  fate: shape.text().nullable(),
  answered_at: shape.text().nullable(),
  policy_version: shape.text().nullable(),
  rule_words: shape.text().nullable(),
  session: shape
    .openObject({
      subject: shape.text(),
      actors: shape.list(shape.text()),
      via: shape.text(),
      upstream_user: shape.text(),
      client_address: shape.text().nullable(),
    })
    .nullable(),
  record: shape.object({ intent: shape.number(), outcome: shape.number().nullable() }),
});

export type StatementAnswer = shape.Output<typeof statementAnswer>;

const sessionLine = shape.openObject({
  session: shape.text(),
  at: shape.text(),
  closedAt: shape.text().nullable(),
  state: shape.text(),
  reason: shape.text().nullable(),
  principal: shape.text(),
  actors: shape.list(shape.text()).default(() => []),
  database: shape.text(),
  environment: shape.text(),
  application: shape.text().nullable(),
  purpose: shape.text().nullable(),
  statements: shape.number(),
  denied: shape.number(),
});

export type SessionLine = shape.Output<typeof sessionLine>;

export const sessionsAnswer = shape.object({
  sessions: shape.list(sessionLine),
  next_cursor: shape.text().nullish(),
});

const transcriptStep = shape.openObject({
  n: shape.number(),
  entry: historyEntry,
  values: shape.list(shape.text().nullable()).optional(),
  binds: shape.number(),
  protocol: shape.text(),
});

export type TranscriptStep = shape.Output<typeof transcriptStep>;

export const transcriptAnswer = shape.object({
  session: sessionLine,
  own: shape.flag(),
  judged_as: shape
    .object({
      subject: shape.text(),
      email: shape.text().nullable(),
      kind: shape.oneOf('user', 'service', 'agent'),
      actors: shape.list(shape.text()),
      groups: shape.list(shape.text()),
    })
    .nullable(),
  steps: shape.list(transcriptStep),
  next_after: shape.number().nullish(),
});

export type TranscriptAnswer = shape.Output<typeof transcriptAnswer>;

/** A line of `GET /v1/watch`. */
export const watchEvent = shape.tagged(
  'event',
  shape.object({ event: shape.oneOf('ready'), gateway: shape.text() }),
  shape.object({ event: shape.oneOf('statement'), entry: historyEntry }),
  shape.openObject({
    event: shape.oneOf('session'),
    change: shape.oneOf('open', 'close'),
    at: shape.text(),
    session: shape.text(),
    reason: shape.text().nullable(),
    principal: shape.text(),
    database: shape.text(),
    application: shape.text().nullable(),
    purpose: shape.text().nullable(),
  }),
  shape.object({
    event: shape.oneOf('event'),
    record: shape.openObject({
      kind: shape.text(),
      at: shape.text(),
      by: shape.text().optional(),
      database: shape.text().optional(),
    }),
  }),
  shape.object({ event: shape.oneOf('lost'), count: shape.number() }),
);

export type WatchEvent = shape.Output<typeof watchEvent>;

export const reindexLine = shape.tagged(
  'event',
  shape.object({ event: shape.oneOf('progress'), done: shape.number(), total: shape.number() }),
  shape.object({ event: shape.oneOf('end'), records: shape.number() }),
);
