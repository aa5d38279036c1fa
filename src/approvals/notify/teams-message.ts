/**
 * An Adaptive Card for a Teams Workflows webhook. What people wrote stands in text runs, which know no Markdown;
 * where only Markdown is to be had, its marks are escaped.
 */
import type { Announcement } from './announcement.ts';

/** Adaptive Cards' subset of Markdown, and what Teams makes of the rest. */
export function teamsMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|~<>&:@]/g, '\\$&');
}

const run = (text: string, more: Record<string, unknown> = {}) => ({ type: 'TextRun', text, ...more });
const block = (...inlines: readonly unknown[]) => ({ type: 'RichTextBlock', inlines });

export function teamsMessage(announcement: Announcement, link: string): Record<string, unknown> {
  const { title, facts, sql } = announcement;
  return {
    type: 'message',
    summary: teamsMarkdown(title),
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            block(run(title, { weight: 'bolder', size: 'medium' })),
            ...facts.map(({ label, value }) => block(run(`${label}: `, { weight: 'bolder' }), run(value))),
            ...(sql === undefined ? [] : [block(run(sql, { fontType: 'monospace' }))]),
          ],
          actions: [{ type: 'Action.OpenUrl', title: announcement.decidable ? 'Look and decide' : 'Look', url: link }],
        },
      },
    ],
  };
}
