/**
 * Bytes on their way to one peer, in order, each held back until the record they depend on is durable.
 * Adjacent ranges of one chunk stay one range, so what is not touched leaves as the very chunk that came.
 */
export interface Segment<Mark> {
  readonly bytes: Buffer;
  /** Log position that must be durable before these bytes may leave. */
  readonly gate: number;
  /** What the owner wants to know of the segment, should it never leave. */
  readonly marks: readonly Mark[];
}

const NO_MARKS: readonly never[] = [];

export class GatedOutbox<Mark> {
  /** Position that bytes from here on depend on; only ever raised. */
  gate = 0;
  #durable = 0;
  #buffer: Buffer | undefined;
  #start = 0;
  #end = 0;
  #rangeGate = 0;
  #marks: Mark[] | undefined;
  #queue: Segment<Mark>[] = [];
  #queuedBytes = 0;
  readonly #send: (bytes: Buffer) => void;

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#buffer === undefined;
  }

  /** The first mark of what is held back. */
  get firstHeld(): Mark | undefined {
    for (const { marks } of this.#queue) if (marks.length > 0) return marks[0];
    return undefined;
  }

  /** Would bytes passed now have to wait? */
  get isHeld(): boolean {
    return this.#queue.length > 0 || this.gate > this.#durable;
  }

  /** Takes `buffer[start..end)`. */
  pass(buffer: Buffer, start: number, end: number): void {
    if (this.#buffer === buffer && this.#end === start && this.#rangeGate === this.gate) {
      this.#end = end;
      return;
    }
    this.flush();
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
    this.#rangeGate = this.gate;
  }

  put(bytes: Buffer): void {
    this.pass(bytes, 0, bytes.length);
  }

  /** Marks the range that was passed last. */
  mark(mark: Mark): void {
    if (this.#marks === undefined) this.#marks = [mark];
    else this.#marks.push(mark);
  }

  /** Ends the current range: sends it, or queues it behind its gate. */
  flush(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    const bytes = this.#start === 0 && this.#end === buffer.length ? buffer : buffer.subarray(this.#start, this.#end);
    this.#buffer = undefined;
    const marks = this.#marks;
    this.#marks = undefined;
    if (this.#queue.length === 0 && this.#rangeGate <= this.#durable) {
      this.#send(bytes);
      return;
    }
    this.#queue.push({ bytes, gate: this.#rangeGate, marks: marks ?? NO_MARKS });
    this.#queuedBytes += bytes.length;
  }

  /** The log is durable up to `position`. */
  release(position: number): void {
    if (position > this.#durable) this.#durable = position;
    const queue = this.#queue;
    let n = 0;
    while (n < queue.length && queue[n]!.gate <= position) {
      this.#queuedBytes -= queue[n]!.bytes.length;
      this.#send(queue[n]!.bytes);
      n++;
    }
    if (n === queue.length) this.#queue = [];
    else if (n > 0) this.#queue = queue.slice(n);
  }

  /** Takes out what depends on position `from` or later: it will never be durable. */
  takeFailed(from: number): Segment<Mark>[] {
    this.flush();
    const at = this.#queue.findIndex((segment) => segment.gate >= from);
    if (at < 0) return [];
    const failed = this.#queue.slice(at);
    this.#queue = this.#queue.slice(0, at);
    for (const segment of failed) this.#queuedBytes -= segment.bytes.length;
    return failed;
  }
}
