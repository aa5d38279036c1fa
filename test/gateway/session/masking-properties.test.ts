import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionCommand } from '../../../src/gateway/session/contract.ts';
import { encodeBind, encodeClose, encodeExecute, encodeParse, FLUSH, SYNC } from '../../../src/pgwire/extended.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import { ModelMasking } from './model-masking.ts';
import { batchesOf, heldTexts, inBatches, messagesOf, texts } from './model-messages.ts';
import { OUTCOMES, REFUSED } from './model-run.ts';
import { ModelServer } from './model-server.ts';
import { Script } from './script.ts';

/** For long runs of the property: how many sequences, and from which seed. */
const RUNS = Number(process.env.DBGATE_PROPERTY_RUNS ?? 1500);
const SEED = process.env.DBGATE_PROPERTY_SEED;

interface Told {
  readonly all: Buffer;
  readonly script: Script;
  readonly asked: number;
  /** Of statements that need an approval: how many got one, how many ran. */
  readonly approved: number;
  readonly ran: number;
}

/** Everything the client hears, the parts of both sides' bytes and the worker's answers coming in the order of `order`. */
function play(messages: readonly Buffer[], order: readonly number[], traces: boolean): Told {
  const server = new ModelServer();
  const masking = new ModelMasking();
  if (traces) masking.untraced = () => true;
  const script = new Script({ waitForRecord: false, masking, holds: true });
  let approved = 0;
  const asked = batchesOf(messages);
  let client = Buffer.concat(messages);
  let answers: Buffer = Buffer.alloc(0);
  const heard: Buffer[] = [];
  const waiting: SessionCommand[] = [];
  for (let step = 0; ; step++) {
    heard.push(...script.clientBytes.splice(0));
    answers = Buffer.concat([answers, server.take(Buffer.concat(script.upstreamBytes.splice(0)))]);
    for (const command of script.others()) {
      if (
        command.type === 'hold' ||
        command.type === 'hold_tried' ||
        /^(?:re)?trace$|^cancel_statement$/.test(command.type)
      )
        waiting.push(command);
      if (command.type === 'schema_changed') {
        masking.shared = server.committedSchema;
        masking.sharedVersion++;
        masking.traced.clear();
      }
    }
    if (client.length === 0 && answers.length === 0 && waiting.length === 0) break;
    if (step > 20_000)
      throw new Error(
        `it does not come to an end: ${client.length} ${answers.length} ${JSON.stringify(waiting)} ${script.paused} ${script.session.isIdle}`,
      );
    const pick = order[step % order.length]! + Math.floor(step / order.length);
    const size = 1 + (pick % 37) * (pick % 3 === 0 ? 1 : 11);
    const turn = (pick >> 2) % 3;
    if (turn === 0 && client.length > 0 && !script.paused) {
      script.client(client.subarray(0, size));
      client = client.subarray(size);
    } else if (turn === 1 && waiting.length > 0) {
      const command = waiting.shift()!;
      if (command.type === 'trace' || command.type === 'retrace') masking.traced.add(command.sql);
      if (command.type === 'trace') script.traced();
      else if (command.type === 'retrace') script.retraced();
      else if (command.type === 'cancel_statement') script.statementCancelled();
      else if (command.type === 'hold_tried') script.holdKept(pick % 2 === 0);
      else if (command.type === 'hold') {
        const isApproved = (pick >> 4) % 3 > 0;
        if (isApproved) approved += command.question.sql.split('hold ').length - 1;
        script.holdPlaced().holdDecided(isApproved ? OUTCOMES[(pick >> 6) % OUTCOMES.length]! : REFUSED);
      }
    } else if (turn === 2 && answers.length > 0) {
      script.upstream(answers.subarray(0, size));
      answers = answers.subarray(size);
    }
    if (script.closed !== undefined) break;
  }
  return { all: Buffer.concat(heard), script, asked, approved, ran: server.ran };
}

