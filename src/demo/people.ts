/** A person, or machine, of the demo. All are made up; nobody has a password. */
export interface DemoPerson {
  readonly subject: string;
  readonly email: string;
  readonly name: string;
  readonly role: DemoRole;
  readonly group: string;
  /** RFC 8693 `act.sub`, for who acts on this person's behalf. */
  readonly actor?: string;
}

export type DemoRole = 'developer' | 'analyst' | 'agent' | 'reviewer' | 'admin' | 'auditor';

export const DEMO_PEOPLE: readonly DemoPerson[] = [
  { subject: 'demo-dev', email: 'dev@demo.test', name: 'Dana Developer', role: 'developer', group: 'developers' },
  { subject: 'demo-analyst', email: 'analyst@demo.test', name: 'Anton Analyst', role: 'analyst', group: 'analysts' },
  {
    subject: 'demo-agent-owner',
    email: 'agent@demo.test',
    name: 'Agent for Agnes',
    role: 'agent',
    group: 'agents',
    actor: 'demo-agent',
  },
  {
    subject: 'demo-reviewer',
    email: 'reviewer@demo.test',
    name: 'Rosa Reviewer',
    role: 'reviewer',
    group: 'reviewers',
  },
  { subject: 'demo-admin', email: 'admin@demo.test', name: 'Ada Admin', role: 'admin', group: 'admins' },
  { subject: 'demo-auditor', email: 'auditor@demo.test', name: 'Otto Auditor', role: 'auditor', group: 'auditors' },
];
