/**
 * What is said of columns, to the letter: class, confidence, evidence, whether it is scanned, its paths. A line for each
 * column that is judged by its values; a digest for each labelled application, by names and with values. What only
 * makes judging faster changes none of it: `node test/classify/verdicts.ts` writes them anew where rules were changed.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Classification, ColumnSubject } from '../../src/classify/classes.ts';
import { classifyTable } from '../../src/classify/classify-column.ts';
import { businessTable } from './business-columns.ts';
import { CLEAR, column, type R, SENSITIVE } from './made-columns.ts';
import { apps, judge } from './measure-corpus.ts';
import { valuedTables } from './with-values.ts';

export const FILE = join(import.meta.dirname, 'verdicts.txt');

const said = ({ class: kind, confidence, evidence, scan, paths }: Classification): string =>
  JSON.stringify([
    kind ?? '-',
    confidence,
    scan,
    evidence.map(({ from, says }) => `${from}: ${says}`),
    [...(paths ?? [])],
  ]);

const digest = (lines: readonly string[]): string =>
  `${lines.length} ${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32)}`;

type Judge = (subjects: readonly ColumnSubject[]) => string[];

const judged: Judge = (subjects) => classifyTable(subjects).map(said);

/** As the rows of a sample are decoded: what is distinct is told with the values. */
const judgedAsDecoded: Judge = (subjects) =>
  judged(
    subjects.map((subject) => {
      const { values = [] } = subject;
      const arePlain = values.every((value) => value !== '' && value === value.trim());
      if (!arePlain || subject.values === undefined) return subject;
      const distinct = [...new Set(values)];
      const at = new Map(distinct.map((value, place) => [value, place]));
      return distinct.length === values.length
        ? { ...subject, distinct }
        : { ...subject, distinct, places: Int32Array.from(values, (value) => at.get(value)!) };
    }),
  );

interface Kind {
  readonly what: string;
  readonly make: (r: R, i: number) => string;
  readonly type: string | undefined;
}
const KINDS: readonly Kind[] = [
  ...SENSITIVE.map(([, what, make, type]) => ({ what, make, type })),
  ...CLEAR.map(([what, make, type]) => ({ what, make, type })),
];

/** What half of the rows hold, and what hardly any does. */
const AMONG = [2, 40];

function* ofKinds(judged: Judge): Generator<string> {
  for (const [at, { what, make, type }] of KINDS.entries()) {
    for (const rows of [12, 600]) yield `${what}, ${rows} rows: ${judged([column(make, type, rows)])}`;
    for (const every of AMONG) {
      const other = KINDS[(at * 7 + every) % KINDS.length]!;
      const mixed = (r: R, i: number) => (i % every === 0 ? other.make(r, i) : make(r, i));
      yield `${what}, one of ${every} ${other.what}: ${judged([column(mixed, 'text', 300)])}`;
    }
    const framed = (r: R, i: number) => JSON.stringify({ a: make(r, i), b: [i, { c: `see ${make(r, i)} there` }] });
    yield `${what} in documents: ${judged([column(framed, 'jsonb', 150)])}`;
    yield `${what} inside: ${judged([column((r, i) => `of 12 ${make(r, i)}: done`, 'text', 150)])}`;
  }
}

function* ofColumns(judged: Judge): Generator<string> {
  yield* ofKinds(judged);
  for (const named of [true, false])
    for (const rows of [20, 1_000])
      for (const line of judged(businessTable(named, rows))) yield `business, ${rows} rows: ${line}`;
}

/** What `verdicts` begins with, of the same values as they are when they come from a server. */
export const ofDecodedColumns = (): Generator<string> => ofColumns(judgedAsDecoded);

/** One verdict a line. */
export function* verdicts(): Generator<string> {
  yield* ofColumns(judged);
  for (const app of apps()) yield `${app}: ${digest(judge(app).map(({ classification }) => said(classification)))}`;
  const byApp = Map.groupBy(
    [...valuedTables(apps())].filter(({ made }) => made.size > 0),
    ({ columns }) => columns[0]!.app,
  );
  for (const [app, tables] of byApp)
    yield `${app} with values: ${digest(tables.flatMap(({ subjects }) => judged(subjects)))}`;
}

if (import.meta.main) writeFileSync(FILE, `${[...verdicts()].join('\n')}\n`);