describe('whatever a client sends, and however the bytes come', () => {
  const orders = fc.array(fc.nat(1000), { minLength: 8, maxLength: 24 });
  const parameters = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };

  function holds(messages: readonly Buffer[], order: readonly number[], traces: boolean): void {
    const { all, script, asked, approved, ran } = play(messages, order, traces);
    expect(all.includes(Buffer.from('SECRET'))).toBe(false);
    expect(all.includes(Buffer.from('LOVELACE'))).toBe(false);
    expect(script.closed).toBeUndefined();
    script.clientBytes = [all];
    expect(script.toClient().filter((m) => m.startsWith('ReadyForQuery'))).toHaveLength(asked);
    expect(script.session.isIdle).toBe(true);
    // Every intent has its outcome, of what was bound and never run at the end.
    script.end('shutdown');
    expect(new Set(script.outcomes.map(({ n }) => n)).size).toBe(script.intents.length);
    expect(script.outcomes).toHaveLength(script.intents.length);
    expect(ran).toBeLessThanOrEqual(approved);
  }

  it('nothing that is masked is told, and every batch is answered', { timeout: 300_000 + RUNS * 20 }, () => {
    const groups = fc.array(messagesOf(texts), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(groups, orders, fc.boolean(), (all, order, traces) =>
        holds(inBatches([...all.flat(), SYNC]), order, traces),
      ),
      parameters,
    );
  });

  it('the same where statements wait for an approval, and none runs without one', {
    timeout: 300_000 + RUNS * 20,
  }, () => {
    const some = fc.oneof({ weight: 2, arbitrary: texts }, { weight: 1, arbitrary: heldTexts });
    const groups = fc.array(messagesOf(some), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(groups, orders, fc.boolean(), (all, order, traces) =>
        holds(inBatches([...all.flat(), SYNC]), order, traces),
      ),
      parameters,
    );
  });

  it('DDL behind an answer that was withheld counts as DDL', () => {
    const messages = [encodeQuery('copymask; alter t'), encodeClose('S', ''), SYNC, encodeQuery('byschema'), SYNC];
    const { all } = play(messages, [0, 0, 0, 0, 0, 80, 0, 0], true);
    expect(all.includes(Buffer.from('SECRET'))).toBe(false);
  });

  it('a SET of the next batch is not forgotten when the one before it ends', () => {
    const run = (portal: string, text: string) => [
      encodeParse('', text),
      encodeBind(portal, '', []),
      encodeExecute(portal, 0),
    ];
    const messages = [
      ...[...run('', 'set search_path other'), SYNC],
      ...[...run('c', 'set search_path public'), FLUSH],
      // The portal is there already: the SET is taken back.
      ...[...run('c', 'mask'), FLUSH, SYNC],
      ...[encodeQuery('byworld'), SYNC],
    ];
    const { all } = play(messages, [0, 0, 0, 232, 0, 0, 0, 0], false);
    expect(all.includes(Buffer.from('SECRET'))).toBe(false);
  });

  it('a path that was asked for within a batch is not that behind its Sync: the batch may have failed', () => {
    const run = (text: string) => [encodeParse('', text), encodeBind('', '', []), encodeExecute('', 0), FLUSH];
    const messages = [
      encodeQuery('set search_path other; commit'),
      ...[...run('set search_path public'), ...run('fail'), SYNC],
      ...[encodeQuery('byworld'), SYNC],
    ];
    for (let pick = 0; pick < 1000; pick += 9) {
      const { all } = play(messages, [63, 0, 0, pick, 0, 0, 162, 297], false);
      expect(all.includes(Buffer.from('SECRET'))).toBe(false);
    }
  });

  it('an error of the batch before does not make a cursor unknown, nor a portal that was not bound known', () => {
    const messages = [
      ...[encodeBind('', '', []), encodeExecute('', 1), SYNC],
      ...[encodeParse('', 'declare c mask hold'), encodeBind('', '', []), encodeExecute('', 0), SYNC],
      ...[encodeParse('', 'close c'), encodeBind('c', '', []), encodeExecute('c', 0), SYNC],
      ...[encodeExecute('c', 1), SYNC],
    ];
    for (let pick = 0; pick < 1000; pick += 9) {
      const { all } = play(messages, [pick, 0, 0, 0, 0, 0, 603, 0, 0], false);
      expect(all.includes(Buffer.from('SECRET'))).toBe(false);
    }
  });

  it('what is not masked is told as it is', () => {
    const { all } = play([encodeQuery('pass; byworld; byschema')], [0, 4, 8], false);
    expect(all.toString('latin1').match(/open/g)).toHaveLength(6);
  });
});
