/**
 * A month of a gateway, October 2025, written by the real recorder with a clock of its own. What is in it is listed beside
 * each line, so that reports can be counted by hand; September and November have records too, which must not count.
 */
import type { ElevationRequested, Person, RequestEvent, Requested } from '../../../src/approvals/request.ts';
import type { IntentFields, OutcomeFields } from '../../../src/audit/record.ts';
import {
  encodeFacts,
  openRecorder,
  type SessionOpenFields,
  type SessionRecorder,
} from '../../../src/audit/recorder.ts';
import type { EventLog } from '../../../src/store/event-log.ts';

export const MONTH = { since: '2025-10-01T00:00:00.000Z', until: '2025-11-01T00:00:00.000Z' };

export async function writeMonth(
  log: EventLog,
  issuer: string,
  clock: { now: number; state: 'synchronised' | 'free' },
): Promise<void> {
  const recorder = openRecorder(log, { gatewayId: 'rig', now: () => clock.now, clockState: () => clock.state });
  const at = (day: string): void => void (clock.now = Date.parse(`2025-${day}Z`));
  const tick = (): void => void (clock.now += 1000);

  const open = (id: string, who: string, changes: Partial<SessionOpenFields> = {}): SessionRecorder => {
    tick();
    const session = recorder.session(id);
    session.open({
      issuer,
      subject: who,
      principalKind: 'user',
      actors: [],
      authMethods: ['pwd'],
      bound: false,
      via: 'tunnel',
      database: 'app',
      environment: 'production',
      upstreamUser: 'app',
      policyVersion: 'p1',
      email: `${who}@example.test`,
      groups: ['developers'],
      clientAddress: '192.0.2.1',
      application: 'psql',
      purpose: undefined,
      ...changes,
    });
    return session;
  };
  const run = (
    session: SessionRecorder,
    command: string,
    kind: string,
    intent: Partial<IntentFields> & { columns?: Record<string, 'email'> } = {},
    outcome: Partial<OutcomeFields> | 'none' = {},
  ): void => {
    tick();
    const { columns = {}, ...fields } = intent;
    const sql = `${command} secret-text`;
    const { n } = session.intent({
      protocol: 'simple',
      decision: 'allow',
      rule: undefined,
      binds: 0,
      sql,
      sqlJson: JSON.stringify(sql),
      facts: encodeFacts({ fingerprint: command, command, class: kind, relations: [], columns }),
      ...fields,
    });
    tick();
    if (outcome !== 'none' && fields.decision !== 'deny') {
      session.outcome(n, { rows: 1, bytes: 10, ms: 1, sqlstate: undefined, masked: 0, ...outcome });
    }
  };
  const event = async (
    kind: Parameters<typeof recorder.event>[0]['kind'],
    detail: Record<string, string> = {},
  ): Promise<void> => {
    tick();
    await recorder.event({ kind, by: `${issuer}|ada`, database: undefined, detail } as Parameters<
      typeof recorder.event
    >[0]);
  };

  const person = (subject: string): Person => ({
    key: `${issuer}|${subject}`,
    issuer,
    subject,
    kind: 'user',
    actor: undefined,
    email: `${subject}@example.test`,
    name: undefined,
    groups: [],
  });
  const tell = async (request: string, by: Person | undefined, told: RequestEvent): Promise<void> => {
    tick();
    const base = { kind: 'request.event', request, type: told.type, by: by?.key, database: 'app' } as const;
    await recorder.event({ ...base, event: told });
  };
  const asked = (id: string, by: Person, breakGlass = false): ElevationRequested => ({
    id,
    by,
    kind: 'elevation',
    breakGlass,
    scope: { access: 'ddl', unmask: undefined, tables: undefined, durationMs: 3_600_000 },
    database: 'app',
    environment: 'production',
    purpose: undefined,
    application: undefined,
    reason: `reason of ${id}`,
    expiresAt: clock.now + 3_600_000,
    policy: 'developers',
    deciders: ['group reviewers'],
    needs: 1,
    external: undefined,
  });
  const ask = (request: Requested): Promise<void> =>
    tell(request.id, request.by, { type: 'requested', at: clock.now, request });
  const approve = (id: string, by: Person, via: string): Promise<void> =>
    tell(id, by, {
      type: 'approved',
      at: clock.now,
      by,
      via,
      reason: 'fine',
      terms: { durationMs: 1_800_000 },
      complete: true,
    });
  const end = (id: string): Promise<void> => tell(id, undefined, { type: 'ended', at: clock.now, reason: 'time' });
  const [ada, rita, root] = [person('ada'), person('rita'), person('root')];
  const rule: Person = { ...person('small'), issuer: 'dbgate:rule', key: 'dbgate:rule|small', email: undefined };

  // September: Bob, who does not come back.
  at('09-20T10:00:00');
  const s0 = open('s0', 'bob');
  run(s0, 'SELECT', 'read');
  s0.close('client');

  at('10-01T00:00:00');
  for (let i = 0; i < 4; i++) await event('identity.login'); // 4 logins
  // Nina may come in and never does, Walt may not.
  for (const [subject, groups] of [
    ['nina', ['developers']],
    ['walt', ['elsewhere']],
  ] as const) {
    tick();
    await recorder.event({
      kind: 'identity.login',
      by: `${issuer}|${subject}`,
      database: undefined,
      detail: { principalKind: 'user', methods: '', bound: false },
      body: { email: `${subject}@example.test`, groups, actor: undefined },
    }); // logins 5, 6
  }
  await event('policy.changed', { version: 'p1' });
  await event('classification.changed', { changes: '2' });

  at('10-03T09:00:00');
  await ask(asked('r-elev', ada)); // requests 1
  await approve('r-elev', rita, 'cli'); // approvals 1, by people 1
  await ask({
    ...asked('r-stmt', ada),
    kind: 'statement',
    statement: { command: 'UPDATE' },
  } as unknown as Requested); // requests 2
  await approve('r-stmt', rita, 'web'); // approvals 2, by people 2
  await ask(asked('r-deny', ada)); // requests 3
  await tell('r-deny', rita, { type: 'denied', at: clock.now, by: rita, via: 'cli', reason: 'no' }); // denied 1

  // Ada: 3 sessions, bound, two factors; the first says what for.
  const strong = { bound: true, authMethods: ['pwd', 'otp'] };
  const s1 = open('s1', 'ada', { ...strong, purpose: 'TICKET-1' });
  run(s1, 'SELECT', 'read'); // statements 1
  run(
    s1,
    'SELECT',
    'read',
    { decision: 'mask', rule: 'mask', columns: { 'public.person.email': 'email' } },
    { masked: 3 },
  ); // 2, masked 1, classified 1
  run(s1, 'DROP TABLE', 'ddl', { decision: 'deny', rule: 'production.drop' }); // 3, denied 1, ddl denied 1
  run(s1, 'UPDATE', 'write', { decision: 'hold', rule: 'production.update', approval: 'r-stmt' }); // 4, held 1, approved 1, writing 1
  run(s1, 'ALTER TABLE', 'ddl', { approval: 'r-elev' }); // 5, approved 2, writing 2, ddl 1
  s1.close('client');
  await end('r-elev'); // ended 1
  const s2 = open('s2', 'ada', { ...strong, database: 'lab', environment: 'development' });
  run(s2, 'CREATE TABLE', 'ddl'); // 6, writing 3, ddl 2, not in production
  run(s2, 'INSERT', 'write', {}, { sqlstate: '23505' }); // 7, writing 4, failed 1
  s2.close('client');

  // Root: break-glass, twice; a privileged statement by it, and a change of a schema without a yes.
  at('10-10T02:00:00');
  await ask(asked('r-bg1', root, true)); // requests 4, break-glass 1
  await approve('r-bg1', root, 'break-glass'); // approvals 3
  const s4 = open('s4', 'root', { groups: ['admins'], authMethods: ['pwd', 'hwk'] });
  run(s4, 'GRANT', 'grant', { approval: 'r-bg1' }); // 8, approved 3, writing 5, privileged 1
  run(s4, 'ALTER TABLE', 'ddl'); // 9, writing 6, ddl 3, in production without approval 1
  s4.close('client');
  await end('r-bg1'); // ended 2
  await ask(asked('r-bg2', root, true)); // requests 5, break-glass 2
  await approve('r-bg2', root, 'break-glass'); // approvals 4

  // A service, an agent, and Eve, whose groups give her nothing any more and whose clock was free.
  at('10-15T12:00:00');
  const s5 = open('s5', 'ci', { principalKind: 'service', authMethods: [], groups: ['developers'] });
  run(s5, 'SELECT', 'read'); // 10
  s5.close('client');
  const s6 = open('s6', 'ada', { principalKind: 'agent', actors: ['helper'] });
  run(s6, 'SELECT', 'read'); // 11
  run(s6, 'DELETE', 'write', { decision: 'deny' }); // 12, denied 2, without a rule 1
  s6.close('client');
  clock.state = 'free';
  const s7 = open('s7', 'eve', { groups: ['interns'] });
  clock.state = 'synchronised';
  run(s7, 'SELECT', 'read', { columns: { 'public.person.email': 'email' } }); // 13, classified 2
  s7.close('revoked');

  await ask(asked('r-auto', ada)); // requests 6
  await approve('r-auto', rule, 'auto'); // approvals 5, by a rule 1
  await ask(asked('r-self', ada)); // requests 7
  await approve('r-self', ada, 'cli'); // approvals 6; no gateway writes this
  await event('identity.revoked');
  for (let i = 0; i < 2; i++) {
    tick();
    recorder.connectRefused({
      subject: '../../<script>alert(1)</script>',
      database: 'app',
      code: 'token_invalid',
      email: undefined,
      clientAddress: '192.0.2.9',
      reason: 'signature',
    });
  }
  for (let i = 0; i < 2; i++) await event('history.read', { what: 'history' });
  await event('audit.exported', { what: 'ocsf' });
  await event('audit.erased', { records: '0' });

  // The gateway died: a session without an end, a statement without an outcome.
  at('10-31T23:59:00');
  const s3 = open('s3', 'ada', strong);
  run(s3, 'SELECT', 'read', {}, 'none'); // 14, may have run 1

  // November, which must not count but for the review of what October's break-glass was.
  at('11-02T08:00:00');
  await tell('r-bg2', rita, { type: 'reviewed', at: clock.now, by: rita, reason: 'seen' });
  const s8 = open('s8', 'ada');
  run(s8, 'DROP TABLE', 'ddl', { decision: 'deny', rule: 'production.drop' });
  s8.close('client');
  recorder.close();
}

