/** The review of access as a page to read and to print. */
import type { AccessReview, ReviewedGrant, ReviewedPerson } from './access-review.ts';
import type { Elevation } from './elevations.ts';
import { html, type Markup, page, table } from './markup.ts';

export function accessReviewHtml(review: AccessReview): string {
  const { gateway, database, since, until, madeAt, people, grants, elevations } = review;
  const agents = people.filter(({ kind }) => kind === 'agent');
  return page(`Review of access: ${gateway}`, [
    html`<h1>Review of access</h1>
<p>Gateway <b>${gateway}</b>, ${database === null ? 'all databases' : html`database <b>${database}</b>`}, from ${since} until ${until} (not included). Made ${madeAt}.</p>
<p>Who could: by the grants as they were configured when this was made, and the groups of each person’s newest session. Who did: by the record.</p>`,
    summary(review),
    section('People', people, personTable),
    section('Agents, and for whom they act', agents, (rows) =>
      table<ReviewedPerson>(
        [
          { title: 'Agent', cell: ({ actors }) => actors.join(', ') },
          { title: 'Acts for', cell: nameOf },
          { title: 'Statements', number: true, cell: ({ did }) => did.reduce((sum, one) => sum + one.statements, 0) },
        ],
        rows,
      ),
    ),
    section('Grants', grants, grantTable),
    section('Requests and elevations', elevations, elevationTable),
  ]);
}

function summary({ summary: said }: AccessReview): Markup {
  const rows: readonly (readonly [string, number])[] = [
    ['people, services and agents known to the record', said.people],
    ['of them active in the period', said.active],
    ['dormant: may come in, did not in the period', said.dormant],
    ['known to the record, without a grant now', said.withoutGrant],
    ['grants', said.grants],
    ['grants unused in the period, or expired', said.unusedGrants],
    ['requests', said.requests],
    ['elevations that nothing ran by', said.unusedElevations],
    ['self-approvals', said.selfApprovals],
    ['uses of break-glass', said.breakGlass],
    ['uses of break-glass that nobody reviewed', said.breakGlassUnreviewed],
  ];
  return table(
    [
      { title: 'What', cell: ([words]) => words },
      { title: 'Count', number: true, cell: ([, count]) => count },
    ],
    rows,
  );
}

function section<Row>(title: string, rows: readonly Row[], body: (rows: readonly Row[]) => Markup): Markup {
  return html`<h2>${title}</h2>${rows.length === 0 ? html`<p class="none">None.</p>` : body(rows)}`;
}

function personTable(people: readonly ReviewedPerson[]): Markup {
  return table<ReviewedPerson>(
    [
      { title: 'Who', cell: (one) => html`${nameOf(one)}<br><code>${one.key}</code>` },
      { title: 'Kind', cell: ({ kind, actors }) => [kind, ...actors].join(' ') },
      { title: 'Groups', cell: ({ groups }) => groups?.join(', ') ?? 'erased' },
      { title: 'Could', cell: ({ could }) => could.map(couldWords).join('; ') },
      { title: 'Did', cell: ({ did }) => did.map(didWords).join('; ') },
      { title: 'Last seen', cell: ({ lastSeen }) => lastSeen },
      { title: 'State', cell: ({ state }) => state },
    ],
    people,
  );
}

function grantTable(grants: readonly ReviewedGrant[]): Markup {
  return table<ReviewedGrant>(
    [
      { title: '#', number: true, cell: ({ number }) => number },
      { title: 'To', cell: ({ to }) => to.join('; ') },
      { title: 'Databases', cell: ({ databases }) => databases.join(', ') },
      { title: 'Access', cell: ({ access, create }) => (create ? `${access}, create` : access) },
      { title: 'Conditions', cell: ({ conditions }) => conditions.join('; ') },
      { title: 'People seen', number: true, cell: ({ people }) => people },
      { title: 'Sessions', number: true, cell: ({ sessions }) => sessions },
      { title: 'State', cell: ({ state }) => state },
    ],
    grants,
  );
}

function elevationTable(elevations: readonly Elevation[]): Markup {
  return table<Elevation>(
    [
      { title: 'Request', cell: ({ request }) => html`<code>${request}</code>` },
      { title: 'Who', cell: ({ who }) => who },
      { title: 'Database', cell: ({ database }) => database },
      {
        title: 'For',
        cell: ({ what, reason, breakGlass }) => `${breakGlass ? 'break-glass: ' : ''}${what}. ${reason ?? ''}`,
      },
      { title: 'Decided', cell: decidedWords },
      { title: 'Time', cell: ({ askedMs, grantedMs }) => `${minutes(grantedMs)} of ${minutes(askedMs)}` },
      { title: 'Used', number: true, cell: ({ used }) => used },
      { title: 'Reviewed', cell: ({ breakGlass, reviewedBy }) => (breakGlass ? (reviewedBy ?? 'not yet') : '') },
    ],
    elevations,
  );
}

export function nameOf({ email, subject }: Pick<ReviewedPerson, 'email' | 'subject'>): string {
  return email ?? subject;
}

export function couldWords({ database, access, create, grants }: ReviewedPerson['could'][number]): string {
  return `${database}: ${access}${create ? ', create' : ''} (grant ${grants.join(', ')})`;
}

export function didWords({
  database,
  sessions,
  statements,
  denied,
  writes,
  ddl,
  classified,
}: ReviewedPerson['did'][number]): string {
  const parts = [`${sessions} sessions`, `${statements} statements`];
  if (writes > 0) parts.push(`${writes} writing`);
  if (ddl > 0) parts.push(`${ddl} ddl`);
  if (classified > 0) parts.push(`${classified} classified`);
  if (denied > 0) parts.push(`${denied} denied`);
  return `${database}: ${parts.join(', ')}`;
}

export function decidedWords({ approvals, status, endedAt }: Elevation): string {
  const yes = approvals.map(({ who, via, at, self }) => `${self ? 'SELF-APPROVED ' : ''}${who} via ${via} at ${at}`);
  return [...yes, endedAt === null ? status : `${status} at ${endedAt}`].join('; ');
}

function minutes(ms: number | null): string {
  return ms === null ? '-' : `${Math.round(ms / 60_000)} min`;
}
