/**
 * Evidence in the shapes that Vanta and Drata take custom evidence in, as their public documentation has them. One row a
 * control; ids are stable, so that what is sent again replaces what was there.
 * @see https://developer.vanta.com/docs/vanta-custom-resource
 * @see https://developer.vanta.com/api-reference/custom-resources/sync-all-custom-resources
 * @see https://developers.drata.com/openapi/reference/v1/tag/Custom-Connections
 */
import type { ControlEvidence, Evidence } from './evidence.ts';
import { stableUuid } from './stable-uuid.ts';

/** Vanta's custom properties are booleans, 32-bit numbers and texts. */
export interface ControlRow {
  readonly control: string;
  readonly title: string;
  readonly framework: string;
  readonly gateway: string;
  readonly database: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly question: string;
  /** `statements: 12; statements_denied: 1` */
  readonly counts: string;
  readonly gapCount: number;
  readonly gaps: string;
  readonly provedSamples: number;
  readonly checkpointSize: number;
  readonly collectedAt: string;
}

export interface VantaPayload {
  readonly resourceId: string;
  readonly resources: readonly {
    readonly displayName: string;
    readonly uniqueId: string;
    readonly externalUrl: string;
    readonly customProperties: ControlRow;
  }[];
}

/** One is sent at a time. */
export type DrataPayload = readonly { readonly data: ControlRow & { readonly id: string } }[];

/** `PUT /v1/resources/custom_resource`: the whole state of that resource. `url`: of the gateway. */
export function vantaPayload(evidence: Evidence, resourceId: string, url: string): VantaPayload {
  return {
    resourceId,
    resources: evidence.controls.map((control) => ({
      displayName: `${control.id} ${control.title}`,
      uniqueId: idOf(evidence, control),
      externalUrl: url,
      customProperties: rowOf(evidence, control),
    })),
  };
}

/** `POST /custom-connections/{connectionId}/resources/{resourceId}/records`, each: created, or updated by its id. */
export function drataPayload(evidence: Evidence): DrataPayload {
  return evidence.controls.map((control) => ({ data: { id: idOf(evidence, control), ...rowOf(evidence, control) } }));
}

/** The same for each period, of the same control on the same gateway. */
function idOf({ gateway, framework, database }: Evidence, { id }: ControlEvidence): string {
  return stableUuid('row', gateway, framework, database ?? '', id);
}

const INT32_MAX = 2 ** 31 - 1;

function rowOf(evidence: Evidence, { id, title, question, shows, gaps }: ControlEvidence): ControlRow {
  return {
    control: id,
    title,
    framework: evidence.framework,
    gateway: evidence.gateway,
    database: evidence.database ?? 'all',
    periodStart: evidence.since,
    periodEnd: evidence.until,
    question,
    counts: shows.map(({ name, count }) => `${name}: ${count}`).join('; '),
    gapCount: gaps.length,
    gaps: gaps.map(({ words, count }) => `${count} ${words}`).join('; '),
    provedSamples: shows
      .flatMap(({ samples }) => samples)
      .filter(({ proofs }) => proofs.every(({ state }) => state === 'proved')).length,
    checkpointSize: Math.min(evidence.tree.checkpointSize ?? 0, INT32_MAX),
    collectedAt: evidence.madeAt,
  };
}
