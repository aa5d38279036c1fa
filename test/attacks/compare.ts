/** A neighbour's two answers: what differs that may not. */
import pg from 'pg';
import { WAYS } from './attack.ts';
import type { LeakDetector } from './leak-detector.ts';
import type { Neighbour } from './neighbours.ts';
import { type Received, type Reply, Wire } from './wire.ts';

export interface Answered {
  readonly reply: Reply;
  readonly received: readonly Received[];
  readonly stored: string | undefined;
}

/** `directUrl`: past the gateway, to see what was stored. */
export async function answer(neighbour: Neighbour, url: string, directUrl: string): Promise<Answered> {
  const wire = await Wire.connect(url);
  try {
    const texts = [neighbour.sql].flat();
    for (const sql of texts.slice(0, -1)) await wire.query(sql);
    const reply = await WAYS[neighbour.by ?? 'simple'](wire, texts.at(-1)!);
    return { reply, received: wire.received, stored: neighbour.stored && (await stored(directUrl, neighbour.stored)) };
  } finally {
    wire.end();
  }
}

async function stored(url: string, sql: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return JSON.stringify((await client.query(sql)).rows);
  } finally {
    await client.end();
  }
}

/** Undefined: nothing. */
export function difference(
  neighbour: Neighbour,
  plain: Answered,
  gateway: Answered,
  detector: LeakDetector,
): string | undefined {
  const failed = errorsOf(gateway);
  if (failed.length > 0) return `refused: ${failed[0]}`;
  if (plain.stored !== gateway.stored) return `stored ${gateway.stored} instead of ${plain.stored}`;
  const [a, b] = [shown(plain.received), shown(gateway.received)];
  if (a.length !== b.length) return `${b.length} messages instead of ${a.length}`;
  let columns: readonly string[] = plain.reply.fields.map(({ name }) => name);
  for (const [i, expected] of a.entries()) {
    const actual = b[i]!;
    if (expected.type !== actual.type) return `message ${i + 1} is ${actual.type} instead of ${expected.type}`;
    if (expected.type === 'T') columns = expected.text!.split('\n');
    const where = `message ${i + 1} (${expected.type})`;
    if (expected.type === 'T') {
      const types = ({ reply }: Answered) =>
        reply.fields.map(({ name, typeOid, format }) => `${name}:${typeOid}:${format}`).join();
      if (types(plain) !== types(gateway) || expected.text !== actual.text) return `${where} has other columns`;
      continue;
    }
    if (neighbour.masked === 'all' && expected.type === 'd') continue;
    if (expected.type !== 'D') {
      if (!expected.body.equals(actual.body))
        return `${where}: ${JSON.stringify(actual.text)} instead of ${JSON.stringify(expected.text)}`;
      continue;
    }
    for (const [n, value] of expected.cells!.entries()) {
      const name = columns[n] ?? '';
      const given = actual.cells?.[n];
      if (neighbour.masked?.includes(name)) {
        if ((value === null) !== (given === null)) return `${where}, column ${name}: NULL has changed`;
      } else if (value !== given)
        return `${where}, column ${name}: ${JSON.stringify(given)} instead of ${JSON.stringify(value)}`;
    }
  }
  const leak = detector.find(gateway.received);
  return leak ? `shows ${leak.of}` : undefined;
}

export function errorsOf({ received }: Answered): string[] {
  return received.filter(({ type }) => type === 'E').map(({ text }) => text!.replaceAll('\n', ' '));
}

/** The session's own parameters, keys and notices of a gateway are no part of an answer. */
function shown(received: readonly Received[]): Received[] {
  return received.filter(({ type }) => 'TDdCEHGsInt123'.includes(type));
}
