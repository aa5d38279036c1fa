import { renderToString } from 'ink';
import { describe, expect, it } from 'vitest';
import type { WaitState } from '../../src/views/wait-state.ts';
import { WaitView } from '../../src/views/wait-view.tsx';

const NOW = 1_800_000_000_000;
const state: WaitState = {
  id: 'r-7k3m9qpd',
  database: 'prod-db',
  asks: 'ddl on orders for 1h',
  reason: 'INC-1 clean up',
  deciders: 'group dba or user ada@example.test',
  yes: 0,
  needs: 1,
  link: 'https://gw.example.test/requests/r-7k3m9qpd',
  askedAt: NOW - 130_000,
  expiresAt: NOW + 3_470_000,
  deadline: undefined,
  next: 'once approved, it holds at once, in open sessions too',
};

const draw = (changes: Partial<WaitState>, columns = 70, unicode = true, messages: string[] = []) =>
  renderToString(
    <WaitView state={{ ...state, ...changes }} messages={messages} now={NOW} unicode={unicode} columns={columns} />,
    { columns },
  )
    .replace(/\u001b\[[\d;]*m/g, '')
    .split('\n')
    .map((line) => line.trimEnd());

describe('the view of a request that waits', () => {
  it('says who can decide, how long it has been and has left, and what happens next', () => {
    expect(draw({}, 70, true, ['the gateway is lost'])).toEqual([
      '◐ r-7k3m9qpd waits for a decision',
      '  prod-db: ddl on orders for 1h',
      '  INC-1 clean up',
      '  decides: group dba or user ada@example.test',
      '  asked 2m 10s ago, expires in 57m 50s',
      '  once approved, it holds at once, in open sessions too',
      '  https://gw.example.test/requests/r-7k3m9qpd',
      '  the gateway is lost',
      '  Ctrl-C leaves it pending',
    ]);
  });

  it('several deciders, a deadline, ASCII', () => {
    const lines = draw({ needs: 2, yes: 1, deadline: NOW + 60_000 }, 90, false);
    expect(lines[0]).toBe('* r-7k3m9qpd waits for a decision');
    expect(lines[3]).toMatch(/; 1 of 2 said yes$/);
    expect(lines[4]).toMatch(/, waits here for 1m more$/);
    expect(lines.join('')).toMatch(/^[\x00-\x7f]*$/);
  });

  it('fits a narrow terminal', () => {
    for (const columns of [20, 30, 40]) {
      const lines = draw({ asks: 'DELETE FROM orders WHERE id = 1 '.repeat(4) }, columns, true, ['long '.repeat(20)]);
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
    }
  });
});
