import { renderToString } from 'ink';
import { describe, expect, it } from 'vitest';
import type { TunnelState } from '../../src/views/tunnel-state.ts';
import { TunnelView } from '../../src/views/tunnel-view.tsx';

const state: TunnelState = {
  database: 'prod-db',
  environment: 'production',
  access: 'write',
  address: '127.0.0.1:25432',
  link: 'up',
  sessions: 2,
  statements: 1234,
  denied: 1,
  masked: 0,
  errors: 3,
  expiresAt: 0,
};

const draw = (changes: Partial<TunnelState>, columns = 60, unicode = true, messages: string[] = []) =>
  renderToString(
    <TunnelView state={{ ...state, ...changes }} messages={messages} unicode={unicode} columns={columns} />,
    { columns },
  ).replace(/\u001b\[[\d;]*m/g, '');

describe('the view of a tunnel', () => {
  it('says where to connect and what has happened', () => {
    expect(
      draw({}, 60, true, ['a client was refused'])
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([
      '● prod-db (production, write) open',
      '  127.0.0.1:25432',
      '  sessions 2   statements 1234   denied 1   masked 0',
      '  errors 3',
      '  a client was refused',
      '  Ctrl-C closes the tunnel',
    ]);
  });

  it.each([
    ['lost', 'o prod-db (production, write) gateway lost, reconnecting'],
    ['expired', 'x prod-db (production, write) session expired'],
  ] as const)('%s, in ASCII', (link, line) => {
    const text = draw({ link }, 60, false);
    expect(text.split('\n')[0]!.trimEnd()).toBe(line);
    expect(text).toMatch(/^[\x00-\x7f]*$/);
  });

  it('fits a narrow terminal', () => {
    for (const columns of [20, 30, 40]) {
      for (const line of draw({ database: 'a-very-long-name-of-a-database' }, columns, true, [
        'long '.repeat(20),
      ]).split('\n')) {
        expect(line.length, line).toBeLessThanOrEqual(columns);
      }
    }
  });
});
