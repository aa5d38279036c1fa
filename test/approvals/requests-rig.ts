/** A service of requests over a real log, with a clock of its own and a record that can be broken. */
import { openRequests, type RequestService } from '../../src/approvals/requests.ts';
import type { ApprovalSettings } from '../../src/config/approval-settings.ts';
import type { GatewaySettings, RuleSettings } from '../../src/config/gateway-settings.ts';
import type { EventLog } from '../../src/store/event-log.ts';
import { cleanUp, openLog, temporaryDirectory } from '../store/log-fixture.ts';
import { approvalSettings } from '../support/approvals.ts';

export interface Rig {
  readonly log: EventLog;
  readonly requests: RequestService;
  /** Epoch milliseconds, as the service sees them. */
  clock: { now: number };
  /** What the gateway recorded, oldest first: type and request. */
  readonly recorded: string[];
  readonly lines: string[];
  readonly audit: { broken: boolean };
  settings: GatewaySettings;
  change(approvals: Partial<ApprovalSettings>): void;
  /** As after a restart: a new service on the same log. */
  restart(): Promise<Rig>;
}

export interface RigOptions {
  readonly approvals?: ApprovalSettings | undefined;
  readonly rules?: readonly RuleSettings[];
  readonly log?: EventLog;
  readonly gatewayId?: string;
  readonly clock?: { now: number };
  readonly dir?: string;
}

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const dir = options.dir ?? temporaryDirectory();
  const log = options.log ?? (await openLog(dir));
  const clock = options.clock ?? { now: Date.UTC(2026, 10, 23, 12) };
  const recorded: string[] = [];
  const lines: string[] = [];
  const audit = { broken: false };
  const app = { name: 'app', environment: 'production', labels: {} };
  const approvals = 'approvals' in options ? options.approvals : approvalSettings();
  const rig = {
    settings: {
      gatewayId: options.gatewayId ?? 'gw',
      publicUrl: 'https://db.example.com',
      databases: new Map([['app', app]]),
      rules: options.rules ?? [],
      approvals,
    } as unknown as GatewaySettings,
  };
  const requests = await openRequests({
    log,
    now: () => clock.now,
    settings: () => rig.settings,
    audit: {
      healthy: () => !audit.broken,
      async event({ type, request }) {
        if (audit.broken) throw new Error('broken');
        recorded.push(`${type} ${request}`);
      },
    },
    rights: {
      mayReach: (who) => who.groups.length > 0,
      isDatabaseAdmin: () => false,
      isAdministrator: (who) => who.groups.includes('admins'),
      isAuditor: (who) => who.groups.includes('auditors') || who.groups.includes('admins'),
    },
    logLine: (line) => lines.push(line),
  });
  cleanUp(() => requests.close());
  return Object.assign(rig, {
    log,
    requests,
    clock,
    recorded,
    lines,
    audit,
    change: (more: Partial<ApprovalSettings>) => {
      rig.settings = { ...rig.settings, approvals: { ...rig.settings.approvals!, ...more } };
    },
    restart: async () => {
      await requests.close();
      return openRig({ ...options, log, clock });
    },
  });
}
