/** Of somebody in Slack only an email or a subject is known: in doubt they are who else may be meant. */
import { expect, it } from 'vitest';
import { personOf, samePerson, slackPerson } from '../../src/approvals/person.ts';
import { person } from './notify/samples.ts';

const slack = (mapped: string, target = 'chat') => personOf(slackPerson(target, mapped));
const service = { ...person('ci', undefined), kind: 'service' as const, email: undefined };
const unnamed = { ...person('dana'), email: undefined };

it.each([
  ['the same email', slack('dana@example.test'), person('dana'), true],
  ['the same email in other letters', slack('Dana@Example.test'), person('dana'), true],
  ['the same subject', slack('dana'), person('dana'), true],
  ['an email, and somebody whose issuer says none', slack('rosa@example.test'), unnamed, true],
  ['two targets, the same email', slack('a@example.test'), slack('a@example.test', 'other'), true],
  ['an email and a subject in Slack', slack('a@example.test'), slack('a', 'other'), true],
  ['another email', slack('rosa@example.test'), person('dana'), false],
  ['another subject', slack('rosa'), person('dana'), false],
  ['a machine without an email', slack('rosa@example.test'), service, false],
])('%s', (_name, a, b, same) => {
  expect(samePerson(a, b)).toBe(same);
  expect(samePerson(b, a)).toBe(same);
});
