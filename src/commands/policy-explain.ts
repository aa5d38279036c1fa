import { DbgateError, ErrorCode } from '../errors.ts';
import { FINDING_WORDS } from '../policy/language/finding-words.ts';
import { analyse } from '../sql/analyse.ts';
import { characterPosition } from '../sql/byte-offsets.ts';
import type { StatementFacts } from '../sql/facts.ts';
import type { CommandContext, CommandOptions } from './context.ts';
import {
  askerOf,
  circumstancesOf,
  effectOf,
  grammarOf,
  judgeOffline,
  openPolicy,
  untoldInWords,
  untoldJson,
} from './offline-policy.ts';
import { sanitise } from './sanitise.ts';
import { sqlOfStream } from './sql-input.ts';
import { TextPlaces } from './text-places.ts';

/** `dbgate policy explain`: what is found in a statement and what policy says to it; it is never run. */
export async function explainStatement(context: CommandContext, options: CommandOptions, input: string): Promise<void> {
  const sql = input === '-' ? await sqlOfStream(context.stdin) : input;
  const offline = openPolicy(options.config as string);
  const circumstances = circumstancesOf(offline, options.db as string | undefined, askerOf(options, Date.now()));
  if (typeof circumstances === 'string') throw new DbgateError(ErrorCode.denied, circumstances);
  const analysis = analyse(sql, await grammarOf(options));
  const { decision, unresolved, untold } = judgeOffline(analysis, circumstances);
  const places = new TextPlaces(sql);
  const refused = decision.effect === 'deny' ? decision : undefined;
  const place = refused?.position === undefined ? undefined : places.ofPosition(refused.position);
  const answer = {
    database: circumstances.database,
    environment: circumstances.environment,
    access: circumstances.access,
    create: circumstances.create,
    decision: effectOf(decision),
    ...(refused === undefined
      ? {}
      : {
          rule: refused.rule,
          sqlstate: refused.sqlstate,
          message: refused.message,
          detail: refused.detail,
          hint: refused.hint,
          ...place,
        }),
    statements: analysis.statements.map((facts) => ({
      command: facts.command,
      class: facts.class,
      writes: facts.writes,
      nested: facts.nested ?? [],
      findings: facts.findings.map(({ kind, subject, offset }) => ({
        finding: FINDING_WORDS[kind].word,
        subject,
        ...(offset === undefined ? {} : places.ofPosition(characterPosition(sql, offset))),
      })),
      objects: facts.targets.map(({ action, label, name }) => ({ action, label, name })),
      relations: facts.relations,
      functions: facts.functions,
      settings: facts.settings ?? [],
    })),
    resolved: false,
    unresolved: unresolved.map(({ name }) => name),
    ...(untold === undefined ? {} : untoldJson(untold)),
  };
  context.print(answer, () => {
    const at = place === undefined ? '' : ` at ${place.line}:${place.column}`;
    return sanitise(
      [
        `${answer.decision} on ${answer.database} (${answer.environment}), access ${answer.access}${answer.create ? ' and create' : ''}`,
        ...(refused === undefined
          ? []
          : [
              `rule: ${refused.rule}${at}`,
              `message: ${refused.message} (${refused.sqlstate})`,
              ...(refused.detail === '' ? [] : [`why: ${refused.detail}`]),
              ...(refused.hint === '' ? [] : [`instead: ${refused.hint}`]),
            ]),
        ...analysis.statements.flatMap((facts) => factLines(facts)),
        ...(answer.unresolved.length === 0
          ? []
          : [`it depends on whose these are, taken for others' here: ${answer.unresolved.join(', ')}`]),
        ...(untold === undefined ? [] : [untoldInWords(untold)]),
        'names are not resolved offline: search_path, views and owners are known to the gateway only',
      ].join('\n'),
      { keepLayout: true },
    );
  });
}

function factLines(facts: StatementFacts): string[] {
  const all: readonly (readonly [string, readonly string[]])[] = [
    ['inside', facts.nested ?? []],
    [
      'findings',
      facts.findings.map(({ kind, subject }) => FINDING_WORDS[kind].word + (subject ? ` (${subject})` : '')),
    ],
    ['objects', facts.targets.map(({ action, label, name }) => `${action} ${label} ${name}`)],
    ['relations', facts.relations],
    ['functions', facts.functions],
    ['settings', facts.settings ?? []],
  ];
  return [
    `statement: ${facts.command}, class ${facts.class}, ${facts.writes ? 'may change data' : 'changes no data'}`,
    ...all.flatMap(([what, names]) => (names.length === 0 ? [] : [`  ${what}: ${names.join(', ')}`])),
  ];
}
