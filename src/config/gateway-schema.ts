/**
 * gateway.yaml → `GatewaySettings`. In: the file and the environment for its `env:` references. Out: settings with
 * secrets read and defaults filled in, or one `DbgateError` that lists every fault with line, key path, what was
 * found and what is allowed. Never half a configuration, and never a secret in a message.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import { approvalFaults, toApprovals } from './approval-file.ts';
import { toAudit } from './audit-file.ts';
import { schemaFaults, type ValueFault } from './gateway-faults.ts';
import { type GatewayFile, gatewayFile } from './gateway-file.ts';
import type { DatabaseSettings, GatewaySettings, IssuerSettings } from './gateway-settings.ts';
import { toNotify, toWeb } from './notify-file.ts';
import type { FileFault } from './policy-files.ts';
import { asRecord, inFile, placed, readPolicy } from './policy-settings.ts';
import { toRoles } from './roles-file.ts';
import { type SchemaNode, schemaNode } from './schema-walk.ts';
import { type ReferenceSource, resolveReference } from './secret-reference.ts';
import { toShared } from './shared-file.ts';
import { toMetrics, toOtlp } from './telemetry-file.ts';
import { type KeyPath, parseYaml, pathText } from './yaml-source.ts';

export interface GatewayConfig {
  readonly settings: GatewaySettings;
  /** The file and every file that it refers to: a change of one of them is a change of the configuration. */
  readonly files: readonly string[];
  /** Of those, what it includes. */
  readonly included: readonly string[];
}

/** Throws `DbgateError` `config`. */
export function loadGatewaySettings(path: string, env: Readonly<Record<string, string | undefined>>): GatewaySettings {
  return loadGatewayConfig(path, env).settings;
}

/** As `loadGatewaySettings`, and says which files were read. */
export function loadGatewayConfig(path: string, env: Readonly<Record<string, string | undefined>>): GatewayConfig {
  return parseGatewayConfig(readConfigFile(path), path, env);
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DbgateError(ErrorCode.config, `cannot read ${path}`, {
      cause: error,
      hint: 'name it with --config FILE; see docs/gateway.example.yaml',
    });
  }
}

/** `path` names the file in messages, and `file:` references are relative to its folder. */
export function parseGatewayConfig(
  text: string,
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): GatewayConfig {
  const yaml = parseYaml(text);
  if (yaml.faults.length > 0) throw configError(path, inFile(path, yaml.faults));

  const baseDir = dirname(resolve(path));
  const root = schemaNode(gatewayFile);
  const parsed = gatewayFile.safeParse(yaml.value);
  const references = new References({ baseDir, env });
  references.walk(root, yaml.value, []);
  const names = Object.keys(asRecord(asRecord(yaml.value)?.databases) ?? {});
  const policy = readPolicy({ path, yaml }, names);
  const own = [
    ...(parsed.success ? [] : schemaFaults(parsed.error.issues, root, yaml.value)),
    ...references.faults,
    ...relationFaults(yaml.value),
    ...keyPairFaults(references),
  ];
  const faults = [...placed({ path, yaml }, own), ...policy.faults];
  if (!parsed.success || faults.length > 0) throw configError(path, faults);
  return {
    settings: {
      ...toSettings(parsed.data, baseDir, (keyPath) => references.values.get(pathText(keyPath))?.value),
      grants: policy.grants,
      rules: policy.rules,
    },
    files: [resolve(path), ...policy.files, ...references.files],
    included: policy.files,
  };
}

/** What policy needs of the file, without its secrets: those need not be where policy is written and tested. */
export interface PolicyConfig {
  readonly databases: ReadonlyMap<string, Pick<DatabaseSettings, 'name' | 'environment' | 'labels'>>;
  readonly grants: GatewaySettings['grants'];
  readonly rules: NonNullable<GatewaySettings['rules']>;
  readonly approvals: GatewaySettings['approvals'];
  /** The file and those that it includes. */
  readonly files: readonly string[];
  /** Absolute. */
  readonly stateDir: string;
}

/** As `loadGatewayConfig`, but reads no `env:` and `file:` reference. Throws `DbgateError` `config`. */
export function loadPolicyConfig(path: string): PolicyConfig {
  return parsePolicyConfig(readConfigFile(path), path);
}

