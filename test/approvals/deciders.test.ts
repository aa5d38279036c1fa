import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ApproverLists } from '../../src/approvals/approver-lists.ts';
import {
  approvesElevation,
  approvesStatement,
  elevationRule,
  namesIn,
  statementRule,
  writtenApprover,
} from '../../src/approvals/deciders.ts';
import { externalDecider } from '../../src/approvals/person.ts';
import { approvalSentence } from '../../src/approvals/rule-sentence.ts';
import type { ApprovalRule, AutoApproval } from '../../src/config/approval-settings.ts';
import { temporaryDirectory } from '../store/log-fixture.ts';
import { approvalSettings } from '../support/approvals.ts';
import { DEV, ELEVATION, holdAsk, principal, RITA, ROSA, STRANGER, statement } from './people.ts';
import { openRig } from './requests-rig.ts';

const [rule] = approvalSettings().rules as [ApprovalRule];
const database = { name: 'app', environment: 'production', labels: { team: 'pay' } };
const may = (changes: Partial<ApprovalRule>, ask = ELEVATION, who = DEV, mayReach = true) =>
  elevationRule({ principal: who, database, mayReach }, ask, [{ ...rule, ...changes }]) !== undefined;

describe('who may ask for what', () => {
  it.each<[string, boolean, boolean]>([
    ['what the highest level gives', may({ access: ['ddl'] }), true],
    ['more than it', may({ access: ['write'] }, { ...ELEVATION, access: 'ddl' }), false],
    ['access of a rule that gives none', may({ access: [] }), false],
    ['another database', may({ database: 'other' }), false],
    ['every database', may({ to: undefined, database: '*' }), true],
    ['a rule that names none', may({ database: undefined, environment: undefined }), false],
    ['another environment', may({ database: undefined, environment: 'staging' }), false],
    ['by labels', may({ database: undefined, labels: { team: 'pay' } }), true],
    ['by other labels', may({ database: undefined, labels: { team: 'other' } }), false],
    ['another group', may({ to: [{ group: 'dba' }] }), false],
    ['whoever may connect', may({ to: undefined, database: 'app' }, ELEVATION, STRANGER, true), true],
    ['whoever may not', may({ to: undefined, database: 'app' }, ELEVATION, STRANGER, false), false],
    ['classes that are listed', may({ unmask: ['email', 'phone'] }, { ...ELEVATION, unmask: ['phone'] }), true],
    ['a class that is not', may({ unmask: ['email'] }, { ...ELEVATION, unmask: ['phone'] }), false],
    ['all, where some are', may({ unmask: ['email'] }, { ...ELEVATION, unmask: 'all' }), false],
    ['break-glass, where it is not', may({}, { ...ELEVATION, breakGlass: true }), false],
  ])('%s', (_, found, expected) => expect(found).toBe(expected));

  it('the first rule that fits decides', () => {
    const rules = [
      { ...rule, id: 'small', access: ['read'] as const, database: 'app' },
      { ...rule, id: 'first', database: 'app' },
      { ...rule, id: 'second', database: 'app' },
    ];
    expect(elevationRule({ principal: DEV, database, mayReach: true }, ELEVATION, rules)?.id).toBe('first');
    const none = rules.map((one) => ({ ...one, statements: false }));
    expect(statementRule({ principal: DEV, database, mayReach: true }, none)).toBeUndefined();
  });
});

describe('what is approved by itself', () => {
  const at = { nowMs: Date.UTC(2026, 10, 23, 12), words: 'INC-12: repair' };
  const none: AutoApproval = {
    access: undefined,
    unmask: undefined,
    maxDurationMs: undefined,
    hours: undefined,
    ticket: undefined,
    findings: undefined,
    maxEstimatedRows: undefined,
  };
  const elevation = (auto: Partial<AutoApproval>, ask = ELEVATION) =>
    approvesElevation({ ...rule, auto: { ...none, ...auto } }, ask, at);
  const held = (auto: Partial<AutoApproval>, more = {}) =>
    approvesStatement({ ...rule, auto: { ...none, ...auto } }, statement(more), at);

  it.each<[string, boolean, boolean]>([
    ['nothing, without a word of it', approvesElevation(rule, ELEVATION, at), false],
    ['its level', elevation({ access: ['write'] }), true],
    ['another level', elevation({ access: ['read'] }), false],
    [
      'its level, with a class that is not said',
      elevation({ access: ['write'] }, { ...ELEVATION, unmask: ['email'] }),
      false,
    ],
    [
      'a class, with a level that is not said',
      elevation({ unmask: ['email'] }, { ...ELEVATION, unmask: ['email'] }),
      false,
    ],
    ['both', elevation({ access: ['write'], unmask: ['email'] }, { ...ELEVATION, unmask: ['email'] }), true],
    [
      'every class, where some are said',
      elevation({ access: ['write'], unmask: ['email'] }, { ...ELEVATION, unmask: 'all' }),
      false,
    ],
    ['its duration', elevation({ maxDurationMs: 3_600_000 }), true],
    ['longer', elevation({ maxDurationMs: 3_599_999 }), false],
    ['in its hours', elevation({ hours: ['Mon-Fri 08:00-18:00 UTC'] }), true],
    ['out of them', elevation({ hours: ['Sat,Sun 08:00-18:00 UTC'] }), false],
    ['with a ticket', elevation({ ticket: 'INC-\\d+' }), true],
    ['without', elevation({ ticket: 'CHG-\\d+' }), false],
    ['never break-glass', elevation({ access: ['write'] }, { ...ELEVATION, breakGlass: true }), false],
    ['no elevation by what is of statements', elevation({ findings: ['drops'] }), false],
    ['no statement by what is of elevations', held({ access: ['write'] }), false],
    ['its findings', held({ findings: ['delete without where'] }), true],
    [
      'another finding too',
      held({ findings: ['delete without where'] }, { findings: ['delete without where', 'drops'] }),
      false,
    ],
    ['one without a finding', held({ findings: ['drops'] }, { findings: [] }), false],
    ['its rows', held({ maxEstimatedRows: 10 }), true],
    ['more rows', held({ maxEstimatedRows: 9 }), false],
    ['rows that nobody knows', held({ maxEstimatedRows: 10 }, { estimatedRows: undefined }), false],
  ])('%s', (_, found, expected) => expect(found).toBe(expected));
});

