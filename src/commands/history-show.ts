/** `dbgate history show ID`: one statement, with all there is to say of it. */
import { isCutValue } from '../audit/export/kept-values.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { type GatewayClient, openGatewayClient } from '../login/gateway-client.ts';
import type { CommandContext } from './context.ts';
import { foldLine } from './fold-line.ts';
import { readAnswer } from './gateway-answers.ts';
import { type StatementAnswer, statementAnswer } from './history-answers.ts';
import { ERASED, localTime, millis, outcomeWords } from './history-lines.ts';
import { prettySql } from './pretty-sql.ts';
import { sanitise } from './sanitise.ts';
import { STATEMENT_ID } from './statement-id.ts';

/** Of what a folded line goes on with, beyond where it began. */
const FOLD_INDENT = 2;

export async function showStatement(context: CommandContext, id: string): Promise<void> {
  if (!STATEMENT_ID.test(id)) {
    throw new DbgateError(ErrorCode.usage, `${JSON.stringify(id)} is no id of a statement`, {
      hint: 'dbgate history --json shows ids',
    });
  }
  const client = await openGatewayClient({ env: context.env, signal: context.signal });
  try {
    const path = `/v1/history/${encodeURIComponent(id)}`;
    const statement = readAnswer(statementAnswer, await client.request('GET', path), `GET ${path}`);
    const proof = await proofState(client, id);
    if (context.json) {
      context.print({ ...statement, proof }, () => '');
      return;
    }
    const lines = await statementLines(statement);
    lines.push(['proof', proof]);
    context.print(statement, () => textOf(lines).join('\n'));
  } finally {
    await client.close();
  }
}

/** Whether it can be proved yet that the record holds it. */
async function proofState(client: GatewayClient, id: string): Promise<string> {
  try {
    const proof = (await client.request('GET', `/v1/proofs/${encodeURIComponent(id)}`)) as Record<string, unknown>;
    const size = proof?.size ?? proof?.tree_size;
    const index = proof?.index ?? proof?.leaf_index;
    const where = typeof index === 'number' && typeof size === 'number' ? `: leaf ${index} of ${size}` : '';
    return `in a checkpoint${where}; dbgate verify ${id} checks it`;
  } catch (error) {
    if (!(error instanceof DbgateError)) throw error;
    // The gateway says why: its newest checkpoint is older, or it makes none.
    if (error.code === ErrorCode.notFound || error.code === ErrorCode.pending)
      return `not in a checkpoint yet (${error.message})`;
    return `unknown: ${error.message}`;
  }
}

type Line = readonly [string, string];

/** Names and what is said under them; texts of a server are not yet safe for a terminal. */
export async function statementLines(statement: StatementAnswer): Promise<Line[]> {
  const { entry, values, session } = statement;
  const lines: Line[] = [
    ['statement', entry.id],
    [
      'time',
      `${localTime(entry.at)}${statement.answered_at === null ? '' : `, answered ${localTime(statement.answered_at)}`}`,
    ],
    ['who', [entry.principal, ...(session?.actors ?? []).map((actor) => `by ${actor}`)].join(' ')],
    ['where', `${entry.database} (${entry.environment})${session === null ? '' : ` as ${session.upstream_user}`}`],
  ];
  const add = (name: string, text: string | null | undefined): void => {
    if (text !== null && text !== undefined && text !== '') lines.push([name, text]);
  };
  add('application', entry.application);
  add('purpose', entry.purpose);
  add('client', session?.client_address);
  lines.push(['sql', entry.sql === null ? ERASED : await prettySql(entry.sql)]);
  for (const [i, value] of (values ?? []).entries()) {
    const isCut = value !== null && isCutValue(value);
    add(`$${i + 1}`, isCut ? `${valueText(value)} (the rest is not kept)` : valueText(value));
  }
  const more = values === null ? 0 : statement.binds - values.length;
  if (more > 0) add('binds', `${more} more, not kept`);
  if (values === null && statement.binds > 0) add('binds', `${statement.binds}, not kept`);
  add('tables', entry.relations.join(', '));
  add(
    'columns',
    [...Object.entries(entry.columns).map(([name, of]) => `${name}: ${of}`), ...entry.other_columns].join('\n'),
  );
  lines.push(['decision', outcomeWords(entry)]);
  add('why', whyOf(statement));
  add('approval', entry.approval);
  lines.push(['took', entry.ms == null ? 'not known' : `${millis(entry.ms)} ms`]);
  add(
    'rows',
    entry.rows == null ? undefined : `${entry.rows}${statement.bytes === null ? '' : `, ${statement.bytes} bytes`}`,
  );
  const byClass = Object.entries(statement.masked_by ?? {}).map(([of, count]) => `${count} ${of}`);
  if (entry.masked) add('masked', byClass.length > 0 ? byClass.join(', ') : String(entry.masked));
  add('error', entry.sqlstate);
  add('fingerprint', entry.fingerprint);
  add('policy', statement.policy_version?.slice(0, 16));
  lines.push(['session', `${entry.session}  (dbgate replay ${entry.session})`]);
  lines.push([
    'record',
    `${entry.gateway}, ${statement.record.intent}${statement.record.outcome === null ? '' : ` and ${statement.record.outcome}`}`,
  ]);
  return lines;
}

export function valueText(value: string | null): string {
  if (value === null) return 'NULL';
  return value === '' ? "''" : value;
}

function whyOf({ entry, rule_words: words }: StatementAnswer): string | undefined {
  if (!entry.rule) return entry.decision === 'mask' ? 'columns of its answer are masked for whoever ran it' : undefined;
  return words === null
    ? `rule ${entry.rule}; the policy is another one now, or it is always refused`
    : `rule ${entry.rule}: ${words}`;
}

/** `columns`: where lines are folded; undefined: they stay as long as they are. */
export function textOf(lines: readonly Line[], columns?: number): string[] {
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return lines.flatMap(([name, text]) => {
    const safe = sanitise(text, { keepLayout: true }).split('\n');
    return safe.flatMap((line, i) => {
      const whole = `${(i === 0 ? name : '').padEnd(width)}${line}`.trimEnd();
      return columns === undefined ? [whole] : foldLine(whole, columns, width + line.search(/\S|$/) + FOLD_INDENT);
    });
  });
}
