import type { ApprovalRule, ApprovalSettings } from '../../src/config/approval-settings.ts';

const HOUR_MS = 3_600_000;

/** Developers ask for up to ddl, email and phone; reviewers decide. Admins may break the glass. */
export function approvalSettings(changes: Partial<ApprovalSettings> = {}): ApprovalSettings {
  const rule: ApprovalRule = {
    id: 'developers',
    to: [{ group: 'developers' }],
    database: '*',
    environment: undefined,
    labels: undefined,
    access: ['ddl'],
    unmask: ['email', 'phone'],
    statements: true,
    approvers: [{ group: 'reviewers' }],
    needs: 1,
    maxDurationMs: 4 * HOUR_MS,
    cooldownMs: 0,
    auto: undefined,
    breakGlass: false,
  };
  return {
    rules: [
      rule,
      { ...rule, id: 'break-glass', to: [{ group: 'admins' }], access: ['admin'], breakGlass: true },
      {
        ...rule,
        id: 'small',
        to: [{ group: 'analysts' }],
        access: ['write'],
        auto: {
          access: ['write'],
          unmask: undefined,
          maxDurationMs: HOUR_MS,
          hours: undefined,
          ticket: 'INC-\\d+',
          findings: undefined,
          maxEstimatedRows: undefined,
        },
      },
    ],
    requestTtlMs: HOUR_MS,
    holdMs: 10 * 60_000,
    holdInTransactionMs: 60_000,
    approvalTtlMs: HOUR_MS,
    noticeEveryMs: 30_000,
    atEnd: 'finish',
    maxBatch: 100,
    ...changes,
  };
}
