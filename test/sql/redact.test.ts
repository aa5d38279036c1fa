import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';

const grammar = await loadGrammar(15);
const recorded = (sql: string): string => analyse(sql, grammar).recordedSql;

describe('secrets in the recorded text', () => {
  it.each([
    ["CREATE ROLE x PASSWORD 'geheim' LOGIN", "CREATE ROLE x PASSWORD '***' LOGIN"],
    ["CREATE USER x WITH ENCRYPTED PASSWORD 'geheim'", "CREATE USER x WITH ENCRYPTED PASSWORD '***'"],
    ["ALTER USER é PASSWORD 'geheim' VALID UNTIL 'infinity'", "ALTER USER é PASSWORD '***' VALID UNTIL 'infinity'"],
    [
      "SELECT 'é'; ALTER ROLE x /* 'a' */ PASSWORD -- 'b'\n 'geheim'",
      "SELECT 'é'; ALTER ROLE x /* 'a' */ PASSWORD -- 'b'\n '***'",
    ],
    ["ALTER ROLE x PASSWORD E'geh\\'eim'", "ALTER ROLE x PASSWORD '***'"],
    ["ALTER ROLE x PASSWORD 'geh''eim'", "ALTER ROLE x PASSWORD '***'"],
    ["ALTER ROLE x PASSWORD 'geh'\n'eim'", "ALTER ROLE x PASSWORD '***'\n'***'"],
    ['ALTER ROLE x PASSWORD $a$geheim$a$', "ALTER ROLE x PASSWORD '***'"],
    ['ALTER ROLE x PASSWORD NULL', 'ALTER ROLE x PASSWORD NULL'],
    [
      "CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'bob', password 'geheim')",
      "CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'bob', password '***')",
    ],
    [
      "CREATE SUBSCRIPTION s CONNECTION 'host=h password=geheim' PUBLICATION p",
      "CREATE SUBSCRIPTION s CONNECTION '***' PUBLICATION p",
    ],
    ["SELECT dblink_connect('password=geheim')", "SELECT dblink_connect('***')"],
    ["DO $$ BEGIN ALTER ROLE x PASSWORD 'geheim'; END $$", "DO '***'"],
    ["ALTER ROLE x PASSWORT 'geheim' password", "ALTER ROLE x PASSWORT '***' password"],
    ["ALTER ROLE x PASSWORD 'geheim", "ALTER ROLE x PASSWORD '***'"],
    ["SELECT 'my password is' AS password", "SELECT 'my password is' AS password"],
    ["UPDATE users SET password = 'x' WHERE id = 1", "UPDATE users SET password = 'x' WHERE id = 1"],
  ])('%s', (sql, expected) => {
    expect(recorded(sql)).toBe(expected);
  });

  it('never shows a password, however it is written', () => {
    const secret = 'Qx7Zk9';
    const quote = fc.constantFrom(
      (text: string) => `'${text}'`,
      (text: string) => `E'${text}'`,
      (text: string) => `E'\\x41${text}'`,
      (text: string) => `$$${text}$$`,
      (text: string) => `$t$${text}$t$`,
      (text: string) => `'a'\n'${text}'`,
      (text: string) => `'it''s ${text}'`,
    );
    const before = fc.constantFrom(
      '',
      "SELECT 'é';",
      "SELECT $$'$$;",
      "/* ' */",
      "SELECT E'\\'';",
      '-- "\n',
      'SELECT "a\'b";',
      "SELECT '\\';",
    );
    const after = fc.constantFrom('', " VALID UNTIL 'x'", "; SELECT 'y'", ' syntax error', "; SELECT 'un");
    fc.assert(
      fc.property(before, quote, after, (start, write, end) => {
        const sql = `${start} ALTER ROLE x PASSWORD ${write(secret)}${end}`;
        expect(recorded(sql), sql).not.toContain(secret);
      }),
    );
  });
});