export function parsePolicyConfig(text: string, path: string): PolicyConfig {
  const yaml = parseYaml(text);
  if (yaml.faults.length > 0) throw configError(path, inFile(path, yaml.faults));
  const parsed = gatewayFile.safeParse(yaml.value);
  const policy = readPolicy({ path, yaml }, Object.keys(asRecord(asRecord(yaml.value)?.databases) ?? {}));
  const own = [
    ...(parsed.success ? [] : schemaFaults(parsed.error.issues, schemaNode(gatewayFile), yaml.value)),
    ...relationFaults(yaml.value),
  ];
  const faults = [...placed({ path, yaml }, own), ...policy.faults];
  if (!parsed.success || faults.length > 0) throw configError(path, faults);
  const databases = Object.entries(parsed.data.databases).map(
    ([name, { environment, labels }]) => [name, { name, environment, labels }] as const,
  );
  return {
    databases: new Map(databases),
    grants: policy.grants,
    rules: policy.rules,
    approvals: toApprovals(parsed.data.approvals, dirname(resolve(path))),
    files: [resolve(path), ...policy.files],
    stateDir: resolve(dirname(resolve(path)), parsed.data.state_dir),
  };
}

function configError(path: string, faults: readonly FileFault[]): DbgateError {
  const seen = new Set<string>();
  const order = (file: string) => (file === path ? '' : file);
  const lines = [...faults]
    .sort((a, b) => order(a.file).localeCompare(order(b.file)) || a.line - b.line || a.column - b.column)
    .map(
      (fault) =>
        `${fault.file}:${fault.line}:${fault.column}: ${fault.path === '' ? '' : `${fault.path}: `}${fault.message.replaceAll('`', '"')}`,
    )
    .filter((line) => !seen.has(line) && seen.add(line));
  const count = lines.length === 1 ? 'one fault' : `${lines.length} faults`;
  return new DbgateError(ErrorCode.config, `${path} has ${count}\n${lines.join('\n')}`, {
    hint: 'correct the lines above; every key is explained in docs/gateway-yaml.md',
  });
}

/** Reads what every `env:` and `file:` in the file points to, also when other parts of the file are wrong. */
class References {
  readonly values = new Map<string, { path: KeyPath; value: string }>();
  readonly faults: ValueFault[] = [];
  readonly files = new Set<string>();
  readonly #source: ReferenceSource;

  constructor(source: ReferenceSource) {
    this.#source = source;
  }

