/**
 * Imports point one way. The table is DESIGN's picture: a row may import what it lists, what stands below it in the
 * table, and nothing else. A row marked pure does no I/O: no node: modules but those it names, no clock, no timer, no
 * randomness, no environment, no log.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Layer {
  /** A folder of src/, or one file that composes what its folder must not know. */
  readonly name: string;
  readonly may: readonly string[];
  /** Packages and node: modules that a pure row may import. */
  readonly pure?: readonly string[];
}

const LAYERS: readonly Layer[] = [
  { name: 'main.ts', may: ['commands', 'config'] },
  {
    name: 'commands',
    may: [
      'views',
      'demo',
      'gateway/server.ts',
      'gateway',
      'audit/archive',
      'audit/s3',
      'audit/evidence',
      'audit/tree',
      'audit/export',
      'approvals',
      'login',
      'tunnel',
      'config',
      'policy',
      'sql',
      'pgwire',
      'make-directory.ts',
    ],
  },
  { name: 'views', may: [] },
  {
    name: 'demo',
    may: ['gateway/server.ts', 'gateway', 'login', 'tunnel', 'config', 'identity', 'pgwire', 'make-directory.ts'],
  },
  {
    name: 'gateway/server.ts',
    may: [
      'api',
      'gateway',
      'telemetry',
      'audit/tree',
      'approvals',
      'audit',
      'store',
      'identity',
      'config',
      'catalog',
      'policy',
      'streams',
      'close-soon.ts',
      'young-generation.ts',
    ],
  },
  {
    name: 'api',
    may: [
      'telemetry',
      'gateway',
      'audit/archive',
      'audit/evidence',
      'audit/tree',
      'audit/export',
      'approvals',
      'audit',
      'store',
      'identity',
      'config',
      'policy',
    ],
  },
  { name: 'telemetry', may: ['gateway', 'audit/tree', 'approvals', 'audit', 'store', 'classify', 'sql', 'config'] },
  {
    name: 'gateway',
    may: [
      'gateway/session',
      'audit/archive',
      'audit/s3',
      'approvals',
      'audit/export',
      'audit',
      'store',
      'identity',
      'catalog',
      'classify',
      'masking',
      'policy',
      'sql',
      'pgwire',
      'config',
      'streams',
      'socket-reads.ts',
      'late-writes.ts',
      'close-soon.ts',
      'spent-memory.ts',
      'young-generation.ts',
    ],
  },
  { name: 'audit/archive', may: ['audit/tree', 'audit/s3', 'audit', 'store', 'config'] },
  // Webhooks of checkpoints are signed as those of requests are.
  { name: 'audit/tree', may: ['approvals', 'audit/s3', 'audit', 'store', 'config'] },
  { name: 'audit/evidence', may: ['approvals', 'audit', 'store', 'policy', 'config'] },
  { name: 'approvals', may: ['audit', 'store', 'identity', 'classify', 'policy', 'config'] },
  // Records in the formats of others.
  { name: 'audit/export', may: ['audit'], pure: ['node:buffer'] },
  { name: 'audit/s3', may: [] },
  { name: 'audit', may: ['store'] },
  { name: 'store', may: [] },
  { name: 'identity', may: ['config'] },
  { name: 'login', may: ['config', 'make-directory.ts', 'private-authority.ts'] },
  {
    name: 'tunnel',
    may: [
      'pgwire',
      'streams',
      'socket-reads.ts',
      'late-writes.ts',
      'close-soon.ts',
      'make-directory.ts',
      'young-generation.ts',
      'private-authority.ts',
    ],
  },
  // Many streams on one connection, of both sides of the tunnel.
  { name: 'streams', may: ['socket-reads.ts'] },
  // How sockets are read, on both sides of the tunnel.
  { name: 'socket-reads.ts', may: ['spent-memory.ts'] },
  { name: 'late-writes.ts', may: ['spent-memory.ts'] },
  // How connections are closed, on both sides of the tunnel.
  { name: 'close-soon.ts', may: [] },
  { name: 'make-directory.ts', may: [] },
  // Whom the developer's side trusts.
  { name: 'private-authority.ts', may: [] },
  // How much memory both take for what is in passing.
  { name: 'young-generation.ts', may: [] },
  // Rules are checked by the language itself, and its table is part of the schema.
  { name: 'config', may: ['policy'] },
  { name: 'gateway/session', may: ['masking', 'classify', 'policy', 'sql', 'pgwire'], pure: ['node:buffer'] },
  // Tokens are keyed hashes; the key is passed in.
  { name: 'masking', may: ['classify', 'pgwire', 'spent-memory.ts'], pure: ['node:crypto', 'node:buffer'] },
  // Memory of chunks in passing.
  { name: 'spent-memory.ts', may: [], pure: ['node:buffer'] },
  { name: 'classify', may: [], pure: ['libphonenumber-js'] },
  { name: 'catalog', may: ['sql'], pure: [] },
  // The shipped policy is a text in the language of gateway.yaml; reading YAML is no I/O.
  { name: 'policy', may: ['sql'], pure: ['yaml'] },
  // The parsers themselves: WebAssembly without I/O, loaded in the analyser's worker.
  { name: 'sql', may: [], pure: ['pg-query-15', 'pg-query-16', 'pg-query-17', 'pg-query-18'] },
  // SCRAM needs hashes; the nonce is passed in.
  { name: 'pgwire', may: [], pure: ['node:crypto', 'node:buffer'] },
];

