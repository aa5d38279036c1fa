import { DbgateError, ErrorCode } from '../errors.ts';
import * as shape from './answer-shape.ts';
import type { AuditAction } from './audit.ts';
import { readAnswer } from './gateway-answers.ts';
import { parsePointInTime } from './point-in-time.ts';

const erasedAnswer = shape.object({
  records: shape.number(),
  segments: shape.number(),
  away: shape.number().default(() => 0),
});

/** `dbgate audit erase`: what was said, by whom and from where is taken out of the record; that it was stays. */
export const auditEraseAction: AuditAction = {
  name: 'erase',
  summary: 'erase texts, values and names from the record, for ever; proofs go on holding (administrators)',
  configure(command) {
    command
      .option('--subject <name>', 'of `erase`: subject or email of a person: all that they did')
      .option('--session <id>', 'of `erase`: a session')
      .option('--id <id>', 'of `erase`: one statement, as "dbgate history" shows it')
      .option('--before <time>', 'of `erase`: what is older, such as 90d or 2026-01-31')
      .option('--reason <text>', 'of `erase`: why; stays in the record');
  },
  async run(context, options) {
    const { subject, session, id, before, reason } = options;
    if ([subject, session, id, before].every((one) => one === undefined)) {
      throw new DbgateError(ErrorCode.usage, 'say what to erase: --subject, --session, --id or --before');
    }
    if (typeof reason !== 'string' || reason.trim() === '') {
      throw new DbgateError(ErrorCode.usage, 'say why: --reason TEXT stays in the record');
    }
    const beforeMs = before === undefined ? undefined : parsePointInTime(before as string, '--before', Date.now());
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const path = '/v1/audit/erase';
      const answer = await client.request('POST', path, { subject, session, id, before: beforeMs, reason });
      const erased = readAnswer(erasedAnswer, answer, `POST ${path}`);
      if (erased.away > 0) {
        context.note(
          `${erased.away} segments are in the archive only, and nothing in them is erased: restore them into the state directory, start the gateway, and erase again`,
        );
      }
      context.print(erased, () =>
        erased.records === 0 ? 'there was nothing to erase' : `${erased.records} records are erased`,
      );
    } finally {
      await client.close();
    }
  },
};
