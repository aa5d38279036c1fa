/**
 * Lineage that is kept for a text's shape holds for every text of that shape: where `readsLiterals` is false, other
 * integers and strings in their places make no other lineage.
 */
import { Shape, shapeOf } from '../../../src/gateway/statement-shape.ts';
import type { Lineage } from '../../../src/sql/lineage/lineage.ts';
import type { Random } from './random.ts';

const STRINGS = ["'k'", "'n'", "'name'", "'value'", "'zz'", "'{k}'", "''"];

/** The same shape with other literals; undefined: the text has none. */
export function withOtherLiterals(sql: string, random: Random): string | undefined {
  const shape = new Shape();
  if (!shapeOf(sql, shape)) return undefined;
  let text = '';
  let from = 0;
  // Numbers are most often ordinals, which hide what else there is.
  const numbers = random.chance(30);
  for (let i = 0; i < shape.count; i++) {
    const literal = sql.slice(shape.starts[i], shape.ends[i]);
    text += sql.slice(from, shape.starts[i]);
    if (literal.startsWith("'")) text += random.pick(STRINGS);
    else text += numbers ? String(1 + random.below(3)) : literal;
    from = shape.ends[i]!;
  }
  text += sql.slice(from);
  const other = new Shape();
  return shapeOf(text, other) && other.key === shape.key && text !== sql ? text : undefined;
}

/** What of a lineage plans are made of; undefined: it is of a text that the server refuses. */
export function comparable(lineage: Lineage): string | undefined {
  if (
    lineage.statements.some(
      ({ unknown, columns }) => unknown.length > 0 || columns?.some((one) => one.unknown.length > 0),
    )
  ) {
    return undefined;
  }
  const set = (values: readonly unknown[]) => [...new Set(values.map((value) => JSON.stringify(value)))].sort();
  return JSON.stringify(
    lineage.statements.map(({ columns, uses, writes, reads }) => [
      columns?.map(({ name: _, sources, ...rest }) => [rest, set(sources)]),
      set(uses.map(({ source, use }) => [source, use])),
      writes.map(({ target, flow }) => [target, set(flow.sources)]),
      set(reads),
    ]),
  );
}
