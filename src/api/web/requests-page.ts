import { nameOf, timeText, whatOf } from '../../approvals/notify/announcement.ts';
import { oneLine } from '../../approvals/notify/plain-text.ts';
import type { RequestState } from '../../approvals/request.ts';
import { type Html, html } from './html.ts';

const MAX_REASON = 200;

/** What waits for the visitor, newest first; `limit`: as many were asked for. */
export function pendingBody(states: readonly RequestState[], limit: number): Html {
  if (states.length === 0) return html`<p>Nothing waits for your decision.</p>`;
  return html`<ul>${states.map(
    ({ request }) =>
      html`<li><a href="/requests/${request.id}">${oneLine(`${nameOf(request.by)}: ${whatOf(request)}`, 300)}</a><br>${oneLine(request.reason, MAX_REASON)} <span class="soft">until ${timeText(request.expiresAt)}</span></li>`,
  )}</ul>${states.length === limit ? html`<p class="soft">There are more than these ${limit}.</p>` : undefined}`;
}
