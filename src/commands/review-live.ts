import { ExitCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import {
  type ReviewDetail,
  type ReviewEffect,
  type ReviewItem,
  type ReviewState,
  reviewList,
  withDetail,
  withItems,
} from '../views/review-state.ts';
import { durationText } from '../views/time-text.ts';
import type { CommandContext } from './context.ts';
import { parseDuration } from './request-access.ts';
import type { RequestDetail, RequestLine } from './request-answers.ts';
import { askedFor, detailRows, eventLines, personName, recentLines } from './request-text.ts';
import { readDetail } from './requests.ts';
import { decidedText, parseCount, type ReviewDecision, readDecidable, sendDecision } from './review.ts';
import { sanitise } from './sanitise.ts';

const LIST_LIMIT = 1000;
const REFRESH_MS = 5_000;

/** Review with keys, on a terminal. With an id: this one request, and the end once it is decided. */
export async function reviewLive(
  context: CommandContext,
  client: GatewayClient,
  id: string | undefined,
): Promise<number> {
  const { openReviewView } = await import('../views/review-live.tsx');
  const items = id === undefined ? (await readDecidable(client, LIST_LIMIT)).map(reviewItem) : [];
  const list = reviewList(items);
  const first =
    id === undefined ? list : withDetail({ ...list, single: true }, reviewDetail(await readDetail(client, id)));
  return await new Promise<number>((resolve, reject) => {
    const opening = openReviewView(context, first, (effect) => void act(effect).catch(end));
    let said = '';
    const refresh = setInterval(() => void reload().catch(() => {}), REFRESH_MS);
    const onAbort = (): void => end(undefined, ExitCode.interrupted);
    context.signal.addEventListener('abort', onAbort, { once: true });
    opening.catch(end);

    function end(error: unknown, code: number = ExitCode.ok): void {
      clearInterval(refresh);
      context.signal.removeEventListener('abort', onAbort);
      void opening.then(
        (view) => {
          view.close();
          if (said !== '') context.note(said);
          if (error === undefined) resolve(code);
          else reject(error);
        },
        () => reject(error),
      );
    }

    async function act(effect: ReviewEffect): Promise<void> {
      switch (effect.kind) {
        case 'quit':
          return end(undefined);
        case 'interrupt':
          return end(undefined, ExitCode.interrupted);
        case 'open':
          return open(effect.id);
        default:
          return decide(effect);
      }
    }

    async function open(wanted: string): Promise<void> {
      const view = await opening;
      try {
        view.update(withDetail(view.state, reviewDetail(await readDetail(client, wanted))));
      } catch (error) {
        view.update(failed({ ...view.state, mode: 'list' }, error));
      }
    }

    async function decide(effect: Extract<ReviewEffect, { reason: string }>): Promise<void> {
      const view = await opening;
      try {
        const request = await sendDecision(client, effect.id, decisionOf(effect));
        said = decidedText(request, effect.kind);
        if (id !== undefined) return end(undefined);
        const now = (await readDecidable(client, LIST_LIMIT)).map(reviewItem);
        view.update({ ...withItems({ ...view.state, mode: 'list', detail: undefined }, now), message: said });
        said = '';
      } catch (error) {
        view.update(failed({ ...view.state, mode: 'detail', input: '' }, error));
      }
    }

    /** New requests come in while the list is looked at. */
    async function reload(): Promise<void> {
      const view = await opening;
      if (view.state.mode !== 'list') return;
      const now = (await readDecidable(client, LIST_LIMIT)).map(reviewItem);
      if (view.state.mode === 'list') view.update(withItems(view.state, now));
    }
  });
}

function failed(state: ReviewState, error: unknown): ReviewState {
  return { ...state, message: sanitise((error as Error).message) };
}

/** Throws `usage` for terms that were mistyped. */
function decisionOf({ kind, reason, terms }: Extract<ReviewEffect, { reason: string }>): ReviewDecision {
  const { duration, maxRows, times, tryFirst } = terms;
  return {
    verb: kind,
    body: {
      reason,
      duration_ms: duration === '' ? undefined : parseDuration(duration, 'the duration'),
      max_rows: maxRows === '' ? undefined : parseCount(maxRows, 'the number of rows', 0),
      times: times === '' ? undefined : parseCount(times, 'the number of executions', 1),
      try: tryFirst ? true : undefined,
    },
  };
}

function reviewItem(request: RequestLine): ReviewItem {
  const { id, by, database, risk, created_at: at, status } = request;
  const age = durationText(Date.now() - Date.parse(at)).split(' ')[0]!;
  return {
    id: sanitise(id),
    who: personName(by),
    database: sanitise(database),
    asks: askedFor(request),
    risk: sanitise(risk.level),
    age: `${age} ago${status === 'pending' ? '' : ', break-glass, not reviewed'}`,
  };
}

function reviewDetail(request: RequestDetail): ReviewDetail {
  const now = Date.now();
  return {
    id: request.id,
    kind: request.kind,
    rows: detailRows(request, now),
    recent: request.recent === undefined ? undefined : recentLines(request, now),
    events: eventLines(request, now),
    mayDecide: request.may_decide,
    waiting: request.waiting,
    mayReview: request.break_glass && request.reviewed_by === null && !request.mine,
  };
}
