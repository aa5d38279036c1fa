/**
 * Rewrites what COPY … TO STDOUT sends. In: CopyData messages, which need not end where rows end; the statement's
 * format; the plan. Out: CopyData messages, one a row, in a ByteOutput that the session owns. Whatever does not fit the
 * format or the plan throws, and nothing of that row is in the output.
 *
 * A session calls `data` for each whole CopyData message, or `bytes` for each part of one without its header, and `end`
 * at CopyDone.
 */

import type { Buffer } from 'node:buffer';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { CopyFormat } from '../sql/lineage/lineage.ts';
import { ByteOutput } from './byte-output.ts';
import { cellMasker } from './cell-maskers.ts';
import { CsvFields } from './copy-csv.ts';
import { type CopyFraming, copyFraming } from './copy-framing.ts';
import { TextFields } from './copy-text.ts';
import { MaskedCounts } from './masked-counts.ts';
import { type CellMasker, MASK_ROOM, MASKED, NULLED, pass } from './maskers/cell-masker.ts';
import type { MaskContext } from './maskers/context.ts';
import type { ResultPlan, TypeLookup, TypeShape } from './plan.ts';
import { DEFAULT_MAX_ROW_BYTES, planMismatch } from './result-rewriter.ts';

const COPY_DATA = 0x64;
const NEWLINE = 0x0a;
const HEADER_BYTES = 5;
/** What has no known type is masked as the text that it is here. */
const TEXT: TypeShape = { oid: 25, base: 'text', kind: 'scalar' };

export class CopyRewriter {
  #tupleCells = 0;
  readonly counts: MaskedCounts;
  readonly #framing: CopyFraming;
  readonly #text: TextFields | undefined;
  readonly #csv: CsvFields | undefined;
  /** Until a row was found by the framing, which knows of headers. */
  #headerLeft: boolean;
  readonly #maskers: readonly CellMasker[];
  readonly #maxRowBytes: number;
  /** The beginning of a row whose end has not come. */
  readonly #held = new ByteOutput();
  /** Bytes of `#held` that the framing has seen. */
  #seen = 0;

