import { DbgateError, ErrorCode } from '../errors.ts';
import type { CommandContext, CommandDefinition } from './context.ts';
import {
  type ExplainAnswer,
  type ExplainedAction,
  type ExplainedStatement,
  explainAnswer,
  readAnswer,
} from './gateway-answers.ts';
import { addFooter } from './help-footer.ts';
import { oneDatabase } from './one-database.ts';
import { sanitise } from './sanitise.ts';
import { sqlOfFile, sqlOfStream } from './sql-input.ts';
import { TextPlaces } from './text-places.ts';
import { renderTable } from './text-table.ts';

export const explainCommand: CommandDefinition = {
  name: 'explain',
  configure(command) {
    command
      .description(
        'Shows what the gateway would do with a statement of yours, without running it: what policy says, where each output column comes from, and how it is masked.',
      )
      .argument('[sql]', 'the SQL, `-` for stdin')
      .option('--db <database>', 'on which database; may be left out where only one is granted')
      .option('--file <file>', 'read the SQL from a file')
      .option('--search-path <schemas>', 'as SET search_path takes it: app,public; default: what a new session has');
    addFooter(command, ['It exits with 0 whatever the answer is.']);
  },
  async run(context, options, [input]) {
    const sql = await readSql(context, input, options.file as string | undefined);
    const searchPath = options.searchPath === undefined ? undefined : schemasOf(options.searchPath as string);
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const database = await oneDatabase(client, options.db as string | undefined, "explain --db DB 'SELECT …'");
      const path = `/v1/databases/${encodeURIComponent(database)}/explain`;
      const purpose = context.env.DBGATE_PURPOSE;
      const body = {
        sql,
        ...(searchPath === undefined ? {} : { search_path: searchPath }),
        ...(purpose ? { purpose } : {}),
      };
      const answer = readAnswer(explainAnswer, await client.request('POST', path, body), `POST ${path}`);
      context.print(withPlaces(answer, sql), () => sanitise(textOf(context, answer, sql), { keepLayout: true }));
    } finally {
      await client.close();
    }
  },
};

async function readSql(context: CommandContext, input: string | undefined, file: string | undefined): Promise<string> {
  if ((input === undefined) === (file === undefined)) {
    throw new DbgateError(ErrorCode.usage, 'expected the SQL, `-` or --file, one of them', {
      hint: "dbgate explain 'SELECT …'",
    });
  }
  if (file !== undefined) return sqlOfFile(file);
  return input === '-' ? sqlOfStream(context.stdin) : input!;
}

function schemasOf(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names.map((name) => name.replace(/^"(.*)"$/, '$1'));
  throw new DbgateError(ErrorCode.usage, `--search-path '${text}' is not a list of schemas such as app,public`);
}

/** Line and column beside each position, both from 1. */
function withPlaces(answer: ExplainAnswer, sql: string): unknown {
  const places = new TextPlaces(sql);
  const add = <T extends { readonly position?: number | undefined }>(one: T) =>
    one.position === undefined ? one : { ...one, ...places.ofPosition(one.position) };
  return {
    ...answer,
    ...(answer.refusal === undefined ? {} : { refusal: add(answer.refusal) }),
    statements: answer.statements.map((statement) => ({
      ...statement,
      ...(statement.refusal === undefined ? {} : { refusal: add(statement.refusal) }),
      uses: statement.uses.map(add),
    })),
  };
}

type ShownColumn = NonNullable<ExplainedStatement['columns']>[number];

const DECISIONS: Readonly<Record<string, string>> = {
  allow: 'it would run, and nothing is masked',
  mask: 'it would run, and its answer is masked',
  deny: 'it would be refused',
  hold: 'it would be held for an approval',
  depends: 'it depends',
};

