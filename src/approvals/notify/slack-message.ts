/** A message of Slack's Block Kit. What people wrote is escaped, and `verbatim`: no mentions, no links but ours. */
import type { Announcement } from './announcement.ts';

/** Slack refuses a section with more. */
const MAX_SECTION = 2_900;
const MAX_FIELDS = 10;
const MAX_FIELD = 1_900;
const LONG_FACTS: ReadonlySet<string> = new Set(['Why', 'Risk', 'Said']);

export const APPROVE_ACTION = 'dbgate.approve';
export const DENY_ACTION = 'dbgate.deny';

/** @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function slackText(text: string, maxLength: number): string {
  let escaped = '';
  for (const character of text) {
    const next = character === '&' ? '&amp;' : character === '<' ? '&lt;' : character === '>' ? '&gt;' : character;
    if (escaped.length + next.length > maxLength) return `${escaped}…`;
    escaped += next;
  }
  return escaped;
}

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } });

/** `buttons`: their callback can be verified. The link needs a login, so it is for everybody. */
export function slackMessage(
  announcement: Announcement,
  link: string,
  options: { readonly buttons: boolean },
): Record<string, unknown> {
  const { title, facts, sql, request } = announcement;
  const short = facts.filter(({ label }) => !LONG_FACTS.has(label));
  const long = facts.filter(({ label }) => LONG_FACTS.has(label));
  const button = (text: string, more: Record<string, unknown>) => ({
    type: 'button',
    text: { type: 'plain_text', text },
    ...more,
  });
  return {
    // What a notification on a phone shows.
    text: slackText(title, MAX_SECTION),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      section(`*${slackText(title, MAX_SECTION - 2)}*`),
      ...inGroups(short, MAX_FIELDS).map((group) => ({
        type: 'section',
        fields: group.map(({ label, value }) => ({
          type: 'mrkdwn',
          text: `*${label}*\n${slackText(value, MAX_FIELD)}`,
          verbatim: true,
        })),
      })),
      ...long.map(({ label, value }) => section(`*${label}*\n${slackText(value, MAX_SECTION - label.length - 3)}`)),
      ...(sql === undefined ? [] : [section(`\`\`\`${slackText(sql.replaceAll('`', 'ˋ'), MAX_SECTION - 6)}\`\`\``)]),
      {
        type: 'actions',
        block_id: `dbgate:${request}`,
        elements: [
          ...(options.buttons && announcement.decidable
            ? [
                button('Approve', {
                  action_id: APPROVE_ACTION,
                  style: 'primary',
                  value: request,
                  confirm: {
                    title: { type: 'plain_text', text: 'Approve?' },
                    text: { type: 'plain_text', text: clipped(title, 300) },
                    confirm: { type: 'plain_text', text: 'Approve' },
                    deny: { type: 'plain_text', text: 'Back' },
                  },
                }),
                button('Deny', { action_id: DENY_ACTION, style: 'danger', value: request }),
              ]
            : []),
          button('Open', { action_id: 'dbgate.open', url: link }),
        ],
      },
    ],
  };
}

function clipped(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}

function inGroups<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
