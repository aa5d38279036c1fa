import { hash } from 'node:crypto';
import type { LiteralPlaces } from '../sql/facts.ts';
import { COMMENT } from '../sql/literal-tokens.ts';

/** SHA-256 of the text with `?` for each literal, without comments, blanks folded; its first 16 hexadecimal digits. */
export function fingerprintOf(sql: string, tokens: LiteralPlaces): string {
  let folded = '';
  let from = 0;
  for (let i = 0; i < tokens.count; i++) {
    folded += `${sql.slice(from, tokens.starts[i])}${tokens.kinds[i] === COMMENT ? ' ' : '?'}`;
    from = tokens.ends[i]!;
  }
  folded += sql.slice(from);
  return hash(
    'sha256',
    folded
      .replace(/\s+/g, ' ')
      .replace(/[\s;]+$/, '')
      .trim(),
  ).slice(0, 16);
}
