/**
 * What is asked when a statement waits for an approval: what makes it this one and no other (a hash), what makes it one of
 * many alike (its shape), and what whoever decides should know. In: the session's question. Out: a HoldAsk; never a value
 * of a row, and no literal that the record would not show.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { HoldAsk } from '../approvals/contract.ts';
import type { StatementScope } from '../approvals/request.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ColumnClass } from '../classify/classes.ts';
import type { Principal } from '../identity/principal.ts';
import { writtenName } from '../policy/language/name-pattern.ts';
import { StatementNames } from '../policy/language/statement-names.ts';
import type { Analysis } from '../sql/facts.ts';
import { isWritingFunction } from '../sql/functions.ts';
import { nameParts, qualifiedName } from '../sql/names.ts';
import type { TracedText } from './database-masking.ts';
import type { DatabaseRuntime } from './database-runtime.ts';
import { meaningOf } from './held-meaning.ts';
import { estimateRows, PLANNED } from './planned-rows.ts';
import type { HoldQuestion } from './session/contract.ts';
import { countingOf } from './session/trial-effect.ts';
import { carriedAlong } from './statement-effects.ts';

export interface HoldCircumstances {
  readonly principal: Principal;
  readonly purpose: string | undefined;
  readonly application: string | undefined;
  readonly session: string;
}

/** Facts that take longer are left out: nobody waits for them. */
const FACTS_MS = 2_000;
const MAX_LISTED = 50;

/** What its names stand for now, of those that are not the session's own; undefined: it cannot be told. */
export async function heldMeaning(
  runtime: DatabaseRuntime,
  { analysis, schemas }: HoldQuestion,
): Promise<string | undefined> {
  try {
    const { catalog } = await runtime.masking.freshCatalog();
    return meaningOf(catalog, runtime.withRoutines(analysis).statements, schemas);
  } catch {
    return undefined;
  }
}

/** `meaning`: as `heldMeaning` says. Never rejects for facts that cannot be had. */
export async function heldFacts(
  runtime: DatabaseRuntime,
  question: HoldQuestion,
  at: HoldCircumstances,
  meaning: string | undefined,
): Promise<HoldAsk> {
  const analysis = runtime.withRoutines(question.analysis);
  const [effects, estimatedRows] = await Promise.all([
    inTime(
      classified(runtime, question).then((traced) => effectsOf(traced, question)),
      NO_EFFECTS,
    ),
    inTime(estimateRows(runtime, question, FACTS_MS), undefined),
  ]);
  const { fingerprint, command, class: kind, relations, columns, sql } = recorded(runtime, question);
  const database = runtime.settings.name;
  const statement: StatementScope = {
    hash: hashOf([...exactly(question, at, database), meaning, onceOnly(question)]),
    shape: hashOf(alike({ ...question, analysis }, at, database, fingerprint)),
    sql,
    command,
    class: kind,
    rule: question.rule,
    reason: question.reason,
    relations: relations.map((name) => qualified(runtime.masking.sharedCatalog?.catalog, name, question.schemas)),
    findings: [...new Set(analysis.statements.flatMap((facts) => new StatementNames(facts).words))],
    columns,
    ...effects,
    estimatedRows,
    binds: question.binds,
    session: at.session,
    inTransaction: question.inTransaction,
    canRollBack: question.canRollBack && countingOf(analysis) !== undefined,
  };
  const { principal, purpose, application } = at;
  return { principal, database, purpose, application, approvers: question.approvers, statement };
}

/** Temporary tables and views are the session's own, and may be others by then: such a statement is never sent again. */
function onceOnly({ schemas }: HoldQuestion): string | undefined {
  return schemas.some((schema) => schema.startsWith('pg_temp')) ? randomUUID() : undefined;
}

interface Recorded {
  readonly fingerprint: string;
  readonly command: string;
  readonly class: string;
  readonly relations: readonly string[];
  readonly columns: Readonly<Record<string, ColumnClass>>;
  readonly sql: string;
}

