/** Long texts are looked through where they are analysed: the record must be what it is of a text that was not. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Analyser } from '../../src/gateway/analyser.ts';
import { LiteralHash } from '../../src/gateway/literal-hash.ts';
import { KEEP, KeptLiterals, RecordedText } from '../../src/gateway/recorded-text.ts';
import { scannedText } from '../../src/gateway/scanned-text.ts';
import { StatementRecords } from '../../src/gateway/statement-records.ts';
import type { ScannedText } from '../../src/sql/facts.ts';
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

function recorded(sql: string, labels: readonly string[], scanned: ScannedText | undefined): string {
  tokens.scan(sql);
  const known = Array.from({ length: tokens.literals }, (_, i) => labels[i % labels.length]!);
  return text.of(sql, known, scanned);
}

describe('a long text', () => {
  const value = fc.oneof(fc.constantFrom(...SECRETS), fc.constantFrom('plain', 'a longer plain text', ''), fc.string());
  const piece = fc.oneof(
    value.map((one) => `'${one.replaceAll("'", "''")}'`),
    // In pieces that are one constant.
    value.map((one) => `'${(one.match(/.{1,4}/gsu) ?? ['']).map((part) => part.replaceAll("'", "''")).join("'\n'")}'`),
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
          const scanned = scannedText(sql);
          found += scanned.signs.tokens.length;
          expect(recorded(sql, labels, scanned)).toBe(recorded(sql, labels, undefined));
          const kept = new KeptLiterals(scanned.tokens.literals);
          expect(text.of(sql, kept, scanned)).toBe(recorded(sql, [KEEP], undefined));
        },
      ),
      { numRuns: 400 },
    );
    expect(found).toBeGreaterThan(400);
  });

  it('is looked through while it is analysed, a short one is not', async () => {
    const sql = `SELECT 'plain', '${SECRETS[0]}' /* ${SECRETS[2]} */, '${'x'.repeat(40_000)}', '${SECRETS[4]}'`;
    expect((await analyser.analyse(sql)).scanned?.signs).toEqual({
      tokens: Uint32Array.of(1, 2, 4),
      classes: [['email'], ['secret'], ['email', 'secret']],
    });
    expect((await analyser.analyse(`SELECT '${SECRETS[0]}'`)).scanned).toBeUndefined();
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

  it('with a password is looked through as it is recorded, and counts as the text that came', async () => {
    const records = new StatementRecords({ key: KEY, world: () => undefined });
    const sqlOf = (password: string) =>
      `SELECT '${SECRETS[0]}'; ALTER ROLE a PASSWORD '${password}'; SELECT '${SECRETS[1]}' /* ${SECRETS[2]} */ ${PADDING}`;
    const [one, other] = await Promise.all(
      ['hunter2', 'much longer than that'].map(async (password) => {
        const { sqlJson, facts } = records.describe(await analyser.analyse(sqlOf(password)), sqlOf(password));
        return { sqlJson, fingerprint: /"fingerprint":"[0-9a-f]{16}"/.exec(facts)![0] };
      }),
    );
    expect(one!.sqlJson).not.toContain('hunter2');
    expect(one!.sqlJson).toMatch(/ALTER ROLE a PASSWORD '\*\*\*'; SELECT '‹/);
    for (const secret of SECRETS) expect(one!.sqlJson).not.toContain(secret);
    expect(one).toEqual(other);
    const short = sqlOf('x').replace(PADDING, '');
    const { facts } = records.describe(await analyser.analyse(short), short);
    expect(facts).toContain(one!.fingerprint);
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
