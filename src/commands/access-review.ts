import type { AccessReview, ReviewedPerson } from '../audit/evidence/access-review.ts';
import { accessReviewHtml, couldWords, decidedWords, didWords, nameOf } from '../audit/evidence/access-review-html.ts';
import { csvLine } from '../audit/export/csv-line.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { CommandContext, CommandDefinition } from './context.ts';
import { periodParameters } from './evidence.ts';
import { accessReviewAnswer } from './evidence-answers.ts';
import { readAnswer } from './gateway-answers.ts';
import { sanitise } from './sanitise.ts';
import { type Column, renderTable } from './text-table.ts';

export const accessReviewCommand: CommandDefinition = {
  name: 'access-review',
  configure(command) {
    command
      .description(
        'Who could reach which database and who did: unused grants, dormant accounts, elevations with who decided them, break-glass that nobody reviewed. For auditors and administrators; that it was asked for is recorded.',
      )
      .requiredOption('--from <time>', 'where the period begins: 2026-10-01, 2026-10-01T00:00:00Z, 90d')
      .option('--to <time>', 'where it ends (not included); default: now')
      .option('--db <database>', 'only of this database')
      .option('--csv', 'as CSV: a line for each person and database')
      .option('--html', 'as a page to read and print');
  },
  async run(context, options) {
    const formats = [context.json, options.csv === true, options.html === true].filter(Boolean);
    if (formats.length > 1) throw new DbgateError(ErrorCode.usage, 'give one of --json, --csv and --html');
    const period = periodParameters(options, Date.now());
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const answer = await client.request('GET', `/v1/access-review?${period}`);
      const review = readAnswer(accessReviewAnswer, answer, 'GET /v1/access-review');
      if (options.html === true) context.stdout.write(accessReviewHtml(review));
      else if (options.csv === true) context.stdout.write(reviewCsv(review));
      else context.print(review, () => reviewText(context, review));
    } finally {
      await client.close();
    }
  },
};

const CSV = [
  ...['who', 'key', 'kind', 'actors', 'groups', 'state', 'last_seen', 'database', 'access', 'create', 'grants'],
  ...['sessions', 'statements', 'writes', 'ddl', 'classified', 'denied'],
];

function reviewCsv({ people }: AccessReview): string {
  return csvLine(CSV) + people.map(personCsv).join('');
}

/** A line for each database that they could or did reach; one alone where there is none. */
function personCsv(person: ReviewedPerson): string {
  const { key, kind, actors, groups, state, lastSeen, could, did } = person;
  const who = [nameOf(person), key, kind, actors.join(' '), groups?.join(' ') ?? '', state, lastSeen];
  const databases = [...new Set([...could, ...did].map(({ database }) => database))].sort();
  if (databases.length === 0) return csvLine([...who, ...CSV.slice(who.length).map(() => '')]);
  return databases
    .map((database) => {
      const may = could.find((one) => one.database === database);
      const done = did.find((one) => one.database === database);
      const may4 = [
        database,
        may?.access ?? '',
        may === undefined ? '' : String(may.create),
        may?.grants.join(' ') ?? '',
      ];
      const done6 = [done?.sessions, done?.statements, done?.writes, done?.ddl, done?.classified, done?.denied];
      return csvLine([...who, ...may4, ...done6.map((count) => count ?? 0)]);
    })
    .join('');
}

function reviewText(context: CommandContext, { summary, people, grants, elevations }: AccessReview): string {
  const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string =>
    renderTable(columns, rows, {
      columns: context.stdout.isTTY === true ? context.columns : undefined,
      unicode: context.unicode,
    }).join('\n');
  const parts = [
    [
      `${summary.people} people, ${summary.active} active, ${summary.dormant} dormant, ${summary.withoutGrant} without a grant now`,
      `${summary.grants} grants, ${summary.unusedGrants} unused or expired`,
      `${summary.requests} requests, ${summary.unusedElevations} elevations that nothing ran by`,
      `${summary.selfApprovals} self-approvals, ${summary.breakGlass} uses of break-glass, ${summary.breakGlassUnreviewed} of them unreviewed`,
    ].join('\n'),
  ];
  if (people.length > 0) {
    parts.push(
      table(
        [
          {
            title: 'WHO',
            text: (one) => sanitise([nameOf(one), ...one.actors.map((actor) => `by ${actor}`)].join(' ')),
          },
          { title: 'STATE', text: ({ state }) => state },
          { title: 'LAST SEEN', text: ({ lastSeen }) => sanitise(lastSeen) },
          { title: 'COULD', text: ({ could }) => sanitise(could.map(couldWords).join('; ')), flexible: true },
          { title: 'DID', text: ({ did }) => sanitise(did.map(didWords).join('; ')), flexible: true },
        ],
        people,
      ),
    );
  }
  if (grants.length > 0) {
    parts.push(
      table(
        [
          { title: 'GRANT', text: ({ number }) => String(number), align: 'right' },
          { title: 'TO', text: ({ to }) => sanitise(to.join('; ')), flexible: true },
          { title: 'DATABASES', text: ({ databases }) => sanitise(databases.join(', ')), flexible: true },
          { title: 'ACCESS', text: ({ access }) => access },
          { title: 'SESSIONS', text: ({ sessions }) => String(sessions), align: 'right' },
          { title: 'STATE', text: ({ state }) => state },
        ],
        grants,
      ),
    );
  }
  if (elevations.length > 0) {
    parts.push(
      table(
        [
          { title: 'REQUEST', text: ({ request }) => sanitise(request) },
          { title: 'WHO', text: ({ who }) => sanitise(who) },
          {
            title: 'FOR',
            text: ({ what, breakGlass }) => sanitise(breakGlass ? `break-glass: ${what}` : what),
            flexible: true,
          },
          { title: 'DECIDED', text: (one) => sanitise(decidedWords(one)), flexible: true },
          { title: 'USED', text: ({ used }) => String(used), align: 'right' },
          {
            title: 'REVIEWED',
            text: ({ breakGlass, reviewedBy }) => sanitise(breakGlass ? (reviewedBy ?? 'not yet') : ''),
          },
        ],
        elevations,
      ),
    );
  }
  return parts.join('\n\n');
}
