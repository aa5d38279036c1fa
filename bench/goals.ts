import { type Kind, WAYS } from './masked-people.ts';
import { MODES } from './pgbench.ts';
import { bulkRatio, figure, type Load, type Results, throughputRatio } from './results.ts';
import { median } from './statistics.ts';

export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  /** Undefined: could not be measured. */
  readonly reached: boolean | undefined;
}

const MIB = 2 ** 20;

/** The project's goals for speed, each with what was measured; a timing is never more than a line here. */
export function goals(results: Results): Goal[] {
  const list: Goal[] = [];
  const add: Add = (what, goal, values, unit, holds) => {
    const known = values.filter((value) => !Number.isNaN(value));
    list.push({
      what,
      goal,
      measured: known.length === 0 ? 'not measured' : known.map((value) => number(value)).join(' / ') + unit,
      reached: known.length < values.length ? undefined : known.every(holds),
    });
  };
  const at32 = MODES.map((mode): Load => `${mode}-32`);
  const ratios = (target: string, reference: string) =>
    at32.map((load) => throughputRatio(results, target, reference, load));
  const paths = [
    { path: 'native', title: 'native listener', reference: 'pgbouncer-tls', async: 0.85 },
    { path: 'tunnel', title: 'CLI + gateway', reference: 'ssh', async: 0.9 },
  ] as const;
  const modes = MODES.join(' / ');
  for (const { path, title, reference, async } of paths) {
    const name = reference === 'ssh' ? 'ssh -L' : 'PgBouncer-TLS';
    const what = `${title}, 32 clients, ${modes}`;
    add(`${what}, durable`, `≥ 0.6 × ${name}`, ratios(`dbgate-${path}-sync`, reference), ' ×', (v) => v >= 0.6);
    add(`${what}, async`, `≥ ${async} × ${name}`, ratios(`dbgate-${path}-async`, reference), ' ×', (v) => v >= async);
  }
  const p50 = (target: string, load: Load) => figure(results, target, load, 'p50Micros');
  const fdatasync = median(results.fdatasync.map((measured) => measured.p50));
  for (const { path, title } of paths) {
    const at1 = MODES.map((mode): Load => `${mode}-1`);
    const added = at1.map((load) => p50(`dbgate-${path}-async`, load) - p50('direct', load));
    add(`${title}, added p50 at one client, ${modes}, async`, '≤ 120 µs', added, ' µs', (v) => v <= 120);
    const more = at1.map((load) => p50(`dbgate-${path}-sync`, load) - p50(`dbgate-${path}-async`, load));
    add(
      `${title}, p50 at one client, ${modes}, durable, more than async`,
      `≤ 2 × fdatasync = ${number(2 * fdatasync)} µs`,
      more,
      ' µs',
      (v) => v <= 2 * fdatasync,
    );
  }
  for (const durability of ['sync', 'async']) {
    const ratio = bulkRatio(results, `dbgate-tunnel-${durability}`, 'ssh', 'select');
    add(`CLI + gateway, 1M rows, ${durability}`, '≥ 0.9 × ssh -L', [ratio], ' ×', (v) => v >= 0.9);
  }
  for (const { path, title } of paths) {
    // Fewer fit into what a heap has left anyway.
    const enough = results.settings.idleSessions >= 1000;
    const bytes = (enough && results.targets[`dbgate-${path}-sync`]?.idleBytes) || Number.NaN;
    const per1000 = (bytes / MIB / results.settings.idleSessions) * 1000;
    add(`${title}, 1,000 idle sessions`, '≤ 60 MB', [per1000], ' MB', (v) => v <= 60);
  }
  addMasking(results, add);
  const starts = results.starts;
  const start = (command: string) => starts?.commands[command] ?? Number.NaN;
  add('dbgate --help', '≤ 1.5 × node -e 0', [start('--help') / (starts?.node ?? Number.NaN)], ' ×', (v) => v <= 1.5);
  add('dbgate history, the first page from the shell', '≤ 150 ms', [start('history')], ' ms', (v) => v <= 150);
  const repeated = results.targets['dbgate-native-async']?.repeated;
  add(
    'a 10 KB statement seen before: CPU of the gateway',
    'not parsed again: < 1 ms',
    [repeated?.againCpuMs ?? Number.NaN],
    ' ms',
    (v) => v < 1,
  );
  return list;
}

type Add = (
  what: string,
  goal: string,
  values: readonly number[],
  unit: string,
  holds: (value: number) => boolean,
) => void;

/** Who is masked against who is not, in the same run. */
function addMasking({ masked, classifying }: Results, add: Add): void {
  const ways = WAYS.join(' / ');
  const rate = (kind: Kind, least: number): void => {
    const ratios = WAYS.map((way) => masked?.answers[`${kind}, ${way}`]?.ratio ?? Number.NaN);
    add(`a masked person, ${kind}: ${ways}`, `≥ ${least} × unmasked`, ratios, ' ×', (v) => v >= least);
  };
  // What goes on as it came: the rest is the machine's.
  rate('nothing sensitive', 0.9);
  rate('one text of three', 0.9);
  rate('ten columns', 0.5);
  const allocated = masked?.allocatedBytes ?? Number.NaN;
  // An object has 16 bytes at least.
  add('a masked row of ten columns: what it allocates', 'no object: < 8 bytes', [allocated], ' bytes', (v) => v < 8);
  const extra = Object.entries(masked?.extraBytes ?? { 'a large answer': Number.NaN });
  const of = extra.map(([name]) => name).join(' / ');
  const megabytes = extra.map(([, bytes]) => bytes / MIB);
  add(`a masked answer of 1 GB, resident memory: ${of}`, '< 64 MB', megabytes, ' MB', (v) => v < 64);
  const of5000 = (seconds = Number.NaN) => (seconds / (classifying?.tables ?? 1)) * 5000;
  const spent = [of5000(classifying?.seconds), of5000(classifying?.cpuSeconds)];
  add('5,000 tables of 18 columns with full samples, classified: clock / CPU', '≤ 60 s', spent, ' s', (v) => v <= 60);
}

/** Three digits that count. */
export function number(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(Math.abs(value) < 1 ? 2 : 3)));
}
