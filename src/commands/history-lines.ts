/** Entries of the record in words and columns, safe for a terminal. */
import type { CommandContext } from './context.ts';
import type { HistoryLine } from './history-answers.ts';
import { oneLine } from './pretty-sql.ts';
import { sanitise } from './sanitise.ts';
import { type Column, renderTable } from './text-table.ts';

export function historyTable(context: CommandContext, entries: readonly HistoryLine[], withPeople: boolean): string {
  const clipped = context.stdout.isTTY === true || context.env.COLUMNS !== undefined;
  const narrow = clipped && context.columns < 80;
  const cut = context.unicode ? '…' : '...';
  return renderTable(
    [
      { title: 'TIME', text: ({ at }) => localTime(at, narrow) },
      ...(withPeople ? [PRINCIPAL] : []),
      { title: 'DATABASE', text: ({ database }) => sanitise(database) },
      { title: 'SQL', text: (entry) => sqlLine(entry) + (entry.sql_cut ? cut : ''), flexible: true },
      { title: 'ROWS', text: ({ rows }) => (rows == null ? '-' : String(rows)), align: 'right' },
      ...(entries.some(({ masked }) => masked) ? [MASKED] : []),
      { title: 'MS', text: ({ ms }) => millis(ms), align: 'right' },
      { title: 'DECISION', text: outcomeWords },
    ],
    entries,
    { columns: clipped ? context.columns : undefined, unicode: context.unicode },
  ).join('\n');
}

const PRINCIPAL: Column<HistoryLine> = { title: 'WHO', text: ({ principal }) => sanitise(principal) };

/** Cells, where any were. */
const MASKED: Column<HistoryLine> = {
  title: 'MASKED',
  text: ({ masked }) => (masked == null ? '-' : String(masked)),
  align: 'right',
};

export const ERASED = '(erased)';

export function sqlLine({ sql }: Pick<HistoryLine, 'sql'>): string {
  return sql === null ? ERASED : sanitise(oneLine(sql));
}

export function millis(ms: number | null | undefined): string {
  return ms == null ? '-' : ms.toFixed(ms < 10 ? 1 : 0);
}

/** What policy said, and how it ended where that is not plain success. */
export function outcomeWords({ decision, rule, sqlstate, state }: HistoryLine): string {
  if (decision === 'deny') return sanitise(rule ? `deny ${rule}` : 'deny');
  if (state === 'rolled_back') return sanitise(`${decision}, rolled back${sqlstate ? `, error ${sqlstate}` : ''}`);
  if (state === 'may_have_run') return sanitise(`${decision}, may have run`);
  if (sqlstate) return sanitise(`${decision}, error ${sqlstate}`);
  if (state === 'running') return `${sanitise(decision)}, running`;
  return sanitise(decision);
}

export function localTime(iso: string, short = false): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return sanitise(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  return short ? `${day} ${clock}` : `${time.getFullYear()}-${day} ${clock}:${two(time.getSeconds())}`;
}

export function rowsText(count: number): string {
  return `${count} ${count === 1 ? 'row' : 'rows'}`;
}
