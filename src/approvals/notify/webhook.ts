import type { Announcement } from './announcement.ts';

/** The body of a webhook, in the shape that Standard Webhooks proposes. */
export function webhookBody(announcement: Announcement, link: string, callback: string | undefined): string {
  return JSON.stringify({
    type: `dbgate.request.${announcement.event}`,
    timestamp: new Date(announcement.at).toISOString(),
    data: { ...announcement.data, title: announcement.title, link, ...(callback === undefined ? {} : { callback }) },
  });
}
