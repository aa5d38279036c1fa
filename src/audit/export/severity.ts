import type { ExportedRecord } from './exported-record.ts';

export type Severity = 'informational' | 'low' | 'medium' | 'high';

/** How much it deserves to be looked at; the same in every format. */
export function severityOf({ record, intent }: ExportedRecord): Severity {
  switch (record.kind) {
    case 'statement.outcome':
      if (intent?.decision === 'deny') return 'medium';
      return record.sqlstate === undefined && record.fate === undefined ? 'informational' : 'low';
    case 'connect.refused':
    case 'identity.revoked':
    case 'audit.erased':
    case 'audit.retired':
    case 'audit.key_rotated':
    case 'callback.refused':
      return 'medium';
    case 'audit.rewrite_accepted':
      return 'high';
    case 'policy.changed':
    case 'classification.changed':
    case 'history.read':
    case 'audit.exported':
      return 'low';
    case 'request.event': {
      const event = typeof record.body === 'object' ? record.body.event : undefined;
      const brokeGlass = event?.type === 'approved' && event.via === 'break-glass';
      return brokeGlass ? 'high' : 'informational';
    }
    default:
      return 'informational';
  }
}
