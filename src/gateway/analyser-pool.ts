/** One analyser for each major version of PostgreSQL in use, shared by all databases of that version. */
import { Analyser } from './analyser.ts';

export class AnalyserPool {
  readonly #analysers = new Map<number, Promise<Analyser>>();

  /** `major` of the server, e.g. 15. */
  get(major: number): Promise<Analyser> {
    let analyser = this.#analysers.get(major);
    if (analyser === undefined) {
      analyser = Analyser.start({ major });
      this.#analysers.set(major, analyser);
      analyser.catch(() => this.#analysers.delete(major));
    }
    return analyser;
  }

  async close(): Promise<void> {
    const started = await Promise.allSettled(this.#analysers.values());
    this.#analysers.clear();
    await Promise.all(started.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)));
  }
}