/** Types that folders agree on (docs/architecture.md): every row may import them, they import one another at most. */
const CONTRACTS = [
  'errors.ts',
  'approvals/contract.ts',
  'approvals/request.ts',
  'audit/envelope.ts',
  'audit/record.ts',
  'catalog/catalog.ts',
  'classify/classes.ts',
  'config/approval-settings.ts',
  'config/audit-settings.ts',
  'config/gateway-settings.ts',
  'config/telemetry-settings.ts',
  'identity/principal.ts',
  'masking/clearance.ts',
  'masking/plan.ts',
  'policy/decision.ts',
  'sql/facts.ts',
  'sql/lineage/lineage.ts',
  'store/event-log.ts',
];

/** DESIGN: `sql` and `pgwire` know nothing of each other; `gateway` never imports `commands` or `views`. */
const NEVER: readonly (readonly [string, string])[] = [
  ['sql', 'pgwire'],
  ['pgwire', 'sql'],
  ['gateway', 'commands'],
  ['gateway', 'views'],
  ['gateway/session', 'gateway'],
  ['policy', 'gateway/session'],
];

const IMPURE =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|setTimeout|setInterval|setImmediate|queueMicrotask|process\.|console\.|fetch\(|randomBytes|randomUUID|randomInt|getRandomValues|globalThis\.)/;

const root = resolve(import.meta.dirname, '../src');

interface Import {
  readonly from: string;
  /** Path below src/, or the name of a package. */
  readonly to: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

function sourceFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [relative(root, path)] : [];
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

const STATEMENT =
  /^(?:import|export)(\s+type)?\b([^'";]*?)from\s*'([^']+)'|^import\s*'([^']+)'|\b(typeof )?import\(\s*'([^']+)'/gm;

function importsOf(file: string, text: string): Import[] {
  return [...withoutComments(text).matchAll(STATEMENT)].map(([, type, names = '', from, bare, typeOf, dynamic]) => {
    const target = (from ?? bare ?? dynamic)!;
    // `import { type A, type B }` is as type-only as `import type`.
    const named = /^\s*\{([^}]*)\}\s*$/
      .exec(names)?.[1]
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    const allTypes = named !== undefined && named.length > 0 && named.every((name) => name.startsWith('type '));
    return {
      from: file,
      to: target.startsWith('.') ? relative(root, resolve(root, dirname(file), target)) : target,
      typeOnly: type !== undefined || allTypes || typeOf !== undefined,
      dynamic: dynamic !== undefined,
    };
  });
}

function layerOf(file: string): Layer | undefined {
  const exact = LAYERS.find(({ name }) => name === file);
  const folders = LAYERS.filter(({ name }) => file.startsWith(`${name}/`)).sort(
    (a, b) => b.name.length - a.name.length,
  );
  return exact ?? folders[0];
}

const files = sourceFiles(root);
const imports = files.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));
const internal = imports.filter(({ to }) => files.includes(to));

describe('the table', () => {
  it('has a row for every file, and reads what it should', () => {
    expect(files.filter((file) => layerOf(file) === undefined && !CONTRACTS.includes(file))).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
    expect(internal.length).toBeGreaterThan(files.length);
  });

  it('points down only', () => {
    const order = LAYERS.map(({ name }) => name);
    const upward = LAYERS.flatMap(({ name, may }, i) =>
      may.filter((other) => order.indexOf(other) <= i).map((other) => `${name} → ${other}`),
    );
    expect(upward).toEqual([]);
  });

  it('keeps what DESIGN forbids forbidden', () => {
    for (const [from, to] of NEVER) expect(LAYERS.find(({ name }) => name === from)!.may).not.toContain(to);
  });
});

describe('src/', () => {
  it('imports only what the table allows', () => {
    const upward = internal.filter(({ from, to }) => {
      if (CONTRACTS.includes(to)) return false;
      if (CONTRACTS.includes(from)) return true;
      const [layer, target] = [layerOf(from)!, layerOf(to)!];
      return layer !== target && !layer.may.includes(target.name);
    });
    expect(upward.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('imports no file that is not there', () => {
    const missing = imports.filter(
      ({ to, typeOnly }) => /^[\w./-]+\.tsx?$/.test(to) && !typeOnly && !files.includes(to),
    );
    expect(missing.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('has no cycle of modules', () => {
    const next = new Map<string, string[]>();
    for (const { from, to, typeOnly, dynamic } of internal) {
      if (!typeOnly && !dynamic) next.set(from, [...(next.get(from) ?? []), to]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]) => {
      if (path.includes(file)) return void cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file)) return;
      for (const target of next.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

describe.each(LAYERS.filter(({ pure }) => pure !== undefined))('$name is pure', ({ name, pure }) => {
  const own = files.filter((file) => layerOf(file)?.name === name);

  it('imports no package and no node: module but the listed ones', () => {
    const foreign = imports.filter(
      ({ from, to, typeOnly }) => own.includes(from) && !/\.tsx?$/.test(to) && !typeOnly && !pure!.includes(to),
    );
    expect(foreign.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('reads no clock, environment or randomness, sets no timer, logs nothing', () => {
    const found = own.flatMap((file) =>
      withoutComments(readFileSync(join(root, file), 'utf8'))
        .split('\n')
        .filter((line) => IMPURE.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });
});

it('no folder of src/ is deeper than two', () => {
  const deep = files.filter((file) => file.split('/').length > 3 && statSync(join(root, file)).isFile());
  expect(deep).toEqual([]);
});
