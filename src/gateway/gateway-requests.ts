/** The requests of this gateway: where they are kept, and what the gateway says of people. */
import path from 'node:path';
import type { RequestAudit } from '../approvals/request-journal.ts';
import { openRequests, type RequestRights, type RequestService, type RequestsOptions } from '../approvals/requests.ts';
import type { Recorder } from '../audit/recorder.ts';
import type { GatewaySettings } from '../config/gateway-settings.ts';
import type { EventLog, SharedEventLog } from '../store/event-log.ts';
import { openSegmentLog } from '../store/segment-log.ts';
import { GatewaySecret } from './gateway-secret.ts';
import { recordedRequest } from './recorded-request.ts';

export interface GatewayRequestsOptions {
  readonly settings: () => GatewaySettings;
  /** The gateway's record. */
  readonly log: Pick<EventLog, 'state'>;
  readonly recorder: Pick<Recorder, 'event'>;
  readonly rights: RequestRights;
  /** Of several gateways; undefined: this one is by itself. */
  readonly sharedLog: SharedEventLog | undefined;
  readonly now: () => number;
  readonly listener: NonNullable<RequestsOptions['listener']>;
  readonly logLine: (line: string) => void;
}

const SEGMENT_BYTES = 16 << 20;
const MAX_QUEUED_BYTES = 32 << 20;

/** A log of its own, small, so that a restart reads little; closing the requests closes it. */
export async function openGatewayRequests(options: GatewayRequestsOptions): Promise<RequestService> {
  const { settings, log, recorder, rights, sharedLog, now, logLine, listener } = options;
  const { stateDir, gatewayId } = settings();
  const own =
    sharedLog ??
    (await openSegmentLog({
      dir: path.join(stateDir, 'requests'),
      gatewayId,
      segmentBytes: SEGMENT_BYTES,
      // Whatever the record's durability: an approval is never used twice.
      durability: 'sync',
      maxQueuedBytes: MAX_QUEUED_BYTES,
      now,
    }));
  const secret = new GatewaySecret(stateDir);
  try {
    const audit = {
      healthy: () => log.state === 'healthy',
      event: async (fields: Parameters<RequestAudit['event']>[0]) => {
        const event = recordedRequest(fields.event, () => secret.heldKey());
        await recorder.event({ ...fields, event });
      },
    };
    const requests = await openRequests({ log: own, now, settings, audit, rights, logLine, listener });
    const close = requests.close.bind(requests);
    requests.close = async () => {
      await close();
      if (own !== sharedLog) await own.close();
    };
    return requests;
  } catch (error) {
    if (own !== sharedLog) await own.close();
    throw error;
  }
}
