import fc from 'fast-check';
import { renderToString } from 'ink';
import { describe, expect, it } from 'vitest';
import { reviewKeys } from '../../src/views/review-live.tsx';
import {
  press,
  type ReviewDetail,
  type ReviewEffect,
  type ReviewItem,
  type ReviewKey,
  type ReviewState,
  reviewList,
  withDetail,
  withItems,
} from '../../src/views/review-state.ts';
import { ReviewView } from '../../src/views/review-view.tsx';

const item = (id: string, changes: Partial<ReviewItem> = {}): ReviewItem => ({
  id,
  who: 'dana@example.test',
  database: 'app',
  asks: 'ddl for 1h',
  risk: 'high',
  age: '3m ago',
  ...changes,
});
const ITEMS = [item('r-1'), item('r-2', { risk: 'low' }), item('r-3')];
const DETAIL: ReviewDetail = {
  id: 'r-2',
  kind: 'elevation',
  waiting: 0,
  rows: [
    ['who', 'dana@example.test'],
    ['why', 'because of a very long story that goes on and on and does not fit into one line'],
  ],
  recent: ['12:00  SELECT 1  (allow)'],
  events: ['12:01  requested by dana@example.test'],
  mayDecide: true,
  mayReview: false,
};

const typed = (text: string): ReviewKey[] => [...text].map((character) => ({ kind: 'text', text: character }));
const key = (kind: Exclude<ReviewKey['kind'], 'text'>): ReviewKey => ({ kind });

function play(state: ReviewState, keys: readonly ReviewKey[]): { state: ReviewState; effects: ReviewEffect[] } {
  const effects: ReviewEffect[] = [];
  for (const one of keys) {
    const pressed = press(state, one);
    state = pressed.state;
    if (pressed.effect !== undefined) effects.push(pressed.effect);
  }
  return { state, effects };
}

