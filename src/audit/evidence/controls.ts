/**
 * The table of controls: what each asks of access to databases, which selections of the record answer it, and which of
 * them must be empty. One entry a control. The words say what the record shows; whether a control is met is for whoever
 * assesses it to say.
 * @see https://www.aicpa-cima.com/resources/download/2017-trust-services-criteria-with-revised-points-of-focus-2022
 * @see https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final
 */
import type { SelectionName } from '../../store/record-selections.ts';

export const FRAMEWORKS = ['soc2', 'nist-800-53'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

export const FRAMEWORK_NAMES: Readonly<Record<Framework, string>> = {
  soc2: 'SOC 2, Trust Services Criteria 2017 (revised points of focus 2022)',
  'nist-800-53': 'NIST SP 800-53 Revision 5',
};

/** What is found wrong where a selection is not empty, or the tree is not as it should be. */
export type GapName = SelectionName | TreeGap;
export type TreeGap =
  | 'tree_stopped'
  | 'checkpoint_late'
  | 'no_witness'
  | 'witness_late'
  | 'witness_conflict'
  | 'samples_unproved'
  | 'records_lost'
  | 'records_retired';

export interface Control {
  readonly framework: Framework;
  /** As the framework writes it. */
  readonly id: string;
  readonly title: string;
  /** One sentence. */
  readonly question: string;
  readonly shows: readonly SelectionName[];
  readonly gaps: readonly GapName[];
}

/** Of whatever depends on the record being whole. */
const WHOLE: readonly GapName[] = ['statements_without_outcome', 'sessions_unknown', 'records_lost', 'records_retired'];
const PROVED: readonly GapName[] = [
  'tree_stopped',
  'checkpoint_late',
  'no_witness',
  'witness_late',
  'witness_conflict',
  'samples_unproved',
];
const DECIDED: readonly GapName[] = ['self_approvals', 'break_glass_unreviewed', 'requests_erased'];

export const CONTROLS: readonly Control[] = [
  {
    framework: 'soc2',
    id: 'CC6.1',
    title: 'Logical access security over protected information assets',
    question:
      'Is every access to a database made by an identified principal, judged by policy, and masked where policy says so?',
    shows: [
      'sessions',
      'sessions_bound',
      'statements',
      'statements_denied',
      'statements_classified',
      'statements_masked',
      'refused',
    ],
    gaps: ['sessions_unknown', 'sessions_without_required_purpose', 'statements_without_rule'],
  },
  {
    framework: 'soc2',
    id: 'CC6.2',
    title: 'Registration and authorization of users before access is given, and removal',
    question:
      'Is access given only to people whom the identity provider names and somebody authorised, and taken back when it ends?',
    shows: [
      'requests_expired',
      'logins',
      'requests',
      'requests_approved_by_people',
      'requests_auto',
      'requests_denied',
      'revocations',
      'access_ended',
      'refused',
    ],
    gaps: DECIDED,
  },
  {
    framework: 'soc2',
    id: 'CC6.3',
    title: 'Access by role and responsibility, least privilege, segregation of duties',
    question:
      'Is more than the standing access given only by somebody else, for a while, and is it used as it was given?',
    shows: [
      'requests',
      'requests_approved_by_people',
      'requests_auto',
      'statements_approved',
      'access_ended',
      'access_revoked',
      'break_glass',
      'policy_changes',
    ],
    gaps: DECIDED,
  },
  {
    framework: 'soc2',
    id: 'CC6.6',
    title: 'Protection against threats from outside the system boundary',
    question: 'Are connections from outside turned away unless their token verifies and a grant covers them?',
    shows: [
      'refused',
      'sessions',
      'sessions_bound',
      'sessions_second_factor',
      'sessions_ended_by_gateway',
      'revocations',
      'callbacks_refused',
    ],
    gaps: ['sessions_unknown'],
  },
  {
    framework: 'soc2',
    id: 'CC7.2',
    title: 'Monitoring of components for anomalies',
    question: 'Is what is done in databases recorded, so that what is unusual can be found?',
    shows: [
      'statements_of_agents',
      'statements',
      'statements_denied',
      'statements_failed',
      'refused',
      'statements_privileged',
      'break_glass',
      'record_reads',
      'exports',
    ],
    gaps: WHOLE,
  },
  {
    framework: 'soc2',
    id: 'CC7.3',
    title: 'Evaluation of security events',
    question: 'Do people look at what was unusual: break-glass, the record itself, accesses that were taken back?',
    shows: [
      'break_glass',
      'break_glass_reviewed',
      'record_reads',
      'revocations',
      'access_revoked',
      'statements_may_have_run',
    ],
    gaps: ['break_glass_unreviewed', 'requests_erased', 'rewrites_accepted'],
  },
  {
    framework: 'soc2',
    id: 'CC8.1',
    title: 'Authorization, testing and approval of changes',
    question: 'Are changes of schemas, rights and policy authorised before they are made, and recorded?',
    shows: [
      'statements_ddl',
      'statements_ddl_denied',
      'statements_privileged',
      'statements_held',
      'statements_approved',
      'policy_changes',
      'classification_changes',
    ],
    gaps: ['statements_ddl_production_unapproved', 'self_approvals', 'statements_without_outcome'],
  },
  {
    framework: 'nist-800-53',
    id: 'AC-2',
    title: 'Account Management',
    question: 'Which accounts were used, given more, and taken back?',
    shows: [
      'requests_expired',
      'logins',
      'sessions',
      'sessions_of_services',
      'sessions_of_agents',
      'requests_approved',
      'access_ended',
      'access_revoked',
      'revocations',
    ],
    gaps: DECIDED,
  },
  {
    framework: 'nist-800-53',
    id: 'AC-3',
    title: 'Access Enforcement',
    question: 'Is each statement judged by policy before it runs, and refused or masked where policy says so?',
    shows: ['statements_writing', 'statements', 'statements_denied', 'statements_held', 'statements_masked', 'refused'],
    gaps: ['statements_without_rule', 'sessions_unknown'],
  },
  {
    framework: 'nist-800-53',
    id: 'AC-6',
    title: 'Least Privilege',
    question: 'Is more than the standing access given for a while only, by somebody else?',
    shows: [
      'requests',
      'requests_approved_by_people',
      'requests_auto',
      'access_ended',
      'access_revoked',
      'statements_approved',
      'break_glass',
    ],
    gaps: [...DECIDED, 'sessions_without_required_purpose'],
  },
  {
    framework: 'nist-800-53',
    id: 'AC-6(9)',
    title: 'Least Privilege | Log Use of Privileged Functions',
    question: 'Is the use of privileged functions recorded, with who, when and what came of it?',
    shows: [
      'statements_privileged',
      'statements_privileged_denied',
      'statements_ddl',
      'statements_approved',
      'break_glass',
      'erasures',
    ],
    gaps: ['break_glass_unreviewed', 'statements_without_outcome', 'requests_erased'],
  },
  {
    framework: 'nist-800-53',
    id: 'AC-12',
    title: 'Session Termination',
    question: 'Does the gateway end sessions when their token or grant ends, when they are revoked, or idle?',
    shows: ['sessions_ended', 'sessions_ended_by_gateway', 'revocations'],
    gaps: ['sessions_lost'],
  },
  {
    framework: 'nist-800-53',
    id: 'AU-2',
    title: 'Event Logging',
    question: 'Which kinds of events are recorded?',
    shows: [
      'sessions',
      'statements',
      'logins',
      'refused',
      'requests',
      'policy_changes',
      'classification_changes',
      'record_reads',
      'exports',
      'erasures',
      'gateway_starts',
    ],
    gaps: ['records_lost', 'records_retired'],
  },
  {
    framework: 'nist-800-53',
    id: 'AU-3',
    title: 'Content of Audit Records',
    question: 'Does each record say what, when, where, by whom, and what came of it?',
    shows: [
      'statements',
      'statements_with_outcome',
      'statements_failed',
      'sessions_with_purpose',
      'sessions_with_methods',
    ],
    gaps: WHOLE,
  },
  {
    framework: 'nist-800-53',
    id: 'AU-6',
    title: 'Audit Record Review, Analysis, and Reporting',
    question: 'Does anybody read the record, and is that recorded too?',
    shows: ['record_reads', 'exports', 'break_glass_reviewed'],
    gaps: ['break_glass_unreviewed', 'requests_erased'],
  },
  {
    framework: 'nist-800-53',
    id: 'AU-8',
    title: 'Time Stamps',
    question: 'Was the clock that stamps the records synchronised?',
    shows: ['sessions_clock_synchronised'],
    gaps: ['sessions_clock_other'],
  },
  {
    framework: 'nist-800-53',
    id: 'AU-9',
    title: 'Protection of Audit Information',
    question: 'Can it be seen whether the record was changed, and who erased or retired what?',
    shows: ['erasures', 'retirements', 'key_rotations', 'record_reads', 'statements'],
    gaps: ['rewrites_accepted', ...PROVED],
  },
  {
    framework: 'nist-800-53',
    id: 'AU-9(3)',
    title: 'Protection of Audit Information | Cryptographic Protection',
    question: 'Is the record under a signed Merkle tree that a witness has cosigned?',
    shows: ['key_rotations', 'statements'],
    gaps: ['rewrites_accepted', ...PROVED],
  },
  {
    framework: 'nist-800-53',
    id: 'AU-10',
    title: 'Non-repudiation',
    question: 'Can what somebody did be shown later, with a proof that does not rest on trust in the gateway?',
    shows: ['statements', 'sessions_bound', 'requests_approved', 'sessions_of_agents'],
    gaps: [...PROVED, ...WHOLE],
  },
  {
    framework: 'nist-800-53',
    id: 'AU-12',
    title: 'Audit Record Generation',
    question: 'Is a record made of each execution before it has an effect, and of its outcome?',
    shows: ['statements', 'statements_with_outcome', 'statements_may_have_run', 'gateway_starts', 'gateway_stops'],
    gaps: WHOLE,
  },
  {
    framework: 'nist-800-53',
    id: 'CM-5',
    title: 'Access Restrictions for Change',
    question: 'Are changes of schemas and rights restricted to those who may, and approved where policy wants it?',
    shows: [
      'statements_ddl',
      'statements_ddl_denied',
      'statements_privileged',
      'statements_privileged_denied',
      'statements_held',
      'statements_approved',
      'policy_changes',
    ],
    gaps: ['statements_ddl_production_unapproved', 'self_approvals'],
  },
  {
    framework: 'nist-800-53',
    id: 'IA-2',
    title: 'Identification and Authentication (Organizational Users)',
    question: 'Is every session that of one identified principal, and how did they authenticate?',
    shows: [
      'logins',
      'sessions',
      'sessions_with_methods',
      'sessions_second_factor',
      'sessions_bound',
      'sessions_of_agents',
    ],
    gaps: ['sessions_unknown'],
  },
  {
    framework: 'nist-800-53',
    id: 'SI-4',
    title: 'System Monitoring',
    question: 'Is the use of databases watched for what is not authorised?',
    shows: [
      'statements_of_agents',
      'statements_denied',
      'refused',
      'statements_failed',
      'break_glass',
      'revocations',
      'record_reads',
      'exports',
    ],
    gaps: WHOLE,
  },
];

export function controlsOf(framework: Framework): readonly Control[] {
  return CONTROLS.filter((control) => control.framework === framework);
}
