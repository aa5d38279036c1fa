/** One request, as `dbgate review ID` shows it, and two forms for whoever may decide it. In: what is known. Out: HTML. */
import { effectsText } from '../../approvals/effects-text.ts';
import { durationText, nameOf, timeText, whatOf } from '../../approvals/notify/announcement.ts';
import { lines, oneLine } from '../../approvals/notify/plain-text.ts';
import type { Person, RequestEvent, RequestState, Terms } from '../../approvals/request.ts';
import type { Risk } from '../../approvals/risk.ts';
import type { ReviewedStatement } from '../../gateway/reviewed-statement.ts';
import type { RecentStatement } from '../requests.ts';
import { type Html, type HtmlValue, html } from './html.ts';

export interface RequestView {
  readonly state: RequestState;
  /** Of a statement: as this visitor may see it. */
  readonly shown: ReviewedStatement | undefined;
  readonly events: readonly RequestEvent[];
  readonly risk: Risk;
  /** What the requester ran last there; undefined: not for this visitor. */
  readonly recent: readonly RecentStatement[] | undefined;
  readonly mayDecide: boolean;
  readonly csrf: string;
  /** Why the last try was not taken. */
  readonly problem: string | undefined;
}

const MAX_TEXT = 2_000;
const MAX_SQL = 20_000;
const MAX_RECENT_SQL = 300;

export function titleOf({ request }: RequestState): string {
  const verb = request.kind === 'statement' ? 'wants to run' : request.breakGlass ? 'took (break-glass)' : 'asks for';
  return oneLine(`${nameOf(request.by)} ${verb} ${whatOf(request)}`, 400);
}

export function requestBody(view: RequestView): Html {
  const { state, risk, problem } = view;
  const { request } = state;
  return html`
${problem && html`<p class="error" role="alert">${oneLine(problem, MAX_TEXT)}</p>`}
<p><strong>${statusText(state)}</strong></p>
<dl>
${row('Why', request.reason)}
${row('Who', personText(request.by))}
${row('Database', `${request.database} (${request.environment})`)}
${row('Purpose', request.purpose)}
${row('Application', request.application)}
${request.kind === 'elevation' ? elevationRows(state) : statementRows(state)}
<dt>Risk</dt><dd${risk.level === 'high' ? html` class="high"` : undefined}>${[risk.level, ...risk.reasons].join(' · ')}</dd>
${row('Who decides', request.external ?? request.deciders.join(', '))}
${row('Needs', request.needs > 1 ? `${state.approvals.length} of ${request.needs} approvals` : undefined)}
${row('Undecided, it ends', state.status === 'pending' ? timeText(request.expiresAt) : undefined)}
${row('Request', request.id)}
</dl>
${request.kind === 'statement' && html`<h2>Statement</h2>${statementText(request.statement.sql, view.shown)}`}
${view.mayDecide && state.status === 'pending' ? forms(view) : undefined}
${view.recent && recentList(view.recent)}
<h2>What happened</h2>
<ul>${view.events.map((event) => html`<li>${eventText(event)}</li>`)}</ul>
<p class="soft">The same on a terminal: <code>dbgate review ${request.id}</code></p>`;
}

function row(label: string, value: string | undefined): HtmlValue {
  const text = value === undefined ? '' : oneLine(value, MAX_TEXT);
  return text === '' ? undefined : html`<dt>${label}</dt><dd>${text}</dd>`;
}

function elevationRows({ request, terms }: RequestState): HtmlValue {
  if (request.kind !== 'elevation') return undefined;
  const { access, unmask, tables, durationMs } = request.scope;
  return [
    row('Access', access),
    row('Shows unmasked', unmask === 'all' ? 'every class' : unmask?.join(', ')),
    row('Tables', tables === undefined ? 'all' : tables.join(', ')),
    row('For', durationText(durationMs)),
    row('Approved so far', request.needs > 1 ? termsText(terms) : undefined),
  ];
}

