import { type ExportFormat, recordId } from './exported-record.ts';
import { visibleJson } from './visible-text.ts';

/** The records themselves, each with its session, and an outcome with its intent: nothing is left out. */
export const jsonlFormat: ExportFormat = {
  name: 'jsonl',
  contentType: 'application/x-ndjson',
  encode: (one) =>
    visibleJson({
      id: recordId(one),
      gateway: one.gateway,
      position: one.position,
      record: one.record,
      session: one.session,
      intent: one.intent,
      asker: one.asker,
    }),
};
