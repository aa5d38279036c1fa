import { approvalSentence } from '../approvals/rule-sentence.ts';
import { DEFAULT_POLICY_YAML, DEFAULT_RULES } from '../policy/default-policy.ts';
import { compileGrants, grantOf, grantsFor } from '../policy/grants.ts';
import { clearanceSentence, grantSentence, ruleSentence } from '../policy/language/plain-words.ts';
import { type CompiledRule, SHIPPED_POLICY } from '../policy/policy.ts';
import { RULES } from '../policy/rules.ts';
import type { CommandContext, CommandOptions } from './context.ts';
import { askerOf, circumstancesOf, databaseOf, openPolicy, policyVersion } from './offline-policy.ts';
import { sanitise } from './sanitise.ts';

/** `dbgate policy show`: all of it, or what of it speaks to one principal. */
export function showPolicy(context: CommandContext, options: CommandOptions): void {
  const offline = openPolicy(options.config as string);
  const asker = askerOf({ ...options, as: options.for ?? options.as }, Date.now());
  const { grants, rules, approvals, databases } = offline.config;
  if (asker.as === undefined && asker.groups === undefined) {
    const shown = {
      version: policyVersion(offline),
      grants: grants.map((grant) => ({ ...grant, says: grantSentence(grant) })),
      rules: rules.map((rule) => ({ ...rule, says: ruleSentence(rule) })),
      approvals: (approvals?.rules ?? []).map((rule) => ({ ...rule, says: approvalSentence(rule) })),
      always: RULES.map(({ id }) => id),
      shipped: DEFAULT_RULES.map((rule) => ({ ...rule, says: ruleSentence(rule) })),
    };
    context.print(shown, () =>
      clean([
        `version ${shown.version}`,
        '',
        'Grants:',
        ...lines(
          shown.grants.map(({ says }) => says),
          'none: nobody reaches anything',
        ),
        '',
        'Rules of this configuration, before the shipped ones:',
        ...lines(
          shown.rules.map(({ id, says }) => `${id}: ${says}`),
          'none',
        ),
        '',
        'Approvals, the first that fits:',
        ...lines(
          shown.approvals.map(({ id, says }) => `${id}: ${says}`),
          'none: nobody can ask for more, and held statements are refused',
        ),
        '',
        DEFAULT_POLICY_YAML.trimEnd(),
      ]),
    );
    return;
  }
  const names = options.db === undefined ? [...databases.keys()] : [databaseOf(offline, options.db as string).name];
  const shown = names.map((name) => {
    const database = databaseOf(offline, name);
    const who = {
      kind: asker.kind,
      subject: asker.as ?? '',
      email: asker.as,
      actor: asker.kind === 'agent' ? asker.as : undefined,
      groups: asker.groups ?? [],
    };
    const compiled = compileGrants(grants);
    const outcome = grantOf(who, database, compiled, { nowMs: asker.nowMs, purpose: asker.purpose ?? null });
    const circumstances = circumstancesOf(offline, name, { ...asker, purpose: asker.purpose ?? 'shown' });
    const applying = (rule: CompiledRule): boolean => typeof circumstances !== 'string' && rule.applies(circumstances);
    const own = [...offline.policy.judges, ...offline.policy.allows].filter((rule) => !rule.shipped && applying(rule));
    const tier = typeof circumstances === 'string' ? '' : tierWord(circumstances.environment);
    return {
      database: name,
      environment: database.environment,
      access: outcome.granted ? outcome.access : null,
      create: outcome.granted && outcome.create,
      reason: outcome.granted ? undefined : outcome.reason,
      masking: outcome.granted ? clearanceSentence(outcome.masking) : undefined,
      grants: grantsFor(who, database, compiled).map(({ settings }) => grantSentence(settings)),
      rules: own.map(({ settings }) => ({ id: settings.id, says: ruleSentence(settings) })),
      shipped: SHIPPED_POLICY.judges.filter(applying).map(({ settings }) => ({
        id: settings.id.replace('{tier}', tier),
        says: ruleSentence(settings),
        why: settings.name,
      })),
    };
  });
  context.print({ version: policyVersion(offline), databases: shown }, () =>
    clean(
      shown.flatMap((one) => [
        `${one.database} (${one.environment}): ${one.access === null ? NO_ACCESS[one.reason ?? 'none'] : `access ${one.access}${one.create ? ' and create' : ''}`}`,
        ...one.grants.map((sentence) => `  grant: ${sentence}`),
        ...(one.masking === undefined ? [] : [`  masking: ${one.masking}`]),
        ...one.rules.map(({ id, says }) => `  rule ${id}: ${says}`),
        ...(one.access === null ? [] : one.shipped.map(({ id, says }) => `  shipped ${id}: ${says}`)),
      ]),
    ),
  );
}

const NO_ACCESS = {
  none: 'no access',
  hours: 'no access at this time',
  expired: 'no access any more',
  purpose: 'no access without a purpose',
} as const;

function tierWord(environment: string): string {
  return environment === 'staging' || environment === 'development' ? environment : 'production';
}

function lines(sentences: readonly string[], none: string): string[] {
  return sentences.length === 0 ? [`  ${none}`] : sentences.map((sentence) => `  ${sentence}`);
}

function clean(text: readonly string[]): string {
  return sanitise(text.join('\n'), { keepLayout: true });
}
