import { describe, expect, it } from 'vitest';
import type { DefinitionQuestion } from '../../src/catalog/definitions.ts';
import { DEFINITIONS_STATEMENT, MOMENT_STATEMENT } from '../../src/catalog/definitions-query.ts';
import { type Asks, DefinitionLine } from '../../src/gateway/definition-line.ts';
import type { Rows } from '../../src/gateway/side-connection.ts';
import { decodeBind } from '../../src/pgwire/extended.ts';

const question = (name: string): DefinitionQuestion => ({
  parameters: [[name], [], [], [], [], [], [], []],
  expected: `r\t${name}`,
  mayWait: true,
});

/** Answers as told, when told: `m` stands for the moment, a name for the question about it. */
class Server implements Asks {
  opened = 1;
  moment: string | null = '7:7:';
  changed = new Set<string>();
  readonly asked: string[][] = [];
  /** Fails this often. */
  failures = 0;
  #waiting: (() => void)[] = [];
  isHeld = false;

  async ask(messages: Buffer): Promise<readonly Rows[]> {
    if (this.failures-- > 0) {
      this.opened++;
      throw new Error('the connection was closed');
    }
    const asked: string[] = [];
    for (let at = 0; at < messages.length; ) {
      const end = at + 1 + messages.readInt32BE(at + 1);
      if (messages[at] === 'B'.charCodeAt(0)) {
        const { statement } = decodeBind(messages, at + 5, end);
        expect([MOMENT_STATEMENT, DEFINITIONS_STATEMENT]).toContain(statement);
        asked.push(
          statement === MOMENT_STATEMENT
            ? 'm'
            : (/\b(?:one|two|three)\b/.exec(messages.toString('latin1', at, end))?.[0] ?? '?'),
        );
      }
      at = end;
    }
    this.asked.push(asked);
    if (this.isHeld) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    return asked.map((one) => (one === 'm' ? [[this.moment]] : [['r', this.changed.has(one) ? 'another' : one]]));
  }

  release(): void {
    this.isHeld = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  close(): void {}
}

describe('questions about definitions', () => {
  it('are asked in full until the server’s snapshot is twice the same, and then only that', async () => {
    const server = new Server();
    const line = new DefinitionLine(server);
    const one = question('one');
    for (let i = 0; i < 4; i++) expect(await line.ask(one)).toBe(true);
    expect(server.asked).toEqual([['m', 'one'], ['m', 'one'], ['m'], ['m']]);
    // Of another nothing is known.
    expect(await line.ask(question('two'))).toBe(true);
    expect(server.asked.at(-1)).toEqual(['m', 'two']);
  });

  it('are asked in full where anything was written, which finds what changed', async () => {
    const server = new Server();
    const line = new DefinitionLine(server);
    const one = question('one');
    for (let i = 0; i < 3; i++) await line.ask(one);
    server.moment = '7:8:';
    expect(await line.ask(one)).toBe(true);
    expect(server.asked.slice(-2)).toEqual([['m'], ['m', 'one']]);
    server.moment = '9:9:';
    server.changed.add('one');
    expect(await line.ask(one)).toBe(false);
    // And it stays so.
    expect(await line.ask(one)).toBe(false);
  });

  it('never count as answered by a snapshot that another server gave, or none', async () => {
    const server = new Server();
    const line = new DefinitionLine(server);
    const one = question('one');
    for (let i = 0; i < 3; i++) await line.ask(one);
    server.changed.add('one');
    server.failures = 1;
    expect(await line.ask(one)).toBe(false);
    const standby = new Server();
    standby.moment = null;
    const other = new DefinitionLine(standby);
    for (let i = 0; i < 3; i++) await other.ask(one);
    expect(standby.asked).toEqual([
      ['m', 'one'],
      ['m', 'one'],
      ['m', 'one'],
    ]);
  });

  it('that come while others are under way go together, and the same one once; none is answered by what was asked before it came', async () => {
    const server = new Server();
    server.isHeld = true;
    const line = new DefinitionLine(server);
    const [one, two] = [question('one'), question('two')];
    const answers = [line.ask(one), line.ask(one), line.ask(two), line.ask(two), line.ask(one)];
    expect(server.asked).toEqual([['m', 'one']]);
    server.changed.add('two');
    server.release();
    expect(await Promise.all(answers)).toEqual([true, true, false, false, true]);
    expect(server.asked).toEqual([
      ['m', 'one'],
      ['m', 'one', 'two'],
    ]);
  });

  it('are rejected, all of them, when the server cannot be asked twice', async () => {
    const server = new Server();
    const line = new DefinitionLine(server);
    server.failures = 2;
    await expect(line.ask(question('one'))).rejects.toThrow('closed');
    server.failures = 1;
    expect(await line.ask(question('one'))).toBe(true);
  });
});
