/**
 * The rows of an answer as they came, DataRow after DataRow, to be handed to a thread without being read here. In: whole
 * messages. Out: chunks that have their memory for themselves, so that they can be transferred.
 */

const FIRST_CHUNK_BYTES = 16 << 10;
const MAX_CHUNK_BYTES = 1 << 20;
const NOTHING = new Uint8Array(0);

export class WireRows {
  /** How many there are. */
  count = 0;
  readonly #full: Uint8Array<ArrayBuffer>[] = [];
  #chunk: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #used = 0;
  /** Messages that came one behind the other, to be copied at once. */
  #from: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;

  /** A message with its header; never split over two chunks. Read until `settle`. */
  push(buffer: Uint8Array, start: number, end: number): void {
    this.count++;
    if (buffer === this.#from && start === this.#end) {
      this.#end = end;
      return;
    }
    this.settle();
    this.#from = buffer;
    this.#start = start;
    this.#end = end;
  }

  /** Of what was pushed nothing is read any more. */
  settle(): void {
    const bytes = this.#end - this.#start;
    if (bytes === 0) return;
    if (this.#used + bytes > this.#chunk.length) this.#begin(bytes);
    this.#chunk.set(this.#from.subarray(this.#start, this.#end), this.#used);
    this.#used += bytes;
    this.#from = NOTHING;
    this.#start = this.#end = 0;
  }

  /** Once; nothing can be pushed afterwards. */
  chunks(): readonly Uint8Array<ArrayBuffer>[] {
    this.settle();
    if (this.#used > 0) this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#used = this.#chunk.length;
    return this.#full;
  }

  #begin(bytes: number): void {
    if (this.#used > 0) this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#used = 0;
    const wanted = Math.min(MAX_CHUNK_BYTES, Math.max(FIRST_CHUNK_BYTES, this.#chunk.length * 4));
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(wanted, bytes));
  }
}
