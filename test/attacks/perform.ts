/** Runs one attack against a server or a gateway, and says what leaked. */
import pg from 'pg';
import { type Attack, type Attacker, WAYS } from './attack.ts';
import type { Leak, LeakDetector } from './leak-detector.ts';
import type { Seed } from './seed.ts';
import { Wire } from './wire.ts';

export interface Target {
  /** Of the attacker. */
  readonly url: string;
  /** Of a colleague, past the gateway. */
  readonly bystanderUrl: string;
}

export interface Outcome {
  readonly leak: Leak | undefined;
  /** The attacker got in: an attack on nothing fails too. */
  readonly connected: boolean;
  /** The first error, or why it broke off. */
  readonly error: string | undefined;
}

export async function perform(attack: Attack, target: Target, seed: Seed, detector: LeakDetector): Promise<Outcome> {
  const wires: Wire[] = [];
  const clients: pg.Client[] = [];
  const found: string[] = [];
  const errors: string[] = [];
  const attacker: Attacker = {
    seed,
    found,
    async connect(parameters) {
      const wire = await Wire.connect(target.url, parameters);
      wires.push(wire);
      return wire;
    },
    async bystander(sql) {
      const client = new pg.Client({ connectionString: target.bystanderUrl });
      client.on('error', () => {});
      await client.connect();
      clients.push(client);
      await client.query(sql);
    },
    async bisect(length, above) {
      let text = '';
      for (let at = 1; at <= length; at++) {
        let [low, high] = [32, 126];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (await above(at, middle)) low = middle + 1;
          else high = middle;
        }
        text += String.fromCharCode(low);
        if (at === 3 && new Set(text).size === 1) break;
      }
      found.push(text);
    },
  };
  try {
    if (attack.run) await attack.run(attacker);
    else {
      const texts = [attack.sql ?? []].flat();
      const wire = await attacker.connect();
      for (const sql of texts.slice(0, -1)) await wire.query(sql);
      const reply = await WAYS[attack.by ?? 'simple'](wire, texts.at(-1)!);
      if (attack.decode) found.push(...attack.decode(reply));
    }
  } catch (error) {
    errors.push(error instanceof Error ? error.message : String(error));
  } finally {
    for (const wire of wires) wire.end();
    await Promise.all(clients.map((client) => client.end()));
  }
  const received = wires.flatMap((wire) => wire.received);
  const refused = received
    .filter(({ type }) => type === 'E')
    .map(({ body }) => body.toString('utf8').replaceAll('\0', ' '));
  return { leak: detector.find(received, found), connected: wires.length > 0, error: errors[0] ?? refused[0] };
}
