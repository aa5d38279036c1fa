import fc from 'fast-check';
import { renderToString } from 'ink';
import { describe, expect, it } from 'vitest';
import {
  firstHistoryState,
  type HistoryItem,
  type HistoryKey,
  type HistoryState,
  pressHistory,
} from '../../src/views/history-state.ts';
import { HistoryView } from '../../src/views/history-view.tsx';
import { firstReplayState, isOver, pass, pressReplay, type ReplayState } from '../../src/views/replay-state.ts';
import { ReplayView } from '../../src/views/replay-view.tsx';
import { addToWatch, FIRST_WATCH_STATE, pressWatch, type WatchItem } from '../../src/views/watch-state.ts';
import { WatchView } from '../../src/views/watch-view.tsx';

const plain = (text: string): string[] =>
  text
    .replace(/\u001b\[[\d;]*m/g, '')
    .split('\n')
    .map((line) => line.trimEnd());

const item = (i: number): HistoryItem => ({
  ...{ id: `s.${i}`, time: '11-21 14:00', who: 'ann', database: 'app', sql: `select ${i}`, rows: '1', ms: '0.5' },
  outcome: i === 2 ? 'deny production.no-drop' : 'allow',
});
const list = (count: number, more: Partial<HistoryState> = {}): HistoryState => ({
  ...firstHistoryState('', false),
  isLoading: false,
  items: Array.from({ length: count }, (_, i) => item(i)),
  ...more,
});
const text = (typed: string): HistoryKey => ({ kind: 'text', text: typed });

describe('the browser of the history', () => {
  const draw = (state: HistoryState, rows = 10, columns = 70): string[] =>
    plain(renderToString(<HistoryView state={state} unicode={false} columns={columns} rows={rows} />, { columns }));

  it('lists, and marks the one that is selected', () => {
    expect(draw(list(3, { selected: 1 }))).toEqual([
      'statements 3',
      '  11-21 14:00 app allow 1 row 0.5 ms select 0',
      '> 11-21 14:00 app allow 1 row 0.5 ms select 1',
      '  11-21 14:00 app deny production.no-drop 1 row 0.5 ms select 2',
      'up/down move   enter look   / search   q quit',
    ]);
    expect(draw(list(0))).toContain('no statement matches');
    const long = draw(list(100, { selected: 60, hasMore: true }), 10, 30);
    expect(long).toHaveLength(9);
    expect(long.every((line) => line.length <= 30)).toBe(true);
    expect(long.some((line) => line.startsWith('> '))).toBe(true);
  });

  it('searches while one types; q is a letter there and the end elsewhere', () => {
    let state = list(3);
    const effects = [text('/'), text('q'), text('x'), { kind: 'backspace' } as const].map((key) => {
      const pressed = pressHistory(state, key);
      state = pressed.state;
      return pressed.effect;
    });
    expect(effects).toEqual([
      undefined,
      { kind: 'search', text: 'q' },
      { kind: 'search', text: 'qx' },
      { kind: 'search', text: 'q' },
    ]);
    expect(draw(state)[0]).toBe('/q_ looking');
    expect(pressHistory(state, { kind: 'enter' }).state.isSearching).toBe(false);
    expect(pressHistory(state, { kind: 'escape' }).effect).toEqual({ kind: 'search', text: '' });
    expect(pressHistory(list(3), text('q')).effect).toEqual({ kind: 'quit' });
    expect(pressHistory(state, { kind: 'interrupt' }).effect).toEqual({ kind: 'quit' });
  });

  it('asks for the next page near the end, once', () => {
    const state = list(50, { selected: 38, hasMore: true });
    const down = pressHistory(state, { kind: 'down' });
    expect(pressHistory(down.state, { kind: 'down' }).effect ?? down.effect).toEqual({ kind: 'more' });
    expect(pressHistory({ ...state, selected: 45, isLoading: true }, { kind: 'down' }).effect).toBeUndefined();
    expect(pressHistory({ ...state, selected: 45, hasMore: false }, { kind: 'down' }).effect).toBeUndefined();
  });

  it('looks at one, and comes back to where it was', () => {
    expect(pressHistory(list(3, { selected: 2 }), { kind: 'enter' }).effect).toEqual({ kind: 'detail', id: 's.2' });
    const detail = list(3, { selected: 2, detail: Array.from({ length: 30 }, (_, i) => `line ${i}`) });
    const scrolled = pressHistory(detail, { kind: 'page-down' }).state;
    expect(draw(scrolled)[1]).toBe('line 10');
    const back = pressHistory(scrolled, { kind: 'escape' }).state;
    expect([back.detail, back.selected]).toEqual([undefined, 2]);
  });

  it('stays in bounds whatever is pressed', () => {
    const key: fc.Arbitrary<HistoryKey> = fc.oneof(
      fc
        .constantFrom('up', 'down', 'page-up', 'page-down', 'enter', 'escape', 'backspace')
        .map((kind) => ({ kind }) as HistoryKey),
      fc.constantFrom('j', 'k', ' ', '/', 'g', 'G', 'x').map(text),
    );
    fc.assert(
      fc.property(fc.nat(30), fc.array(key, { maxLength: 40 }), (count, keys) => {
        let state = list(count, { hasMore: true });
        for (const one of keys) state = { ...pressHistory(state, one).state, isLoading: false };
        expect(state.selected).toBeGreaterThanOrEqual(0);
        expect(state.selected).toBeLessThan(Math.max(1, count));
      }),
    );
  });
});

describe('a replay', () => {
  const frames = [0, 1, 2].flatMap((i) => [
    { atMs: i * 1000, kind: 'sent' as const, lines: [`app ${i}> select ${i}`] },
    { atMs: i * 1000 + 10, kind: 'answered' as const, lines: [`${i}: 1 row`] },
  ]);
  const film = { title: 'session s', frames };
  const start = (more: Partial<{ speed: number; steps: boolean }> = {}): ReplayState =>
    firstReplayState(film, { speed: 1, steps: false, ...more });

  it('goes by time, faster if wanted, and not while it is paused', () => {
    expect(pass(start(), 5).shown).toBe(1);
    expect(pass(start(), 999).shown).toBe(2);
    expect(pass(start({ speed: 2 }), 510).shown).toBe(4);
    const paused = pressReplay(start(), text(' '))!;
    expect(pass(paused, 10_000).shown).toBe(0);
    expect(isOver(pass(pressReplay(paused, text(' '))!, 2010))).toBe(true);
    expect(pressReplay(start(), text('+'))!.speed).toBe(2);
  });

  it('seeks statement by statement, and goes on from there', () => {
    let state = pressReplay(start(), { kind: 'right' })!;
    expect(state.shown).toBe(2);
    state = pressReplay(state, { kind: 'right' })!;
    expect([state.shown, state.clockMs]).toEqual([4, 1010]);
    state = pressReplay(state, { kind: 'left' })!;
    expect(state.shown).toBe(2);
    expect(pass(state, 1000).shown).toBe(4);
    expect(pressReplay(pressReplay(start(), { kind: 'left' })!, text('q'))).toBeUndefined();
  });

  it('waits for a key before each statement with --step', () => {
    const state = start({ steps: true });
    expect(pass(state, 60_000).shown).toBe(0);
    expect(pressReplay(state, text(' '))!.shown).toBe(2);
  });

  it('shows the last lines that fit', () => {
    const state = pass(start(), 5000);
    const view = <ReplayView state={state} unicode columns={50} rows={8} />;
    expect(plain(renderToString(view, { columns: 50 }))).toEqual([
      'session s',
      'app 1> select 1',
      '1: 1 row',
      'app 2> select 2',
      '2: 1 row',
      '2.0 of 2.0 s  end',
      'space pause   ←→ statement   +- speed   q quit',
    ]);
  });
});

describe('the view of what is run now', () => {
  const seen = (id: string, outcome: string): WatchItem => ({
    ...{ id, time: '14:00:00', who: 'ann', database: 'app', outcome, classes: 'email', text: 'select 1' },
  });

  it('shows a statement once, as far as it has come', () => {
    let state = addToWatch(addToWatch(FIRST_WATCH_STATE, seen('a', 'allow, running')), seen('b', 'deny x'));
    state = addToWatch(state, seen('a', 'allow'));
    const view = <WatchView state={{ ...state, lost: 3 }} columns={60} rows={10} />;
    expect(plain(renderToString(view, { columns: 60 }))).toEqual([
      'now 2 seen   3 lost, too fast to read',
      '14:00:00 ann app allow [email] select 1',
      '14:00:00 ann app deny x [email] select 1',
      'space pause   q quit',
    ]);
  });

  it('keeps what comes while it is paused, up to a bound', () => {
    let state = pressWatch(FIRST_WATCH_STATE, text(' '))!;
    for (let i = 0; i < 700; i++) state = addToWatch(state, seen(String(i), 'allow'));
    expect(state.items).toHaveLength(0);
    state = pressWatch(state, text(' '))!;
    expect(state.items).toHaveLength(500);
    expect(state.items.at(-1)!.id).toBe('699');
    expect(pressWatch(state, text('q'))).toBeUndefined();
  });
});
