import { describe, expect, it } from 'vitest';
import { parsePolicyConfig } from '../../src/config/gateway-schema.ts';
import { DbgateError } from '../../src/errors.ts';

const BASE = `public_url: https://db.example.com
state_dir: /var/lib/dbgate
tls: { cert: file:c.pem, key: file:k.pem }
issuers: [{ issuer: https://id.example.com, audience: a, client_id: c }]
databases:
  app: { upstream: { host: h, user: u } }
notify:
  desk: { kind: external, url: https://desk.example.com, secret: env:DESK }
approvals:
`;

const parse = (approvals: string) => parsePolicyConfig(`${BASE}${approvals}`, '/etc/dbgate/gateway.yaml').approvals!;

function faults(approvals: string): string[] {
  try {
    parse(approvals);
  } catch (error) {
    if (error instanceof DbgateError) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

const RULE = (more: string) => `  rules:
    - id: devs
      database: app
      approvers: [{ group: dba }]
${more
  .split('\n')
  .map((line) => `      ${line}`)
  .join('\n')}`;

describe('approvals:', () => {
  it('are read, with their defaults', () => {
    const settings = parse(
      RULE(
        'access: [write, ddl]\nunmask: email\nauto: { ticket: INC-\\d+, hours: daily 08:00-18:00 UTC }\nto: { group: devs }',
      ),
    );
    expect(settings).toMatchObject({
      requestTtlMs: 8 * 3_600_000,
      holdMs: 15 * 60_000,
      holdInTransactionMs: 120_000,
      approvalTtlMs: 3_600_000,
      noticeEveryMs: 30_000,
      atEnd: 'finish',
      maxBatch: 100,
      rules: [
        {
          id: 'devs',
          to: [{ group: 'devs' }],
          database: 'app',
          access: ['write', 'ddl'],
          unmask: ['email'],
          statements: true,
          approvers: [{ group: 'dba' }],
          needs: 1,
          maxDurationMs: 4 * 3_600_000,
          cooldownMs: 600_000,
          breakGlass: false,
          auto: { ticket: 'INC-\\d+', hours: ['daily 08:00-18:00 UTC'], access: undefined },
        },
      ],
    });
  });

  it('find files and programs beside the configuration', () => {
    const text = `  rules:
    - id: a
      database: '*'
      approvers: [{ file: oncall.txt }, { command: [./oncall.sh, --now] }, { command: [oncall] }]`;
    expect(parse(text).rules[0]!.approvers).toEqual([
      { file: '/etc/dbgate/oncall.txt' },
      { command: ['/etc/dbgate/oncall.sh', '--now'] },
      { command: ['oncall'] },
    ]);
  });

  it.each<[string, string, string]>([
    [
      'no approvers',
      '  rules:\n    - { id: a, database: app, access: write }',
      'approvals.rules[0].approvers: missing',
    ],
    ['no rules', '  request_ttl: 8h', 'approvals.rules: missing'],
    ['two at one place', RULE('environment: production'), 'exactly one of "database" and "environment"'],
    ['another level', RULE('access: all'), 'approvals.rules[0].access: found "all"'],
    ['another class', RULE('unmask: [email, e-mail]'), 'approvals.rules[0].unmask[1]'],
    ['all, and more', RULE('unmask: [all, email]'), '"all" stands alone'],
    ['nothing to ask for', RULE('statements: false'), 'there is nothing to ask for'],
    ['nothing to break open', RULE('break_glass: true'), 'there is nothing to open'],
    ['nobody', RULE('needs: 0'), 'approvals.rules[0].needs: found 0'],
    ['ten years', RULE('max_duration: 520w'), 'approvals.rules[0].max_duration'],
    ['no hours', RULE('auto: { hours: always }'), 'is not hours'],
    ['a ticket that could take for ever', RULE('auto: { ticket: "(?=a)" }'), '"(?" is not known here'],
    ['an empty auto', RULE('auto: {}'), 'it would approve everything'],
    ['an auto that nothing meets', RULE('auto: { access: write, findings: drops }'), 'none could have both'],
    ['another finding', RULE('auto: { findings: dropps }'), 'did you mean "drops"'],
    ['another database', RULE('').replace('database: app', 'database: ap'), 'no such database "ap"'],
    [
      'two rules of one name',
      `${RULE('')}\n    - { id: devs, database: app, approvers: [{ group: x }] }`,
      'stands here twice',
    ],
    [
      'one that is two',
      RULE('').replace('{ group: dba }', '{ group: dba, user: ada }'),
      'exactly one of "group", "user"',
    ],
    [
      'a decider outside beside others',
      RULE('').replace('{ group: dba }', '{ external: desk }, { group: dba }'),
      'stands alone',
    ],
    [
      'one that notify does not know',
      RULE('').replace('{ group: dba }', '{ external: dusk }'),
      'no target of "notify"',
    ],
    ['two of one outside', RULE('needs: 2').replace('{ group: dba }', '{ external: desk }'), 'says yes once'],
  ])('a fault, with its line: %s', (_, text, says) => {
    const found = faults(text);
    expect(found.join('\n')).toContain(says);
    for (const line of found) expect(line).toMatch(/^\/etc\/dbgate\/gateway\.yaml:\d+:\d+: approvals/);
  });

  it('a decider outside is one of notify', () => {
    expect(parse(RULE('').replace('{ group: dba }', '{ external: desk }')).rules[0]!.approvers).toEqual([
      { external: 'desk' },
    ]);
  });
});
