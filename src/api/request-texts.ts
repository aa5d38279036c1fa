/**
 * Lists of requests as text. Of ten thousand that wait, making their JSON takes longer than all else that a list needs,
 * and nobody else is answered meanwhile: so it is made once for each, when it comes to wait, or soon after a start.
 * What depends on who looks is never kept.
 */
import type { RequestState } from '../approvals/request.ts';
import type { RequestService } from '../approvals/requests.ts';
import { rememberingHours } from '../approvals/risk.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import type { Principal } from '../identity/principal.ts';
import type { Hours } from '../policy/language/hours.ts';
import { stateJson, USUAL_HOURS, viewerJson } from './request-json.ts';

/** Of those that wait, without the brace at the end. A state never changes: another takes its place. */
const pending = new WeakMap<RequestState, string>();

/** The text of a JSON array. That the viewer may see each has been checked. */
export function requestsText(gateway: GatewayState, states: readonly RequestState[], viewer: Principal): string {
  const usual = rememberingHours(USUAL_HOURS);
  return `[${states
    .map((state) => `${stateText(state, usual)},${JSON.stringify(viewerJson(gateway, state, viewer)).slice(1)}`)
    .join(',')}]`;
}

/** At a start, so many in one go; sessions are served between. */
const AT_ONCE = 100;

/** From now on. Returns what ends it. */
export function keepRequestTexts(requests: Pick<RequestService, 'subscribe' | 'open'>): () => void {
  const usual = rememberingHours(USUAL_HOURS);
  const waiting = [...requests.open()];
  let next: NodeJS.Immediate | undefined;
  const makeSome = (): void => {
    for (const state of waiting.splice(-AT_ONCE)) prepare(state, usual);
    next = waiting.length > 0 ? setImmediate(makeSome) : undefined;
  };
  makeSome();
  const unsubscribe = requests.subscribe((state) => prepare(state, USUAL_HOURS));
  return () => {
    clearImmediate(next);
    unsubscribe();
  };
}

function prepare(state: RequestState, usual: Hours): void {
  if (state.status === 'pending') stateText(state, usual);
}

function stateText(state: RequestState, usual: Hours): string {
  const known = pending.get(state);
  if (known !== undefined) return known;
  const text = JSON.stringify(stateJson(state, usual)).slice(0, -1);
  if (state.status === 'pending') pending.set(state, text);
  return text;
}
