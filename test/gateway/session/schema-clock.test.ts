import { describe, expect, it } from 'vitest';
import { SchemaClock } from '../../../src/gateway/session/schema-clock.ts';

describe('the clock of a schema', () => {
  const [one, other, third] = [{}, {}, {}];

  it('stands still for who only reads', () => {
    const clock = new SchemaClock();
    const moment = clock.moment(one);
    clock.goOn(one);
    expect([clock.hasMoved(moment), clock.isTellable(moment)]).toEqual([false, true]);
  });

  it('moves with a change, and with what may make it take effect', () => {
    const clock = new SchemaClock();
    clock.change(other, false);
    const during = clock.moment(one);
    expect([during.isOpen, clock.moment(other).isOpen]).toEqual([true, false]);
    const own = clock.moment(other);
    clock.goOn(other);
    expect([clock.hasMoved(during), clock.hasMoved(own)]).toEqual([true, true]);
    clock.end(other);
    expect(clock.hasMoved(clock.moment(one))).toBe(false);
  });

  it('is read anew behind a change, for the same names as for others', () => {
    const clock = new SchemaClock();
    const [names, others] = [new Set(['a']), new Set(['b'])];
    const before = clock.moment(one, names);
    expect(clock.moment(one, others).names).toBe(others);
    expect(clock.moment(one, names).names).toBe(names);
    clock.change(other, false, names);
    expect(clock.moment(one, names).isOpen).toBe(true);
    clock.end(other);
    const behind = clock.moment(one, names);
    expect([before, behind].map((moment) => clock.hasMoved(moment))).toEqual([true, false]);
  });

  it('can be told from one look after one change, not after two: the second may undo the first', () => {
    const clock = new SchemaClock();
    const before = clock.moment(one);
    clock.change(other, false);
    clock.goOn(other);
    expect(clock.isTellable(before)).toBe(true);
    clock.change(third, true);
    expect(clock.isTellable(before)).toBe(false);
    const inFlight = clock.moment(one);
    clock.change(other, true);
    expect(clock.isTellable(inFlight)).toBe(false);
  });
});
