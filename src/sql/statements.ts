/** The registry of statement handlers, by parse node. A statement without one is only walked. */
import { DATA_STATEMENTS } from './data-statements.ts';
import { OBJECT_STATEMENTS } from './object-statements.ts';
import { ROUTINE_STATEMENTS } from './routine-statements.ts';
import { SESSION_STATEMENTS } from './session-statements.ts';
import type { StatementHandler } from './walk.ts';

const HANDLERS: ReadonlyMap<string, StatementHandler> = new Map(
  [DATA_STATEMENTS, OBJECT_STATEMENTS, SESSION_STATEMENTS, ROUTINE_STATEMENTS].flatMap(Object.entries),
);

export function statementHandler(type: string): StatementHandler | undefined {
  return HANDLERS.get(type);
}
