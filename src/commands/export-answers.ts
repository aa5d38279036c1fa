import type { AuditRecord, SessionOpen, StatementIntent } from '../audit/record.ts';
import * as shape from './answer-shape.ts';

/** Records are taken as the gateway wrote them; what a format needs of one it looks for itself. */
function asRecorded<T>(kind?: string) {
  return shape.as<T>(
    'a record',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      typeof (value as { kind?: unknown }).kind === 'string' &&
      typeof (value as { at?: unknown }).at === 'string' &&
      (kind === undefined || (value as { kind: string }).kind === kind),
  );
}

/** Lines of `GET /v1/audit/export`. */
export const exportEvent = shape.tagged(
  'event',
  shape.object({
    event: shape.oneOf('begin'),
    gateway: shape.text(),
    position: shape.number(),
    missing_to: shape.number().optional(),
  }),
  shape.object({
    event: shape.oneOf('record'),
    gateway: shape.text(),
    position: shape.number(),
    record: asRecorded<AuditRecord>(),
    session: asRecorded<SessionOpen>('session.open').optional(),
    intent: asRecorded<StatementIntent>('statement.intent').optional(),
    asker: shape.text().optional(),
  }),
  shape.object({ event: shape.oneOf('at'), position: shape.number() }),
  shape.object({ event: shape.oneOf('damage'), segment: shape.number(), offset: shape.number(), reason: shape.text() }),
  shape.object({ event: shape.oneOf('end'), position: shape.number(), reason: shape.text() }),
);

export type ExportedEvent = shape.Output<typeof exportEvent>;
