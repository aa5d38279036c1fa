/** People of the tests of approvals, and requests of theirs. */
import type { ElevationAsk, HoldAsk } from '../../src/approvals/contract.ts';
import type { StatementScope } from '../../src/approvals/request.ts';
import type { Principal } from '../../src/identity/principal.ts';

export const ISSUER = 'https://id.example.com';

export function principal(subject: string, more: Partial<Principal> = {}): Principal {
  return {
    kind: 'user',
    issuer: ISSUER,
    subject,
    email: `${subject}@example.com`,
    name: undefined,
    groups: [],
    actor: undefined,
    expiresAt: Number.MAX_SAFE_INTEGER,
    authMethods: [],
    jkt: undefined,
    ...more,
  };
}

export const DEV = principal('dev', { groups: ['developers'] });
export const ROSA = principal('rosa', { groups: ['reviewers'] });
export const RITA = principal('rita', { groups: ['reviewers'] });
export const ADMIN = principal('ada', { groups: ['admins'] });
export const AUDITOR = principal('otto', { groups: ['auditors'] });
export const STRANGER = principal('sam', { groups: [] });

export const ELEVATION: ElevationAsk = {
  database: 'app',
  access: 'write',
  unmask: undefined,
  tables: undefined,
  durationMs: 3_600_000,
  reason: 'INC-1 repair',
  purpose: undefined,
  breakGlass: false,
};

export function statement(more: Partial<StatementScope> = {}): StatementScope {
  return {
    hash: 'h1',
    shape: 's1',
    sql: 'DELETE FROM orders',
    command: 'DELETE',
    class: 'write',
    rule: 'hold-deletes',
    reason: 'DELETE on production needs an approval',
    relations: ['orders'],
    findings: ['delete without where'],
    columns: {},
    cascades: [],
    triggers: [],
    estimatedRows: 10,
    binds: 0,
    session: 'session-1',
    inTransaction: false,
    canRollBack: true,
    ...more,
  };
}

export function holdAsk(more: Partial<StatementScope> = {}, who: Principal = DEV): HoldAsk {
  return {
    principal: who,
    database: 'app',
    purpose: undefined,
    application: 'psql',
    approvers: [],
    statement: statement(more),
  };
}
