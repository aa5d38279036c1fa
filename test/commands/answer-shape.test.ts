import { describe, expect, it } from 'vitest';
import * as shape from '../../src/commands/answer-shape.ts';

const line = shape.object({
  id: shape.text(/^r-\d+$/),
  rows: shape.number().nullish(),
  kinds: shape.list(shape.oneOf('a', 'b')).default(() => []),
  by: shape.map(shape.integer()).optional(),
  all: shape.either(shape.oneOf('all'), shape.list(shape.text())).nullable(),
});
const whole = { id: 'r-1', rows: 2, kinds: ['a'], by: { x: 1 }, all: 'all' };

describe('the shape of an answer', () => {
  it('takes what fits, leaves out what it does not know, fills in what has a default', () => {
    expect(line.check({ ...whole, more: 1 })).toEqual(whole);
    expect(line.check({ id: 'r-2', all: null, rows: null })).toEqual({ id: 'r-2', all: null, rows: null, kinds: [] });
    expect(line.check({ ...whole, all: ['x'] }).all).toEqual(['x']);
    expect(Object.keys(line.check({ id: 'r-2', all: null }))).toEqual(['id', 'kinds', 'all']);
  });

  it('keeps what it does not know where that is asked for', () => {
    const open = shape.openObject({ id: shape.text() });
    expect(open.check({ id: 'x', more: { deep: [1] } })).toEqual({ id: 'x', more: { deep: [1] } });
    expect(open.safeParse({ more: 1 }).success).toBe(false);
  });

  it.each([
    [null, 'the answer: expected an object, got null'],
    [[], 'the answer: expected an object, got a list'],
    ['x', 'the answer: expected an object, got string'],
    [{ ...whole, id: undefined }, 'id: expected a text, got nothing'],
    [{ ...whole, id: 'r-1x' }, 'id: a text of another form'],
    [{ ...whole, rows: '2' }, 'rows: expected a number, got string'],
    [{ ...whole, rows: Number.NaN }, 'rows: expected a number, got number'],
    [{ ...whole, kinds: null }, 'kinds: expected a list, got null'],
    [{ ...whole, kinds: ['a', 'c'] }, 'kinds[1]: expected "a" or "b", got string'],
    [{ ...whole, by: { x: 1.5 } }, 'by.x: expected an integer, got number'],
    [{ ...whole, by: [] }, 'by: expected an object, got a list'],
    [{ ...whole, all: 'some' }, 'all: expected a list, got string'],
    [{ ...whole, all: undefined }, 'all: expected a list, got nothing'],
  ])('%j: %s', (value, message) => {
    expect(() => line.check(value)).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
    expect(line.safeParse(value)).toMatchObject({ success: false, error: { message } });
  });

  it('says where, never what', () => {
    const result = shape.list(line).safeParse([whole, { ...whole, id: 'secret' }]);
    expect(result).toMatchObject({ success: false, error: { message: '[1].id: a text of another form' } });
  });

  it('tells events apart, and takes none that it does not know', () => {
    const event = shape.tagged(
      'event',
      shape.object({ event: shape.oneOf('at'), n: shape.number() }),
      shape.object({ event: shape.oneOf('end') }),
    );
    expect(event.check({ event: 'at', n: 1 })).toEqual({ event: 'at', n: 1 });
    expect(event.check({ event: 'end', n: 'x' })).toEqual({ event: 'end' });
    expect(event.safeParse({ event: 'at' })).toMatchObject({ error: { message: 'n: expected a number, got nothing' } });
    for (const value of [{}, { event: 'other' }, { event: 1 }, [], null])
      expect(event.safeParse(value).success).toBe(false);
  });

  it('reads no inherited property, and makes none of a prototype', () => {
    expect(line.safeParse(Object.create(whole)).success).toBe(false);
    const parsed = shape.map(shape.map(shape.text())).check(JSON.parse('{"__proto__":{"x":"y"}}'));
    expect(Object.keys(parsed)).toEqual(['__proto__']);
    expect((parsed as { x?: unknown }).x).toBeUndefined();
    const open = shape.openObject({}).check(JSON.parse('{"__proto__":{"x":"y"}}'));
    expect((open as { x?: unknown }).x).toBeUndefined();
  });

  it('of what contains itself', () => {
    interface Tree {
      of?: Tree[] | undefined;
    }
    const tree: shape.Shape<Tree> = shape.later(() => shape.object({ of: shape.list(tree).optional() }));
    expect(tree.check({ of: [{ of: [] }, {}] })).toEqual({ of: [{ of: [] }, {}] });
    expect(tree.safeParse({ of: [{ of: 1 }] })).toMatchObject({
      error: { message: 'of[0].of: expected a list, got number' },
    });
  });
});
