/**
 * Witnesses: checkpoints are told to others, so that a gateway that rewrites its history is found out, though it holds
 * its own key. In: the newest checkpoint. Out: cosignatures, and what each witness said.
 * A witness that fails is tried again, ever more seldom; nothing of the record waits for it.
 */
import type { WitnessSettings } from '../../config/audit-settings.ts';
import type { Checkpoint } from './checkpoint.ts';
import { WitnessConflict } from './witness-conflict.ts';
import { openCosigner } from './witness-cosigner.ts';
import { openFileWitness } from './witness-file.ts';
import { openGitWitness } from './witness-git.ts';
import { openS3Witness } from './witness-s3.ts';
import { openWebhookWitness } from './witness-webhook.ts';

export interface Witness {
  /** Gives lines of cosignatures, if it is one that signs. Throws when it was not taken, `WitnessConflict` for good. */
  push(checkpoint: Checkpoint, prove: Prove): Promise<readonly string[]>;
}

/** The consistency proof between two sizes. */
export type Prove = (from: number, to: number) => readonly Buffer[];

export interface WitnessStatus {
  readonly name: string;
  readonly kind: WitnessSettings['kind'];
  /** `conflict`: it holds a history that is not this one. */
  readonly state: 'waiting' | 'ok' | 'failing' | 'conflict';
  /** Size of the last checkpoint that it took. */
  readonly size: number | undefined;
  /** ISO 8601, when. */
  readonly at: string | undefined;
  readonly error: string | undefined;
}

export interface WitnessesOptions {
  readonly settings: readonly WitnessSettings[];
  readonly now: () => number;
  warn(message: string): void;
  /** All cosignatures of one checkpoint that were given at once. */
  cosigned(checkpoint: Checkpoint, lines: readonly string[]): void;
}

export interface Witnesses {
  /** Tells the checkpoint to those whose turn it is; `all`: to everybody, also to who is being told an earlier one. */
  offer(checkpoint: Checkpoint, prove: Prove, all?: boolean): Promise<void>;
  status(): readonly WitnessStatus[];
}

/** What has not changed is told again, so that its time is witnessed. */
const HEARTBEAT_MS = 60_000;
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 300_000;

interface Seat {
  readonly settings: WitnessSettings;
  readonly witness: Witness;
  /** It is being told; undefined: it is not. */
  pushing: Promise<unknown> | undefined;
  /** Epoch milliseconds. */
  nextAt: number;
  retryMs: number;
  /** The checkpoint that it took last, and when. */
  told: { readonly text: string; readonly at: number } | undefined;
  status: WitnessStatus;
}

export function openWitnesses(options: WitnessesOptions): Witnesses {
  const { now, warn } = options;
  const seats = options.settings.map((settings): Seat => {
    const { name, kind } = settings;
    const status: WitnessStatus = { name, kind, state: 'waiting', size: undefined, at: undefined, error: undefined };
    return {
      settings,
      witness: openWitness(settings),
      pushing: undefined,
      nextAt: 0,
      retryMs: 0,
      told: undefined,
      status,
    };
  });

  const push = (seat: Seat, checkpoint: Checkpoint, prove: Prove): Promise<readonly string[]> => {
    const pushing = tell(seat, checkpoint, prove).finally(() => {
      seat.pushing = undefined;
    });
    seat.pushing = pushing;
    return pushing;
  };

  const tell = async (seat: Seat, checkpoint: Checkpoint, prove: Prove): Promise<readonly string[]> => {
    const { name, everyMs } = seat.settings;
    try {
      const lines = await seat.witness.push(checkpoint, prove);
      if (seat.status.state === 'failing' || seat.status.state === 'conflict') warn(`witness ${name}: works again`);
      const at = new Date(now()).toISOString();
      seat.status = { ...seat.status, state: 'ok', size: checkpoint.size, at, error: undefined };
      seat.retryMs = 0;
      seat.told = { text: checkpoint.text, at: now() };
      seat.nextAt = now() + everyMs;
      return lines;
    } catch (error) {
      const { message } = error as Error;
      const state = error instanceof WitnessConflict ? 'conflict' : 'failing';
      if (seat.status.state !== state || seat.status.error !== message) {
        warn(`witness ${name}: ${state === 'conflict' ? 'HOLDS ANOTHER HISTORY OF THIS LOG: ' : ''}${message}`);
      }
      seat.status = { ...seat.status, state, error: message };
      seat.retryMs = Math.min(MAX_RETRY_MS, Math.max(FIRST_RETRY_MS, seat.retryMs * 2));
      seat.nextAt = now() + seat.retryMs;
      return [];
    }
  };

  return {
    async offer(checkpoint, prove, all = false) {
      const isNews = ({ told }: Seat): boolean => told?.text !== checkpoint.text || now() - told.at >= HEARTBEAT_MS;
      const isFree = ({ pushing }: Seat): boolean => all || pushing === undefined;
      const due = seats.filter((seat) => isFree(seat) && isNews(seat) && (all || seat.nextAt <= now()));
      const give = async (seat: Seat): Promise<readonly string[]> => {
        if (seat.pushing !== undefined) {
          await seat.pushing;
          if (!isNews(seat)) return [];
        }
        return push(seat, checkpoint, prove);
      };
      // Those that sign get the same checkpoint, so that their signatures stand together.
      const cosigners = due.some(({ settings }) => settings.kind === 'url')
        ? seats.filter(
            (seat) => isFree(seat) && seat.settings.kind === 'url' && (seat.retryMs === 0 || due.includes(seat)),
          )
        : [];
      const others = due.filter(({ settings }) => settings.kind !== 'url').map(give);
      const lines = await Promise.all(cosigners.map(give));
      if (lines.some((given) => given.length > 0)) options.cosigned(checkpoint, lines.flat());
      await Promise.all(others);
    },
    status: () => seats.map(({ status }) => status),
  };
}

function openWitness(settings: WitnessSettings): Witness {
  switch (settings.kind) {
    case 'url':
      return openCosigner(settings);
    case 'git':
      return openGitWitness(settings);
    case 'webhook':
      return openWebhookWitness(settings);
    case 'file':
      return openFileWitness(settings);
    case 's3':
      return openS3Witness(settings);
    default:
      return settings satisfies never;
  }
}
