/** Requests in words for people; whatever came from a server is sanitised here. */
import { effectsText } from '../approvals/effects-text.ts';
import { ExitCode } from '../errors.ts';
import { clockText, durationText } from '../views/time-text.ts';
import { rowsText } from './history-lines.ts';
import type { PersonLine, RequestDetail, RequestLine } from './request-answers.ts';
import { sanitise } from './sanitise.ts';

export function personName({ kind, actor, email, name, subject }: PersonLine): string {
  const who = email ?? name ?? subject;
  return sanitise(kind === 'agent' && actor !== null ? `${actor} for ${who}` : who);
}

/** `ddl and unmask=email on orders for 1h`, or the statement on one line. */
export function askedFor(request: RequestLine): string {
  const { scope, statement } = request;
  if (scope === undefined) return sanitise(statement?.sql.trim().replace(/\s+/g, ' ') ?? '');
  const { access, unmask, tables, duration_ms: durationMs } = scope;
  const opens = [...(access === null ? [] : [access]), ...unmaskWord(unmask)].join(' and ');
  const on = tables === null ? '' : ` on ${tables.join(', ')}`;
  return sanitise(`${opens}${on} for ${durationText(durationMs)}`);
}

export function unmaskWord(unmask: 'all' | readonly string[] | null): string[] {
  if (unmask === null) return [];
  return [unmask === 'all' ? 'unmask' : sanitise(`unmask=${unmask.join(',')}`)];
}

/** The status, and by whom or until when. */
export function statusText(request: RequestLine, now: number): string {
  const { status, approvals, denied, needs } = request;
  const until = request.valid_until === null ? '' : ` until ${clockText(request.valid_until, now)}`;
  switch (status) {
    case 'pending':
      if (request.tried_rows !== null) return `pending, tried: ${rowsText(request.tried_rows)}`;
      return approvals.length === 0 ? 'pending' : `pending, ${approvals.length} of ${needs} said yes`;
    case 'approved': {
      if (!request.break_glass) return `approved${until}`;
      return `break-glass${until}, ${request.reviewed_by === null ? 'not reviewed' : 'reviewed'}`;
    }
    case 'denied':
      return denied === null ? 'denied' : `denied by ${personName(denied.by)}`;
    default: {
      const unreviewed = request.break_glass && request.reviewed_by === null ? ', not reviewed' : '';
      return sanitise(status) + unreviewed;
    }
  }
}

/** One sentence: what it has come to, for whoever asked. */
export function outcomeText(request: RequestLine, now: number): string {
  const { status, denied, id } = request;
  const by = request.ended_by === null ? '' : ` by ${personName(request.ended_by)}`;
  const because = request.end_reason ? `: ${sanitise(request.end_reason)}` : '';
  switch (status) {
    case 'pending':
      return `${id} waits for ${decidersText(request)}`;
    case 'approved': {
      const until = request.valid_until === null ? '' : ` until ${clockText(request.valid_until, now)}`;
      if (request.kind === 'statement') return `${id} is approved${until}: the statement may run`;
      return `${id} is approved${until}: it holds in open sessions too`;
    }
    case 'used':
      return `${id} was approved, and the statement ran`;
    case 'denied': {
      if (denied === null) return `${id} is denied`;
      return `${id} is denied by ${personName(denied.by)}${denied.reason ? `: ${sanitise(denied.reason)}` : ''}`;
    }
    case 'expired':
      return `${id} has expired: nobody decided in time`;
    case 'ended':
      return `${id} is over: its time has come`;
    case 'cancelled':
      return `${id} is cancelled${by}${because}`;
    case 'revoked':
      return `${id} is revoked${by}${because}`;
    default:
      return `${id} is ${sanitise(status)}`;
  }
}

/** `group dba or user ada@example.com`, and how many of them. */
export function decidersText({ deciders, needs, external }: RequestLine): string {
  if (external !== null) return sanitise(`a decision of ${external}`);
  const names = deciders.map((name) => sanitise(name)).join(' or ') || 'whoever may decide';
  return needs > 1 ? `${needs} different people of ${names}` : names;
}

