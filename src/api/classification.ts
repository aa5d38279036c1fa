/**
 * `GET /v1/databases/{name}/classification`: what the gateway takes each column for, as NDJSON: `status`, a `column` a
 * line, `end`; with `?wait=1` first `status` lines until every table is done, with `?changes=1` the noticed changes
 * instead of the columns. An answer without its `end` is not whole.
 */

import type { ServerResponse } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Classification } from '../classify/classes.ts';
import type { ClassificationChange } from '../gateway/classification-changes.ts';
import type { ClassifiedColumn, Classifier } from '../gateway/classifier.ts';
import { notGranted } from '../gateway/policy-in-force.ts';
import { SECURITY_HEADERS } from './http-answer.ts';
import { writeLine } from './ndjson-line.ts';
import { flagOf, timeOf } from './query-parameters.ts';
import type { ApiOptions, Call } from './router.ts';

const PROGRESS_MS = 1_000;
const FIRST_LOOK_MS = 2_000;
/** A line even if nothing changes, so that whoever waits knows that somebody is there. */
const QUIET_LINES = 10;
const TABLES_AT_ONCE = 25;

export async function classification({ gateway }: ApiOptions, { response, principal, url, name }: Call): Promise<void> {
  const wantsChanges = flagOf(url.searchParams, 'changes');
  const sinceMs = timeOf(url.searchParams, 'since') ?? 0;
  if (gateway.accessOf(principal, name) === undefined) throw notGranted(name, { granted: false, reason: 'none' });
  const runtime = gateway.database(name)!;
  const { classifier } = (await runtime.openMasking()).masking;
  response.writeHead(200, {
    'Content-Type': 'application/x-ndjson',
    ...SECURITY_HEADERS,
  });
  const lines = new Lines(response);
  if (flagOf(url.searchParams, 'wait')) await waitUntilDone(classifier, lines);
  // A small database that is seen for the first time is through by then.
  else await Promise.race([classifier.whenDone(), setTimeout(FIRST_LOOK_MS, undefined, { ref: false })]);
  await lines.write({ event: 'status', ...classifier.status(), unmatched: classifier.unmatchedOverrides() });
  const count = wantsChanges
    ? await writeChanges(await runtime.classificationChanges(sinceMs), lines)
    : await writeColumns(classifier, lines);
  await lines.write({ event: 'end', count });
  response.end();
}

async function waitUntilDone(classifier: Classifier, lines: Lines): Promise<void> {
  let isDone = false;
  const done = classifier.whenDone().then(() => {
    isDone = true;
  });
  let last = '';
  let quiet = 0;
  while (!lines.isGone) {
    await Promise.race([done, setTimeout(PROGRESS_MS, undefined, { ref: false })]);
    if (isDone) return;
    const status = { event: 'status', ...classifier.status() };
    const text = JSON.stringify(status);
    if (text === last && ++quiet < QUIET_LINES) continue;
    last = text;
    quiet = 0;
    await lines.write(status);
  }
}

async function writeColumns(classifier: Classifier, lines: Lines): Promise<number> {
  let columns = 0;
  let tables = 0;
  for (const table of classifier.tables()) {
    if (lines.isGone) break;
    for (const column of table) await lines.write(columnLine(column));
    columns += table.length;
    if (++tables % TABLES_AT_ONCE === 0) await setImmediate();
  }
  return columns;
}

async function writeChanges(changes: readonly ClassificationChange[], lines: Lines): Promise<number> {
  for (const change of changes) {
    if (lines.isGone) break;
    await lines.write({ event: 'change', ...change });
  }
  return changes.length;
}

/** As it counts: what nobody has looked at is taken for sensitive. */
function columnLine({ schema, table, column, type, classification }: ClassifiedColumn): object {
  const { class: found, confidence, evidence, paths, scan } = classification ?? UNSEEN;
  return {
    event: 'column',
    schema,
    table,
    column,
    type,
    sensitive: found !== undefined,
    class: found ?? null,
    confidence,
    evidence: [
      ...evidence.map(({ from, says }) => `${from}: ${says}`),
      ...[...(paths ?? [])].map(([path, columnClass]) => `path ${path}: ${columnClass}`),
      ...(scan ? ['values are looked at on their way out'] : []),
    ],
  };
}

const UNSEEN: Classification = {
  class: 'free_text',
  confidence: 0,
  evidence: [{ from: 'values', says: 'nobody has looked yet' }],
  scan: false,
};

/** NDJSON at the reader's pace. */
class Lines {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get isGone(): boolean {
    return this.#response.destroyed;
  }

  async write(line: object): Promise<void> {
    await writeLine(this.#response, line);
  }
}
