/** From the text of a Query or Parse to a judged statement, and what follows from its facts for the session. */

import type { StatementPlan } from '../../masking/statement-plan.ts';
import type { ResolvedTarget } from '../../policy/context.ts';
import type { Decision, DenyDecision } from '../../policy/decision.ts';
import type { ForesightNeed } from '../../policy/foresight.ts';
import type { Analysis, ObjectTarget, StatementFacts } from '../../sql/facts.ts';
import type { DefinitionQuestion, SessionSurroundings } from './contract.ts';
import { EXECUTE_OF_PARSED, EXECUTE_UNFORESEEN } from './denial.ts';
import { heldToRunLater } from './held-words.ts';
import { type NameEffect, NO_EFFECTS, type SuccessEffect } from './in-flight.ts';
import { isProbeable } from './ownership-probe.ts';
import { type PreparedNames, type PreparedStatement, UNSETTLED } from './prepared.ts';
import type { SchemaMoment } from './schema-clock.ts';
import type { SchemaNames } from './schema-names.ts';
import type { ExecutedForesight } from './waiting.ts';

export function judged(around: SessionSurroundings, analysis: Analysis, sql: string): PreparedStatement {
  return {
    analysis,
    sql,
    decision: around.judge(analysis),
    epoch: around.policyEpoch(),
    fromSql: false,
  };
}

/** A statement is judged again when policy changed since. */
export function decisionOf(around: SessionSurroundings, statement: PreparedStatement): Decision {
  const epoch = around.policyEpoch();
  if (statement.epoch !== epoch) {
    statement.decision = around.judge(statement.analysis);
    statement.epoch = epoch;
  }
  return statement.decision;
}

/** Does it run nothing yet, but make something that others run by its name? */
export function runsLater({ command, prepared }: StatementFacts): boolean {
  return command === 'DECLARE CURSOR' || prepared?.some(({ action }) => action === 'prepare') === true;
}

/** Does the decision depend on what names mean now? */
export function asksForNames({ decision }: PreparedStatement): boolean {
  // One that asks for what only a catalog tells may ask for no name.
  return decision.effect === 'resolve' && (decision.targets.length > 0 || decision.foresee === undefined);
}

/** Does the decision, or remembering what is created, depend on what names mean now? */
export function needsNames(statement: PreparedStatement): boolean {
  if (asksForNames(statement)) return true;
  const { statements } = statement.analysis;
  for (let i = 0; i < statements.length; i++) {
    const { targets } = statements[i]!;
    for (let k = 0; k < targets.length; k++) if (isCreation(targets[k]!)) return true;
  }
  return false;
}

const SCHEMA_CHANGED: SuccessEffect = { schemaChanged: true };

export function successOf({ analysis }: PreparedStatement): SuccessEffect | undefined {
  const { class: highest } = analysis;
  return highest === 'ddl' || highest === 'unknown' || highest === 'admin' ? SCHEMA_CHANGED : undefined;
}

/** May relations, columns, types or routines be others when it is through? */
export function changesSchema(statement: PreparedStatement): boolean {
  return successOf(statement) !== undefined;
}

/** May what came before it take effect with it? */
export function mayCommit({ class: kind, command }: StatementFacts): boolean {
  return kind === 'transaction' || command === 'CALL' || command === 'DO';
}

/** May it be so for other sessions too, or for a cursor that is open? Temporary relations are one session's own. */
export function changesOthers(statement: PreparedStatement): boolean {
  if (!changesSchema(statement)) return false;
  const targets = statement.analysis.statements.flatMap((one) => one.targets);
  return targets.length === 0 || !targets.every(({ action, temporary }) => action === 'create' && temporary);
}

/** The names on which what it reads depends; `vouched`: the definitions that the server vouches for. */
export function namesOf(
  plans: readonly StatementPlan[] | undefined,
  vouched: readonly DefinitionQuestion[],
): SchemaNames {
  if (plans === undefined) return 'all';
  const only = plans[0];
  if (plans.length === 1 && only !== undefined) {
    if (only.namesBehind !== true || only.names === undefined || only.names === 'all') return only.names ?? 'all';
    // Such questions name all that the text names; the very same set for the same question.
    if (vouched.length === 1) return vouched[0]!.names ?? 'all';
  }
  const names = new Set<string>();
  for (const plan of plans) {
    if (plan.names === undefined || plan.names === 'all') return 'all';
    for (const name of plan.names) names.add(name);
  }
  if (!plans.some(({ namesBehind }) => namesBehind === true)) return names;
  if (vouched.length === 0) return 'all';
  for (const question of vouched) {
    if (question.names === undefined) return 'all';
    for (const name of question.names) names.add(name);
  }
  return names;
}

/** Everything whose meaning has to be asked for: what policy asks, and what may come into being. */
export function namesToAskFor(statement: PreparedStatement): ObjectTarget[] {
  const targets = statement.decision.effect === 'resolve' ? [...statement.decision.targets] : [];
  for (const facts of statement.analysis.statements) {
    for (const target of facts.targets) if (isCreation(target)) targets.push(target);
  }
  return targets;
}

