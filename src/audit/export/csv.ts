import { csvLine } from './csv-line.ts';
import type { ExportFormat } from './exported-record.ts';
import { type FlatRecord, flatRecord } from './flat-record.ts';
import { withoutControls } from './visible-text.ts';

const COLUMNS = [
  'at',
  'id',
  'gateway',
  'position',
  'kind',
  'principal',
  'issuer',
  'subject',
  'actors',
  'address',
  'application',
  'purpose',
  'database',
  'environment',
  'session',
  'command',
  'class',
  'decision',
  'rule',
  'approval',
  'relations',
  'columns',
  'rows',
  'bytes',
  'ms',
  'masked',
  'sqlstate',
  'fate',
  'sql',
  'detail',
] as const satisfies readonly (keyof FlatRecord)[];

const LINE_END = /\r\n$/;

/** One row for each record, and for each statement one. */
export const csvFormat: ExportFormat = {
  name: 'csv',
  contentType: 'text/csv; charset=utf-8',
  header: csvLine(COLUMNS).replace(LINE_END, ''),
  encode(one) {
    const flat = flatRecord(one);
    if (flat === undefined) return undefined;
    const cells = COLUMNS.map((name) => {
      const value = flat[name];
      return typeof value === 'string' ? withoutControls(value, { keepLayout: true }) : value;
    });
    return csvLine(cells).replace(LINE_END, '');
  },
};
