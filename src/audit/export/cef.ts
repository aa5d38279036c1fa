/**
 * ArcSight Common Event Format, version 0.
 * @see https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors/pdfdoc/common-event-format-v25/common-event-format-v25.pdf
 */
import type { AuditRecord } from '../record.ts';
import { addressParts } from './client-address.ts';
import type { ExportedRecord, ExportFormat } from './exported-record.ts';
import { type FlatRecord, flatRecord } from './flat-record.ts';
import { severityOf } from './severity.ts';
import { withoutControls } from './visible-text.ts';

/** Of `cs1` to `cs6`, by the dictionary. */
const MAX_CUSTOM = 4000;

/** CEF's severity, 0 to 10. */
const SEVERITY = { informational: 2, low: 4, medium: 6, high: 8 } as const;

export function cefFormat(version: string): ExportFormat {
  return {
    name: 'cef',
    contentType: 'text/plain; charset=utf-8',
    encode(one) {
      const flat = flatRecord(one);
      if (flat === undefined) return undefined;
      const header = ['dbgate', 'dbgate', version, flat.kind, nameOf(flat), String(SEVERITY[severityOf(one)])];
      const pairs = extensionOf(one, flat).filter(([, value]) => value !== undefined && value !== '');
      const extension = pairs.map(([key, value]) => `${key}=${escapeExtension(String(value))}`).join(' ');
      return `CEF:0|${header.map(escapeHeader).join('|')}|${extension}`;
    },
  };
}

function nameOf({ kind, command }: FlatRecord): string {
  return command === undefined ? kind : `${kind} ${command}`;
}

function extensionOf(one: ExportedRecord, flat: FlatRecord): [string, string | number | undefined][] {
  const { ip, port } = addressParts(flat.address);
  return [
    ['rt', Date.parse(flat.at)],
    ['externalId', flat.id],
    ['act', flat.decision],
    ['outcome', outcomeOf(one.record)],
    ['dvchost', flat.gateway],
    [ip?.includes(':') ? 'c6a2' : 'src', ip],
    ['c6a2Label', ip?.includes(':') ? 'Source IPv6 Address' : undefined],
    ['spt', port],
    ['suser', flat.principal],
    ['suid', flat.subject],
    ['sourceServiceName', flat.application],
    ['destinationServiceName', flat.database],
    ['reason', flat.sqlstate ?? flat.rule],
    ['cn1', flat.rows],
    ['cn1Label', flat.rows === undefined ? undefined : 'rows'],
    ['cn2', flat.masked],
    ['cn2Label', flat.masked === undefined ? undefined : 'masked'],
    ['cn3', flat.position],
    ['cn3Label', 'position'],
    ['cs1', cut(flat.sql)],
    ['cs1Label', flat.sql === undefined ? undefined : 'sql'],
    ['cs2', cut(flat.relations)],
    ['cs2Label', flat.relations ? 'relations' : undefined],
    ['cs3', flat.session],
    ['cs3Label', flat.session === undefined ? undefined : 'session'],
    ['cs4', cut(flat.columns)],
    ['cs4Label', flat.columns ? 'classes' : undefined],
    ['cs5', flat.approval],
    ['cs5Label', flat.approval === undefined ? undefined : 'approval'],
    ['cs6', flat.purpose],
    ['cs6Label', flat.purpose === undefined ? undefined : 'purpose'],
    ['msg', flat.detail],
  ];
}

function outcomeOf(record: AuditRecord): string | undefined {
  if (record.kind === 'connect.refused') return 'failure';
  if (record.kind !== 'statement.outcome') return undefined;
  if (record.fate === 'unknown' || record.fate === 'may_have_run') return 'unknown';
  return record.sqlstate === undefined || record.fate === 'cut' ? 'success' : 'failure';
}

function cut(text: string | undefined): string | undefined {
  return text !== undefined && text.length > MAX_CUSTOM ? `${text.slice(0, MAX_CUSTOM - 1)}…` : text;
}

/** `|` ends a field of the header; `\` escapes. */
export function escapeHeader(text: string): string {
  return withoutControls(
    text
      .replaceAll('\\', '\\\\')
      .replaceAll('|', '\\|')
      .replace(/\r\n|\r|\n/g, ' '),
  );
}

/** `=` ends a key, a line break the event. */
export function escapeExtension(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('=', '\\=');
  // What is escaped here already must not be escaped again: breaks are put back after the others are made visible.
  return escaped
    .split(/(\r\n|\r|\n)/)
    .map((part) => (part === '\n' || part === '\r\n' ? '\\n' : part === '\r' ? '\\r' : withoutControls(part)))
    .join('');
}
