/** Some side connections, and who waits for one. */
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import { SideConnection } from './side-connection.ts';

export class SideConnections {
  readonly #all: readonly SideConnection[];
  readonly #idle: SideConnection[];
  readonly #waiting: ((connection: SideConnection) => void)[] = [];

  constructor(settings: UpstreamSettings, options: { readonly count: number; readonly timeoutMs: number }) {
    this.#all = Array.from({ length: options.count }, () => new SideConnection(settings, options.timeoutMs));
    this.#idle = [...this.#all];
  }

  /** `work` has a connection for itself until it is done. */
  async run<T>(work: (connection: SideConnection) => Promise<T>): Promise<T> {
    const connection =
      this.#idle.pop() ?? (await new Promise<SideConnection>((resolve) => void this.#waiting.push(resolve)));
    try {
      return await work(connection);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(connection);
      else next(connection);
    }
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }
}