function statementRows({ request, triedRows, triedEffects, hashes }: RequestState): HtmlValue {
  if (request.kind !== 'statement') return undefined;
  const { statement } = request;
  return [
    row('Held by', `${statement.rule}: ${statement.reason}`),
    row('What it does', statement.findings.join(', ')),
    row('Tables', statement.relations.join(', ')),
    row(
      'Columns',
      Object.entries(statement.columns)
        .map(([column, columnClass]) => `${column} (${columnClass})`)
        .join(', '),
    ),
    row('Cascades to', statement.cascades.join(', ')),
    row('Triggers', statement.triggers.join(', ')),
    row(
      'Rows, estimated',
      statement.estimatedRows === undefined ? undefined : String(Math.round(statement.estimatedRows)),
    ),
    row('Rows, counted', triedRows === undefined ? undefined : String(triedRows)),
    row('Rows, table by table', triedEffects && effectsText(triedEffects)),
    row('Bind values', statement.binds > 0 ? String(statement.binds) : undefined),
    row('In a transaction', statement.inTransaction ? 'yes: its locks are kept while it waits' : undefined),
    row('Executions that wait', hashes.length > 1 ? String(hashes.length) : undefined),
  ];
}

function statementText(recorded: string, shown: ReviewedStatement | undefined): Html {
  if (shown === undefined) return html`<pre>${lines(recorded, MAX_SQL)}</pre>`;
  const { own, others, unseen, clear, masked } = shown;
  const isSeen = own.by === 'rights' || others.length > 0;
  return html`<pre>${lines(own.by === 'rights' ? own.sql : recorded, MAX_SQL)}</pre>
${own.by === 'record' && html`<p class="soft">As it is recorded: ${own.why}.</p>`}
${own.by === 'rights' && own.values.length > 0 && html`<h2>Bind values</h2>${valueList(own.values)}`}
${
  others.length > 0 &&
  html`<h2>Others of its shape that wait with it</h2>
<ul>${others.map(({ sql, values, waiting }) => html`<li>${own.by === 'rights' && sql === own.sql ? undefined : html`<pre>${lines(sql, MAX_SQL)}</pre>`}${valueList(values)}${waiting > 1 ? `${waiting} times` : undefined}</li>`)}</ul>`
}
${unseen > 0 && own.by === 'rights' && html`<p class="soft">${String(unseen)} more that wait are not shown here.</p>`}
${isSeen && html`<p class="soft">${oneLine(sightText(clear, masked), MAX_TEXT)}</p>`}`;
}

function valueList(values: readonly (string | null)[]): HtmlValue {
  if (values.length === 0) return undefined;
  return html`<ol>${values.map((value) => html`<li>${value === null ? html`<em>NULL</em>` : html`<code>${oneLine(value, MAX_TEXT)}</code>`}</li>`)}</ol>`;
}

/** By whose eyes it is shown. */
function sightText(clear: readonly string[], masked: readonly string[]): string {
  const parts = [
    clear.length === 0 ? '' : `In the clear for you, and recorded: ${classesText(clear)}.`,
    masked.length === 0 ? '' : `Masked for you, between ‹ and ›: ${classesText(masked)}.`,
  ].filter(Boolean);
  return parts.length === 0 ? 'Nothing in it is masked for you.' : parts.join(' ');
}

function classesText(classes: readonly string[]): string {
  return classes.map((one) => (one === '?' ? 'of no known class' : one)).join(', ');
}

function forms({ state, csrf }: RequestView): Html {
  const { request, triedRows } = state;
  const tried = triedRows !== undefined;
  return html`<section class="panel" aria-label="Decide">
${tried ? html`<p><strong>It ran in a transaction and changed ${triedRows} rows. Keep that, or roll it back?</strong></p>` : undefined}
<form method="post" action="/requests/${request.id}/approve">
<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="tried" value="${String(triedRows ?? '')}">
<label for="approve-reason">Reason (optional)</label><input type="text" id="approve-reason" name="reason" maxlength="2000" autocomplete="off">
${tried ? undefined : request.kind === 'elevation' ? elevationTerms(state) : statementTerms(state)}
<button class="yes" type="submit">${tried ? 'Keep' : 'Approve'}</button>
</form>
<form method="post" action="/requests/${request.id}/deny">
<input type="hidden" name="csrf" value="${csrf}">
<label for="deny-reason">Reason</label><input type="text" id="deny-reason" name="reason" maxlength="2000" autocomplete="off">
<button class="no" type="submit">${tried ? 'Roll back' : 'Deny'}</button>
</form>
</section>`;
}