function isCreation(target: ObjectTarget): boolean {
  return (target.action === 'create' || target.action === 'replace') && !target.temporary && isProbeable(target);
}

/**
 * What PREPARE, DEALLOCATE and DISCARD in SQL do to the names that the protocol uses too. In a simple Query each takes
 * effect by itself, even if a later statement fails; `batch` is that of an Execute.
 */
export function nameEffects(
  names: PreparedNames,
  statement: PreparedStatement,
  batch: number,
  plans: readonly StatementPlan[] | undefined,
  moment: SchemaMoment | undefined,
  restsOn: readonly DefinitionQuestion[],
): readonly NameEffect[] {
  const { statements } = statement.analysis;
  let effects: NameEffect[] | undefined;
  for (let i = 0; i < statements.length; i++) {
    const plan = plans?.[i];
    if (plan?.defines?.kind === 'cursor') {
      effects ??= [];
      effects.push(names.expectCursor(plan.defines.name, plan, { batch, after: i + 1 }, moment, restsOn));
    }
    if (statements[i]!.command === 'CLOSE CURSOR') {
      effects ??= [];
      effects.push(
        names.expectCursorGone(statements.length > 1 ? undefined : closedCursor(statement.sql), batch, i + 1),
      );
    }
    const { prepared } = statements[i]!;
    if (prepared === undefined) continue;
    for (const { action, name } of prepared) {
      if (action === 'execute') continue;
      const value = action === 'prepare' ? { ...statement, fromSql: true, index: i } : undefined;
      effects ??= [];
      effects.push(names.expectStatement(name === undefined ? undefined : serverName(name), value, batch, i + 1));
    }
  }
  return effects ?? NO_EFFECTS;
}

/** Undefined: all, or it is written in another way; what is forgotten is redacted. */
function closedCursor(sql: string): string | undefined {
  const [, quoted, plain] = /^\s*close\s+(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))\s*;?\s*$/i.exec(sql) ?? [];
  if (quoted !== undefined) return quoted.replaceAll('""', '"');
  return plain?.toLowerCase() === 'all' ? undefined : plain?.toLowerCase();
}

/** What EXECUTE runs rests on more than its text. */
export interface UnforeseenExecute {
  readonly effect: 'foresee';
  readonly executed: PreparedStatement;
  readonly needs: readonly ForesightNeed[];
}

/**
 * EXECUTE in SQL of a statement that came by Parse would run what was to be judged when it is bound, and the record
 * would show its name only; one of PREPARE was judged then, maybe by another policy, and by what its names stood for then.
 * `UNSETTLED`: not known yet which it is.
 */
export function executeRefusal(
  around: SessionSurroundings,
  names: PreparedNames,
  { analysis }: PreparedStatement,
  batch: number,
  known: readonly ExecutedForesight[] = NOTHING_FORESEEN,
): DenyDecision | UnforeseenExecute | undefined | typeof UNSETTLED {
  const { statements } = analysis;
  for (let i = 0; i < statements.length; i++) {
    const { prepared } = statements[i]!;
    if (prepared === undefined) continue;
    for (const { action, name } of prepared) {
      if (action !== 'execute' || name === undefined) continue;
      const found = names.statement(serverName(name), batch);
      if (found === UNSETTLED) return UNSETTLED;
      if (found === undefined) continue;
      if (!found.fromSql) return EXECUTE_OF_PARSED;
      let decision = decisionOf(around, found);
      if (decision.effect === 'resolve' && decision.foresee !== undefined) {
        // What is beside either of them may change what names stand for.
        const isAlone = statements.length === 1 && found.analysis.statements.length === 1;
        if (!isAlone || decision.targets.length > 0) return EXECUTE_UNFORESEEN;
        const foreseen = known.find(({ statement }) => statement === found)?.foreseen;
        if (foreseen === undefined) return { effect: 'foresee', executed: found, needs: decision.foresee };
        decision = around.judgeResolved(found.analysis, NO_TARGETS, foreseen);
        if (decision.effect === 'resolve') return EXECUTE_UNFORESEEN;
      }
      if (decision.effect !== 'deny') continue;
      const denied = decision.held === true && around.canHold?.() === true ? heldToRunLater(decision) : decision;
      // It is a place in the text of PREPARE.
      return { ...denied, position: undefined };
    }
  }
  return undefined;
}

/** Names of prepared statements that it runs by EXECUTE. */
export function executedBy({ analysis }: PreparedStatement): readonly string[] {
  let names: string[] | undefined;
  const { statements } = analysis;
  for (let i = 0; i < statements.length; i++) {
    const { prepared } = statements[i]!;
    if (prepared === undefined) continue;
    for (const { action, name } of prepared) {
      if (action === 'execute' && name !== undefined) (names ??= []).push(serverName(name));
    }
  }
  return names ?? NO_NAMES;
}

const NO_NAMES: readonly string[] = [];
const NO_TARGETS: readonly ResolvedTarget[] = [];
const NOTHING_FORESEEN: readonly ExecutedForesight[] = [];

/** As `objectName` cuts names. */
function serverName(name: string): string {
  const bytes = Buffer.from(name);
  return bytes.length <= 63 ? name : bytes.toString('utf8', 0, 63);
}
