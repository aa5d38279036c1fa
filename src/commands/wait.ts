import type { CommandDefinition } from './context.ts';
import { addFooter } from './help-footer.ts';
import { parseDuration, parseRequestId } from './request-access.ts';

export const waitCommand: CommandDefinition = {
  name: 'wait',
  configure(command) {
    command
      .description('Waits until a request is decided. Ctrl-C leaves it pending.')
      .argument('<id>', 'number of the request')
      .option('--timeout <duration>', 'for at most so long; default: until the request expires');
    addFooter(command, [
      'Exits with 0 if it is approved, 6 if it is denied, 7 if it expired or was cancelled or taken back, 124 if --timeout was over before.',
    ]);
  },
  async run(context, options, [text]) {
    const id = parseRequestId(text!);
    const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout as string, '--timeout');
    const [{ openGatewayClient }, { waitUntilDecided }] = await Promise.all([
      import('../login/gateway-client.ts'),
      import('./request-wait.ts'),
    ]);
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      return await waitUntilDecided(context, client, id, undefined, timeoutMs);
    } finally {
      await client.close();
    }
  },
};