function elevationTerms({ request }: RequestState): HtmlValue {
  if (request.kind !== 'elevation') return undefined;
  const { durationMs, tables, unmask } = request.scope;
  return html`
<label for="duration">For at most ${durationText(durationMs)}; shorter, such as <code>30m</code></label><input type="text" id="duration" name="duration" pattern="[0-9]{1,9}(s|m|h|d)" autocomplete="off">
<label for="tables">Only these tables, with commas${tables && html` (asked: ${oneLine(tables.join(', '), MAX_TEXT)})`}</label><input type="text" id="tables" name="tables" autocomplete="off">
${
  unmask !== undefined &&
  html`<label for="unmask">Only these classes, with commas (asked: ${unmask === 'all' ? 'all' : unmask.join(', ')})</label><input type="text" id="unmask" name="unmask" autocomplete="off">`
}`;
}

function statementTerms({ request, waiting }: RequestState): HtmlValue {
  if (request.kind !== 'statement') return undefined;
  const { canRollBack } = request.statement;
  const canTry = canRollBack && waiting.length > 0;
  return html`
${canRollBack ? html`<label for="max_rows">Roll back if it changes more rows than</label><input type="number" id="max_rows" name="max_rows" min="0" max="1000000000000" inputmode="numeric">` : undefined}
<label for="times">How many executions (1 if empty)</label><input type="number" id="times" name="times" min="1" max="1000000" inputmode="numeric">
${canTry ? html`<label><input type="checkbox" name="try" value="yes"> Try it first: count the rows, then ask again</label>` : undefined}`;
}

function recentList(recent: readonly RecentStatement[]): Html {
  return html`<h2>What that person did there lately</h2>
${
  recent.length === 0
    ? html`<p class="soft">Nothing that is recorded.</p>`
    : html`<ul>${recent.map(
        (entry) =>
          html`<li><span class="soft">${timeText(Date.parse(entry.at))} · ${entry.decision}${entry.sqlstate === null ? '' : ` · ${oneLine(entry.sqlstate, 10)}`}</span> <code>${oneLine(entry.sql ?? entry.command, MAX_RECENT_SQL)}</code></li>`,
      )}</ul>`
}`;
}

export function statusText({ status, validUntil, request, denied, endedBy }: RequestState): string {
  switch (status) {
    case 'pending':
      return request.external === undefined ? 'Waits for a decision.' : `Waits for ${request.external}.`;
    case 'approved':
      return validUntil === undefined ? 'Approved.' : `Approved, until ${timeText(validUntil)}.`;
    case 'denied':
      return denied === undefined ? 'Denied.' : `Denied by ${nameOf(denied.by)}.`;
    case 'cancelled':
      return 'Withdrawn.';
    case 'expired':
      return 'Nobody decided in time.';
    case 'used':
      return 'Approved, and it ran.';
    case 'ended':
      return 'Its time is over.';
    case 'revoked':
      return endedBy === undefined ? 'Revoked.' : `Revoked by ${nameOf(endedBy)}.`;
    default:
      return status satisfies never;
  }
}

function personText(person: Person): string {
  const name = nameOf(person);
  const full = person.name !== undefined && person.name !== name ? `${person.name} (${name})` : name;
  const acting = person.kind === 'agent' ? `agent ${person.actor ?? ''} for ${full}` : full;
  return person.groups.length === 0 ? acting : `${acting}; ${person.groups.slice(0, 20).join(', ')}`;
}

function termsText({ durationMs, tables, unmask, maxRows, times, tryFirst }: Terms): string {
  return [
    durationMs === undefined ? '' : `for ${durationText(durationMs)}`,
    tables === undefined ? '' : `tables ${tables.join(', ')}`,
    unmask === undefined ? '' : `unmasked ${unmask === 'all' ? 'all' : unmask.join(', ')}`,
    maxRows === undefined ? '' : `at most ${maxRows} rows`,
    times === undefined || times === 1 ? '' : `${times} times`,
    tryFirst === true ? 'tried first' : '',
  ]
    .filter(Boolean)
    .join(', ');
}

function eventText(event: RequestEvent): string {
  const by = 'by' in event ? ` by ${nameOf(event.by)}` : '';
  const via = 'via' in event ? ` (${event.via})` : '';
  const said = 'reason' in event && event.type !== 'ended' && event.reason !== '' ? `: ${event.reason}` : '';
  const terms = event.type === 'approved' ? termsText(event.terms) : '';
  const more =
    event.type === 'requested'
      ? ` by ${nameOf(event.request.by)}`
      : event.type === 'tried'
        ? `, ${event.rows} rows`
        : event.type === 'used'
          ? `, execution ${event.n}`
          : '';
  return oneLine(
    `${timeText(event.at)} ${event.type}${by}${via}${more}${terms === '' ? '' : `, ${terms}`}${said}`,
    MAX_TEXT,
  );
}
