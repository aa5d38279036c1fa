import type { Person, RequestEvent, Requested, RequestState } from '../../../src/approvals/request.ts';

export function person(subject: string, email: string | undefined = `${subject}@example.test`): Person {
  const issuer = 'https://issuer.test';
  return {
    key: `${issuer}|${subject}`,
    issuer,
    subject,
    kind: 'user',
    actor: undefined,
    email,
    name: undefined,
    groups: ['developers'],
  };
}

const ASKED = {
  id: 'r-0abc1234',
  by: person('dana'),
  database: 'shop',
  environment: 'production',
  purpose: undefined,
  application: undefined,
  reason: 'INC-123 fix the totals',
  expiresAt: Date.parse('2026-11-21T12:00:00Z'),
  policy: 'developers',
  deciders: ['group reviewers'],
  needs: 1,
  external: undefined,
};

export function elevation(changes: Partial<Requested> = {}): Requested {
  return {
    ...ASKED,
    kind: 'elevation',
    scope: { access: 'ddl', unmask: undefined, tables: undefined, durationMs: 3_600_000 },
    breakGlass: false,
    ...changes,
  } as Requested;
}

export function statement(sql: string, changes: Partial<Requested> = {}): Requested {
  return {
    ...ASKED,
    kind: 'statement',
    statement: {
      hash: 'a'.repeat(64),
      shape: 'b'.repeat(64),
      sql,
      command: 'DELETE',
      class: 'write',
      rule: 'hold-all-rows',
      reason: 'deletes all rows',
      relations: ['public.orders'],
      findings: ['deletes all rows'],
      columns: {},
      cascades: ['public.order_items'],
      triggers: [],
      estimatedRows: 1200,
      binds: 2,
      session: 's-1',
      inTransaction: false,
      canRollBack: true,
    },
    ...changes,
  } as Requested;
}

export function pending(request: Requested, seq = 1): { state: RequestState; event: RequestEvent } {
  const at = Date.parse('2026-11-21T11:00:00Z');
  return {
    event: { type: 'requested', at, request },
    state: {
      request,
      status: 'pending',
      createdAt: at,
      seq,
      approvals: [],
      terms: {},
      decidedAt: undefined,
      denied: undefined,
      validUntil: undefined,
      hashes: [],
      waiting: [],
      used: 0,
      triedRows: undefined,
      endedBy: undefined,
      endReason: undefined,
      reviewedBy: undefined,
    },
  };
}
