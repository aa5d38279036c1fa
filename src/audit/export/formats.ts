import { cefFormat } from './cef.ts';
import { csvFormat } from './csv.ts';
import type { ExportFormat } from './exported-record.ts';
import { jsonlFormat } from './jsonl.ts';
import { ocsfFormat } from './ocsf.ts';

/** `version`: of dbgate, where a format says who tells. */
export const EXPORT_FORMATS: Readonly<Record<string, (version: string) => ExportFormat>> = {
  ocsf: ocsfFormat,
  jsonl: () => jsonlFormat,
  csv: () => csvFormat,
  cef: cefFormat,
};
