import { describe, expect, it } from 'vitest';
import { encodeBind, encodeExecute, encodeParse, FLUSH, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import { bindComplete, complete, error, parseComplete, ready } from './backend-messages.ts';
import { Script } from './script.ts';

const execution = (sql: string): Buffer =>
  Buffer.concat([encodeParse('', sql), encodeBind('', '', []), encodeExecute('')]);
const executed = (tag: string): Buffer => Buffer.concat([parseComplete, bindComplete, complete(tag)]);

/** A session whose records need not be waited for, and a batch of it on its way. */
function batch(...texts: string[]): Script {
  return new Script({ waitForRecord: false }).client(...texts.map(execution), SYNC);
}

const outcomes = (s: Script): [number, string | undefined, string | undefined][] =>
  [...s.outcomes].sort((a, b) => a.n - b.n).map(({ n, sqlstate, fate }) => [n, sqlstate, fate]);

describe('the outcome of an Execute outside a transaction block', () => {
  it('waits for the Sync of its batch', () => {
    const s = batch('write 1').upstream(executed('INSERT 0 1'));
    expect(s.outcomes).toEqual([]);
    s.upstream(ready());
    expect(s.outcomes).toMatchObject([{ n: 1, rows: 1, sqlstate: undefined }]);
    expect(s.outcomes[0]!.fate).toBeUndefined();
  });

  it('takes the time of its own answer, not of the Sync', () => {
    const s = new Script({ waitForRecord: false }).client(execution('write 1'), FLUSH).upstream(executed('INSERT 0 1'));
    s.client(SYNC).upstream(ready());
    expect(s.outcomes).toMatchObject([{ n: 1, ms: 1 }]);
  });

  it('is the error of the Sync', () => {
    const s = batch('write 1').upstream(executed('INSERT 0 1'), error('23503'), ready());
    expect(outcomes(s)).toEqual([[1, '23503', 'rolled_back']]);
    expect(s.session.counters.errors).toBe(1);
  });

  it('is the error of a later statement of the batch, which rolls it back', () => {
    const s = batch('write 1', 'write 2', 'write 3').upstream(executed('INSERT 0 1'), error('23505'), ready());
    expect(outcomes(s)).toEqual([
      [1, '23505', 'rolled_back'],
      [2, '23505', undefined],
      [3, 'DG001', undefined],
    ]);
  });

  it('is the refusal of a later statement of the batch', () => {
    const s = batch('write 1', 'deny it').upstream(executed('INSERT 0 1'), error('42601'), ready());
    expect(outcomes(s)[0]).toEqual([1, '42501', 'rolled_back']);
  });

  it('a pure read is done when it was answered', () => {
    const s = batch('select 1', 'write 2').upstream(executed('SELECT 1'));
    expect(outcomes(s)).toEqual([[1, undefined, undefined]]);
    s.upstream(executed('INSERT 0 1'), error('23503'), ready());
    expect(outcomes(s)).toEqual([
      [1, undefined, undefined],
      [2, '23503', 'rolled_back'],
    ]);
  });

  it('the next batch is another transaction', () => {
    const s = batch('write 1').client(execution('write 2'), SYNC);
    s.upstream(executed('INSERT 0 1'), ready(), executed('INSERT 0 1'), error('23503'), ready());
    expect(outcomes(s)).toEqual([
      [1, undefined, undefined],
      [2, '23503', 'rolled_back'],
    ]);
  });

  it('what COMMIT in the batch has committed lasts', () => {
    const s = batch('write 1', 'commit', 'write 3', 'write 4');
    s.upstream(executed('INSERT 0 1'), executed('COMMIT'), executed('INSERT 0 1'), error('23505'), ready());
    expect(outcomes(s)).toEqual([
      [1, undefined, undefined],
      [2, undefined, undefined],
      [3, '23505', 'rolled_back'],
      [4, '23505', undefined],
    ]);
  });

  it('ROLLBACK in the batch takes it along', () => {
    const s = batch('write 1', 'rollback').upstream(executed('INSERT 0 1'), executed('ROLLBACK'), ready());
    expect(outcomes(s)).toEqual([
      [1, undefined, 'rolled_back'],
      [2, undefined, undefined],
    ]);
  });

  it('is known at once within a transaction block, whose COMMIT has its own', () => {
    const s = new Script({ waitForRecord: false }).client(encodeQuery('begin')).upstream(complete('BEGIN'), ready('T'));
    s.client(execution('write 2'), SYNC).upstream(executed('INSERT 0 1'));
    expect(outcomes(s).at(-1)).toEqual([2, undefined, undefined]);
    s.upstream(error('08000'), ready('E'));
    expect(outcomes(s)).toHaveLength(2);
  });

  it('a block that begins in the batch is one', () => {
    const s = batch('begin', 'write 2', 'write 3');
    s.upstream(executed('BEGIN'), executed('INSERT 0 1'), error('23505'), ready('E'));
    expect(outcomes(s)).toEqual([
      [1, undefined, undefined],
      [2, undefined, undefined],
      [3, '23505', undefined],
    ]);
  });

  it('nobody knows it when the connection is lost before the Sync is answered', () => {
    const s = batch('write 1').upstream(executed('INSERT 0 1')).upstreamEnd();
    expect(outcomes(s)).toEqual([[1, '08006', 'unknown']]);
  });

  it('nobody knows it behind what may have committed', () => {
    const s = batch('write 1', 'call p', 'write 3', 'write 4');
    s.upstream(executed('INSERT 0 1'), executed('CALL'), executed('INSERT 0 1'), error('23505'), ready());
    expect(outcomes(s).slice(0, 3)).toEqual([
      [1, '23505', 'unknown'],
      [2, '23505', 'unknown'],
      [3, '23505', 'rolled_back'],
    ]);
    const failing = batch('write 1', 'call p').upstream(executed('INSERT 0 1'), error('P0001'), ready());
    expect(outcomes(failing)).toEqual([
      [1, 'P0001', 'unknown'],
      [2, 'P0001', undefined],
    ]);
  });

  it('a simple Query behind it ends its transaction', () => {
    const s = new Script({ waitForRecord: false }).client(execution('write 1'), encodeQuery('write 2'));
    s.upstream(executed('INSERT 0 1'), error('23505'), ready());
    expect(outcomes(s)).toEqual([
      [1, '23505', 'rolled_back'],
      [2, '23505', undefined],
    ]);
  });
});
