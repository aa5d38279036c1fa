/** DO blocks and function bodies whose SQL is not known. */
import { findingRule } from '../finding-rule.ts';

export const noOpaqueCode = findingRule({
  id: 'no-opaque-code',
  kinds: ['dynamic_sql', 'procedural_code'],
  from: { production: 'admin', staging: 'ddl', development: 'write' },
  what: 'code that cannot be read before it runs',
  why: 'its SQL is put together when it runs, or is in a language that dbgate does not read',
  instead: 'write the statements out, without EXECUTE of a text that is put together',
});
