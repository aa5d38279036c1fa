import type { Bulk } from './bulk.ts';
import { goals, number } from './goals.ts';
import type { MaskedCost } from './masked-cost.ts';
import { MODES } from './pgbench.ts';
import { bulkCpuSeconds, bulkRatio, bulkSeconds, figure, type Load, type Results, throughputRatio } from './results.ts';

const MIB = 2 ** 20;

/** What a target is held against: the nearest peer that makes as many hops with as much encryption. */
function referenceOf(target: string): string {
  if (target.startsWith('dbgate-native') || target === 'pgbouncer-tls') return 'pgbouncer-tls';
  if (target.startsWith('dbgate-tunnel') || target === 'ssh') return 'ssh';
  return 'direct';
}

/** The whole run as Markdown, goals first. */
export function report(results: Results): string {
  const { machine, settings } = results;
  const fdatasync = results.fdatasync.map(({ p50, p99 }) => `p50 ${number(p50)} µs, p99 ${number(p99)} µs`).join('; ');
  const parts = [
    `# Speed, ${results.date.slice(0, 10)}`,
    `${machine.cpus} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.kernel}, Node ${machine.node}, PostgreSQL ${results.postgres}. ` +
      `${settings.rounds} interleaved rounds of ${settings.seconds} s for each load; medians over the rounds. ` +
      `fdatasync before and after: ${fdatasync}. Load average before the run: ${number(machine.loadAverage)}` +
      (machine.loadAverage > 0.5
        ? ' (not an idle machine: throughput and latency say little, CPU a transaction more).'
        : '.'),
    '## Goals',
    table(
      ['goal', 'to reach', 'measured', ''],
      goals(results).map(({ what, goal, measured, reached }) => [
        what,
        goal,
        measured,
        reached === undefined ? 'not measured' : reached ? 'reached' : 'NOT reached',
      ]),
    ),
  ];
  const names = Object.keys(results.targets);
  for (const clients of settings.clients) {
    parts.push(`## pgbench -S, ${clients} client${clients === 1 ? '' : 's'}`, pgbenchTable(results, names, clients));
  }
  parts.push(
    `## A million rows (COPY: ${number(results.copyBytes / 1e6)} MB)`,
    bulkTable(results, names),
    '## Sessions',
    sessionTable(results, names),
  );
  if (results.masked) parts.push(`## Masking, ${number(results.masked.rows)} rows`, maskingTable(results.masked));
  if (results.starts) {
    const { node, commands } = results.starts;
    const texts = Object.entries(commands).map(
      ([name, ms]) => `\`dbgate ${name}\` ${number(ms)} ms, ${number(ms / node)} ×`,
    );
    parts.push(`Started in turns with \`node -e 0\` (${number(node)} ms): ${texts.join('; ')}.`);
  }
  for (const [name, { failure }] of Object.entries(results.targets)) {
    if (failure !== undefined)
      parts.push(`**${name} could not be measured to its end:** ${failure.replaceAll('\n', ' ')}`);
  }
  return `${parts.join('\n\n')}\n`;
}

function pgbenchTable(results: Results, names: readonly string[], clients: number): string {
  const rows = names.map((name) => [
    name,
    ...MODES.flatMap((mode) => {
      const load: Load = `${mode}-${clients}`;
      const reference = referenceOf(name);
      return [
        number(figure(results, name, load, 'tps')),
        reference === name ? '1' : number(throughputRatio(results, name, reference, load)),
        number(figure(results, name, load, 'cpuMicrosPerTransaction')),
        `${number(figure(results, name, load, 'p50Micros'))} / ${number(figure(results, name, load, 'p99Micros'))}`,
      ];
    }),
  ]);
  return table(['', ...MODES.flatMap((mode) => [`${mode} tps`, '× peer', 'CPU µs', 'p50 / p99 µs'])], rows);
}

function bulkTable(results: Results, names: readonly string[]): string {
  const kinds: readonly Bulk[] = ['select', 'copyOut', 'copyIn'];
  const rows = names.map((name) => [
    name,
    ...kinds.flatMap((kind) => {
      const seconds = bulkSeconds(results, name, kind);
      return [
        kind === 'select' ? withUnit(seconds, 's') : withUnit(results.copyBytes / 1e6 / seconds, 'MB/s'),
        number(bulkRatio(results, name, referenceOf(name), kind)),
        withUnit(bulkCpuSeconds(results, name, kind), 's'),
      ];
    }),
  ]);
  return table(['', ...['SELECT', 'COPY out', 'COPY in'].flatMap((kind) => [kind, '× peer', 'proxy CPU'])], rows);
}

function sessionTable(results: Results, names: readonly string[]): string {
  const rows = names.map((name) => {
    const { connect, idleBytes, repeated } = results.targets[name]!;
    return [
      name,
      withUnit(connect?.driverMs ?? Number.NaN, 'ms'),
      withUnit(connect?.psqlMs ?? Number.NaN, 'ms'),
      withUnit(connect?.cpuMs ?? Number.NaN, 'ms'),
      name === 'direct' || idleBytes === undefined ? '–' : `${number(idleBytes / MIB)} MB`,
      repeated ? `${number(repeated.firstMs)} / ${number(repeated.againMs)} ms` : '–',
      repeated && name !== 'direct' ? `${number(repeated.againCpuMs)} / ${number(repeated.shortCpuMs)} ms` : '–',
    ];
  });
  return table(
    [
      '',
      'connect (pg)',
      'psql -c',
      'proxy CPU a connection',
      `${results.settings.idleSessions} idle sessions`,
      '10 KB statement: first / again',
      'proxy CPU: again / a short one',
    ],
    rows,
  );
}

function maskingTable({ answers }: MaskedCost): string {
  return table(
    ['answer', '× unmasked', 'gateway CPU µs a row, unmasked', 'masked'],
    Object.entries(answers).map(([name, { ratio, unmaskedMicros, maskedMicros }]) => [
      name,
      number(ratio),
      number(unmaskedMicros),
      number(maskedMicros),
    ]),
  );
}

function withUnit(value: number, unit: string): string {
  return Number.isNaN(value) ? '–' : `${number(value)} ${unit}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
