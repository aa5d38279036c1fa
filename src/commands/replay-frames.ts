/**
 * A recorded session as a film: what is shown, and when, counted from its beginning. In: the transcript. Out: lines that are
 * safe for a terminal. Pauses longer than `idleLimitMs` are cut to it.
 */
import type { TranscriptAnswer, TranscriptStep } from './history-answers.ts';
import { ERASED, millis, outcomeWords, rowsText } from './history-lines.ts';
import { valueText } from './history-show.ts';
import { prettySql } from './pretty-sql.ts';
import { sanitise } from './sanitise.ts';

export interface Frame {
  /** Milliseconds since the session began, pauses cut. */
  readonly atMs: number;
  /** `sent` begins a statement: seeking goes from one to the next. */
  readonly kind: 'sent' | 'answered';
  readonly lines: readonly string[];
}

export interface Film {
  readonly title: string;
  readonly frames: readonly Frame[];
}

export async function filmOf(transcript: TranscriptAnswer, idleLimitMs: number | undefined): Promise<Film> {
  const { session, steps } = transcript;
  const marks: { readonly at: number; readonly kind: Frame['kind']; readonly lines: readonly string[] }[] = [];
  for (const step of steps) {
    const at = Date.parse(step.entry.at);
    marks.push({ at, kind: 'sent', lines: await sentLines(step, session.database) });
    marks.push({ at: at + (step.entry.ms ?? 0), kind: 'answered', lines: [answerLine(step)] });
  }
  // Pipelined statements are answered after the next was sent.
  marks.sort((a, b) => a.at - b.at);
  let last = Date.parse(session.at);
  let atMs = 0;
  const frames = marks.map(({ at, kind, lines }): Frame => {
    const pause = Math.max(0, at - last);
    atMs += idleLimitMs === undefined ? pause : Math.min(pause, idleLimitMs);
    last = Math.max(last, at);
    return { atMs, kind, lines };
  });
  return { title: titleOf(transcript), frames };
}

export function titleOf({ session }: TranscriptAnswer): string {
  const purpose = session.purpose ? `, ${session.purpose}` : '';
  return sanitise(`session ${session.session} of ${session.principal} on ${session.database}${purpose}`);
}

async function sentLines({ n, entry, values, binds: count }: TranscriptStep, database: string): Promise<string[]> {
  const sql = entry.sql === null ? ERASED : await prettySql(entry.sql);
  const prompt = `${sanitise(database)} ${n}> `;
  const lines = sanitise(sql, { keepLayout: true }).split('\n');
  const binds = (values ?? []).map((value, i) => `$${i + 1} = ${sanitise(valueText(value))}`);
  if (binds.length > 0 && count > binds.length) binds.push(`${count - binds.length} more, not kept`);
  return [
    ...lines.map((line, i) => (i === 0 ? prompt : ' '.repeat(prompt.length)) + line),
    ...(binds.length > 0 ? [`${' '.repeat(prompt.length)}-- ${binds.join(', ')}`] : []),
  ];
}

export function answerLine({ n, entry }: TranscriptStep): string {
  const rows = entry.rows == null ? '' : `${rowsText(entry.rows)}, `;
  const masked = entry.masked ? `, ${entry.masked} values masked` : '';
  const time = entry.ms == null ? '' : `${millis(entry.ms)} ms, `;
  return `${n}: ${rows}${time}${outcomeWords(entry)}${masked}`;
}
