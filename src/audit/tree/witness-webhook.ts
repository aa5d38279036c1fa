import { randomUUID } from 'node:crypto';
import { postJson } from '../../approvals/notify/http-post.ts';
import { signWebhook } from '../../approvals/notify/standard-webhooks.ts';
import type { WitnessSettings } from '../../config/audit-settings.ts';
import type { Witness } from './witness.ts';

/** Sends checkpoints as signed webhooks (Standard Webhooks): whoever keeps them can hold the gateway to them. */
export function openWebhookWitness({ url, secret }: WitnessSettings & { kind: 'webhook' }): Witness {
  return {
    async push({ origin, size, root, text }) {
      const { getGlobalDispatcher } = await import('undici');
      const now = Date.now();
      const id = `msg_${randomUUID()}`;
      const timestamp = Math.floor(now / 1000);
      const body = JSON.stringify({
        type: 'audit.checkpoint',
        timestamp: new Date(now).toISOString(),
        data: { origin, size, root: root.toString('base64'), checkpoint: text },
      });
      const attempt = await postJson(getGlobalDispatcher(), url, body, {
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signWebhook(secret, id, timestamp, body),
      });
      if (attempt.kind !== 'delivered') throw new Error(attempt.why);
      return [];
    },
  };
}