/** Counted by hand from the lines above. */
export const COUNTS = {
  sessions: 7,
  sessions_of_agents: 1,
  sessions_of_services: 1,
  sessions_bound: 3,
  sessions_with_methods: 6,
  sessions_second_factor: 4,
  sessions_with_purpose: 1,
  // Of `app`, where a grant wants one: s3 to s7.
  sessions_without_required_purpose: 5,
  sessions_ended: 6,
  sessions_ended_by_gateway: 1,
  sessions_lost: 1,
  sessions_clock_synchronised: 6,
  sessions_clock_other: 1,
  sessions_unknown: 0,
  statements: 14,
  statements_denied: 2,
  statements_held: 1,
  statements_approved: 3,
  statements_masked: 1,
  statements_classified: 2,
  statements_writing: 6,
  statements_ddl: 3,
  statements_ddl_denied: 1,
  statements_ddl_production_unapproved: 1,
  statements_privileged: 1,
  statements_privileged_denied: 0,
  statements_of_agents: 2,
  statements_failed: 1,
  // All that were not denied: the gateway wrote one for s3 when it started.
  statements_with_outcome: 12,
  statements_may_have_run: 1,
  statements_without_outcome: 0,
  statements_without_rule: 1,
  logins: 6,
  refused: 2,
  revocations: 1,
  policy_changes: 1,
  classification_changes: 1,
  record_reads: 2,
  exports: 1,
  erasures: 1,
  retirements: 0,
  key_rotations: 0,
  rewrites_accepted: 0,
  gateway_starts: 0,
  gateway_stops: 0,
  callbacks_refused: 0,
  requests: 7,
  requests_approved: 6,
  requests_approved_by_people: 2,
  requests_auto: 1,
  requests_erased: 0,
  requests_denied: 1,
  requests_expired: 0,
  access_ended: 2,
  access_revoked: 0,
  self_approvals: 1,
  break_glass: 2,
  break_glass_reviewed: 1,
  break_glass_unreviewed: 1,
} as const;
