import { describe, expect, it } from 'vitest';
import { errorLines, errorObject } from '../../src/commands/report-error.ts';
import { DbgateError, ErrorCode } from '../../src/errors.ts';

describe('what is said of a failure', () => {
  it('tells each cause once, also where an outer one repeats the inner', () => {
    const bus = new Error('no session bus');
    const store = new Error(`Platform failure: DBus error: ${bus.message}`, {
      cause: new Error(`DBus error: ${bus.message}`, { cause: bus }),
    });
    const error = new DbgateError(ErrorCode.internal, 'cannot read the keychain', { cause: store, hint: 'unlock it' });
    expect(errorLines(error, false)).toEqual([
      'error: cannot read the keychain',
      'cause: Platform failure: DBus error: no session bus',
      'fix: unlock it',
    ]);
    const another = new Error('one', { cause: new Error('two', { cause: new AggregateError([new Error('three')]) }) });
    const wrapped = new DbgateError(ErrorCode.internal, 'it failed', { cause: another });
    expect(errorObject(wrapped).error.cause).toBe('one: two: three');
  });
});
