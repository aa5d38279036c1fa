/** `approvals:` of gateway.yaml: who may ask for what, who decides, and for how long. */
import { resolve } from 'node:path';
import * as z from 'zod';
import { COLUMN_CLASSES } from '../classify/classes.ts';
import { ALL_FINDING_WORDS } from '../policy/language/finding-words.ts';
import { HOURS_EXPECTS } from '../policy/language/hours.ts';
import { TICKET_EXPECTS, ticketPattern } from '../policy/language/ticket-pattern.ts';
import type { ApprovalRule, ApprovalSettings, Approver } from './approval-settings.ts';
import {
  databaseSelector,
  duration,
  field,
  hours,
  LINE_EXPECTS,
  line,
  SELECTS_ONCE,
  SUBJECT_EXPECTS,
  selectsOnce,
  subject,
} from './fields.ts';
import type { ValueFault } from './gateway-faults.ts';
import type { GrantSubject } from './gateway-settings.ts';

const LEVELS = ['read', 'write', 'ddl', 'admin'] as const;
const LEVELS_EXPECTS = '`read`, `write`, `ddl` or `admin`, or a list of such';
const level = z.enum(LEVELS);
const columnClass = z.enum(COLUMN_CLASSES);
const CLASSES_EXPECTS = `a class or a list of such: ${COLUMN_CLASSES.map((one) => `\`${one}\``).join(', ')}`;
const finding = z.enum(ALL_FINDING_WORDS.map(({ word }) => word) as [string, ...string[]]);
const FINDINGS_EXPECTS = 'a word of `finding`, or a list of such, see [policy.md](policy.md)';
const DAY = '`1m` to `30d`, such as `4h`';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const oneOrMore = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema).min(1)]).optional();

const ticket = z.string().check(({ value, issues }) => {
  const pattern = ticketPattern(value);
  if ('fault' in pattern) {
    issues.push({ code: 'custom', input: value, message: `${pattern.fault}; expected ${TICKET_EXPECTS}` });
  }
});

const auto = z
  .strictObject({
    access: field(oneOrMore(level), 'of a request for more access: only for these levels', LEVELS_EXPECTS),
    unmask: field(oneOrMore(columnClass), 'of a request to see classes as they are: only for these', CLASSES_EXPECTS),
    max_duration: field(
      duration(MINUTE_MS, 30 * DAY_MS).optional(),
      'of such a request: for at most so long',
      `a duration, ${DAY}`,
    ),
    hours: field(oneOrMore(hours), 'only then', `${HOURS_EXPECTS}, or a list of such`),
    ticket: field(
      ticket.optional(),
      'only if the reason, or of a held statement the purpose of its session, contains it',
      TICKET_EXPECTS,
    ),
    findings: field(
      oneOrMore(finding),
      'of a held statement: only if policy found these dangers in it, and no other',
      FINDINGS_EXPECTS,
    ),
    max_estimated_rows: field(
      z.int().min(0).max(1e12).optional(),
      'of a held statement: only if the planner expects at most so many rows, which it gets wrong at times',
      'a number from 0 to 1000000000000',
    ),
  })
  .refine((one) => Object.values(one).some((value) => value !== undefined), 'is empty; it would approve everything')
  .refine(
    ({ access, unmask, max_duration, findings, max_estimated_rows }) =>
      (access ?? unmask ?? max_duration) === undefined || (findings ?? max_estimated_rows) === undefined,
    '`access`, `unmask` and `max_duration` are of requests for access, `findings` and `max_estimated_rows` of statements: none could have both',
  );

const approver = z
  .strictObject({
    group: field(line.optional(), 'members of this group', LINE_EXPECTS),
    user: field(line.optional(), 'this person, by email or subject', LINE_EXPECTS),
    file: field(
      line.optional(),
      'whoever is in this file when it is decided: an email or subject a line',
      'a path, relative to this file',
    ),
    command: field(
      z.array(line).min(1).max(50).optional(),
      'whoever this program prints when it is decided, such as the person on call; 5 s and 64 KiB at most',
      'a list: the program and its arguments; there is no shell',
    ),
    external: field(
      line.optional(),
      'a decider outside, and nobody else: a target of `notify` of kind `external`',
      'the name of a target in `notify`',
    ),
  })
  .refine(
    (one) => Object.keys(one).length === 1,
    'expected exactly one of `group`, `user`, `file`, `command`, `external`',
  );

const ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;

const rule = z
  .strictObject({
    id: field(
      z.string().regex(ID),
      'names the rule in requests; unique',
      'lower-case letters, digits, `.`, `_`, `-`, at most 63',
    ),
    to: field(
      z.union([subject, z.array(subject).min(1)]).optional(),
      'who may ask; without it everybody whom a grant lets connect to the database',
      SUBJECT_EXPECTS,
    ),
    ...databaseSelector('on which database; `*` is every one'),
    access: field(
      oneOrMore(level),
      'what may be asked for: the highest of these and what is below it; without it no access',
      LEVELS_EXPECTS,
    ),
    unmask: field(
      oneOrMore(z.enum([...COLUMN_CLASSES, 'all'])),
      'classes that one may ask to see as they are; without it none',
      `\`all\`, or ${CLASSES_EXPECTS}`,
    ),
    statements: field(
      z.boolean().default(true),
      'whether it is for statements too that a rule of `rules` holds; those of a rule with `approvers` go to these',
      '`true` or `false`',
    ),
    approvers: field(
      z.array(approver).min(1),
      'who decides; never who asks, nor the same person by another identity',
      'a list of `group`, `user`, `file`, `command` or `external`',
    ),
    needs: field(z.int().min(1).max(10).default(1), 'how many different people must say yes', 'a number from 1 to 10'),
    max_duration: field(
      duration(MINUTE_MS, 30 * DAY_MS).prefault('4h'),
      'the longest that may be asked for',
      `a duration, ${DAY}`,
    ),
    cooldown: field(
      duration(0, 30 * DAY_MS).prefault('10m'),
      'after a denial the same person cannot ask for the same again before; `0s`: at once',
      'a duration up to `30d`, such as `10m`',
    ),
    auto: field(
      auto.optional(),
      'what is approved by itself: all that is given here must hold; nothing without it',
      'a mapping',
    ),
    break_glass: field(
      z.boolean().default(false),
      'may be self-granted with a reason (`--break-glass`): told to everybody, and listed until somebody else reviewed it',
      '`true` or `false`',
    ),
  })
  .refine(selectsOnce, SELECTS_ONCE)
  .check(({ value, issues }) => {
    const fault = (key: string, message: string) => issues.push({ code: 'custom', path: [key], input: '', message });
    const external = value.approvers.findIndex((one) => one.external !== undefined);
    if (external >= 0 && value.approvers.length > 1) {
      fault('approvers', '`external` stands alone: exactly one authority decides a request');
    }
    if (external >= 0 && value.needs > 1) fault('needs', 'a decider outside says yes once');
    if (value.unmask !== undefined && Array.isArray(value.unmask) && value.unmask.includes('all')) {
      fault('unmask', '`all` stands alone');
    }
    if (!value.statements && value.access === undefined && value.unmask === undefined) {
      fault('access', 'there is nothing to ask for: expected `access`, `unmask` or `statements: true`');
    }
    if (value.break_glass && value.access === undefined && value.unmask === undefined) {
      fault('break_glass', 'there is nothing to open: expected `access` or `unmask`');
    }
  });

