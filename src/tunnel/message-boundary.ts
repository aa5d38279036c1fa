/**
 * Follows the backend's messages by their 5-byte headers only: is the client between two messages, where something can
 * be said to it, and was the last one an ErrorResponse? Nothing is checked: the gateway has done that.
 */
const ERROR_RESPONSE = 0x45;

export class MessageBoundary {
  /** Bytes of the current message's body still to come. */
  #left = 0;
  /** Bytes of a header that came in parts. */
  #headerBytes = 0;
  #length = 0;
  #type = 0;

  get isBetweenMessages(): boolean {
    return this.#left === 0 && this.#headerBytes === 0;
  }

  /** The last whole message was an ErrorResponse: the end of the stream needs no further word. */
  get endedInError(): boolean {
    return this.isBetweenMessages && this.#type === ERROR_RESPONSE;
  }

  push(chunk: Buffer): void {
    const end = chunk.length;
    let at = 0;
    while (at < end) {
      if (this.#left > 0) {
        const take = Math.min(this.#left, end - at);
        this.#left -= take;
        at += take;
      } else if (this.#headerBytes === 0 && end - at >= 5) {
        this.#type = chunk[at]!;
        this.#left = Math.max(0, chunk.readInt32BE(at + 1) - 4);
        at += 5;
      } else at = this.#headerByte(chunk, at);
    }
  }

  #headerByte(chunk: Buffer, at: number): number {
    const byte = chunk[at]!;
    if (this.#headerBytes === 0) {
      this.#type = byte;
      this.#length = 0;
    } else this.#length = ((this.#length << 8) | byte) >>> 0;
    this.#headerBytes++;
    if (this.#headerBytes === 5) {
      this.#headerBytes = 0;
      this.#left = Math.max(0, this.#length - 4);
    }
    return at + 1;
  }
}
