import { Argument } from 'commander';
import { DbgateError, ErrorCode, ExitCode } from '../errors.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { addFooter } from './help-footer.ts';
import { askerOptions, configOption } from './offline-policy.ts';
import { sanitise } from './sanitise.ts';

const ACTIONS = ['check', 'show', 'explain', 'test', 'simulate'] as const;
type Action = (typeof ACTIONS)[number];

export const policyCommand: CommandDefinition = {
  name: 'policy',
  configure(command) {
    askerOptions(configOption(command))
      .description(
        'Checks, shows, explains, tests and simulates the policy of a configuration. Nothing is run, no gateway is asked.',
      )
      .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
      .addArgument(new Argument('[input]', 'of `explain`: the SQL, `-` for stdin; of `test`: the file'))
      .option('--for <name>', 'of `show`: the same as --as')
      .option('--with <file>', 'of `simulate`: the configuration that is to be in force')
      .option('--since <time>', 'of `simulate`: statements not older than: 1h, 7d, 2026-11-21', '7d')
      .option('--record <dir>', 'of `simulate`: the state_dir of the gateway; that of the configuration if not given');
    addFooter(command, [
      ['check', 'every fault of grants and rules, with file and line; exits with 2 if there is one'],
      ['show', 'grants and rules in force, of one principal with --for and --groups'],
      [
        'explain <sql>',
        'what is found in the statement, what the policy says and which rule; exits with 0 whatever it says',
      ],
      ['test <file>', 'cases with what is expected, see docs/policy.md; exits with 1 if one fails'],
      ['simulate', 'what --with would have said to the statements of the record: newly denied, held and allowed'],
    ]);
  },
  async run(context, options, [action, input]) {
    switch (action as Action) {
      case 'check':
        return check(context, options);
      case 'show':
        return (await import('./policy-show.ts')).showPolicy(context, options);
      case 'explain':
        return (await import('./policy-explain.ts')).explainStatement(context, options, needed(input, 'the SQL'));
      case 'test':
        return (await import('./policy-test.ts')).testPolicy(context, options, needed(input, 'the file of cases'));
      case 'simulate':
        return (await import('./policy-simulate.ts')).simulatePolicy(context, options);
      default:
        throw new DbgateError(ErrorCode.usage, `unknown action ${JSON.stringify(action)}`);
    }
  },
};

async function check(context: CommandContext, options: CommandOptions): Promise<number> {
  const { openPolicy, policyVersion } = await import('./offline-policy.ts');
  const path = options.config as string;
  const offline = openPolicy(path);
  const { databases, grants, rules, files } = offline.config;
  const version = policyVersion(offline);
  const summary = {
    ok: true,
    config: path,
    files,
    databases: databases.size,
    grants: grants.length,
    rules: rules.length,
    version,
  };
  const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
  context.print(summary, () =>
    sanitise(
      `${path} is valid: ${count(databases.size, 'database')}, ${count(grants.length, 'grant')}, ${count(rules.length, 'rule')} beside the shipped ones, ${count(files.length, 'file')}; version ${version.slice(0, 16)}`,
    ),
  );
  return ExitCode.ok;
}

function needed(input: string | undefined, what: string): string {
  if (input !== undefined) return input;
  throw new DbgateError(ErrorCode.usage, `${what} is missing`, { hint: 'dbgate policy --help' });
}