  walk(node: SchemaNode, value: unknown, path: KeyPath): void {
    const kind = node.meta.reference;
    if (kind !== undefined && typeof value === 'string') {
      // What is no reference where one must stand is the schema's fault to report.
      if (REFERENCES_ONLY.has(kind) && !/^(env|file):/.test(value)) return;
      if (kind === 'certificate' && !/^((env|file):|\s*-----BEGIN )/.test(value)) return;
      const resolved = resolveReference(value, kind, this.#source);
      if (resolved.file !== undefined) this.files.add(resolved.file);
      if (resolved.ok) this.values.set(pathText(path), { path, value: resolved.value });
      else this.faults.push({ path, message: resolved.message });
    } else if (typeof value === 'object' && value !== null) {
      const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
      for (const [key, inner] of entries) {
        const child = node.child(key);
        if (child !== undefined) this.walk(child, inner, [...path, key]);
      }
    }
  }
}

/** Kinds whose value never stands in the file itself. */
const REFERENCES_ONLY: ReadonlySet<string> = new Set(['password', 'private-key', 'webhook-secret']);

const DATABASE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What one part of the file says of another; reads the raw value, as other parts may be wrong. */
function relationFaults(value: unknown): ValueFault[] {
  const faults: ValueFault[] = [];
  const names = Object.keys(asRecord(asRecord(value)?.databases) ?? {});
  for (const name of names) {
    if (DATABASE_NAME.test(name)) continue;
    const message = 'not a name: expected letters, digits, ".", "_", "-", at most 63, the first a letter or digit';
    faults.push({ path: ['databases', name], message });
  }
  const externals = Object.entries(asRecord(asRecord(value)?.notify) ?? {}).flatMap(([name, target]) =>
    asRecord(target)?.kind === 'external' ? [name] : [],
  );
  faults.push(...approvalFaults(asRecord(value)?.approvals, names, externals));
  const issuers = asRecord(value)?.issuers;
  const seen = new Set<unknown>();
  for (const [i, entry] of Array.isArray(issuers) ? issuers.entries() : []) {
    const issuer = asRecord(entry)?.issuer;
    if (issuer === undefined) continue;
    if (seen.has(issuer)) faults.push({ path: ['issuers', i, 'issuer'], message: 'this issuer stands here twice' });
    seen.add(issuer);
  }
  const web = asRecord(asRecord(value)?.web)?.issuer;
  if (typeof web === 'string' && !seen.has(web)) {
    faults.push({ path: ['web', 'issuer'], message: 'is none of `issuers`' });
  }
  return faults;
}

/** A certificate whose private key is another's would only fail at the first handshake. */
function keyPairFaults({ values }: References): ValueFault[] {
  const faults: ValueFault[] = [];
  for (const [name, cert] of values) {
    if (!name.endsWith('tls.cert')) continue;
    const key = values.get(name.replace(/cert$/, 'key'));
    if (key === undefined || new X509Certificate(cert.value).checkPrivateKey(createPrivateKey(key.value))) continue;
    faults.push({ path: key.path, message: 'is not the private key of `cert`' });
  }
  return faults;
}

type Lookup = (path: KeyPath) => string | undefined;

function toSettings(file: GatewayFile, baseDir: string, referenced: Lookup): GatewaySettings {
  const publicUrl = new URL(file.public_url);
  return {
    gatewayId: file.gateway_id ?? publicUrl.hostname,
    publicUrl: publicUrl.origin,
    listen: { https: file.listen.https, postgres: file.listen.postgres },
    tls: { cert: referenced(['tls', 'cert'])!, key: referenced(['tls', 'key'])! },
    stateDir: resolve(baseDir, file.state_dir),
    issuers: file.issuers.map((issuer, i) => toIssuer(issuer, referenced(['issuers', i, 'ca']))),
    databases: new Map(Object.entries(file.databases).map(([name, db]) => [name, toDatabase(name, db, referenced)])),
    grants: [],
    notify: toNotify(file.notify, referenced),
    web: toWeb(file.web, referenced),
    approvals: toApprovals(file.approvals, baseDir),
    roles: toRoles(file.roles),
    shared: toShared(file.shared, referenced),
    audit: toAudit(file.audit, baseDir, referenced, file.gateway_id ?? publicUrl.hostname),
    metrics: toMetrics(file.metrics, referenced),
    otlp: toOtlp(file.telemetry, referenced),
    limits: {
      maxSessions: file.limits.max_sessions,
      maxStatementBytes: file.limits.max_statement_size,
      idleTimeoutMs: file.limits.idle_timeout,
      startupTimeoutMs: file.limits.startup_timeout,
      databaseTokenTtlMs: file.limits.database_token_ttl,
    },
  };
}

function toIssuer(issuer: GatewayFile['issuers'][number], ca: string | undefined): IssuerSettings {
  return {
    issuer: issuer.issuer,
    audience: issuer.audience,
    clientId: issuer.client_id,
    scopes: issuer.scopes,
    token: issuer.token,
    dpop: issuer.dpop,
    claims: issuer.claims,
    ca,
    allowInsecure: issuer.allow_insecure,
  };
}

function toDatabase(name: string, database: GatewayFile['databases'][string], referenced: Lookup): DatabaseSettings {
  const { upstream } = database;
  const at = (...keys: string[]) => referenced(['databases', name, 'upstream', ...keys]);
  const urlText = at('url');
  const url = urlText === undefined ? undefined : new URL(urlText);
  const fromUrl = (part: string | undefined) => (part ? decodeURIComponent(part) : undefined);
  const sslmode = url?.searchParams.get('sslmode') as typeof upstream.tls.mode | null | undefined;
  return {
    name,
    environment: database.environment,
    labels: database.labels,
    ...(Object.keys(database.classification).length === 0
      ? {}
      : { classification: new Map(Object.entries(database.classification)) }),
    upstream: {
      host: upstream.host ?? url!.hostname.replace(/^\[|\]$/g, ''),
      port: upstream.port ?? Number(url?.port || 5432),
      database: upstream.database ?? fromUrl(url?.pathname.slice(1)) ?? name,
      user: upstream.user ?? fromUrl(url?.username)!,
      password: at('password') ?? fromUrl(url?.password),
      tls: {
        mode: upstream.tls.mode ?? sslmode ?? 'verify-full',
        ca: at('tls', 'ca'),
        cert: at('tls', 'cert'),
        key: at('tls', 'key'),
      },
      connectTimeoutMs: upstream.connect_timeout,
    },
  };
}
