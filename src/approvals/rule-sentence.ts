/** A rule of `approvals:` told as a sentence, for `dbgate policy show`. */
import type { ApprovalRule } from '../config/approval-settings.ts';
import { scopeWords, subjectWords } from '../policy/language/plain-words.ts';
import { inWords } from './asked-words.ts';
import { approverName } from './deciders.ts';

/** `group developers may ask for ddl, unmask=email on every production database, at most 4h; group dba decides`. */
export function approvalSentence(rule: ApprovalRule): string {
  const { to, access, unmask, statements, approvers, needs, maxDurationMs, cooldownMs, auto, breakGlass } = rule;
  const who = to === undefined ? 'whoever may connect' : to.map(subjectWords).join(', ');
  const unmasked = unmask === 'all' ? ['unmask'] : unmask.map((one) => `unmask=${one}`);
  const wanted = [...access, ...unmasked, ...(statements ? ['held statements'] : [])].join(', ');
  const deciders = approvers.map(approverName).join(' or ');
  return [
    `${who} may ask for ${wanted} on ${scopeWords(rule)}, at most ${inWords(maxDurationMs)}; ${deciders} decides`,
    ...(needs > 1 ? [`${needs} different people must say yes`] : []),
    ...(cooldownMs > 0 ? [`${inWords(cooldownMs)} after a denial`] : []),
    ...(auto === undefined ? [] : [`approved by itself if ${autoWords(auto)}`]),
    ...(breakGlass ? ['break-glass is allowed'] : []),
  ].join('; ');
}

function autoWords(auto: NonNullable<ApprovalRule['auto']>): string {
  const { access, unmask, maxDurationMs, hours, ticket, findings, maxEstimatedRows } = auto;
  return [
    ...(access === undefined ? [] : [`access is ${access.join(' or ')}`]),
    ...(unmask === undefined ? [] : [`unmask is ${unmask.join(' or ')}`]),
    ...(maxDurationMs === undefined ? [] : [`for at most ${inWords(maxDurationMs)}`]),
    ...(hours === undefined ? [] : [hours.join(' or ')]),
    ...(ticket === undefined ? [] : [`the reason contains ${ticket}`]),
    ...(findings === undefined ? [] : [`findings are only ${findings.join(', ')}`]),
    ...(maxEstimatedRows === undefined ? [] : [`at most ${maxEstimatedRows} rows are expected`]),
  ].join(', and ');
}
