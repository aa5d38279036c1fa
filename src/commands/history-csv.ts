/** Entries as CSV. @see https://www.rfc-editor.org/rfc/rfc4180 */
import { csvLine } from '../audit/export/csv-line.ts';
import type { HistoryLine } from './history-answers.ts';

const COLUMNS: readonly (readonly [string, (entry: HistoryLine) => string | number | null | undefined])[] = [
  ['id', ({ id }) => id],
  ['at', ({ at }) => at],
  ['gateway', ({ gateway }) => gateway],
  ['database', ({ database }) => database],
  ['environment', ({ environment }) => environment],
  ['principal', ({ principal }) => principal],
  ['session', ({ session }) => session],
  ['application', ({ application }) => application],
  ['purpose', ({ purpose }) => purpose],
  ['sql', ({ sql }) => sql],
  ['fingerprint', ({ fingerprint }) => fingerprint],
  ['command', ({ command }) => command],
  ['class', (entry) => entry.class],
  ['relations', ({ relations }) => relations.join(' ')],
  [
    'columns',
    ({ columns }) =>
      Object.entries(columns)
        .map(([name, of]) => `${name}=${of}`)
        .join(' '),
  ],
  ['decision', ({ decision }) => decision],
  ['rule', ({ rule }) => rule],
  ['approval', ({ approval }) => approval],
  ['rows', ({ rows }) => rows],
  ['ms', ({ ms }) => ms],
  ['sqlstate', ({ sqlstate }) => sqlstate],
  ['masked', ({ masked }) => masked],
  ['state', ({ state }) => state],
];

export function csvHeader(): string {
  return csvLine(COLUMNS.map(([name]) => name));
}

export function csvEntry(entry: HistoryLine): string {
  return csvLine(COLUMNS.map(([, value]) => value(entry)));
}
