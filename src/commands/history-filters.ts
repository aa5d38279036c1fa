import { type Command, Option } from 'commander';
import { COLUMN_CLASSES } from '../classify/classes.ts';
import type { CommandContext, CommandOptions } from './context.ts';
import { parsePointInTime } from './point-in-time.ts';
import { sanitise } from './sanitise.ts';

/** Option → parameter of the API. */
const TEXTS = {
  db: 'database',
  by: 'by',
  table: 'table',
  column: 'column',
  class: 'class',
  grep: 'grep',
  session: 'session',
  purpose: 'purpose',
  cursor: 'cursor',
} as const;
const FLAGS = ['errors', 'writes', 'denied', 'masked', 'open'] as const;

/** What `history` and `watch` can be narrowed by. */
export function statementFilters(command: Command): Command {
  return command
    .option('--table <table>', 'only statements that touched this table: name or schema.name')
    .addOption(
      new Option('--class <class>', 'only statements that touched a column of this class').choices(COLUMN_CLASSES),
    )
    .option('--grep <text>', 'only statements that contain this text')
    .option('--errors', 'only statements that ended with an error')
    .option('--writes', 'only statements that could change something')
    .option('--denied', 'only statements that policy denied')
    .option('--masked', 'only statements in whose answer something was masked')
    .option('--session <id>', 'only of this session');
}

/** The options as parameters of a query; throws `usage` for a time that is none. */
export function filterParameters(options: CommandOptions, now: number): URLSearchParams {
  const query = new URLSearchParams();
  for (const [option, parameter] of Object.entries(TEXTS)) {
    const value = options[option];
    if (typeof value === 'string' && value !== '') query.set(parameter, value);
  }
  for (const bound of ['since', 'until'] as const) {
    const text = options[bound];
    if (typeof text === 'string') query.set(bound, new Date(parsePointInTime(text, `--${bound}`, now)).toISOString());
  }
  for (const flag of FLAGS) if (options[flag] === true) query.set(flag, 'true');
  return query;
}

/** The command line that goes on behind `cursor`, with the options that the first one had. */
export function moreOf(command: string, options: CommandOptions, defaultLimit: number, cursor: string): string {
  const words = Object.entries({ ...options, cursor }).flatMap(([name, value]) => {
    if (name === 'limit' && value === String(defaultLimit)) return [];
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (typeof value === 'string') return [flag, shellWord(value)];
    if (name === 'color') return value === false ? ['--no-color'] : [];
    return value === true ? [flag] : [];
  });
  return sanitise(['dbgate', command, ...words].join(' '));
}

/** NDJSON; where there is more the last line says where to go on. */
export function printLines(context: CommandContext, lines: readonly object[], next: string | null | undefined): void {
  for (const [i, line] of lines.entries()) {
    context.print(next && i === lines.length - 1 ? { ...line, next_cursor: next } : line, () => '');
  }
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
