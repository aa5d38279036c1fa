/**
 * Grants and rules of gateway.yaml and of the files that it includes, as settings, or every fault with file and line.
 * The rules' own language is `policy/language/`; here is what one file says of another.
 */
import { readRules } from '../policy/language/read-rules.ts';
import { schemaFaults, unknownWord, type ValueFault } from './gateway-faults.ts';
import { type GatewayFile, policyFile } from './gateway-file.ts';
import type { EgressLimits, GrantMasking, GrantSettings, RuleSettings } from './gateway-settings.ts';
import { nearest } from './nearest.ts';
import { type FileFault, type PolicySource, readIncludes } from './policy-files.ts';
import { schemaNode } from './schema-walk.ts';
import { type Fault, type KeyPath, pathText } from './yaml-source.ts';

export interface PolicySettings {
  readonly grants: readonly GrantSettings[];
  readonly rules: readonly RuleSettings[];
  readonly faults: readonly FileFault[];
  /** Included, absolute. */
  readonly files: readonly string[];
}

/** `databases`: the names that grants may say. What is wrong with the shape of `main` itself is the caller's to tell. */
export function readPolicy(main: PolicySource, databases: readonly string[]): PolicySettings {
  const { sources, faults: includeFaults, files } = readIncludes(main);
  const faults: FileFault[] = [...includeFaults];
  const grants: GrantSettings[] = [];
  const rules: RuleSettings[] = [];
  const ruleFiles = new Map<string, string>();
  for (const source of sources) {
    const value = asRecord(source.yaml.value);
    if (source !== main) {
      const parsed = policyFile.safeParse(source.yaml.value ?? {});
      if (!parsed.success) {
        faults.push(...placed(source, schemaFaults(parsed.error.issues, schemaNode(policyFile), source.yaml.value)));
      }
    }
    faults.push(...placed(source, databaseFaults(value?.grants, databases)));
    const ofFile = policyFile.shape.grants.safeParse(value?.grants);
    if (ofFile.success) grants.push(...ofFile.data.map(toGrant));
    if (value?.rules === undefined) continue;
    const read = readRules(value.rules);
    faults.push(...placed(source, read.faults.map(ruleFault)));
    for (const rule of read.rules) {
      const before = ruleFiles.get(rule.id);
      if (before !== undefined) {
        const at = (value.rules as readonly unknown[]).findIndex((entry) => asRecord(entry)?.id === rule.id);
        const message = `the rule "${rule.id}" stands in ${before} too`;
        faults.push(...placed(source, [{ path: ['rules', at, 'id'], message }]));
      }
      ruleFiles.set(rule.id, source.path);
      rules.push(rule);
    }
  }
  return { grants, rules, faults, files };
}

/** Rules that stand by themselves, as the faults of a whole file are told. */
function ruleFault({ path, message, unknown }: ReturnType<typeof readRules>['faults'][number]): ValueFault {
  const full: KeyPath = ['rules', ...path];
  return { path: full, message: unknown === undefined ? message : unknownWord(message, unknown.word, unknown.allowed) };
}

function databaseFaults(grants: unknown, names: readonly string[]): ValueFault[] {
  const faults: ValueFault[] = [];
  for (const [i, grant] of Array.isArray(grants) ? grants.entries() : []) {
    const database = asRecord(grant)?.database;
    if (typeof database !== 'string' || database === '*' || names.includes(database)) continue;
    const near = nearest(database, names);
    const meant = near === undefined ? `known: ${names.join(', ') || 'none'}` : `did you mean "${near}"?`;
    faults.push({ path: ['grants', i, 'database'], message: `no such database "${database.slice(0, 80)}", ${meant}` });
  }
  return faults;
}

export function placed({ path: file, yaml }: PolicySource, faults: readonly ValueFault[]): FileFault[] {
  return faults.map(({ path, message }) => ({ file, ...yaml.positionOf(path), path: pathText(path), message }));
}

export function inFile(file: string, faults: readonly Fault[]): FileFault[] {
  return faults.map((fault) => ({ ...fault, file }));
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function toGrant(grant: GatewayFile['grants'][number]): GrantSettings {
  const { to, hours, limits } = grant;
  const subjects = (Array.isArray(to) ? to : [to]).map((one) => Object.fromEntries(Object.entries(one)));
  return {
    to: (Array.isArray(to) ? subjects : subjects[0]) as GrantSettings['to'],
    database: grant.database,
    environment: grant.environment,
    access: grant.access,
    create: grant.create,
    ...(grant.labels === undefined ? {} : { labels: grant.labels }),
    ...(hours === undefined ? {} : { hours: Array.isArray(hours) ? hours : [hours] }),
    ...(grant.expires === undefined ? {} : { expiresAt: grant.expires }),
    ...(grant.purpose === undefined ? {} : { purposeRequired: true }),
    ...(limits === undefined
      ? {}
      : {
          limits: {
            maxSessions: limits.max_sessions,
            statementTimeoutMs: limits.statement_timeout,
            lockTimeoutMs: limits.lock_timeout,
            idleTimeoutMs: limits.idle_timeout,
            settings: limits.settings,
            egress: egressOf(limits),
          },
        }),
    ...(grant.mask === undefined && grant.predicates === undefined ? {} : { masking: maskingOf(grant) }),
  };
}

function maskingOf({ mask, predicates }: GatewayFile['grants'][number]): GrantMasking {
  if (typeof mask !== 'object') return { mask, predicates };
  const { other, ...classes } = mask;
  return { mask: other, classes, predicates };
}

function egressOf(limits: NonNullable<GatewayFile['grants'][number]['limits']>): EgressLimits | undefined {
  const egress: EgressLimits = {
    rowsPerStatement: limits.rows_per_statement,
    bytesPerStatement: limits.bytes_per_statement,
    rowsPerHour: limits.rows_per_hour,
    bytesPerHour: limits.bytes_per_hour,
    rowsPerDay: limits.rows_per_day,
    bytesPerDay: limits.bytes_per_day,
  };
  return Object.values(egress).some((limit) => limit !== undefined) ? egress : undefined;
}
