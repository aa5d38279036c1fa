/**
 * What masking on all databases of one gateway shares: the threads that trace and
 * that judge samples, and the secret that tokens are keyed with.
 */
import { GatewaySecret } from './gateway-secret.ts';
import type { SharedClasses } from './shared-classes.ts';
import { TableJudge } from './table-judge.ts';
import { Tracer } from './tracer.ts';

export class MaskingParts {
  readonly stateDir: string;
  readonly secret: GatewaySecret;
  readonly judge = new TableJudge();
  /** With other gateways. */
  readonly classes: SharedClasses | undefined;
  readonly #tracers = new Map<number, Tracer>();

  constructor(stateDir: string, classes?: SharedClasses) {
    this.stateDir = stateDir;
    this.classes = classes;
    this.secret = new GatewaySecret(stateDir);
  }

  /** `major` of the server. */
  tracer(major: number): Tracer {
    let tracer = this.#tracers.get(major);
    if (tracer === undefined) {
      tracer = new Tracer(major);
      this.#tracers.set(major, tracer);
    }
    return tracer;
  }

  async close(): Promise<void> {
    await Promise.all([this.judge.close(), ...[...this.#tracers.values()].map((tracer) => tracer.close())]);
    this.#tracers.clear();
  }
}
