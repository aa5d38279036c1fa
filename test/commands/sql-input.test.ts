import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { sqlOfStream } from '../../src/commands/sql-input.ts';

it('reads characters that chunks cut in two', async () => {
  const bytes = Buffer.from('\ufeffDROP TABLE "Ünï€😀"; SELECT \'ä\'');
  for (let at = 0; at <= bytes.length; at++) {
    const stream = Readable.from([bytes.subarray(0, at), bytes.subarray(at)].filter((one) => one.length > 0));
    expect(await sqlOfStream(stream)).toBe('DROP TABLE "Ünï€😀"; SELECT \'ä\'');
  }
});