describe('approvers that stand elsewhere', () => {
  it('are read anew for each decision, from a file', async () => {
    const file = join(temporaryDirectory(), 'oncall');
    const rules = [{ ...rule, database: 'app', approvers: [{ file }] }];
    const { requests, lines } = await openRig({ approvals: approvalSettings({ rules }) });
    const { request } = await requests.ask(DEV, ELEVATION);
    const refused = { code: expect.stringMatching(/denied|not_found/) };
    await expect(requests.approve(request.id, ROSA, 'cli', '', {})).rejects.toMatchObject(refused);
    expect(lines.join()).toContain('names nobody');
    writeFileSync(file, '# on call\n  rita@example.com # this week\n\ndev@example.com\n');
    await expect(requests.approve(request.id, DEV, 'cli', '', {})).rejects.toMatchObject({ code: 'denied' });
    expect((await requests.approve(request.id, RITA, 'cli', '', {})).status).toBe('approved');
  });

  it('by a program, without the gateway’s environment; what fails or says nothing names nobody', async () => {
    const dir = temporaryDirectory();
    const lines: string[] = [];
    const lists = new ApproverLists(Date.now, (line) => lines.push(line));
    const say = async (script: string) => {
      const program = join(dir, 'oncall.sh');
      writeFileSync(program, `#!/bin/sh\n${script}\n`);
      chmodSync(program, 0o755);
      const approver = { command: [program, 'a b', '$HOME'] };
      await lists.refresh([approver]);
      return lists.listed(approver);
    };
    process.env.DBGATE_TEST_SECRET = 'hush';
    expect(await say('echo "$1"; echo "$2"; echo "$DBGATE_TEST_SECRET"')).toEqual(['a b', '$HOME']);
    delete process.env.DBGATE_TEST_SECRET;
    expect(await say('echo ada; exit 3')).toBeUndefined();
    expect(await say('echo "# nobody"')).toBeUndefined();
    expect(await say('head -c 70000 /dev/zero | tr "\\0" x')).toBeUndefined();
    expect(lines).toHaveLength(3);
  });

  it('are names, one a line', () => {
    expect(namesIn('ada@example.com\r\n# no\n bob # yes\n')).toEqual(['ada@example.com', 'bob']);
    expect(namesIn('\n# none\n')).toBeUndefined();
    expect(writtenApprover('dba')).toEqual({ group: 'dba' });
    expect(writtenApprover('group:dba')).toEqual({ group: 'dba' });
    expect(writtenApprover('user:ada@example.com')).toEqual({ user: 'ada@example.com' });
  });
});

it('one authority outside decides alone', async () => {
  const rules = [{ ...rule, database: 'app', approvers: [{ external: 'desk' }] }];
  const { requests } = await openRig({ approvals: approvalSettings({ rules }) });
  const { request } = await requests.ask(DEV, ELEVATION);
  expect(request).toMatchObject({ external: 'desk', needs: 1 });
  for (const who of [ROSA, externalDecider('another'), principal('desk', { kind: 'service' })]) {
    expect(requests.mayDecide(request.id, who)).toBe(false);
    await expect(requests.approve(request.id, who, 'external', '', {})).rejects.toThrow();
  }
  await expect(requests.approve(request.id, externalDecider('desk'), 'cli', '', {})).rejects.toThrow();
  expect((await requests.approve(request.id, externalDecider('desk'), 'external', '', {})).status).toBe('approved');
});

it('a rule that is gone after a reload decides nothing any more', async () => {
  const { requests, change } = await openRig();
  const { request } = await requests.ask(DEV, ELEVATION);
  change({ rules: [{ ...rule, id: 'other', approvers: [{ group: 'reviewers' }] }] });
  expect(requests.mayDecide(request.id, ROSA)).toBe(false);
  await expect(requests.hold(holdAsk({}, STRANGER))).rejects.toMatchObject({ code: 'denied' });
});

it('rules are told as sentences', () => {
  const auto = { ...approvalSettings().rules[2]!, database: 'app' };
  expect(approvalSentence(auto)).toBe(
    'group analysts may ask for write, unmask=email, unmask=phone, held statements on app, at most 4h; group reviewers decides; approved by itself if access is write, and for at most 1h, and the reason contains INC-\\d+',
  );
});
