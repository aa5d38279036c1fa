import { describe, expect, it } from 'vitest';
import { parseAccess, parseClasses, parseRequestId, parseTables } from '../../src/commands/request-access.ts';
import { type RequestDetail, requestDetail } from '../../src/commands/request-answers.ts';
import { decidersText, outcomeText, statusExitCode, statusText } from '../../src/commands/request-text.ts';
import { detailText } from '../../src/commands/requests.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const EVIL = '\u001b[2J\u202e\u0000evil\n';

const person = { issuer: 'i', subject: 's', kind: 'user', actor: null, email: 'dana@example.test', name: null };

function detail(changes: Partial<RequestDetail> = {}): RequestDetail {
  return requestDetail.check({
    id: 'r-7k3m9qpd',
    kind: 'elevation',
    status: 'pending',
    seq: 1,
    database: 'app',
    environment: 'production',
    purpose: null,
    application: null,
    by: person,
    mine: false,
    may_decide: true,
    reason: 'INC-1',
    created_at: new Date(NOW).toISOString(),
    expires_at: new Date(NOW + 3_600_000).toISOString(),
    deciders: ['group dba', 'user ada@example.test'],
    needs: 1,
    external: null,
    link: 'https://gw/requests/r-7k3m9qpd',
    break_glass: false,
    scope: { access: 'ddl', unmask: null, tables: null, duration_ms: 3_600_000 },
    approvals: [],
    terms: { duration_ms: null, tables: null, unmask: null, max_rows: null, times: null, try: false },
    denied: null,
    decided: false,
    valid_until: null,
    waiting: 0,
    executions: 0,
    used: 0,
    tried_rows: null,
    ended_by: null,
    end_reason: null,
    reviewed_by: null,
    risk: { level: 'high', reasons: ['may change and drop tables'] },
    events: [],
    ...changes,
  });
}

const statement = {
  sql: "DELETE FROM orders\nWHERE email = '‹email:3f9a0c…›'",
  command: 'DELETE',
  class: 'write',
  rule: 'production.mass-delete',
  reason: 'deletes many rows',
  relations: ['public.orders'],
  findings: ['deletes all rows'],
  columns: { 'orders.email': 'email' },
  cascades: ['order_items'],
  triggers: ['orders.audit'],
  estimated_rows: 1200,
  binds: 2,
  session: 's',
  in_transaction: true,
  can_roll_back: false,
};

describe('what is typed', () => {
  it.each([
    [['write'], { access: 'write', unmask: undefined }],
    [['read,ddl', 'write'], { access: 'ddl', unmask: undefined }],
    [['unmask'], { access: undefined, unmask: 'all' }],
    [['unmask=all'], { access: undefined, unmask: 'all' }],
    [['unmask=email'], { access: undefined, unmask: ['email'] }],
    [['unmask=email,phone', 'write'], { access: 'write', unmask: ['email', 'phone'] }],
    [['write,unmask=email,ddl,phone'], { access: 'ddl', unmask: ['email', 'phone'] }],
    [['unmask=email', 'unmask'], { access: undefined, unmask: 'all' }],
  ])('--access %j', (words, expected) => {
    expect(parseAccess(words)).toEqual(expected);
  });

  it.each([[['']], [['root']], [['email']], [['write', 'phone']], [['unmask=']], [['unmask=,']], [['unmask=emial']]])(
    '--access %j is refused',
    (words) => expect(() => parseAccess(words)).toThrow(expect.objectContaining({ code: 'usage' })),
  );

  it('lists and ids', () => {
    expect(parseTables([' a , b', 'a'])).toEqual(['a', 'b']);
    expect(parseClasses(['email', 'phone,email'])).toEqual(['email', 'phone']);
    expect(parseRequestId(' R-7K3M9QPD ')).toBe('r-7k3m9qpd');
    expect(parseRequestId('r-OIL00000')).toBe('r-01100000');
    for (const id of ['', 'r-', '7k3m9qpd', 'r-7k3m/..', 'r-7k3m9qpd?x', `r-${'a'.repeat(1000)}`]) {
      expect(() => parseRequestId(id), id).toThrow(expect.objectContaining({ code: 'usage' }));
    }
  });
});

describe('what is said', () => {
  it('an exit code for each status', () => {
    const codes = ['approved', 'used', 'denied', 'pending', 'expired', 'cancelled', 'revoked', 'ended', 'new word'];
    expect(codes.map(statusExitCode)).toEqual([0, 0, 6, 8, 7, 7, 7, 7, 7]);
  });

  it('who decides', () => {
    expect(decidersText(detail())).toBe('group dba or user ada@example.test');
    expect(decidersText(detail({ needs: 2 }))).toBe('2 different people of group dba or user ada@example.test');
    expect(decidersText(detail({ external: 'okta' }))).toBe('a decision of okta');
  });

  it('where it stands', () => {
    const yes = { at: '', by: person, via: 'cli', reason: '' };
    expect(statusText(detail({ needs: 2, approvals: [yes] }), NOW)).toBe('pending, 1 of 2 said yes');
    expect(statusText(detail({ tried_rows: 7 }), NOW)).toBe('pending, tried: 7 rows');
    expect(statusText(detail({ status: 'ended', break_glass: true }), NOW)).toBe('ended, not reviewed');
    expect(outcomeText(detail({ status: 'expired' }), NOW)).toBe('r-7k3m9qpd has expired: nobody decided in time');
  });

  it('all of a statement', () => {
    const text = detailText(detail({ kind: 'statement', scope: undefined, statement, waiting: 1 }), NOW);
    expect(text).toMatch(/^statement +DELETE FROM orders\n +WHERE email = '‹email:3f9a0c…›'$/m);
    expect(text).toMatch(/^values +2, not shown$/m);
    expect(text).toMatch(/^does +deletes all rows$/m);
    expect(text).toMatch(/^classes +orders\.email: email$/m);
    expect(text).toMatch(/^cascades +order_items$/m);
    expect(text).toMatch(/^rows +about 1200$/m);
    expect(text).toMatch(/^locks +it waits in an open transaction/m);
    expect(text).toMatch(/^trying +not possible/m);
  });

  it('what was changed by what was tried', () => {
    const none = { inserted: 0, updated: 0, deleted: 0, truncated: 0 };
    const effects = [
      { ...none, table: 'public.payments', updated: 3, deleted: 1 },
      { ...none, table: `public.audit${EVIL}`, inserted: 3 },
    ];
    const tried = detail({ kind: 'statement', scope: undefined, statement, tried_rows: 3, tried_effects: effects });
    const text = detailText(tried, NOW);
    expect(text).toMatch(/^changed +public\.payments: 3 updated, 1 deleted; public\.audit.*: 3 inserted$/m);
    expect(text).not.toContain(EVIL);
  });

  it('a statement by the rights of whoever decides, or why only as it is recorded', () => {
    const of = (shown: RequestDetail['shown']): string =>
      detailText(detail({ kind: 'statement', scope: undefined, statement, shown }), NOW);
    const sql = "DELETE FROM orders\nWHERE email = $1 AND name = '‹A***›'";
    const none = { others: [], unseen: 0, clear: [], masked: [] };
    const rights = { ...none, by: 'rights' as const, sql, values: ['a@b.example', null], clear: ['email', '?'] };
    const text = of({ ...rights, masked: ['person_name'] });
    expect(text).toMatch(/^statement +DELETE FROM orders\n +WHERE email = \$1 AND name = '‹A\*\*\*›'$/m);
    expect(text).toMatch(/^values +\$1 = 'a@b\.example'\n +\$2 = NULL$/m);
    expect(text).toMatch(/^clear +email, of no known class: shown to you as they are, and recorded$/m);
    expect(text).toMatch(/^masked +person_name: masked for you/m);
    const recorded = of({ ...none, by: 'record', why: `over${EVIL}` });
    expect(recorded).toMatch(/^values +2, not shown$/m);
    expect(recorded).toMatch(/^shown +as it is recorded: over/m);
    expect(recorded).not.toContain(EVIL);
    const others = Array.from({ length: 25 }, (_, i) => ({
      sql,
      values: [`b${i}${EVIL}`, null],
      waiting: 1 + (i % 2),
    }));
    const batch = of({
      ...rights,
      others: [...others.slice(0, 5), { sql: 'SELECT 2', values: [], waiting: 1 }],
      unseen: 1,
    });
    expect(batch).toMatch(/^beside it +\$1 = 'b0.*', \$2 = NULL\n +\$1 = 'b1.*', \$2 = NULL {2}\(2 times\)$/m);
    expect(batch).toMatch(/^ +SELECT 2\n +1 more waits, not shown$/m);
    expect(of({ ...rights, others })).toMatch(/^ +and 5 more: --json shows them$/m);
    expect(of({ ...none, by: 'record', why: 'gone', others })).toMatch(
      /^beside it +DELETE FROM orders WHERE .*with \$1 = 'b0/m,
    );
    expect(of({ ...rights, others })).not.toContain(EVIL);
  });

  it('no word of a server reaches the terminal raw', () => {
    const evil = { ...person, kind: EVIL, actor: EVIL, email: EVIL, name: EVIL };
    const said = { at: EVIL, by: evil, via: EVIL, reason: EVIL };
    const request = detail({
      by: evil,
      status: EVIL,
      reason: EVIL,
      database: EVIL,
      environment: EVIL,
      purpose: EVIL,
      application: EVIL,
      deciders: [EVIL],
      approvals: [said],
      denied: said,
      end_reason: EVIL,
      ended_by: evil,
      reviewed_by: evil,
      risk: { level: EVIL, reasons: [EVIL] },
      scope: { access: EVIL, unmask: [EVIL], tables: [EVIL], duration_ms: 1 },
      terms: { duration_ms: null, tables: [EVIL], unmask: [EVIL], max_rows: null, times: null, try: false },
      statement: {
        ...statement,
        sql: EVIL,
        rule: EVIL,
        relations: [EVIL],
        findings: [EVIL],
        columns: { [EVIL]: EVIL },
        cascades: [EVIL],
        triggers: [EVIL],
      },
      events: [{ type: EVIL, at: EVIL, by: evil, reason: EVIL }],
      recent: [{ at: EVIL, sql: EVIL, decision: EVIL, rows: 1, sqlstate: EVIL, state: EVIL }],
    });
    const texts = [detailText(request, NOW), outcomeText(request, NOW), statusText(request, NOW)];
    for (const text of texts) expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});
