/** Long texts are looked through where they are analysed: the record must be what it is of a text that was not. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Analyser } from '../../src/gateway/analyser.ts';
import { LiteralHash } from '../../src/gateway/literal-hash.ts';
import { RecordedText } from '../../src/gateway/recorded-text.ts';
import { StatementRecords } from '../../src/gateway/statement-records.ts';
import { signsOf } from '../../src/gateway/text-signs.ts';
import { LiteralTokens } from '../../src/sql/literal-tokens.ts';

const KEY = new Uint8Array(32).fill(7);
const SECRETS = [
  'ada.lovelace@example.org',
  '4111 1111 1111 1111',
  'sk_live_0123456789abcdefghij',
  'DE89370400440532013000',
  'write to bob@example.com or AKIAIOSFODNN7EXAMPLE',
];
const PADDING = `/*${' '.repeat(40_000)}*/`;

let analyser: Analyser;
beforeAll(async () => {
  analyser = await Analyser.start({ major: 15 });
});
afterAll(() => analyser.close());

const tokens = new LiteralTokens();
const text = new RecordedText(new LiteralHash(KEY), [tokens, new LiteralTokens()]);

function recorded(sql: string, labels: readonly string[], signs: ReturnType<typeof signsOf>): string {
  tokens.scan(sql);
  const known = Array.from({ length: tokens.literals }, (_, i) => labels[i % labels.length]!);
  return text.of(sql, known, signs);
}

describe('a long text', () => {
  const value = fc.oneof(fc.constantFrom(...SECRETS), fc.constantFrom('plain', 'a longer plain text', ''), fc.string());
  const piece = fc.oneof(
    value.map((one) => `'${one.replaceAll("'", "''")}'`),
    value.map((one) => `/* ${one.replaceAll(/[*/]/g, '')} */`),
    value.map((one) => `-- ${one.replaceAll(/[\n\r]/g, '')}\n`),
    value.filter((one) => !one.includes('$')).map((one) => `$q$ '${one}' /* ${one} */ 'x' $q$`),
    fc.constantFrom('4111111111111111', '123', '12345678', '123456789', 'SELECT', ','),
  );

  it('is recorded with the same words, looked through before or then', () => {
    let found = 0;
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.constantFrom('', '', '=email', '=payment_card,secret', 'email', '?', '{}'), {
          minLength: 1,
          maxLength: 5,
        }),
        (pieces, labels) => {
          const sql = `${pieces.join(' ')} ${PADDING}`;
          const signs = signsOf(sql)!;
          found += signs.tokens.length;
          expect(recorded(sql, labels, signs)).toBe(recorded(sql, labels, undefined));
        },
      ),
      { numRuns: 1_000 },
    );
    expect(found).toBeGreaterThan(1_000);
  });

  it('is looked through by the thread that analyses it, a short one is not', async () => {
    const sql = `SELECT 'plain', '${SECRETS[0]}' /* ${SECRETS[2]} */, '${'x'.repeat(40_000)}', '${SECRETS[4]}'`;
    expect((await analyser.analyse(sql)).signs).toEqual({
      tokens: Uint32Array.of(1, 2, 4),
      classes: [['email'], ['secret'], ['email', 'secret']],
    });
    expect((await analyser.analyse(`SELECT '${SECRETS[0]}'`)).signs).toBeUndefined();
  });

  it('of megabytes is kept without what it shows, at its beginning, its middle and its end', async () => {
    const records = new StatementRecords({ key: KEY, world: () => undefined });
    const gap = 'lorem ipsum '.repeat(100_000);
    const sql = `SELECT '${SECRETS[0]} ${gap}', 'clear', '${gap} ${SECRETS[1]} ${gap}', '${gap} ${SECRETS[2]}'`;
    const { sqlJson } = records.describe(await analyser.analyse(sql), sql);
    expect(sqlJson).toMatch(
      /^"SELECT '‹email:[0-9a-f]{12}›', 'clear', '‹payment_card:[0-9a-f]{12}›', '‹secret:[0-9a-f]{12}›'"$/,
    );
  });

  it('that cannot be read, and so is not run, is kept by its beginning', async () => {
    const records = new StatementRecords({ key: KEY, world: () => undefined });
    const sql = `SELEC '${SECRETS[0]}', ${'5, '.repeat(100_000)} '${SECRETS[1]}'`;
    const kept = JSON.parse(records.describe(await analyser.analyse(sql), sql).sqlJson) as string;
    expect(kept).toMatch(/^SELEC '‹\?:[0-9a-f]{12}›', '‹\?:/);
    expect(kept).toMatch(new RegExp(` /\\* … ${sql.length} characters in all \\*/$`));
    expect(kept.length).toBeLessThan(300_000);
    for (const secret of SECRETS) expect(kept).not.toContain(secret);
  });
});
