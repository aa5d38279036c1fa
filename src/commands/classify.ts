import type { Command } from 'commander';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { rememberDatabaseName } from './database-names.ts';
import {
  type ClassChange,
  type ClassifiedLine,
  type ClassStatus,
  classificationLine,
  readAnswer,
} from './gateway-answers.ts';
import { addFooter } from './help-footer.ts';
import { oneDatabase } from './one-database.ts';
import { parsePointInTime } from './point-in-time.ts';
import { sanitise } from './sanitise.ts';
import { type Column, renderTable } from './text-table.ts';

export const classifyCommand: CommandDefinition = {
  name: 'classify',
  configure(command: Command) {
    command
      .description('Shows what the gateway takes each column of a database for, and why. What is sensitive is masked.')
      .argument('[database]', 'name as "dbgate ls" shows it; may be left out where only one is granted')
      .option('--table <table>', 'only this table: `users` or `public.users`, `*` stands for anything')
      .option('--sensitive', 'only sensitive columns')
      .option('--wait', 'wait until every table was looked at')
      .option('--diff', 'what changed instead: new columns, gone ones, other classes; waits as --wait does')
      .option(
        '--since <time>',
        'of --diff: not older than 1h, 7d, 2026-11-21, 2026-11-21T14:00:00Z; default: all that is kept',
      );
    addFooter(command, [
      'A wrong class is corrected in gateway.yaml, in the "classification" of the database: public.users.nickname: none',
    ]);
  },
  async run(context, options, [named]) {
    if (options.since !== undefined && options.diff !== true) {
      throw new DbgateError(ErrorCode.usage, '--since goes with --diff');
    }
    const query = queryOf(options, Date.now());
    const isMeant = filterOf(options);
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const database = await oneDatabase(client, named, 'classify DB');
      const answer = await read(
        context,
        client,
        `/v1/databases/${encodeURIComponent(database)}/classification?${query}`,
      );
      if (answer === undefined) return;
      await rememberDatabaseName(context.env, database);
      for (const name of answer.status.unmatched) {
        context.note(sanitise(`"classification" of ${database} names ${name}, and there is no such column`));
      }
      if (options.diff === true) showChanges(context, answer.changes.filter(isMeant));
      else showColumns(context, answer.columns.filter(isMeant), answer);
    } finally {
      await client.close();
    }
  },
};

function queryOf(options: CommandOptions, nowMs: number): URLSearchParams {
  const query = new URLSearchParams();
  if (options.wait === true || options.diff === true) query.set('wait', '1');
  if (options.diff === true) query.set('changes', '1');
  if (typeof options.since === 'string') {
    query.set('since', new Date(parsePointInTime(options.since, '--since', nowMs)).toISOString());
  }
  return query;
}

function filterOf(options: CommandOptions): (line: ClassifiedLine | ClassChange) => boolean {
  const pattern = options.table === undefined ? undefined : tablePattern(options.table as string);
  return ({ schema, table, class: found }) =>
    (pattern === undefined || pattern.test(`${schema}.${table}`)) && (options.sensitive !== true || found !== null);
}

/** Without a schema: of any. */
function tablePattern(text: string): RegExp {
  const full = text.includes('.') ? text : `*.${text}`;
  const parts = full.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

interface Answer {
  readonly status: ClassStatus;
  readonly columns: readonly ClassifiedLine[];
  readonly changes: readonly ClassChange[];
}

/** Undefined: it was interrupted. */
async function read(context: CommandContext, client: GatewayClient, path: string): Promise<Answer | undefined> {
  const columns: ClassifiedLine[] = [];
  const changes: ClassChange[] = [];
  let status: ClassStatus | undefined;
  let said = '';
  for await (const value of client.stream(path)) {
    const line = readAnswer(classificationLine, value, 'the question for classes');
    if (line.event === 'status') {
      status = line;
      const progress = `${line.done} of ${line.tables} tables looked at`;
      if (line.done < line.tables && progress !== said) context.note((said = progress));
    } else if (line.event === 'column') columns.push(line);
    else if (line.event === 'change') changes.push(line);
    else if (status !== undefined) return { status, columns, changes };
  }
  if (context.signal.aborted) return undefined;
  throw new DbgateError(ErrorCode.gatewayUnreachable, 'the answer of the gateway broke off', { hint: 'try again' });
}

function showColumns(
  context: CommandContext,
  columns: readonly ClassifiedLine[],
  { status, columns: all }: Answer,
): void {
  const plain = columns.map(({ event: _, ...column }) => column);
  if (context.json || columns.length > 0) context.print(plain, () => columnTable(context, columns));
  else context.note('no column matches');
  const sensitive = all.filter((column) => column.sensitive && isSeen(column)).length;
  const rest = status.done === status.tables ? '' : '; until the others are, they count as sensitive: --wait';
  context.note(
    `${count(all.length, 'column')}, ${sensitive} sensitive; ${status.done} of ${count(status.tables, 'table')} looked at${rest}`,
  );
}

/** Below it the evidence needs the room. */
const NARROW = 110;
const TYPE: Column<ClassifiedLine> = { title: 'TYPE', text: ({ type }) => sanitise(type) };

function columnTable(context: CommandContext, columns: readonly ClassifiedLine[]): string {
  const clipped = context.stdout.isTTY === true || context.env.COLUMNS !== undefined;
  return renderTable(
    [
      { title: 'TABLE', text: ({ schema, table }) => sanitise(`${schema}.${table}`) },
      { title: 'COLUMN', text: ({ column }) => sanitise(column) },
      ...(clipped && context.columns < NARROW ? [] : [TYPE]),
      { title: 'CLASS', text: (one) => (isSeen(one) ? sanitise(one.class ?? '-') : '?') },
      { title: 'SURE', text: (one) => (isSeen(one) ? `${Math.round(one.confidence * 100)}%` : '-'), align: 'right' },
      { title: 'EVIDENCE', text: ({ evidence }) => sanitise(evidence.join('; ')), flexible: true },
    ],
    columns,
    {
      columns: clipped ? context.columns : undefined,
      unicode: context.unicode,
    },
  ).join('\n');
}

/** What nobody has looked at counts as sensitive, and is no finding. */
function isSeen({ confidence }: ClassifiedLine): boolean {
  return confidence > 0;
}

function showChanges(context: CommandContext, changes: readonly ClassChange[]): void {
  const plain = changes.map(({ event: _, ...change }) => change);
  if (context.json || changes.length > 0) context.print(plain, () => changeTable(context, changes));
  else context.note('nothing has changed');
}

function changeTable(context: CommandContext, changes: readonly ClassChange[]): string {
  return renderTable(
    [
      { title: 'NOTICED', text: ({ at }) => sanitise(at.slice(0, 19).replace('T', ' ')) },
      { title: 'CHANGE', text: ({ change }) => sanitise(change === 'class' ? 'other class' : change) },
      {
        title: 'COLUMN',
        text: ({ schema, table, column }) => sanitise(`${schema}.${table}.${column}`),
        flexible: true,
      },
      { title: 'TYPE', text: ({ type }) => sanitise(type) },
      { title: 'CLASS', text: ({ class: found }) => sanitise(found ?? '-') },
      { title: 'BEFORE', text: ({ change, was }) => sanitise(was ?? (change === 'class' ? '-' : '')) },
    ],
    changes,
    {
      columns: context.stdout.isTTY === true || context.env.COLUMNS !== undefined ? context.columns : undefined,
      unicode: context.unicode,
    },
  ).join('\n');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
