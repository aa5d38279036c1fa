/** A command in a rule: as PostgreSQL reports it, with `*` and `?`, or by another word for the same command. */
import { COMMAND_NAMES } from '../../sql/commands.ts';
import { glob, type Pattern } from './name-pattern.ts';

export const COMMAND_EXPECTS = 'a command of PostgreSQL with `*` and `?`, such as `DELETE`, `TRUNCATE` or `DROP *`';

const SAME: Readonly<Record<string, string>> = {
  ABORT: 'ROLLBACK',
  'ALTER GROUP': 'ALTER ROLE',
  'ALTER USER': 'ALTER ROLE',
  ANALYSE: 'ANALYZE',
  CLOSE: 'CLOSE CURSOR',
  'CREATE GROUP': 'CREATE ROLE',
  'CREATE USER': 'CREATE ROLE',
  DECLARE: 'DECLARE CURSOR',
  'DROP GROUP': 'DROP ROLE',
  'DROP USER': 'DROP ROLE',
  END: 'COMMIT',
  LOCK: 'LOCK TABLE',
  'RELEASE SAVEPOINT': 'RELEASE',
  TRUNCATE: 'TRUNCATE TABLE',
};

/** True: there are commands that it meets. One that is misspelt would guard nothing, without a word. */
export function isCommandPattern(text: string): boolean {
  const pattern = commandPattern(text);
  for (const name of COMMAND_NAMES) if (pattern(name)) return true;
  return false;
}

export function commandPattern(text: string): Pattern {
  const command = text.toUpperCase();
  return glob(Object.hasOwn(SAME, command) ? SAME[command]! : command);
}
