/** May this object be changed without more access: is it temporary, one's own, or not there at all? */
import type { ObjectTarget } from '../sql/facts.ts';
import type { ResolvedTarget } from './context.ts';
import type { Question } from './rule.ts';

export type Ownership = 'exempt' | 'not_own' | 'unknown' | 'uncertain_name';

/**
 * `unknown`: ask the session. `uncertain_name`: a statement before it in the same text may change what the name means by
 * the time it runs (`SET search_path`, a dropped temporary table), so no look-up now can tell.
 */
export function ownershipOf(target: ObjectTarget, question: Question): Ownership {
  if (target.temporary) return 'exempt';
  if (target.lookup === undefined && target.ofOwn === undefined) return 'not_own';
  if (target.givenTo !== undefined && target.givenTo !== question.context.role) return 'not_own';
  // Whatever the search_path says, it is looked for in every schema.
  if (target.kind !== 'routine' && nameMayChange(target.name, question)) return 'uncertain_name';
  const { resolved, create } = question.context;
  if (resolved === undefined) return 'unknown';
  const found = resolved.find(
    ({ target: one }) => one.kind === target.kind && one.lookup === target.lookup && one.columns === undefined,
  );
  if (target.ofOwn !== undefined) {
    const { ofOwn } = target;
    const owner = resolved.find((one) => one.target.kind === 'relation' && one.target.lookup === ofOwn);
    if (owner !== undefined && !owner.own && !owner.temporary) return 'exempt';
  }
  if (found === undefined) return 'not_own';
  // What is not there cannot be harmed: Postgres says so itself.
  if (found.oid === undefined) return 'exempt';
  const isOwn = (one: ResolvedTarget): boolean =>
    one.temporary || (one.own && create && !(target.cascade === true && one.othersDepend !== false));
  if (target.rows === true ? !found.isView && isOwn(found) : isOwn(found)) return 'exempt';
  const lists = resolved.filter(
    ({ target: one, oid }) =>
      oid !== undefined &&
      one.columns !== undefined &&
      target.unless?.some(({ relation, columns }) => relation === one.lookup && `${columns}` === `${one.columns}`),
  );
  return lists.some((one) => !one.isView && isOwn(one)) ? 'exempt' : 'not_own';
}

/** All names that have to be looked up to judge a target. */
export function namesOf(target: ObjectTarget): ObjectTarget[] {
  if (target.unless === undefined && target.ofOwn === undefined) return [target];
  const partners = (target.unless ?? []).map(({ relation, columns }): ObjectTarget => {
    return { ...target, lookup: relation, name: relation, unless: [], columns };
  });
  const { ofOwn, ...itself } = target;
  if (ofOwn !== undefined) partners.push({ ...itself, lookup: ofOwn, name: ofOwn, unless: [] });
  return [target, ...partners];
}

/** Leave names meaning what they meant, as long as they call no function: functions, triggers and views may run anything. */
const KEEPS_NAMES = new Set([
  'BEGIN',
  'START TRANSACTION',
  'SAVEPOINT',
  'SHOW',
  'ANALYZE',
  'VACUUM',
  'LOCK TABLE',
  'COMMENT',
  'CREATE INDEX',
  'CREATE TABLE',
  'CREATE VIEW',
  'CREATE SEQUENCE',
]);
/** Change what the names that they name mean, and no other. */
const CHANGES_OWN_NAMES = /^(?:DROP|ALTER) (?:TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|INDEX|FUNCTION|PROCEDURE)$/;

/** Past so many statements before it, nobody looks. */
const MAX_EARLIER = 100;

/** May a statement before it in the same text change what the name means? */
export function nameMayChange(name: string, { analysis, index }: Pick<Question, 'analysis' | 'index'>): boolean {
  if (index > MAX_EARLIER) return true;
  for (let i = 0; i < index; i++) {
    const earlier = analysis.statements[i];
    if (earlier === undefined || earlier.functions.some((name) => !name.startsWith('.'))) return true;
    const names = (): boolean => earlier.targets.some((one) => sameBareName(one.name, name));
    // What is not there yet may be a view by then, which shows the rows of others.
    if (earlier.command === 'CREATE VIEW' && names()) return true;
    if (KEEPS_NAMES.has(earlier.command)) continue;
    if (!CHANGES_OWN_NAMES.test(earlier.command)) return true;
    if (names()) return true;
  }
  return false;
}

function sameBareName(a: string, b: string): boolean {
  const bare = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
  return bare(a) === bare(b);
}
