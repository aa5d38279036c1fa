import type { CommandDefinition } from './context.ts';
import { readAnswer } from './gateway-answers.ts';
import { parseRequestId } from './request-access.ts';
import { requestAnswer } from './request-answers.ts';
import { outcomeText } from './request-text.ts';

export const cancelCommand: CommandDefinition = {
  name: 'cancel',
  configure(command) {
    command
      .description('Withdraws a request of yours that nobody has decided yet.')
      .argument('<id>', 'number of the request')
      .option('--reason <text>', 'why, for whoever would have decided');
  },
  async run(context, options, [text]) {
    const id = parseRequestId(text!);
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const path = `/v1/requests/${id}/cancel`;
      const answer = await client.request('POST', path, { reason: options.reason ?? '' });
      const request = readAnswer(requestAnswer, answer, `POST ${path}`);
      context.print(request, () => outcomeText(request, Date.now()));
    } finally {
      await client.close();
    }
  },
};
