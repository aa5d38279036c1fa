/** A recorded session as a file: `.sql` to read and run again, `.cast` to watch with asciinema. Pure. */
import { isCutValue } from '../audit/export/kept-values.ts';
import type { TranscriptAnswer, TranscriptStep } from './history-answers.ts';
import { ERASED } from './history-lines.ts';
import { answerLine, type Film, titleOf } from './replay-frames.ts';
import { sanitise } from './sanitise.ts';

/** As it stands in the record for what is not kept in the clear. */
export const KEPT_AS_HASH = /‹[a-z_?]+:[0-9a-f]+…?›|'\*\*\*'/;

/**
 * Each statement on lines of its own between comments. What did not succeed, or would swallow what follows (data of COPY), is
 * itself in comments: a text that the server took is closed, and can only be what it was.
 */
export function sqlScript(transcript: TranscriptAnswer): string {
  const blocks = transcript.steps.map((step) => {
    const { entry } = step;
    const head = `-- ${comment(`${entry.at}  ${answerLine(step)}`)}`;
    if (entry.sql === null) return `${head}\n-- ${ERASED}\n`;
    const why = whyNotRunnable(step);
    if (why !== undefined) return `${head}\n-- not repeatable: ${why}\n${commentedOut(entry.sql)}\n`;
    return `${head}\n${runnable(step)}\n`;
  });
  return [`-- ${comment(titleOf(transcript))}`, '', ...blocks].join('\n');
}

export function whyNotRunnable({ entry, values, binds }: TranscriptStep): string | undefined {
  if (entry.sql === null) return 'its text was erased';
  if (entry.state !== 'done') return `it did not succeed (${entry.state})`;
  if (KEPT_AS_HASH.test(entry.sql)) return 'values in it are kept as keyed hashes only';
  if (binds > (values?.length ?? 0)) return 'not all of its bind values are kept';
  if (values?.some((value) => value !== null && isCutValue(value))) return 'of a bind value only the beginning is kept';
  if (values?.some((value) => value !== null && KEPT_AS_HASH.test(value))) {
    return 'bind values are kept as keyed hashes only';
  }
  if (/^\s*copy\b[\s\S]*\bfrom\s+stdin\b/i.test(entry.sql)) return 'the data that was copied is not in the record';
  return undefined;
}

function runnable({ n, entry, values }: TranscriptStep): string {
  const sql = entry.sql!.toWellFormed().replace(/\0/g, '');
  if (values === undefined || values.length === 0) return `${sql}\n;`;
  const literals = values.map((value) => (value === null ? 'NULL' : literal(value)));
  return `PREPARE dbgate_${n} AS\n${sql}\n;\nEXECUTE dbgate_${n}(${literals.join(', ')});\nDEALLOCATE dbgate_${n};`;
}

/** E'' means the same whatever standard_conforming_strings is. */
function literal(value: string): string {
  const plain = value.replaceAll("'", "''");
  return /[\\\p{Cc}]/u.test(value)
    ? `E'${plain.replaceAll('\\', '\\\\').replace(/\p{Cc}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
    : `'${plain}'`;
}

/** On one line, and no end of a comment that somebody might put around it. */
function comment(text: string): string {
  return sanitise(text).replaceAll('*/', '* /').replaceAll('/*', '/ *');
}

function commentedOut(sql: string): string {
  const lines = sanitise(sql.replace(/\r\n?|[\u2028\u2029\u0085\v\f]/g, '\n'), { keepLayout: true }).split('\n');
  return lines.map((line) => `--   ${line}`).join('\n');
}

const CAST_COLUMNS = 100;
const CAST_ROWS = 30;

/** @see https://docs.asciinema.org/manual/asciicast/v2/ */
export function asciicast({ title, frames }: Film, startedAt: string): string {
  const header = {
    version: 2,
    width: CAST_COLUMNS,
    height: CAST_ROWS,
    timestamp: Math.floor(Date.parse(startedAt) / 1000),
    title,
  };
  const events = frames.map(({ atMs, kind, lines }) => {
    const text = lines.join('\r\n') + '\r\n'.repeat(kind === 'answered' ? 2 : 1);
    return JSON.stringify([atMs / 1000, 'o', text]);
  });
  return `${[JSON.stringify(header), ...events].join('\n')}\n`;
}
