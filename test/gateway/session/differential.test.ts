/**
 * A session between a client and a real PostgreSQL that allows everything must not be noticeable: for each script of
 * client bytes the bytes from the server are those of a direct connection.
 */
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { TERMINATE } from '../../../src/pgwire/extended.ts';
import { BACKEND_STREAMED, BACKEND_TYPES, HEADER_BYTES, MessageReader } from '../../../src/pgwire/framing.ts';
import { decodeRowDescription, encodeRowDescription } from '../../../src/pgwire/result.ts';
import { withPostgres } from '../../support/postgres.ts';
import { bridged, direct, type Wire } from './bridge.ts';
import { WIRE_SCRIPTS, type WireScript } from './wire-scripts.ts';

const server = withPostgres({ major: 15 });

/** Until the server is at the statement: a cancel that comes before does nothing. */
async function untilSleeping(): Promise<void> {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  const sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  while ((await client.query(sleeping)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await client.end();
}

/** The server's messages, as bytes, until as many ReadyForQuery came as the script says. */
async function play(wire: Wire, script: WireScript): Promise<Buffer[]> {
  const messages: Buffer[] = [];
  const counts = new Map<string, number>();
  const steps = [...script.steps];
  let cancelled: Promise<void> | undefined;
  let done: () => void;
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const proceed = (): void => {
    for (let step = steps[0]; step !== undefined; step = steps[0]) {
      if (step.after !== undefined && (counts.get(step.after.type) ?? 0) < step.after.count) return;
      steps.shift();
      if (step.cancel) {
        cancelled = untilSleeping().then(() => wire.cancel());
      } else wire.send(step.send);
    }
    if ((counts.get('Z') ?? 0) >= script.ready) done();
  };
  const parts: Buffer[] = [];
  const reader = new MessageReader(
    { side: 'backend', known: BACKEND_TYPES, streamed: BACKEND_STREAMED, maxWholeBytes: 1 << 24 },
    {
      message(type, buffer, start, end) {
        messages.push(Buffer.from(buffer.subarray(start, end)));
        const letter = String.fromCharCode(type);
        counts.set(letter, (counts.get(letter) ?? 0) + 1);
        return true;
      },
      piece(_type, buffer, start, end, _first, last) {
        parts.push(Buffer.from(buffer.subarray(start, end)));
        if (last) messages.push(Buffer.concat(parts.splice(0)));
      },
    },
  );
  wire.onData((bytes) => {
    reader.push(bytes);
    proceed();
  });
  proceed();
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    finished,
    new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`got ${JSON.stringify([...counts])}, wants ${script.ready} Z`)),
        60_000,
      );
    }),
  ]);
  clearTimeout(timer);
  await cancelled;
  // Anything that comes too much is part of what is compared.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return messages;
}

/** What differs between two connections of the same server: a notification's pid, OIDs of tables made anew. */
function comparable(messages: Buffer[]): string[] {
  return messages.map((message) => {
    if (message[0] === 0x41) message.writeInt32BE(0, 5);
    if (message[0] === 0x54) {
      const fields = decodeRowDescription(message, HEADER_BYTES, message.length);
      message = encodeRowDescription(fields.map((f) => ({ ...f, tableOid: Math.min(f.tableOid, 16384) })));
    }
    const text = message.toString('latin1').replaceAll(/pg_temp_\d+/g, 'pg_temp_N');
    return text.length > 400 ? `${text.slice(0, 100)} … ${message.length} ${text.slice(-20)}` : text;
  });
}

describe('as over a direct connection', () => {
  it('has scripts enough', () => {
    expect(WIRE_SCRIPTS.length).toBeGreaterThan(60);
    expect(new Set(WIRE_SCRIPTS.map((s) => s.name)).size).toBe(WIRE_SCRIPTS.length);
  });

  it.each(WIRE_SCRIPTS)('$name', async (script) => {
    const straight = await direct(server);
    const expected = await play(straight, script);
    straight.close();
    const bridge = await bridged(server, { seed: script.name.length * 7919 });
    try {
      const actual = await play(bridge, script);
      expect(bridge.problems).toEqual([]);
      expect(comparable(actual)).toEqual(comparable(expected));
      bridge.send(TERMINATE);
      bridge.close();
      await bridge.whenClosed;
      expect(bridge.problems).toEqual([]);
    } finally {
      bridge.close();
    }
  });
});