  constructor(
    plan: ResultPlan,
    format: CopyFormat,
    types: TypeLookup,
    context: MaskContext,
    maxRowBytes = DEFAULT_MAX_ROW_BYTES,
  ) {
    this.#maxRowBytes = maxRowBytes;
    this.counts = new MaskedCounts(plan.columns);
    const isBinary = format.format === 'binary';
    this.#framing = copyFraming(format);
    this.#maskers = plan.columns.map((action, i) => {
      const type = plan.types?.[i];
      const shape = type === undefined ? (isBinary ? undefined : TEXT) : types(type);
      return cellMasker(action, { shape, typeModifier: -1, format: isBinary ? 1 : 0 }, types, context);
    });
    if (format.format === 'text') this.#text = new TextFields(format, this.#maskers, this.counts.byColumn);
    if (format.format === 'csv') this.#csv = new CsvFields(format, this.#maskers, this.counts.byColumn);
    this.#headerLeft = format.header;
  }

  /** Values that were masked so far; NULLs do not count. */
  get cellsMasked(): number {
    return this.#tupleCells + (this.#text?.cells ?? 0) + (this.#csv?.cells ?? 0);
  }

  /** One CopyData at `buffer[start..end)`, header included. */
  data(buffer: Buffer, start: number, end: number, out: ByteOutput): void {
    this.bytes(buffer, start + HEADER_BYTES, end, out);
  }

  /** A part of the stream, without any header. */
  bytes(buffer: Buffer, start: number, end: number, out: ByteOutput): void {
    const held = this.#held;
    let at = start;
    if (held.length > 0) {
      if (held.length + end - start > this.#maxRowBytes) throw tooLarge(this.#maxRowBytes);
      held.append(buffer, start, end);
      const stop = this.#framing.endOfRow(held.bytes, this.#seen, held.length);
      if (stop < 0) {
        this.#seen = held.length;
        return;
      }
      (this.#text ?? this.#csv)?.forget();
      this.#row(held.bytes, 0, stop, out);
      at = end - (held.length - stop);
      held.clear();
    }
    while (at < end) {
      const behind = this.#line(buffer, at, end, out);
      if (behind >= 0) {
        at = behind;
        continue;
      }
      const stop = this.#framing.endOfRow(buffer, at, end);
      if (stop < 0) {
        if (end - at > this.#maxRowBytes) throw tooLarge(this.#maxRowBytes);
        held.append(buffer, at, end);
        this.#seen = held.length;
        return;
      }
      this.#row(buffer, at, stop, out);
      at = stop;
    }
  }

  /** At CopyDone: throws if a row has not ended. */
  end(_out: ByteOutput): void {
    if (this.#held.length > 0) throw malformed('it ends within a row');
  }

  /**
   * The line at `source[start]`, found and masked in one pass; gives the offset behind it, or -1: whether and where it ends
   * before `end` is for the framing to find out.
   */
  #line(source: Buffer, start: number, end: number, out: ByteOutput): number {
    if (source[end - 1] !== NEWLINE || this.#headerLeft || (this.#text === undefined && this.#csv === undefined))
      return -1;
    const first = out.length;
    try {
      this.#begin(end - start, out);
      const behind =
        this.#text !== undefined
          ? this.#text.mask(source, start, out)
          : this.#csv!.mask(source, start, end, out, false);
      if (behind < 0) out.length = first;
      else out.int32At(first + 1, out.length - first - 1);
      return behind;
    } catch (error) {
      out.length = first;
      throw error;
    }
  }

  #row(source: Buffer, start: number, end: number, out: ByteOutput): void {
    const first = out.length;
    try {
      this.#begin(end - start, out);
      if (this.#framing.isData) this.#maskRow(source, start, end, out);
      else out.copy(source, start, end);
      out.int32At(first + 1, out.length - first - 1);
      this.#headerLeft = false;
    } catch (error) {
      out.length = first;
      throw error;
    }
  }

  /** The header of a message, its length still missing. */
  #begin(bytes: number, out: ByteOutput): void {
    out.reserve(bytes + HEADER_BYTES + MASK_ROOM * (this.#maskers.length + 1));
    out.byte(COPY_DATA);
    out.int32(0);
  }

  #maskRow(source: Buffer, start: number, end: number, out: ByteOutput): void {
    if (this.#text !== undefined) this.#text.mask(source, start, out);
    else if (this.#csv !== undefined) this.#csv.mask(source, start, end, out, true);
    else this.#maskTuple(source, start, end, out);
  }

  #maskTuple(source: Buffer, start: number, end: number, out: ByteOutput): void {
    const maskers = this.#maskers;
    const columns = source.readInt16BE(start);
    if (columns !== maskers.length) throw planMismatch(maskers.length, columns);
    const counts = this.counts.byColumn;
    let masked = 0;
    let at = start + 2;
    out.copy(source, start, at);
    for (let i = 0; i < columns; i++) {
      const length = source.readInt32BE(at);
      const next = at + 4 + Math.max(0, length);
      const masker = maskers[i]!;
      if ((length < 0 && masker.masksNull !== true) || masker === pass) out.append(source, at, next);
      else {
        const lengthAt = out.length;
        out.reserve(next - at + MASK_ROOM + (end - next));
        out.length += 4;
        const result = masker(source, at + 4, next, out);
        if (result === MASKED || result === NULLED) {
          masked++;
          counts[i]!++;
        }
        out.int32At(lengthAt, result === NULLED ? -1 : out.length - lengthAt - 4);
      }
      at = next;
    }
    this.#tupleCells += masked;
  }
}

export function malformed(why: string): DbgateError {
  return new DbgateError(ErrorCode.protocol, `invalid COPY data: ${why}`, { sqlstate: '08P01' });
}

function tooLarge(bytes: number): DbgateError {
  return new DbgateError(ErrorCode.denied, `a row with masked columns is larger than ${bytes} bytes`, {
    sqlstate: '54000',
    hint: 'copy the masked columns and the large one in separate statements',
  });
}