const draw = (state: ReviewState, columns = 60, rows = 24, unicode = true) =>
  renderToString(<ReviewView state={state} unicode={unicode} columns={columns} rows={rows} />, { columns })
    .replace(/\u001b\[[\d;]*m/g, '')
    .split('\n')
    .map((line) => line.trimEnd());

describe('keys of a review', () => {
  it('down, Enter opens; a, a reason, Enter approves', () => {
    const opened = play(reviewList(ITEMS), [key('down'), key('enter')]);
    expect(opened.effects).toEqual([{ kind: 'open', id: 'r-2' }]);
    const decided = play(withDetail(opened.state, DETAIL), [
      ...typed('s30m'),
      key('enter'),
      ...typed('afine'),
      key('backspace'),
      ...typed('e by me'),
      key('enter'),
    ]);
    expect(decided.effects).toEqual([
      {
        kind: 'approve',
        id: 'r-2',
        reason: 'fine by me',
        terms: { duration: '30m', maxRows: '', times: '', tryFirst: false },
      },
    ]);
    expect(decided.state.mode).toBe('busy');
    expect(play(decided.state, typed('aaq')).effects).toEqual([]);
  });

  it('a denial needs a reason, and carries no terms', () => {
    const state = withDetail(reviewList(ITEMS), DETAIL);
    const empty = play(state, [...typed('d'), key('enter')]);
    expect(empty.effects).toEqual([]);
    expect(empty.state.message).toMatch(/say why/);
    expect(play(state, [...typed('s1h'), key('enter'), ...typed('dno'), key('enter')]).effects).toEqual([
      { kind: 'deny', id: 'r-2', reason: 'no', terms: { duration: '', maxRows: '', times: '', tryFirst: false } },
    ]);
  });

  it('Esc goes back a step, never decides', () => {
    const { state, effects } = play(withDetail(reviewList(ITEMS), DETAIL), [
      ...typed('ayes'),
      key('escape'),
      key('escape'),
      key('escape'),
    ]);
    expect(effects).toEqual([{ kind: 'quit' }]);
    expect(state.mode).toBe('list');
  });

  it('who may not decide cannot, and break-glass is only looked at', () => {
    const state = withDetail(reviewList([]), { ...DETAIL, mayDecide: false, mayReview: true });
    expect(play(state, [...typed('a'), key('enter'), ...typed('d'), key('enter')]).effects).toEqual([]);
    expect(play(state, [...typed('vseen'), key('enter')]).effects).toMatchObject([{ kind: 'review', reason: 'seen' }]);
  });

  it('terms of a statement are its own', () => {
    const state = withDetail(reviewList([]), { ...DETAIL, kind: 'statement' });
    expect(play(state, [...typed('m10'), key('enter'), ...typed('ta'), key('enter')]).effects).toMatchObject([
      { kind: 'approve', terms: { duration: '', maxRows: '10', tryFirst: true } },
    ]);
    expect(play(state, typed('s')).state.mode).toBe('detail');
    // Nobody else waits: one, unless more is typed.
    expect(play(state, [...typed('n'), key('enter'), ...typed('a'), key('enter')]).effects).toMatchObject([
      { terms: { times: '' } },
    ]);
    const batch = withDetail(reviewList([]), { ...DETAIL, kind: 'statement', waiting: 10 });
    expect(play(batch, typed('n')).state.input).toBe('10');
    expect(play(batch, [...typed('n'), key('enter'), ...typed('a'), key('enter')]).effects).toMatchObject([
      { kind: 'approve', terms: { times: '10', tryFirst: false } },
    ]);
    expect(play(batch, [...typed('a'), key('enter')]).effects).toMatchObject([{ terms: { times: '' } }]);
  });

  it('terms of one request are never taken to another', () => {
    const first = play(withDetail(reviewList(ITEMS), DETAIL), [...typed('s5m'), key('enter')]);
    const other = play(withDetail(first.state, { ...DETAIL, id: 'r-3' }), [...typed('a'), key('enter')]);
    expect(other.effects).toMatchObject([{ id: 'r-3', terms: { duration: '' } }]);
  });

  it('whatever is pressed: what is decided is what was shown, by a decider, after a and Enter or d and Enter', () => {
    const keys = fc.oneof(
      fc.constantFrom<ReviewKey>(key('up'), key('down'), key('enter'), key('escape'), key('backspace')),
      fc.constantFrom(...typed('adsvmntqjk x1')),
    );
    fc.assert(
      fc.property(fc.array(keys, { maxLength: 40 }), fc.boolean(), (pressed, mayDecide) => {
        let state = reviewList(ITEMS);
        let shown: string | undefined;
        for (const one of pressed) {
          const before = state.mode;
          const { state: after, effect } = press(state, one);
          state = after;
          if (effect?.kind === 'open') {
            shown = effect.id;
            state = withDetail(state, { ...DETAIL, id: effect.id, mayDecide });
          } else if (effect?.kind === 'approve' || effect?.kind === 'deny') {
            expect(mayDecide).toBe(true);
            expect(one.kind).toBe('enter');
            expect(before).toBe(effect.kind);
            expect(effect.id).toBe(shown);
            state = { ...state, mode: 'detail', input: '' };
          }
          expect(state.selected).toBeGreaterThanOrEqual(0);
          expect(state.selected).toBeLessThan(ITEMS.length);
        }
      }),
    );
  });

  it('a list that changes keeps what is selected', () => {
    const { state } = play(reviewList(ITEMS), [key('down')]);
    expect(withItems(state, [item('r-0'), ...ITEMS]).selected).toBe(2);
    expect(withItems(state, [item('r-9')]).selected).toBe(0);
    expect(withItems(state, []).selected).toBe(0);
  });

  it('what is pasted is text, without line ends that would send it', () => {
    expect(reviewKeys('two\r\nlines\u001b', {})).toEqual([{ kind: 'text', text: 'two lines ' }]);
    expect(reviewKeys('c', { ctrl: true })).toEqual([{ kind: 'interrupt' }]);
    expect(reviewKeys('', { return: true })).toEqual([{ kind: 'enter' }]);
  });
});

describe('the view of a review', () => {
  it('a list', () => {
    expect(draw(play(reviewList(ITEMS), [key('down')]).state, 70)).toEqual([
      '3 requests wait for you',
      '  r-1 high app dana@example.test: ddl for 1h (3m ago)',
      '› r-2 low app dana@example.test: ddl for 1h (3m ago)',
      '  r-3 high app dana@example.test: ddl for 1h (3m ago)',
      'up, down, Enter opens, q quits',
    ]);
    expect(draw(reviewList([]))).toEqual(['nothing waits for you', 'q quits']);
  });

  it('a long list is a window around what is selected', () => {
    const many = Array.from({ length: 100 }, (_, i) => item(`r-${i}`));
    const { state } = play(
      reviewList(many),
      Array.from({ length: 50 }, () => key('down')),
    );
    const lines = draw(state, 60, 12);
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines.some((line) => line.startsWith('› r-50 '))).toBe(true);
  });

  it('a request, wrapped, and its keys', () => {
    const lines = draw(withDetail(reviewList(ITEMS), DETAIL), 40);
    expect(lines).toContain('who        dana@example.test');
    expect(lines).toContain('why        because of a very long story');
    expect(lines).toContain('           that goes on and on and does');
    expect(lines).toContain('what this person ran here lately');
    expect(lines.at(-1)).toMatch(/^a approve, d deny/);
  });

  it('scrolls where it does not fit, and asks for a reason at the end', () => {
    const { state } = play(withDetail(reviewList(ITEMS), DETAIL), [...typed('jaok')]);
    const lines = draw(state, 40, 9);
    expect(lines.join('\n')).toMatch(/more lines? below/);
    expect(lines.join('\n')).toMatch(/approve, because \(may be empty\): ok▏/);
  });

  it('fits a narrow terminal, in ASCII too', () => {
    for (const columns of [20, 30, 40]) {
      for (const state of [reviewList(ITEMS), withDetail(reviewList(ITEMS), DETAIL)]) {
        const lines = draw(state, columns, 24, false);
        for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
        expect(lines.join('')).toMatch(/^[\x00-\x7f]*$/);
      }
    }
  });
});
