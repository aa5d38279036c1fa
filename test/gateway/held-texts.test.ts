import { describe, expect, it } from 'vitest';
import type { Hold, HoldOutcome } from '../../src/approvals/contract.ts';
import { HeldTexts, MAX_TEXT_BYTES } from '../../src/gateway/held-texts.ts';

const analysis = { statements: [], error: undefined, recordedSql: '', class: 'read' } as const;
const textOf = (sql: string, values?: Buffer) => ({ analysis, sql, types: [], values });

function holdOf(request: string) {
  const { promise, resolve } = Promise.withResolvers<HoldOutcome>();
  const kept = Promise.withResolvers<boolean>();
  const calls: string[] = [];
  const hold: Hold = {
    request,
    link: '',
    outcome: promise,
    tried: () => kept.promise,
    cancel: () => void calls.push('cancel'),
    abandon: () => void calls.push('abandon'),
  };
  return { hold, decide: resolve, keep: kept.resolve, calls };
}

const RUN: HoldOutcome = { kind: 'run', request: 'r-1', maxRows: undefined, confirm: false };
const NO: HoldOutcome = { kind: 'refused', request: 'r-1', why: 'denied', message: '' };

describe('the text of a statement that waits', () => {
  it.each([
    ['is to run', RUN],
    ['is refused', NO],
  ])('is kept until it %s', async (_, outcome) => {
    const texts = new HeldTexts();
    const { hold, decide } = holdOf('r-1');
    const kept = texts.keep(hold, textOf('select 1', Buffer.alloc(4)));
    expect(texts.of('r-1')).toMatchObject({ sql: 'select 1' });
    expect(texts.bytes).toBe(20);
    decide(outcome);
    await kept.outcome;
    expect(texts.of('r-1')).toBeUndefined();
    expect(texts.bytes).toBe(0);
  });

  it.each(['cancel', 'abandon'] as const)('is kept until %s, once', (how) => {
    const texts = new HeldTexts();
    const { hold, calls } = holdOf('r-1');
    const kept = texts.keep(hold, textOf('select 1'));
    kept[how]();
    kept[how]();
    expect(calls).toEqual([how, how]);
    expect([texts.of('r-1'), texts.bytes]).toEqual([undefined, 0]);
  });

  it('that is tried is kept until that is kept or not', async () => {
    const texts = new HeldTexts();
    const { hold, decide, keep } = holdOf('r-1');
    const kept = texts.keep(hold, textOf('select 1'));
    decide({ ...RUN, confirm: true });
    await kept.outcome;
    const tried = kept.tried(3);
    expect(texts.of('r-1')).toMatchObject({ sql: 'select 1' });
    keep(true);
    expect(await tried).toBe(true);
    expect(texts.of('r-1')).toBeUndefined();
  });

  it('of several alike is kept until none of them waits', () => {
    const texts = new HeldTexts();
    const [one, other] = [holdOf('r-1').hold, holdOf('r-1').hold].map((hold) => texts.keep(hold, textOf('select 1')));
    expect(texts.bytes).toBe(16);
    one!.abandon();
    one!.abandon();
    expect(texts.of('r-1')).toMatchObject({ sql: 'select 1' });
    other!.abandon();
    expect([texts.of('r-1'), texts.bytes]).toEqual([undefined, 0]);
  });

  it('is bounded, alone and with all others', () => {
    const texts = new HeldTexts(100);
    texts.keep(holdOf('r-1').hold, textOf('x'.repeat(40)));
    const second = texts.keep(holdOf('r-2').hold, textOf('x'.repeat(40)));
    expect(texts.of('r-2')).toBe('too_long');
    expect(texts.bytes).toBe(80);
    second.abandon();
    expect([texts.of('r-2'), texts.bytes]).toEqual([undefined, 80]);
    const roomy = new HeldTexts();
    roomy.keep(holdOf('r-3').hold, textOf('', Buffer.alloc(MAX_TEXT_BYTES + 1)));
    expect([roomy.of('r-3'), roomy.bytes]).toEqual(['too_long', 0]);
  });
});
