import type { Bulk, BulkResult } from './bulk.ts';
import type { ClassifyingCost } from './classifying-cost.ts';
import type { Machine } from './machine.ts';
import type { MaskedCost } from './masked-cost.ts';
import type { Figure, Mode, PgbenchResult } from './pgbench.ts';
import type { RepeatedStatement } from './repeated-statement.ts';
import type { ConnectResult } from './sessions.ts';
import type { Starts } from './starts.ts';
import { median } from './statistics.ts';

/** `simple-32`: mode and clients. */
export type Load = `${Mode}-${number}`;

export interface TargetResult {
  /** One entry for each round. */
  readonly pgbench: Partial<Record<Load, PgbenchResult[]>>;
  readonly bulk: Partial<Record<Bulk, BulkResult[]>>;
  connect?: ConnectResult;
  /** Added by `settings.idleSessions` sessions. */
  idleBytes?: number;
  repeated?: RepeatedStatement;
  /** Why it could not be measured; nothing else is there then. */
  failure?: string;
}

export interface Settings {
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: readonly number[];
  readonly bulkRounds: number;
  readonly connects: number;
  readonly idleSessions: number;
  readonly scale: number;
}

export interface Results {
  readonly date: string;
  readonly machine: Machine;
  readonly postgres: string;
  readonly settings: Settings;
  /** Before and after all else, microseconds. */
  readonly fdatasync: { p50: number; p99: number }[];
  starts?: Starts;
  masked?: MaskedCost;
  classifying?: ClassifyingCost;
  copyBytes: number;
  readonly targets: Record<string, TargetResult>;
}

/** The median over the rounds of one figure; NaN where it was not measured. */
export function figure(results: Results, target: string, load: Load, name: Figure): number {
  return median((results.targets[target]?.pgbench[load] ?? []).map((result) => result[name] ?? Number.NaN));
}

/** The median over the rounds of `target`'s throughput divided by `reference`'s in the same round. */
export function throughputRatio(results: Results, target: string, reference: string, load: Load): number {
  const ours = results.targets[target]?.pgbench[load] ?? [];
  const theirs = results.targets[reference]?.pgbench[load] ?? [];
  return median(ours.flatMap(({ tps }, round) => (theirs[round] ? [tps / theirs[round].tps] : [])));
}

export function bulkSeconds(results: Results, target: string, kind: Bulk): number {
  return median((results.targets[target]?.bulk[kind] ?? []).map(({ seconds }) => seconds));
}

export function bulkCpuSeconds(results: Results, target: string, kind: Bulk): number {
  return median((results.targets[target]?.bulk[kind] ?? []).map(({ cpuSeconds }) => cpuSeconds ?? Number.NaN));
}

/** How fast `target` is in rows a second, divided by `reference` in the same round. */
export function bulkRatio(results: Results, target: string, reference: string, kind: Bulk): number {
  const ours = results.targets[target]?.bulk[kind] ?? [];
  const theirs = results.targets[reference]?.bulk[kind] ?? [];
  return median(ours.flatMap(({ seconds }, round) => (theirs[round] ? [theirs[round].seconds / seconds] : [])));
}
