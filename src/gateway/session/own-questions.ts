/**
 * Questions of the gateway's own in the client's session, whose answers are swallowed: under names of their own, and
 * inside a pipeline of the client's with Flush in place of Sync, so that neither its unnamed statement nor its implicit
 * transaction is touched.
 */
import { FLUSH, SYNC } from '../../pgwire/extended.ts';
import type { ObjectTarget } from '../../sql/facts.ts';
import { NO_PARTS, type SessionCore } from './core.ts';
import type { ProbeCollector, RequestKind } from './in-flight.ts';
import { PROBE_REQUESTS, probeMessages, queryMessages } from './ownership-probe.ts';

export class OwnQuestions {
  readonly #core: SessionCore;
  #count = 0;

  constructor(core: SessionCore) {
    this.#core = core;
  }

  /** Queries without parameters; their rows come behind one another. */
  queries(texts: readonly string[]): ProbeCollector {
    const messages = texts.map((text) => queryMessages(text, ++this.#count));
    return this.#ask(
      messages,
      texts.flatMap(() => PROBE_REQUESTS),
    );
  }

  /** What the targets' names stand for. */
  names(targets: readonly ObjectTarget[]): ProbeCollector {
    return this.#ask([probeMessages(targets, ++this.#count)], PROBE_REQUESTS);
  }

  #ask(messages: readonly Buffer[], requests: readonly RequestKind[]): ProbeCollector {
    const core = this.#core;
    const { pipelineOpen } = core;
    const kinds: readonly RequestKind[] = pipelineOpen ? requests : [...requests, 'sync'];
    const collector: ProbeCollector = { rows: [], failed: undefined, left: kinds.length };
    core.toUpstream.put(Buffer.concat([...messages, pipelineOpen ? FLUSH : SYNC]));
    for (const kind of kinds) core.push(kind, { ...NO_PARTS, probe: collector });
    core.pipelineOpen = pipelineOpen;
    core.toUpstream.flush();
    return collector;
  }
}
