/**
 * Rewrites the DataRow messages of one result set. In: a plan, the columns as RowDescription tells them, the raw
 * messages. Out: messages in a ByteOutput that the session owns, one buffer a chunk. A row that does not fit the plan
 * throws, and nothing of it is in the output: the session must end the statement, never pass the row.
 *
 * How a session uses it, where `plan.passes` is false (else the chunks go on untouched):
 * - `message('D', buffer, start, end)`: `rewriter.row(buffer, start, end, out)`.
 * - `piece('D', …, first, last)`, which is any row that is not inside one chunk: `rewriter.piece(…)`; the row is
 *   collected, and rewritten when `last` comes.
 * - before any other message is passed, and when a chunk has been read: `if (out.length > 0) outbox.put(out.take())`.
 */

import type { Buffer } from 'node:buffer';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { FieldDescription } from '../pgwire/result.ts';
import { ByteOutput } from './byte-output.ts';
import { cellMasker } from './cell-maskers.ts';
import { MaskedCounts } from './masked-counts.ts';
import { type CellMasker, MASK_ROOM, MASKED, NULLED, pass } from './maskers/cell-masker.ts';
import type { MaskContext } from './maskers/context.ts';
import type { ColumnAction, ResultPlan, TypeLookup } from './plan.ts';

export type ResultColumn = Pick<FieldDescription, 'typeOid' | 'typeModifier' | 'format'>;

export interface RewriterOptions extends MaskContext {
  readonly types: TypeLookup;
  /** Largest row that may come in pieces; larger ones throw. */
  readonly maxRowBytes?: number;
}

export const DEFAULT_MAX_ROW_BYTES = 256 * 1024 * 1024;
const HEADER_BYTES = 5;
/** Room for rows in pieces that stays allocated. */
const KEPT_BYTES = 256 * 1024;

export function planMismatch(expected: number, actual: number): DbgateError {
  return new DbgateError(ErrorCode.internal, `a row of ${actual} columns came where ${expected} were planned`, {
    sqlstate: 'XX000',
    hint: 'run the statement again; if it stays, tell the owner of the gateway',
  });
}

export class ResultRewriter {
  /** Values that were masked so far; NULLs do not count. */
  cellsMasked = 0;
  readonly counts: MaskedCounts;
  readonly #maskers: readonly CellMasker[];
  readonly #maxRowBytes: number;
  readonly #room: number;
  readonly #collected = new ByteOutput();
  #collecting = false;

  constructor(plan: ResultPlan, columns: readonly ResultColumn[], options: RewriterOptions) {
    if (plan.columns.length !== columns.length) throw planMismatch(plan.columns.length, columns.length);
    this.#maxRowBytes = options.maxRowBytes ?? DEFAULT_MAX_ROW_BYTES;
    this.counts = new MaskedCounts(plan.columns);
    this.#maskers = plan.columns.map((action: ColumnAction, i) => {
      const { typeOid, typeModifier, format } = columns[i]!;
      return cellMasker(action, { shape: options.types(typeOid), typeModifier, format }, options.types, options);
    });
    this.#room = MASK_ROOM * this.#maskers.length;
  }

  /** One DataRow at `buffer[start..end)`, header included. */
  row(buffer: Buffer, start: number, end: number, out: ByteOutput): void {
    const first = out.length;
    try {
      this.#row(buffer, start, end, out);
    } catch (error) {
      out.length = first;
      throw error;
    }
  }

  #row(buffer: Buffer, start: number, end: number, out: ByteOutput): void {
    const maskers = this.#maskers;
    const count = maskers.length;
    let at = start + HEADER_BYTES;
    if (at + 2 > end) throw planMismatch(count, 0);
    const columns = (buffer[at]! << 8) | buffer[at + 1]!;
    if (columns !== count) throw planMismatch(count, columns);
    at += 2;
    const first = out.length;
    out.reserve(end - start + this.#room);
    const counts = this.counts.byColumn;
    let masked = 0;
    // What is behind `copied` and before the cell at hand goes as it came.
    let copied = start;
    for (let i = 0; i < count; i++) {
      if (at + 4 > end) throw malformed();
      const length = (buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!;
      at += 4;
      const masker = maskers[i]!;
      if (length < 0) {
        if (length !== -1) throw malformed();
        if (masker.masksNull !== true) continue;
      }
      const next = at + Math.max(length, 0);
      if (next > end) throw malformed();
      if (masker !== pass) {
        out.copy(buffer, copied, at);
        copied = next;
        const from = out.length;
        const result = masker(buffer, at, next, out);
        if (result === MASKED) {
          masked++;
          counts[i]!++;
          out.int32At(from - 4, out.length - from);
          // What a mask took beyond its own value's length is room of the columns to come.
          if (out.length - from > length + MASK_ROOM) out.reserve(end - next + this.#room);
        } else if (result === NULLED) {
          masked++;
          counts[i]!++;
          out.int32At(from - 4, -1);
        }
      }
      at = next;
    }
    if (at !== end) throw malformed();
    out.copy(buffer, copied, end);
    out.int32At(first + 1, out.length - first - 1);
    this.cellsMasked += masked;
  }

  /** A part of a DataRow that is not inside one chunk. */
  piece(buffer: Buffer, start: number, end: number, first: boolean, last: boolean, out: ByteOutput): void {
    const collected = this.#collected;
    if (first === this.#collecting) throw new DbgateError(ErrorCode.internal, 'pieces of a row came out of order');
    this.#collecting = !last;
    if (collected.length + end - start > this.#maxRowBytes) {
      throw new DbgateError(ErrorCode.denied, `a row with masked columns is larger than ${this.#maxRowBytes} bytes`, {
        sqlstate: '54000',
        hint: 'select the masked columns and the large one in separate statements',
      });
    }
    collected.append(buffer, start, end);
    if (!last) return;
    this.row(collected.bytes, 0, collected.length, out);
    // A large row's buffer is not kept.
    if (collected.length > KEPT_BYTES) collected.take();
    collected.clear();
  }
}

function malformed(): DbgateError {
  return new DbgateError(ErrorCode.protocol, 'invalid DataRow message: its values do not fill it', {
    sqlstate: '08P01',
  });
}
