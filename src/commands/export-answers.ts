import { z } from 'zod';
import type { AuditRecord, SessionOpen, StatementIntent } from '../audit/record.ts';

/** Records are taken as the gateway wrote them; what a format needs of one it looks for itself. */
function asRecorded<T>(kind?: string) {
  return z.custom<T>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      typeof (value as { kind?: unknown }).kind === 'string' &&
      typeof (value as { at?: unknown }).at === 'string' &&
      (kind === undefined || (value as { kind: string }).kind === kind),
  );
}

/** Lines of `GET /v1/audit/export`. */
export const exportEvent = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('begin'),
    gateway: z.string(),
    position: z.number(),
    missing_to: z.number().optional(),
  }),
  z.object({
    event: z.literal('record'),
    gateway: z.string(),
    position: z.number(),
    record: asRecorded<AuditRecord>(),
    session: asRecorded<SessionOpen>('session.open').optional(),
    intent: asRecorded<StatementIntent>('statement.intent').optional(),
    asker: z.string().optional(),
  }),
  z.object({ event: z.literal('at'), position: z.number() }),
  z.object({ event: z.literal('damage'), segment: z.number(), offset: z.number(), reason: z.string() }),
  z.object({ event: z.literal('end'), position: z.number(), reason: z.string() }),
]);

export type ExportedEvent = z.infer<typeof exportEvent>;
