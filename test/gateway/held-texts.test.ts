import { describe, expect, it } from 'vitest';
import { HeldTexts, MAX_TEXT_BYTES } from '../../src/gateway/held-texts.ts';

const analysis = { statements: [], error: undefined, recordedSql: '', class: 'read' } as const;
const textOf = (sql: string, values?: Buffer) => ({ analysis, sql, types: [], values });

function holdOf(request: string) {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  return {
    hold: { request, over },
    end: async () => {
      end();
      await over;
    },
  };
}

const sqlOf = (texts: HeldTexts, request: string) =>
  texts.of(request).map(({ hash, text, holds }) => [hash, text?.sql, holds]);

describe('the text of a statement that waits', () => {
  it('is kept until that is over', async () => {
    const texts = new HeldTexts();
    const { hold, end } = holdOf('r-1');
    texts.keep(hold, 'a', textOf('select 1', Buffer.alloc(4)));
    expect(sqlOf(texts, 'r-1')).toEqual([['a', 'select 1', 1]]);
    expect(texts.bytes).toBe(20);
    await end();
    expect([texts.of('r-1'), texts.bytes]).toEqual([[], 0]);
  });

  it('of several that are the same is kept once, until none of them waits', async () => {
    const texts = new HeldTexts();
    const [one, other] = [holdOf('r-1'), holdOf('r-1')];
    for (const { hold } of [one, other]) texts.keep(hold, 'a', textOf('select 1'));
    expect([sqlOf(texts, 'r-1'), texts.bytes]).toEqual([[['a', 'select 1', 2]], 16]);
    await one.end();
    expect(sqlOf(texts, 'r-1')).toEqual([['a', 'select 1', 1]]);
    await other.end();
    expect([texts.of('r-1'), texts.bytes]).toEqual([[], 0]);
  });

  it('of each execution of a shape is kept by itself', async () => {
    const texts = new HeldTexts();
    const [one, other] = [holdOf('r-1'), holdOf('r-1')];
    texts.keep(one.hold, 'a', textOf('select 1'));
    texts.keep(other.hold, 'b', textOf('select 2'));
    texts.keep(holdOf('r-2').hold, 'b', textOf('select 2'));
    expect(sqlOf(texts, 'r-1').map(([, sql]) => sql)).toEqual(['select 1', 'select 2']);
    await one.end();
    expect(sqlOf(texts, 'r-1')).toEqual([['b', 'select 2', 1]]);
    expect(texts.bytes).toBe(32);
  });

  it('is bounded, alone and with all others', async () => {
    const texts = new HeldTexts(100);
    texts.keep(holdOf('r-1').hold, 'a', textOf('x'.repeat(40)));
    const second = holdOf('r-2');
    texts.keep(second.hold, 'b', textOf('x'.repeat(40)));
    expect(sqlOf(texts, 'r-2')).toEqual([['b', undefined, 1]]);
    expect(texts.bytes).toBe(80);
    await second.end();
    expect([texts.of('r-2'), texts.bytes]).toEqual([[], 80]);
    const roomy = new HeldTexts();
    roomy.keep(holdOf('r-3').hold, 'c', textOf('', Buffer.alloc(MAX_TEXT_BYTES + 1)));
    expect([sqlOf(roomy, 'r-3'), roomy.bytes]).toEqual([[['c', undefined, 1]], 0]);
  });
});