/** The CLI contract: 0 approved, 6 denied, 7 over without a yes, 8 not decided yet. */
export function statusExitCode(status: string): number {
  switch (status) {
    case 'approved':
    case 'used':
      return ExitCode.ok;
    case 'denied':
      return ExitCode.requestDenied;
    case 'pending':
      return ExitCode.pending;
    default:
      return ExitCode.expiredOrCancelled;
  }
}

/** Everything about a request, a fact a line: `[name, text]`; for the plain detail and the live one alike. */
export function detailRows(request: RequestLine & Partial<RequestDetail>, now: number): (readonly [string, string])[] {
  const { scope, statement } = request;
  const rows: (readonly [string, string])[] = [
    ['request', `${request.id}, ${statusText(request, now)}`],
    ['who', `${personName(request.by)}${request.by.kind === 'user' ? '' : `, ${sanitise(request.by.kind)}`}`],
    ['why', sanitise(request.reason)],
    ['database', sanitise(`${request.database} (${request.environment})`)],
  ];
  const add = (name: string, text: string): void => void (text !== '' && rows.push([name, text]));
  if (scope !== undefined) {
    add('opens', [...(scope.access === null ? [] : [sanitise(scope.access)]), ...unmaskWord(scope.unmask)].join(', '));
    add('tables', scope.tables === null ? 'all' : sanitise(scope.tables.join(', ')));
    add('for', durationText(scope.duration_ms));
  }
  if (statement !== undefined) {
    for (const [name, text] of statementRows(statement, request.shown)) add(name, text);
    add('rule', sanitise(statement.rule));
    add('does', sanitise(statement.findings.join(', ')));
    add('relations', sanitise(statement.relations.join(', ')));
    add(
      'classes',
      sanitise(
        Object.entries(statement.columns)
          .map(([column, name]) => `${column}: ${name}`)
          .join(', '),
      ),
    );
    add('cascades', sanitise(statement.cascades.join(', ')));
    add('triggers', sanitise(statement.triggers.join(', ')));
    add('rows', statement.estimated_rows === null ? 'not known' : `about ${Math.round(statement.estimated_rows)}`);
    if (request.tried_rows !== null) add('tried', `${rowsText(request.tried_rows)}, kept only if approved again`);
    if (request.tried_effects) add('changed', sanitise(effectsText(request.tried_effects)));
    if (statement.in_transaction) add('locks', 'it waits in an open transaction, whose locks are held');
    if (!statement.can_roll_back) add('trying', 'not possible: its rows cannot be counted before they are kept');
    if (request.waiting > 0) add('waiting', `${request.waiting} on the wire`);
  }
  add('purpose', sanitise(request.purpose ?? ''));
  add('application', sanitise(request.application ?? ''));
  const { level, reasons } = request.risk;
  add('risk', sanitise([level, ...(reasons.length > 0 ? [reasons.join(', ')] : [])].join(': ')));
  add('decides', decidersText(request));
  if (request.status === 'pending') {
    add('expires', `${clockText(request.expires_at, now)}, in ${durationText(Date.parse(request.expires_at) - now)}`);
  }
  for (const { by, via, reason } of request.approvals) {
    add('approved', `by ${personName(by)} (${sanitise(via)})${reason ? `: ${sanitise(reason)}` : ''}`);
  }
  add('terms', request.approvals.length > 0 ? termsText(request) : '');
  if (request.denied !== null) {
    const { by, reason } = request.denied;
    add('denied', `by ${personName(by)}${reason ? `: ${sanitise(reason)}` : ''}`);
  }
  if (request.reviewed_by !== null) add('reviewed', `by ${personName(request.reviewed_by)}`);
  return rows;
}

/** Lines of one answer on a terminal. */
const MAX_OTHERS = 20;

type Shown = NonNullable<RequestDetail['shown']>;
type Row = readonly [string, string];

