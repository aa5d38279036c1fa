/** Two-phase commit. */
import { findingRule } from '../finding-rule.ts';

export const noPreparedTransaction = findingRule({
  id: 'no-prepared-transaction',
  kinds: ['prepared_transaction'],
  from: { production: 'admin', staging: 'ddl', development: 'write' },
  why: 'a prepared transaction keeps its locks when its session is gone',
});