function textOf(context: CommandContext, answer: ExplainAnswer, sql: string): string {
  const places = new TextPlaces(sql);
  const { refusal } = answer;
  const head = `${DECISIONS[answer.decision] ?? answer.decision}: ${answer.database} (${answer.environment}), access ${answer.access}${answer.create ? ' and create' : ''}`;
  const lines = [head];
  if (refusal !== undefined) {
    const place = refusal.position === undefined ? undefined : places.ofPosition(refusal.position);
    lines.push(
      `rule: ${refusal.rule}${place === undefined ? '' : ` at ${place.line}:${place.column}`}`,
      `message: ${refusal.message} (${refusal.sqlstate})`,
      ...(refusal.detail === '' ? [] : [`why: ${refusal.detail.replace(/^rule \S+: /, '')}`]),
      ...(refusal.hint === '' ? [] : [`instead: ${refusal.hint}`]),
    );
  }
  if (answer.depends_on.length > 0) {
    lines.push(`on who made these, which your session is asked when it runs: ${answer.depends_on.join(', ')}`);
  }
  if (answer.sees_everything) lines.push('your grant shows everything: nothing is masked for you');
  const several = answer.statements.length > 1;
  answer.statements.forEach((statement, i) => {
    lines.push('', ...(several ? [`${i + 1}. ${statement.command}`] : []));
    lines.push(...statementLines(context, statement, refusal));
  });
  return lines.join('\n').trimEnd();
}

function statementLines(
  context: CommandContext,
  statement: ExplainedStatement,
  told: ExplainAnswer['refusal'],
): string[] {
  const lines: string[] = [];
  const { refusal } = statement;
  if (refusal !== undefined && (refusal.rule !== told?.rule || refusal.message !== told.message)) {
    lines.push(`refused: ${refusal.message} (rule ${refusal.rule})`);
  }
  if (statement.result_of !== undefined) lines.push(`its rows are those of the ${statement.result_of} of your session`);
  if (statement.unknown.length > 0) {
    lines.push(`where its answer comes from is not known, so all of it is redacted: ${statement.unknown.join('; ')}`);
  }
  if (statement.columns !== undefined && statement.columns !== null && statement.columns.length > 0) {
    const clipped = context.stdout.isTTY === true || context.env.COLUMNS !== undefined;
    lines.push(
      ...renderTable(
        [
          { title: 'COLUMN', text: ({ name }) => sanitise(name) },
          { title: 'TYPE', text: ({ type }) => sanitise(type ?? '?') },
          { title: 'SHOWN', text: (column) => sanitise(shown(column) + why(column)) },
          { title: 'MADE OF', text: (column) => sanitise(madeOf(column)), flexible: true },
        ],
        statement.columns,
        { columns: clipped ? context.columns : undefined, unicode: context.unicode },
      ),
    );
  }
  for (const { target, sources, unknown, inherits } of statement.writes) {
    const from = [...sources.map(named), ...unknown.map((why) => `something unknown (${why})`)];
    if (from.length === 0) continue;
    lines.push(
      `writes ${target} from ${from.join(', ')}${inherits === undefined ? '' : `, which becomes ${inherits}`}`,
    );
  }
  for (const { column, use, subject } of statement.uses) {
    lines.push(
      `masked column in use: ${column} as ${use.replaceAll('_', ' ')}${subject === undefined ? '' : ` (${subject})`}`,
    );
  }
  if (statement.lookups > 0) lines.push(`takes ${statement.lookups} of the hour's lookups`);
  return lines;
}

/** `as it is`, `email partial`, `redacted`, `scanned`; of containers what is done inside. */
function shown(action: ExplainedAction): string {
  switch (action.action) {
    case 'pass':
      return 'as it is';
    case 'mask':
      return `${action.class} ${action.mode}`;
    case 'redact':
      return 'redacted';
    case 'scan':
      return 'scanned';
    case 'array':
      return `each ${shown(action.element!)}`;
    case 'row':
      return `(${action.fields!.map(shown).join(', ')})`;
    case 'json': {
      const inside = Object.entries(action.keys ?? {});
      if (inside.length === 0) return shown(action.otherwise!);
      const keys = inside.map(([key, inner]) => `${key}: ${shown(inner)}`);
      return `{${[...keys, `else ${shown(action.otherwise!)}`].join(', ')}}`;
    }
    default:
      return action.action;
  }
}

/** Why nothing of it is shown. */
function why({ action, made, sources, unknown }: ShownColumn): string {
  if (action !== 'redact') return '';
  if (unknown.length > 0) return ', as its origin is unknown';
  if (made !== 'copy') return ', as it is computed';
  return sources.length > 1 ? ', as it is of several classes' : '';
}

function madeOf({ sources, unknown }: ShownColumn): string {
  const parts = [...sources.map(named), ...unknown.map((why) => `unknown: ${why}`)];
  return parts.length === 0 ? 'constants and counts' : parts.join(', ');
}

function named({ column, class: found }: { column: string; class?: string | null | undefined }): string {
  return found == null ? column : `${column} (${found})`;
}