function recorded(runtime: DatabaseRuntime, { analysis, sql }: HoldQuestion): Recorded {
  const { facts, sqlJson } = runtime.records.describe(analysis, sql);
  return { ...JSON.parse(`{${facts}}`), sql: JSON.parse(sqlJson) as string } as Recorded;
}

/** Everything that makes it this very execution. */
function exactly(question: HoldQuestion, at: HoldCircumstances, database: string): (string | Buffer | undefined)[] {
  const { sql, types, values, searchPath, role, user } = question;
  return [sql, types.join(), values, database, ...personParts(at.principal), at.purpose, searchPath, role, user];
}

/**
 * What others must share with it to run by the same approval: everything but literals and bind values, and these too where
 * they may be code, or name what is changed.
 */
function alike(
  question: HoldQuestion,
  at: HoldCircumstances,
  database: string,
  fingerprint: string,
): (string | Buffer | undefined)[] {
  const { analysis, sql, types, values, searchPath, role, user, rule } = question;
  const { application, purpose } = at;
  const where = [database, ...personParts(at.principal), application, purpose, rule, searchPath, role, user];
  const names = JSON.stringify(analysis.statements.map(({ relations, functions }) => [relations, functions]));
  return holdsValuesOnly(analysis) ? [fingerprint, names, ...where] : [sql, types.join(), values, ...where];
}

/** Are its literals nothing but values of rows? */
function holdsValuesOnly({ statements }: Analysis): boolean {
  return statements.every(
    ({ command, nested = [], functions, callsWrite, findings }) =>
      [command, ...nested].every((one) => PLANNED.test(one)) &&
      callsWrite !== true &&
      !findings.some(({ kind }) => kind === 'dangerous_function' || kind === 'dynamic_sql') &&
      !functions.some((name) => isWritingFunction(writtenName(name).name)),
  );
}

function personParts({ issuer, subject, kind, actor }: Principal): (string | undefined)[] {
  return [issuer, subject, kind, actor];
}

/** SHA-256, hex; each part behind its length, so that no two lists of parts are one. */
export function hashOf(parts: readonly (string | Buffer | undefined)[]): string {
  const hash = createHash('sha256').update('dbgate held statement 1\0');
  const length = Buffer.alloc(4);
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    length.writeInt32BE(bytes?.length ?? -1);
    hash.update(length);
    if (bytes !== undefined) hash.update(bytes);
  }
  return hash.digest('hex');
}

type Effects = Pick<StatementScope, 'cascades' | 'triggers'>;
const NO_EFFECTS: Effects = { cascades: [], triggers: [] };

/** Before it is told: a literal is shown only if the columns that it is compared with have been looked at. */
async function classified({ masking }: DatabaseRuntime, { sql, schemas }: HoldQuestion): Promise<TracedText> {
  const traced = masking.sharedCatalog ?? (await masking.freshCatalog());
  return masking.lineageOf({ traced, own: false, searchPath: schemas }, sql);
}

/** What would change besides what the text says. */
function effectsOf({ lineage, world }: TracedText, { analysis, schemas }: HoldQuestion): Effects {
  const { catalog } = world.traced;
  const cascades = new Set<string>();
  const triggers = new Set<string>();
  analysis.statements.forEach((facts, i) => {
    const found = carriedAlong(catalog, facts, lineage?.statements[i], schemas);
    for (const name of found.cascades) cascades.add(name);
    for (const name of found.triggers) triggers.add(name);
  });
  return { cascades: [...cascades].slice(0, MAX_LISTED), triggers: [...triggers].slice(0, MAX_LISTED) };
}

/** With the schema in which the session finds it. */
function qualified(catalog: Catalog | undefined, name: string, schemas: readonly string[]): string {
  const parts = nameParts(name);
  if (catalog === undefined || parts.length !== 1) return name;
  const schema = schemas.find((one) => catalog.relation(one, parts[0]!) !== undefined);
  return schema === undefined ? name : qualifiedName([schema, parts[0]!]);
}

function inTime<T>(work: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), FACTS_MS);
  });
  return Promise.race([work.catch(() => otherwise), late]).finally(() => clearTimeout(timer));
}
