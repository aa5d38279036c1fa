/**
 * Postgres' own regression SQL goes through analysis: no crash, no hang, every statement has facts or a named error.
 * The files come from Debian's source package of PostgreSQL 15 (`.ci/run` fetches it); DBGATE_REGRESS_SQL names their folder.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readScript } from '../../src/commands/sql-script.ts';
import { analyse } from '../../src/sql/analyse.ts';
import { loadGrammar } from '../../src/sql/grammar.ts';

const folder = process.env.DBGATE_REGRESS_SQL ?? '';
const there = folder !== '' && existsSync(folder);

describe.skipIf(!there)('the regression SQL of PostgreSQL 15 (DBGATE_REGRESS_SQL)', async () => {
  const grammar = await loadGrammar(15);
  const files = there ? readdirSync(folder).filter((name) => name.endsWith('.sql')) : [];
  const total = { statements: 0, syntax: 0 };

  it.each(files)('%s', (name) => {
    for (const sql of statementsOf(readFileSync(path.join(folder, name), 'latin1'))) {
      const analysis = analyse(sql, grammar);
      if (analysis.error !== undefined) {
        expect(analysis.error.kind, sql.slice(0, 200)).toBe('syntax');
        total.syntax++;
        continue;
      }
      for (const facts of analysis.statements) {
        total.statements++;
        expect(facts.command, sql.slice(0, 200)).not.toBe('UNKNOWN');
        expect(facts.class, sql.slice(0, 200)).not.toBe('unknown');
      }
    }
  });

  it('is most of it: what is rejected is what Postgres rejects, or psql variables', () => {
    expect(total.statements).toBeGreaterThan(35_000);
    expect(total.syntax / (total.statements + total.syntax)).toBeLessThan(0.03);
    console.log(`regression SQL: ${total.statements} statements with facts, ${total.syntax} syntax errors, 0 unknown`);
  });
});

function statementsOf(file: string): string[] {
  const { sql, cuts } = readScript(file);
  return cuts.map((cut, i) => sql.slice(cuts[i - 1] ?? 0, cut)).filter((one) => one.trim() !== '');
}
