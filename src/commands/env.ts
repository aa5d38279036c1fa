import { Argument, Option } from 'commander';
import { DbgateError, ErrorCode } from '../errors.ts';
import { connectionVariables, formatVariables, VARIABLE_FORMATS, type VariableFormat } from './connection-variables.ts';
import type { CommandDefinition } from './context.ts';
import { runningTunnels } from './running-tunnels.ts';

export const envCommand: CommandDefinition = {
  name: 'env',
  configure(command) {
    command
      .description(
        'Prints the variables by which Postgres clients find the tunnel that "dbgate connect" holds open. Opens nothing itself.',
      )
      .addArgument(new Argument('<database>', 'name as "dbgate ls" shows it'))
      .addOption(new Option('--format <format>', 'for which reader').choices(VARIABLE_FORMATS).default('sh'))
      .addHelpText(
        'after',
        '\nExamples:\n  . <(dbgate env prod-db)  bash, zsh\n  dbgate env prod-db --format fish | source\n  dbgate env prod-db --format pwsh | Out-String | Invoke-Expression',
      );
  },
  async run(context, options, [database]) {
    const gateway = context.env.DBGATE_GATEWAY?.replace(/\/+$/, '');
    const tunnels = (await runningTunnels(context.env)).filter((tunnel) => tunnel.database === database);
    const tunnel = tunnels.find((each) => gateway === undefined || each.gateway === gateway);
    if (tunnel === undefined) {
      throw new DbgateError(ErrorCode.notFound, `no tunnel to ${database} is open`, {
        hint: `in another terminal: dbgate connect ${database}`,
      });
    }
    const format = context.json ? 'json' : (options.format as VariableFormat);
    const variables = connectionVariables(tunnel);
    context.print(variables, () => formatVariables(variables, format));
  },
};
