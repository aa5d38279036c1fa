/**
 * What has left for each principal from each database within the last hour and day, for the egress limits of grants.
 * Kept in `<state_dir>/egress.json`, written at most once a second and when the gateway ends, so that a restart gives
 * nobody a new budget; a crash forgets at most the last second. Only sessions with such a limit are counted.
 */
import path from 'node:path';
import * as z from 'zod';
import type { EgressUsage, RecentEgress } from './session/egress.ts';
import { StateFile } from './state-file.ts';

const HOUR_MS = 3_600_000;
/** An hour is told by the last 13 twelfths of one, a day by the last 25 hours: never less than the whole. */
const HOUR = { spanMs: HOUR_MS / 12, spans: 13 };
const DAY = { spanMs: HOUR_MS, spans: 25 };
const SAVE_MS = 1_000;

/** Rows and bytes by the number of the span that they left in. */
type Spans = Map<number, [rows: number, bytes: number]>;

class Usage implements EgressUsage {
  rows = 0;
  bytes = 0;
  /** Of `rows` and `bytes`, what is in the spans already. */
  #rowsFiled = 0;
  #bytesFiled = 0;
  readonly hour: Spans;
  readonly day: Spans;
  readonly #now: () => number;

  constructor(now: () => number, hour: Spans = new Map(), day: Spans = new Map()) {
    this.#now = now;
    this.hour = hour;
    this.day = day;
  }

  get isDirty(): boolean {
    return this.rows !== this.#rowsFiled || this.bytes !== this.#bytesFiled;
  }

  /** What was counted since the last look is filed under the time of this one, which is later: never forgotten early. */
  recent(): RecentEgress {
    const now = this.#now();
    const rows = this.rows - this.#rowsFiled;
    const bytes = this.bytes - this.#bytesFiled;
    this.#rowsFiled = this.rows;
    this.#bytesFiled = this.bytes;
    const [rowsHour, bytesHour] = file(this.hour, HOUR, now, rows, bytes);
    const [rowsDay, bytesDay] = file(this.day, DAY, now, rows, bytes);
    return { rowsHour, bytesHour, rowsDay, bytesDay };
  }
}

/** Adds to the span of now, forgets what is too old, and gives the sums. */
function file(spans: Spans, { spanMs, spans: count }: typeof HOUR, now: number, rows: number, bytes: number) {
  const current = Math.floor(now / spanMs);
  if (rows > 0 || bytes > 0) {
    const span = spans.get(current);
    if (span === undefined) spans.set(current, [rows, bytes]);
    else {
      span[0] += rows;
      span[1] += bytes;
    }
  }
  const sums: [number, number] = [0, 0];
  for (const [number, span] of spans) {
    // A clock that was set back leaves spans of the future: they count until it has come there.
    if (number <= current - count) spans.delete(number);
    else {
      sums[0] += span[0];
      sums[1] += span[1];
    }
  }
  return sums;
}

export interface EgressUsages {
  /** `principal`: a key of whoever has the grant, not of the person an agent acts for. */
  of(principal: string, database: string): EgressUsage;
  close(): void;
}

const spansSchema = z.array(z.tuple([z.int(), z.int().min(0), z.int().min(0)]));
const fileSchema = z.strictObject({
  version: z.literal(1),
  usage: z.array(z.strictObject({ principal: z.string(), database: z.string(), hour: spansSchema, day: spansSchema })),
});

/** A file that cannot be read leaves everybody a whole budget, and `logLine` says so. */
export function openEgressUsages(
  stateDir: string,
  { now, logLine }: { readonly now: () => number; logLine(line: string): void },
): EgressUsages {
  const target = new StateFile(path.join(stateDir, 'egress.json'), fileSchema);
  const usages = new Map<string, { principal: string; database: string; usage: Usage }>();
  let saving = false;
  const timer = setInterval(() => void save(), SAVE_MS).unref();
  const add = (principal: string, database: string, hour?: Spans, day?: Spans): Usage => {
    const usage = new Usage(now, hour, day);
    usages.set(JSON.stringify([principal, database]), { principal, database, usage });
    return usage;
  };

  for (const { principal, database, hour, day } of read(target, logLine)) {
    add(principal, database, spansOf(hour), spansOf(day));
  }

  const state = (): z.input<typeof fileSchema> => {
    const entries = [];
    for (const { principal, database, usage } of usages.values()) {
      usage.recent();
      if (usage.day.size > 0) entries.push({ principal, database, hour: listOf(usage.hour), day: listOf(usage.day) });
    }
    return { version: 1, usage: entries };
  };

  async function save(): Promise<void> {
    if (saving || ![...usages.values()].some(({ usage }) => usage.isDirty)) return;
    saving = true;
    try {
      await target.replace(state());
    } catch (error) {
      logLine(`egress budgets are not saved: ${(error as Error).message}`);
    } finally {
      saving = false;
    }
  }

  return {
    of: (principal, database) => usages.get(JSON.stringify([principal, database]))?.usage ?? add(principal, database),
    close() {
      clearInterval(timer);
      if (usages.size === 0) return;
      try {
        target.replaceSync(state());
      } catch (error) {
        logLine(`egress budgets are not saved: ${(error as Error).message}`);
      }
    },
  };
}

function read(
  target: StateFile<typeof fileSchema>,
  logLine: (line: string) => void,
): z.output<typeof fileSchema>['usage'] {
  const found = target.readSync();
  if (found.kind === 'found') return found.state.usage;
  if (found.kind === 'unusable') logLine(`egress budgets begin anew, ${target.path} cannot be used: ${found.why}`);
  return [];
}

function spansOf(list: z.output<typeof spansSchema>): Spans {
  return new Map(list.map(([number, rows, bytes]) => [number, [rows, bytes]]));
}

function listOf(spans: Spans): [number, number, number][] {
  return [...spans].map(([number, [rows, bytes]]) => [number, rows, bytes]);
}
