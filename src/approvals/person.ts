/** Who stands behind a request or a decision, and when two of them are the same human being. Pure. */
import { type Principal, principalKey } from '../identity/principal.ts';
import type { Person } from './request.ts';

/** No token has these issuers: an issuer is a URL. */
export const RULE_ISSUER = 'dbgate:rule';
export const EXTERNAL_ISSUER = 'dbgate:external';

export function personOf(principal: Principal): Person {
  let person = people.get(principal);
  if (person === undefined) {
    const { issuer, subject, kind, actor, email, name, groups } = principal;
    person = { key: principalKey(principal), issuer, subject, kind, actor, email, name, groups };
    people.set(principal, person);
  }
  return person;
}

/** One who looks through ten thousand requests is compared with whoever asked for each of them. */
const people = new WeakMap<Principal, Person>();

/** The gateway itself, by a rule of `approvals:`. */
export function rulePerson(rule: string): Person {
  return personOf(outside(RULE_ISSUER, rule, `rule ${rule}`));
}

/** A decider outside (`external:`), once its word was verified; `name` as in the configuration. */
export function externalDecider(name: string): Principal {
  return outside(EXTERNAL_ISSUER, name, name);
}

/** No issuer of tokens begins so. */
const SLACK_ISSUER = 'slack:';

/** Who pressed a button in Slack; `mapped`: the email or subject that `people` of the target says. */
export function slackPerson(target: string, mapped: string): Principal {
  const email = mapped.includes('@') ? mapped : undefined;
  return { ...outside(`${SLACK_ISSUER}${target}`, mapped, mapped), kind: 'user', email };
}

function outside(issuer: string, subject: string, name: string): Principal {
  return {
    kind: 'service',
    issuer,
    subject,
    email: undefined,
    name,
    groups: [],
    actor: undefined,
    expiresAt: Number.MAX_SAFE_INTEGER,
    authMethods: [],
    jkt: undefined,
  };
}

/**
 * The same human being, as far as can be told: the same issuer and subject (an agent has those of whom it acts for), the
 * same email at any issuer, or the same agent, whoever it acts for. In doubt they are the same: then neither may decide
 * for the other.
 */
export function samePerson(a: Person, b: Person): boolean {
  if (a.key === b.key) return true;
  if (a.email !== undefined && b.email !== undefined && canonicalEmail(a.email) === canonicalEmail(b.email))
    return true;
  if (a.actor !== undefined && a.actor === b.actor) return true;
  return mayBeMapped(a, b) || mayBeMapped(b, a);
}

/** Two who ask are the same person if they share one of these. */
export function identitiesOf({ key, email, actor }: Person): readonly string[] {
  const identities = [`key ${key}`];
  if (email !== undefined) identities.push(`email ${canonicalEmail(email)}`);
  if (actor !== undefined) identities.push(`actor ${actor}`);
  return identities;
}

/** Of somebody in Slack only an email or a subject is known: the other is another human only if that can be compared. */
function mayBeMapped(slack: Person, other: Person): boolean {
  if (!slack.issuer.startsWith(SLACK_ISSUER)) return false;
  if (slack.subject === other.subject) return true;
  if (slack.email !== undefined) return other.email === undefined && other.kind !== 'service';
  return other.issuer.startsWith(SLACK_ISSUER);
}

/** Printable ASCII: no blanks, and NFKC leaves it as it is. */
const PLAIN = /^[!-~]*$/;

function canonicalEmail(email: string): string {
  if (PLAIN.test(email)) return email.toLowerCase();
  return email.trim().normalize('NFKC').toLowerCase();
}

/** Exactly the same: an agent is not the person it acts for. */
export function isPrincipal(person: Person, principal: Principal): boolean {
  return person.key === personOf(principal).key && person.kind === principal.kind && person.actor === principal.actor;
}

/** How a person is named to people: email, else name, else subject; an agent with whom it acts for. */
export function personName({ kind, actor, email, name, subject }: Person): string {
  const who = email ?? name ?? subject;
  return kind === 'agent' && actor !== undefined ? `${actor} for ${who}` : who;
}