export const approvalsSection = field(
  z
    .strictObject({
      rules: field(
        z
          .array(rule)
          .min(1)
          .check(({ value, issues }) => {
            const seen = new Set<string>();
            for (const [i, { id }] of value.entries()) {
              if (seen.has(id)) {
                issues.push({
                  code: 'custom',
                  path: [i, 'id'],
                  input: id,
                  message: `the rule "${id}" stands here twice`,
                });
              }
              seen.add(id);
            }
          }),
        'who may ask for what and who decides; the first that fits counts',
        'a list with at least one entry',
      ),
      request_ttl: field(
        duration(MINUTE_MS, 30 * DAY_MS).prefault('8h'),
        'a request that nobody decides expires',
        `a duration, ${DAY}`,
      ),
      hold: field(
        duration(1_000, DAY_MS).prefault('15m'),
        'how long a held statement waits on the wire; its request stays',
        'a duration from 1s to 1d, such as `15m`',
      ),
      hold_in_transaction: field(
        duration(1_000, DAY_MS).prefault('2m'),
        'the same inside a transaction, whose locks are kept meanwhile',
        'a duration from 1s to 1d, such as `2m`',
      ),
      approval_ttl: field(
        duration(MINUTE_MS, 7 * DAY_MS).prefault('1h'),
        'how long the approval of a statement holds that is not on the wire any more',
        'a duration from 1m to 7d, such as `1h`',
      ),
      notice_every: field(
        duration(0, 3_600_000).prefault('30s'),
        'how often a client that waits is told so; `0s`: once',
        'a duration up to 1h, such as `30s`, or `0s`',
      ),
      at_end: field(
        z.enum(['finish', 'cancel']).default('finish'),
        'what becomes of a statement that runs when its elevation ends',
        '`finish` or `cancel`',
      ),
      max_batch: field(
        z.int().min(1).max(10_000).default(100),
        'how many executions of one shape one approval may cover',
        'a number from 1 to 10000',
      ),
    })
    .optional(),
  'who may ask for more than the grants give, and who decides, see [approvals.md](approvals.md); without it nobody can ask, and held statements are refused',
  'a mapping',
);

