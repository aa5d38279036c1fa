/** From the text of a Query or Parse to a judged statement, and what follows from its facts for the session. */
import type { DenyDecision } from '../../policy/decision.ts';
import type { Analysis } from '../../sql/facts.ts';
import type { SessionSurroundings } from './contract.ts';
import type { SuccessEffect } from './in-flight.ts';
import { isProbeable } from './ownership-probe.ts';
import type { PreparedStatement } from './prepared.ts';

export function judged(around: SessionSurroundings, analysis: Analysis): PreparedStatement {
  return {
    analysis,
    sqlJson: JSON.stringify(analysis.recordedSql),
    decision: around.judge(analysis),
    epoch: around.policyEpoch(),
    pure: around.isPureRead(analysis.statements),
  };
}

/** A cached statement is judged again when policy changed since; its denial, if it is denied. */
export function refusalOf(around: SessionSurroundings, statement: PreparedStatement): DenyDecision | undefined {
  const epoch = around.policyEpoch();
  if (statement.epoch !== epoch) {
    statement.decision = around.judge(statement.analysis);
    statement.epoch = epoch;
  }
  return statement.decision.effect === 'deny' ? statement.decision : undefined;
}

/** Does the decision, or remembering what is created, depend on what names mean now? */
export function needsNames(statement: PreparedStatement): boolean {
  if (statement.decision.effect === 'resolve') return true;
  for (const { targets } of statement.analysis.statements) {
    for (const target of targets) {
      const creates = target.action === 'create' || target.action === 'replace';
      if (creates && !target.temporary && isProbeable(target)) return true;
    }
  }
  return false;
}

const FORGETS_NAMES = new Set(['DEALLOCATE', 'DEALLOCATE ALL', 'DISCARD', 'DISCARD ALL', 'DISCARD PLANS']);

export function successOf({ analysis }: PreparedStatement): SuccessEffect | undefined {
  const schemaChanged = analysis.class === 'ddl' || analysis.class === 'unknown' || analysis.class === 'admin';
  let forgetsNames = false;
  for (const { command } of analysis.statements) if (FORGETS_NAMES.has(command)) forgetsNames = true;
  return schemaChanged || forgetsNames ? { schemaChanged, forgetsNames } : undefined;
}
