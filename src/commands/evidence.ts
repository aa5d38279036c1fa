import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Option } from 'commander';
import { accessReviewHtml } from '../audit/evidence/access-review-html.ts';
import { FRAMEWORKS, type Framework } from '../audit/evidence/controls.ts';
import { drataPayload, vantaPayload } from '../audit/evidence/custom-evidence.ts';
import type { Evidence } from '../audit/evidence/evidence.ts';
import { oscalAssessmentResults } from '../audit/evidence/oscal.ts';
import { evidenceHtml } from '../audit/evidence/report-html.ts';
import { evidenceJson } from '../audit/evidence/report-json.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { makeDirectory } from '../make-directory.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { accessReviewAnswer, evidenceAnswer } from './evidence-answers.ts';
import { checkPush, push, RECEIVERS, type Receiver, vantaResource } from './evidence-push.ts';
import { readAnswer } from './gateway-answers.ts';
import { parsePointInTime } from './point-in-time.ts';
import { sanitise } from './sanitise.ts';
import { renderTable } from './text-table.ts';

export const evidenceCommand: CommandDefinition = {
  name: 'evidence',
  configure(command) {
    command
      .description(
        'Writes evidence for the controls of a framework out of the record: a report to read and print, JSON, proofs, and what other tools take in. For auditors and administrators; that it was asked for is recorded.',
      )
      .addOption(new Option('--framework <framework>', 'whose controls').choices([...FRAMEWORKS]).makeOptionMandatory())
      .requiredOption('--from <time>', 'where the period begins: 2026-10-01, 2026-10-01T00:00:00Z, 30d')
      .option('--to <time>', 'where it ends (not included); default: now')
      .requiredOption('--out <dir>', 'where the files go: a new directory, or an empty one')
      .option('--db <database>', 'only of this database')
      .addOption(new Option('--push <receiver>', 'send a row for each control to it').choices([...RECEIVERS]));
  },
  async run(context, options) {
    const out = options.out as string;
    const receiver = options.push as Receiver | undefined;
    if (receiver !== undefined) checkPush(context.env, receiver);
    const period = periodParameters(options, Date.now());
    await checkEmpty(out);
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const query = new URLSearchParams(period);
      query.set('framework', options.framework as Framework);
      const evidence = readAnswer(
        evidenceAnswer,
        await client.request('GET', `/v1/evidence?${query}`),
        'GET /v1/evidence',
      );
      const review = readAnswer(
        accessReviewAnswer,
        await client.request('GET', `/v1/access-review?${period}`),
        'GET /v1/access-review',
      );
      const payloads = {
        vanta: vantaPayload(evidence, vantaResource(context.env), client.gateway),
        drata: drataPayload(evidence),
      };
      const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
      const files: Record<string, string> = {
        'evidence.html': evidenceHtml(evidence),
        'evidence.json': json(evidenceJson(evidence)),
        'access-review.html': accessReviewHtml(review),
        'access-review.json': json(review),
        'vanta.json': json(payloads.vanta),
        'drata.json': json(payloads.drata),
      };
      if (evidence.framework === 'nist-800-53') {
        files['assessment-results.oscal.json'] = json(oscalAssessmentResults(evidence));
      }
      for (const [name, proof] of Object.entries(evidence.proofs)) files[join('proofs', name)] = proof;
      await writeFiles(out, files);
      const pushed = receiver === undefined ? undefined : await push(context, receiver, payloads);
      report(context, evidence, out, Object.keys(files).sort(), pushed);
    } finally {
      await client.close();
    }
  },
};

/** Throws `usage`. */
export function periodParameters({ from, to, db }: CommandOptions, now: number): URLSearchParams {
  const since = parsePointInTime(from as string, '--from', now);
  const until = to === undefined ? now : parsePointInTime(to as string, '--to', now);
  if (since >= until) throw new DbgateError(ErrorCode.usage, '--to is not behind --from');
  const query = new URLSearchParams({ since: new Date(since).toISOString(), until: new Date(until).toISOString() });
  if (db !== undefined) query.set('database', db as string);
  return query;
}

/** Files of an older report among new ones would be taken for these. */
async function checkEmpty(dir: string): Promise<void> {
  const there = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new DbgateError(ErrorCode.usage, `cannot read ${dir}: ${error.code}`, { cause: error });
  });
  if (there.length > 0) throw new DbgateError(ErrorCode.usage, `${dir} is not empty`, { hint: 'give another --out' });
}

/** They name people: only their owner reads them. */
async function writeFiles(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  await makeDirectory(join(dir, 'proofs'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600, flag: 'wx' });
}

function report(
  context: CommandContext,
  { framework, gateway, since, until, controls }: Evidence,
  out: string,
  files: readonly string[],
  pushed: number | undefined,
): void {
  const rows = controls.map(({ id, title, shows, gaps }) => ({
    id,
    title,
    counts: Object.fromEntries(shows.map(({ name, count }) => [name, count])),
    gaps: Object.fromEntries(gaps.map(({ name, count }) => [name, count])),
  }));
  const data = {
    framework,
    gateway,
    since,
    until,
    out,
    files,
    controls: rows,
    ...(pushed === undefined ? {} : { pushed }),
  };
  context.print(data, () => {
    const lines = renderTable(
      [
        { title: 'CONTROL', text: ({ id }) => sanitise(id) },
        { title: 'RECORDS', text: ({ counts }) => String(sum(counts)), align: 'right' },
        {
          title: 'GAPS',
          text: ({ gaps }) =>
            sanitise(
              Object.entries(gaps)
                .map(([name, n]) => `${name} ${n}`)
                .join(', '),
            ),
          flexible: true,
        },
      ],
      rows,
      { columns: context.stdout.isTTY === true ? context.columns : undefined, unicode: context.unicode },
    );
    return lines.join('\n');
  });
  context.note(`${files.length} files in ${out}: read evidence.html`);
  if (pushed !== undefined) context.note(`${pushed} rows were taken`);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
