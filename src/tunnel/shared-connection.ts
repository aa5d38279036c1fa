/**
 * Streams to one gateway that share a connection: it is dialled when the first is asked for, and again when it was lost.
 * In: the gateway, and what shows who asks. Out: streams on which nothing was said yet. An older gateway has no such
 * connections: then there are no streams, and whoever asks dials one by itself.
 */
import type { Duplex } from 'node:stream';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { CarriedStream } from '../streams/carried-stream.ts';
import { Carrier } from '../streams/carrier.ts';
import { DIALLED_WINDOW, SERVED_WINDOW, STREAMS_PATH, STREAMS_PROTOCOL } from '../streams/contract.ts';
import { type DialOptions, dialUpgrade } from './upgrade-client.ts';

export interface SharedConnectionOptions extends Pick<DialOptions, 'gatewayUrl' | 'ca'> {
  /** Of a request of this method and path: token, DPoP proof. */
  readonly headers: (method: string, path: string) => Promise<Record<string, string>>;
}

/** How long what was said last may take to leave. */
const GRACE_MS = 500;

export class SharedConnection {
  readonly #dial: () => Promise<Duplex>;
  #carrier: Carrier | undefined;
  readonly #open = new Set<Carrier>();
  #dialling: Promise<Carrier | undefined> | undefined;
  readonly #closing = new AbortController();
  #isRefused = false;

  constructor({ headers, ...gateway }: SharedConnectionOptions) {
    this.#dial = () =>
      dialUpgrade({
        ...gateway,
        path: STREAMS_PATH,
        protocol: STREAMS_PROTOCOL,
        headers: () => headers('GET', STREAMS_PATH),
        signal: this.#closing.signal,
      });
  }

  /** Undefined: the gateway shares no connections. Throws DbgateError as `dialUpgrade` does. */
  async stream(): Promise<CarriedStream | undefined> {
    if (this.#isRefused) return undefined;
    const open = this.#carrier?.open();
    if (open !== undefined) return open;
    this.#dialling ??= this.#connect().finally(() => {
      this.#dialling = undefined;
    });
    return (await this.#dialling)?.open();
  }

  /** A stream met with no answer: its connection may be dead without a sign. Those that come have another. */
  distrust(stream: CarriedStream): void {
    if (this.#carrier === stream.carrier) this.#carrier = undefined;
  }

  /** Ends every stream. */
  close(): void {
    this.#closing.abort();
    for (const carrier of this.#open) carrier.end(GRACE_MS);
  }

  async #connect(): Promise<Carrier | undefined> {
    let connection: Duplex;
    try {
      connection = await this.#dial();
    } catch (error) {
      if (!(error instanceof DbgateError) || error.code !== ErrorCode.notFound) throw error;
      this.#isRefused = true;
      return undefined;
    }
    const carrier = new Carrier(connection, {
      window: DIALLED_WINDOW,
      peerWindow: SERVED_WINDOW,
      onClosed: () => {
        this.#open.delete(carrier);
        if (this.#carrier === carrier) this.#carrier = undefined;
      },
    });
    this.#open.add(carrier);
    this.#carrier = carrier;
    if (this.#closing.signal.aborted) carrier.destroy();
    return carrier;
  }
}
