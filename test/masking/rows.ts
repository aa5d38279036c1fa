/** One value through the rewriter, as the tests of maskers want it. */

import { BUILTIN_TYPES } from '../../src/masking/builtin-types.ts';
import { ByteOutput } from '../../src/masking/byte-output.ts';
import { maskContext } from '../../src/masking/maskers/context.ts';
import type { ColumnAction, ResultPlan, TypeLookup } from '../../src/masking/plan.ts';
import { type ResultColumn, ResultRewriter } from '../../src/masking/result-rewriter.ts';
import { decodeDataRow, encodeDataRow } from '../../src/pgwire/result.ts';

export const TOKEN_KEY = Buffer.alloc(32, 7);
export const builtins: TypeLookup = (oid) => BUILTIN_TYPES.get(oid);

export function planOf(...columns: ColumnAction[]): ResultPlan {
  return { columns, passes: false, because: [] };
}

export function columnOf(typeOid: number, format = 0, typeModifier = -1): ResultColumn {
  return { typeOid, format, typeModifier };
}

export function rewriterOf(plan: ResultPlan, columns: readonly ResultColumn[], types = builtins): ResultRewriter {
  return new ResultRewriter(plan, columns, { ...maskContext(TOKEN_KEY), types });
}

export function rewriteRow(rewriter: ResultRewriter, values: readonly (Buffer | string | null)[]): (Buffer | null)[] {
  const out = new ByteOutput();
  const row = encodeDataRow(values);
  rewriter.row(row, 0, row.length, out);
  const bytes = out.take();
  return decodeDataRow(bytes, 5, bytes.length);
}

export function maskValue(
  action: ColumnAction,
  column: ResultColumn,
  value: Buffer | string | null,
  types = builtins,
): Buffer | null {
  return rewriteRow(rewriterOf(planOf(action), [column], types), [value])[0]!;
}

export function maskText(action: ColumnAction, typeOid: number, value: string, typeModifier = -1): string | null {
  return maskValue(action, columnOf(typeOid, 0, typeModifier), value)?.toString() ?? null;
}
