import { constants } from 'node:os';
import type { CommandDefinition } from './context.ts';
import { sanitise } from './sanitise.ts';

export const gatewayCommand: CommandDefinition = {
  name: 'gateway',
  configure(command) {
    command
      .description('Runs the gateway: the server between people and databases. SIGHUP reads its configuration again.')
      .option('--config <file>', 'its configuration, see docs/gateway-yaml.md', 'gateway.yaml')
      .option('--check', 'check the configuration and end')
      .option(
        '--accept-rewritten <reason>',
        'start though the record is not what was signed; this and the reason are recorded',
      );
  },
  async run(context, options) {
    const configPath = options.config as string;
    if (options.check === true) {
      const { loadGatewaySettings } = await import('../config/gateway-schema.ts');
      const settings = loadGatewaySettings(configPath, context.env);
      const summary = {
        ok: true,
        config: configPath,
        gateway_id: settings.gatewayId,
        databases: [...settings.databases.keys()],
        issuers: settings.issuers.map(({ issuer }) => issuer),
        grants: settings.grants.length,
      };
      context.print(summary, () =>
        sanitise(
          `${configPath} is valid: ${count(settings.databases.size, 'database')}, ${count(settings.issuers.length, 'issuer')}, ${count(settings.grants.length, 'grant')}`,
        ),
      );
      return;
    }
    const { runGateway } = await import('../gateway/server.ts');
    const stop = new AbortController();
    let endedBy: NodeJS.Signals | undefined;
    const release = context.interceptSignals((signal) => {
      // The gateway itself takes SIGHUP: it reads its configuration again.
      if (signal === 'SIGHUP') return;
      endedBy = signal;
      stop.abort();
      // A second one does not wait for the sessions' orderly end.
      release();
    });
    try {
      await runGateway({
        configPath,
        env: context.env,
        acceptRewritten: options.acceptRewritten as string | undefined,
        signal: AbortSignal.any([stop.signal, context.signal]),
        log: (line) => context.note(sanitise(line, { keepLayout: true })),
      });
    } finally {
      release();
    }
    return endedBy === undefined ? undefined : 128 + constants.signals[endedBy];
  },
};

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