type ApprovalsFile = z.output<typeof approvalsSection>;

/** `baseDir`: paths are relative to the file's folder. */
export function toApprovals(file: ApprovalsFile, baseDir: string): ApprovalSettings | undefined {
  if (file === undefined) return undefined;
  return {
    rules: file.rules.map((one) => toRule(one, baseDir)),
    requestTtlMs: file.request_ttl,
    holdMs: file.hold,
    holdInTransactionMs: file.hold_in_transaction,
    approvalTtlMs: file.approval_ttl,
    noticeEveryMs: file.notice_every,
    atEnd: file.at_end,
    maxBatch: file.max_batch,
  };
}

function toRule(one: z.output<typeof rule>, baseDir: string): ApprovalRule {
  const unmask = listOf(one.unmask) ?? [];
  return {
    id: one.id,
    to: listOf(one.to)?.map((entry) => Object.fromEntries(Object.entries(entry)) as unknown as GrantSubject),
    database: one.database,
    environment: one.environment,
    labels: one.labels,
    access: listOf(one.access) ?? [],
    unmask: unmask.includes('all') ? 'all' : unmask.filter((word) => word !== 'all'),
    statements: one.statements,
    approvers: one.approvers.map((entry) => toApprover(entry, baseDir)),
    needs: one.needs,
    maxDurationMs: one.max_duration,
    cooldownMs: one.cooldown,
    auto:
      one.auto === undefined
        ? undefined
        : {
            access: listOf(one.auto.access),
            unmask: listOf(one.auto.unmask),
            maxDurationMs: one.auto.max_duration,
            hours: listOf(one.auto.hours),
            ticket: one.auto.ticket,
            findings: listOf(one.auto.findings),
            maxEstimatedRows: one.auto.max_estimated_rows,
          },
    breakGlass: one.break_glass,
  };
}

function toApprover(entry: z.output<typeof approver>, baseDir: string): Approver {
  if (entry.file !== undefined) return { file: resolve(baseDir, entry.file) };
  if (entry.command !== undefined) {
    const [program = '', ...args] = entry.command;
    // Without a slash it is looked for on the PATH.
    return { command: [program.includes('/') ? resolve(baseDir, program) : program, ...args] };
  }
  return Object.fromEntries(Object.entries(entry)) as unknown as Approver;
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] | undefined {
  return value === undefined ? undefined : Array.isArray(value) ? value : [value as T];
}

/** What rules say of other sections; reads the raw value, as other parts may be wrong. */
export function approvalFaults(
  approvals: unknown,
  databases: readonly string[],
  externals: readonly string[],
): ValueFault[] {
  const faults: ValueFault[] = [];
  for (const [i, one] of entriesOf(recordOf(approvals)?.rules)) {
    const { database, approvers } = recordOf(one) ?? {};
    if (typeof database === 'string' && database !== '*' && !databases.includes(database)) {
      const message = `no such database "${database.slice(0, 80)}", known: ${databases.join(', ') || 'none'}`;
      faults.push({ path: ['approvals', 'rules', i, 'database'], message });
    }
    for (const [n, entry] of entriesOf(approvers)) {
      const name = recordOf(entry)?.external;
      if (typeof name !== 'string' || externals.includes(name)) continue;
      const known = externals.join(', ') || 'none';
      const message = `"${name.slice(0, 80)}" is no target of \`notify\` of kind \`external\`, known: ${known}`;
      faults.push({ path: ['approvals', 'rules', i, 'approvers', n, 'external'], message });
    }
  }
  return faults;
}

function entriesOf(value: unknown): [number, unknown][] {
  return Array.isArray(value) ? [...value.entries()] : [];
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
