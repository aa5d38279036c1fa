import { DbgateError, ErrorCode } from '../errors.ts';
import type { AuditAction } from './audit.ts';
import type { CommandContext } from './context.ts';
import { reindexLine } from './history-answers.ts';
import { progressBar } from './progress-bar.ts';
import { sanitise } from './sanitise.ts';

/** `dbgate audit reindex`: the index behind `history` is made anew from the segments, which are the truth. */
export const auditReindexAction: AuditAction = {
  name: 'reindex',
  summary:
    'make the index of the record anew: on the machine of the gateway while it is stopped, or --online by the gateway',
  configure(command) {
    command.option('--online', 'of `reindex`: by the running gateway, for its administrators');
  },
  async run(context, options) {
    const bar = progressBar(context);
    if (options.online === true) {
      const records = await online(context, bar.show);
      bar.end();
      context.print({ records }, () => `${records} records are indexed`);
      return;
    }
    const { loadPolicyConfig } = await import('../config/gateway-schema.ts');
    const { reindexOffline } = await import('../gateway/reindex.ts');
    const { stateDir } = loadPolicyConfig(options.config as string);
    try {
      const { records, damage } = await reindexOffline(stateDir, bar.show, context.signal);
      bar.end();
      for (const one of damage) context.note(sanitise(`damaged: ${one}`));
      context.print({ records, damage }, () => `${records} records are indexed`);
    } catch (error) {
      bar.end();
      if (!(error instanceof DbgateError) || error.code !== ErrorCode.config || !/locked/.test(error.message))
        throw error;
      throw new DbgateError(ErrorCode.config, 'the gateway runs', {
        hint: 'dbgate audit reindex --online, or stop it first',
        cause: error,
      });
    }
  },
};

async function online(context: CommandContext, show: (done: number, total: number) => void): Promise<number> {
  const { openGatewayClient } = await import('../login/gateway-client.ts');
  const client = await openGatewayClient({ env: context.env, signal: context.signal });
  try {
    for await (const line of client.stream('/v1/audit/reindex', { method: 'POST' })) {
      const event = reindexLine.safeParse(line);
      if (!event.success) continue;
      if (event.data.event === 'end') return event.data.records;
      show(event.data.done, event.data.total);
    }
    throw new DbgateError(ErrorCode.gatewayUnreachable, 'the gateway went away before the index was made');
  } finally {
    await client.close();
  }
}
