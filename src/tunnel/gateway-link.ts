/**
 * Streams to the gateway for a local listener: a few dialled ahead, and dialled again with backoff while the gateway is
 * lost. It must never hand out a stream that is known to be broken, nor dial on and on while nobody connects.
 */
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DbgateError, ErrorCode } from '../errors.ts';

export interface GatewayLinkOptions {
  readonly dial: (signal: AbortSignal) => Promise<Duplex>;
  /** Streams kept ready. */
  readonly spare: number;
  /** Redialling for one client ends after so long. */
  readonly redialForMs: number;
  readonly onLost: (error: DbgateError) => void;
  readonly onRegained: () => void;
}

/** Gateways and middle boxes cut streams that say nothing; older ones are not trusted. */
const spareLifeMs = 60_000;
const firstDelayMs = 100;
const firstProbeMs = 1000;
const lastProbeMs = 30_000;

export interface TakenStream {
  readonly stream: Duplex;
  /** Dialled ahead: it can turn out to be dead at its first use. */
  readonly wasSpare: boolean;
}

interface Spare {
  readonly stream: Duplex;
  readonly drop: () => void;
  /** Lets go of the stream without ending it. */
  readonly release: () => void;
}

export class GatewayLink {
  readonly #options: GatewayLinkOptions;
  readonly #closing = new AbortController();
  readonly #spares = new Set<Spare>();
  #filling = 0;
  #lost = false;
  #probe: NodeJS.Timeout | undefined;

  constructor(options: GatewayLinkOptions) {
    this.#options = options;
  }

  /** A spare or a fresh stream. Throws the gateway's refusal at once, `gateway_unreachable` after `redialForMs`. */
  async take(signal: AbortSignal, fresh = false): Promise<TakenStream> {
    if (!fresh) {
      for (const spare of this.#spares) {
        spare.release();
        this.fill();
        return { stream: spare.stream, wasSpare: true };
      }
    }
    const stream = await this.#redial(AbortSignal.any([signal, this.#closing.signal]));
    this.fill();
    return { stream, wasSpare: false };
  }

  /**
   * Dials what is missing of the spares, in the background. Called at the start and when one was taken: a spare that
   * dies of age is not replaced, so an idle tunnel costs the gateway nothing.
   */
  fill(): void {
    while (this.#spares.size + this.#filling < this.#options.spare && !this.#closing.signal.aborted && !this.#lost) {
      this.#filling++;
      this.#dial(this.#closing.signal)
        .then(
          (stream) => this.#keep(stream),
          // A refusal is told to the client that meets it.
          () => {},
        )
        .finally(() => this.#filling--);
    }
  }

  /** A session's stream broke off: what is ready may be broken too, and a new dial will tell. */
  broken(error: DbgateError): void {
    for (const spare of this.#spares) spare.drop();
    if (this.#options.spare === 0) this.#setLost(error);
    else this.fill();
  }

  close(): void {
    this.#closing.abort();
    clearTimeout(this.#probe);
    for (const spare of this.#spares) spare.drop();
  }

  async #redial(signal: AbortSignal): Promise<Duplex> {
    const until = performance.now() + this.#options.redialForMs;
    for (let delayMs = firstDelayMs; ; delayMs *= 2) {
      try {
        return await this.#dial(signal);
      } catch (error) {
        const waitMs = delayMs * (0.5 + Math.random());
        const unreachable = error instanceof DbgateError && error.code === ErrorCode.gatewayUnreachable;
        if (!unreachable || signal.aborted || performance.now() + waitMs > until) throw error;
        await sleep(waitMs, undefined, { signal }).catch(() => {});
        signal.throwIfAborted();
      }
    }
  }

  async #dial(signal: AbortSignal): Promise<Duplex> {
    try {
      const stream = await this.#options.dial(signal);
      stream.on('error', () => {});
      this.#setRegained();
      return stream;
    } catch (error) {
      if (error instanceof DbgateError && !signal.aborted) {
        if (error.code === ErrorCode.gatewayUnreachable) this.#setLost(error);
        else this.#setRegained();
      }
      throw error;
    }
  }

  #setLost(error: DbgateError): void {
    if (this.#lost || this.#closing.signal.aborted) return;
    this.#lost = true;
    this.#options.onLost(error);
    this.#probeIn(firstProbeMs);
  }

  #setRegained(): void {
    if (!this.#lost) return;
    this.#lost = false;
    clearTimeout(this.#probe);
    this.#options.onRegained();
  }

  /** While the gateway is lost, it is asked now and then, so that the view and the first client need not wait. */
  #probeIn(delayMs: number): void {
    const probe = async (): Promise<void> => {
      const stream = await this.#dial(this.#closing.signal).catch(() => undefined);
      if (stream !== undefined) this.#keep(stream);
      else if (this.#lost && !this.#closing.signal.aborted) this.#probeIn(Math.min(delayMs * 2, lastProbeMs));
    };
    this.#probe = setTimeout(() => void probe(), delayMs * (0.5 + Math.random()));
    this.#probe.unref();
  }

  #keep(stream: Duplex): void {
    if (this.#spares.size >= this.#options.spare || this.#closing.signal.aborted) {
      stream.destroy();
      return;
    }
    const release = () => {
      clearTimeout(timer);
      this.#spares.delete(spare);
      stream.pause();
      stream.off('end', drop).off('error', drop).off('close', drop).off('data', drop);
    };
    const drop = () => {
      release();
      stream.on('error', () => {});
      stream.destroy();
    };
    const timer = setTimeout(drop, spareLifeMs);
    timer.unref();
    const spare: Spare = { stream, drop, release };
    this.#spares.add(spare);
    // Flowing, so that the gateway's close is seen. It has nothing to say before the StartupMessage: data is a fault.
    stream.on('end', drop).on('error', drop).on('close', drop).on('data', drop);
  }
}
