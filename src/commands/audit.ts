import { Argument, type Command } from 'commander';
import { DbgateError, ErrorCode } from '../errors.ts';
import { auditEraseAction } from './audit-erase.ts';
import { auditExportAction } from './audit-export.ts';
import { auditKeysAction } from './audit-keys.ts';
import { auditReindexAction } from './audit-reindex.ts';
import { auditRestoreAction } from './audit-restore.ts';
import { auditRotateKeyAction } from './audit-rotate-key.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { addFooter } from './help-footer.ts';

/** One thing that `dbgate audit` does; its file + one line in the list below. */
export interface AuditAction {
  readonly name: string;
  /** One line of the help. */
  readonly summary: string;
  /** Options of its own; their names are shared by all actions. */
  configure(command: Command): void;
  // biome-ignore lint/suspicious/noConfusingVoidType: as CommandDefinition
  run(context: CommandContext, options: CommandOptions): Promise<number | void>;
}

const ACTIONS: readonly AuditAction[] = [
  auditKeysAction,
  auditRotateKeyAction,
  auditReindexAction,
  auditEraseAction,
  auditExportAction,
  auditRestoreAction,
];

export const auditCommand: CommandDefinition = {
  name: 'audit',
  configure(command) {
    command
      .description('Administers the record of a gateway.')
      .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS.map(({ name }) => name)))
      .option('--config <file>', 'configuration of the gateway, where its files are needed', 'gateway.yaml');
    for (const action of ACTIONS) action.configure(command);
    addFooter(
      command,
      ACTIONS.map(({ name, summary }) => [name, summary]),
    );
  },
  async run(context, options, [name]) {
    const action = ACTIONS.find((one) => one.name === name);
    if (action === undefined) throw new DbgateError(ErrorCode.usage, `unknown action ${JSON.stringify(name)}`);
    return await action.run(context, options);
  },
};