/** The statement as this person may see it, and what else of its shape waits with it. */
function statementRows({ sql, binds }: NonNullable<RequestLine['statement']>, shown: Shown | undefined): Row[] {
  const own = shown?.by === 'rights' ? shown : undefined;
  const rows: Row[] = [['statement', sanitise(own?.sql ?? sql, { keepLayout: true }).trim()]];
  if (own !== undefined) rows.push(['values', valuesText(own.values, '\n')]);
  else if (binds > 0) rows.push(['values', `${binds}, not shown`]);
  if (shown === undefined) return rows;
  if (shown.by === 'record') rows.push(['shown', `as it is recorded: ${sanitise(shown.why)}`]);
  rows.push(['beside it', othersText(shown)]);
  rows.push(['clear', classesText(shown.clear, 'shown to you as they are, and recorded')]);
  rows.push(['masked', classesText(shown.masked, 'masked for you, between ‹ and ›')]);
  return rows;
}

/** One execution a line; those with the statement's own text by their values alone. */
function othersText(shown: Shown): string {
  const ownSql = shown.by === 'rights' ? shown.sql : undefined;
  const lines = shown.others.slice(0, MAX_OTHERS).map(({ sql, values, waiting }) => {
    const text = sql === ownSql ? '' : sanitise(sql.replace(/\s+/g, ' ')).trim();
    const parts = [text, valuesText(values, ', ')].filter((part) => part !== '');
    return `${parts.join('  with ')}${waiting > 1 ? `  (${waiting} times)` : ''}`;
  });
  const left = shown.others.length - lines.length;
  if (left > 0) lines.push(`and ${left} more: --json shows them`);
  if (shown.unseen > 0) lines.push(`${shown.unseen} more ${shown.unseen === 1 ? 'waits' : 'wait'}, not shown`);
  return lines.join('\n');
}

function valuesText(values: readonly (string | null)[], between: string): string {
  return values.map((value, i) => `$${i + 1} = ${valueText(value)}`).join(between);
}

function valueText(value: string | null): string {
  return value === null ? 'NULL' : `'${sanitise(value)}'`;
}

/** `?` stands for values of no known class. */
function classesText(classes: readonly string[], what: string): string {
  const names = classes.map((one) => (one === '?' ? 'of no known class' : sanitise(one)));
  return names.length === 0 ? '' : `${names.join(', ')}: ${what}`;
}

function termsText({ terms, kind }: RequestLine): string {
  const parts = [
    terms.duration_ms === null ? undefined : `for ${durationText(terms.duration_ms)}`,
    terms.tables === null ? undefined : `on ${terms.tables.join(', ')}`,
    ...unmaskWord(terms.unmask),
    terms.max_rows === null ? undefined : `at most ${rowsText(terms.max_rows)}`,
    terms.times === null || kind !== 'statement' ? undefined : `${terms.times} times`,
    terms.try ? 'tried first' : undefined,
  ];
  return sanitise(parts.filter((part) => part !== undefined).join(', '));
}

/** What the person did lately, a statement a line. */
export function recentLines({ recent = [] }: Partial<RequestDetail>, now: number): string[] {
  return recent.map(({ at, sql, decision, rows, sqlstate, state }) => {
    const end = sqlstate ? `error ${sqlstate}` : state === 'running' ? 'running' : rows === null ? '' : rowsText(rows);
    const said = [decision, end].filter(Boolean).join(', ');
    return sanitise(`${clockText(at, now)}  ${(sql ?? '(erased)').trim().replace(/\s+/g, ' ')}  (${said})`);
  });
}

/** What happened to a request, an event a line. */
export function eventLines({ events = [] }: Partial<RequestDetail>, now: number): string[] {
  return events.map(({ at, type, by, reason, rows }) => {
    const who = by === undefined ? '' : ` by ${personName(by)}`;
    const what = rows === undefined ? '' : `: ${rowsText(rows)}`;
    const why = reason && type !== 'requested' && type !== 'ended' ? `: ${reason}` : '';
    return sanitise(`${clockText(at, now)}  ${type}${who}${what}${why}`);
  });
}
