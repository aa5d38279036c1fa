/** Plays a script of client bytes to a server, direct or through a session, and makes what comes back comparable. */
import { BACKEND_STREAMED, BACKEND_TYPES, HEADER_BYTES, MessageReader } from '../../../src/pgwire/framing.ts';
import { decodeRowDescription, encodeRowDescription } from '../../../src/pgwire/result.ts';
import type { Wire } from './bridge.ts';
import type { WireScript } from './wire-scripts.ts';

/** The server's messages, as bytes, until as many ReadyForQuery came as the script says. */
export async function play(wire: Wire, script: WireScript, untilSleeping: () => Promise<void>): Promise<Buffer[]> {
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
export function comparable(messages: Buffer[]): string[] {
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
