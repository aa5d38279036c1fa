import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { COLUMN_CLASSES } from '../classify/classes.ts';
import { parseYaml, pathText } from '../config/yaml-source.ts';
import { DbgateError, ErrorCode, ExitCode } from '../errors.ts';
import type { Foresight } from '../policy/foresight.ts';
import { analyse } from '../sql/analyse.ts';
import type { CommandContext, CommandOptions } from './context.ts';
import {
  circumstancesOf,
  DEFAULT_CONFIG,
  effectOf,
  grammarOf,
  judgeOffline,
  type OfflinePolicy,
  openPolicy,
  untoldInWords,
} from './offline-policy.ts';
import { parsePointInTime } from './point-in-time.ts';
import { sanitise } from './sanitise.ts';

const word = z.string().min(1);
const columnName = z.string().regex(/^[^.]+\.[^.]+\.[^.]+$/, 'expected schema.table.column');
const testCase = z.strictObject({
  name: word.optional(),
  sql: z.string(),
  db: word.optional(),
  as: word.optional(),
  groups: z.array(word).optional(),
  kind: z.enum(['user', 'service', 'agent']).default('user'),
  access: z.enum(['read', 'write', 'ddl', 'admin']).default('write'),
  create: z.boolean().default(true),
  purpose: word.optional(),
  application: word.optional(),
  at: word.optional(),
  objects: z.enum(['own', 'temporary', 'others', 'absent']).default('others'),
  /** What takes a catalog or the planner; what is not given is not known. */
  columns: z.union([z.array(columnName), z.record(columnName, z.enum(COLUMN_CLASSES).nullable())]).optional(),
  cascades: z.boolean().optional(),
  triggers: z.boolean().optional(),
  estimated_rows: z.number().nonnegative().optional(),
  expect: z.enum(['allow', 'deny', 'hold']),
  rule: word.optional(),
});
const testFile = z.strictObject({ config: word.optional(), cases: z.array(testCase).min(1) });
type TestCase = z.output<typeof testCase>;

interface Result {
  readonly line: number;
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly found: string;
}

/** `dbgate policy test`: every case of a file; 1 if one is not as expected. */
export async function testPolicy(context: CommandContext, options: CommandOptions, path: string): Promise<number> {
  const { cases, config, lineOf } = readCases(path);
  const given = options.config as string;
  // A file that names its configuration is run from anywhere.
  const offline = openPolicy(given === DEFAULT_CONFIG && config !== undefined ? resolve(dirname(path), config) : given);
  const grammar = await grammarOf(options);
  const now = Date.now();
  const results = cases.map((one, index): Result => {
    const found = outcomeOf(one, offline, now, (sql) => analyse(sql, grammar));
    const sameRule = one.rule === undefined || one.rule === found.rule;
    return {
      line: lineOf(index),
      name: one.name ?? one.sql.trim().replace(/\s+/g, ' '),
      ok: one.expect === found.effect && sameRule,
      expected: [one.expect, one.rule].filter(Boolean).join(' '),
      found: [found.effect, found.rule].filter(Boolean).join(' '),
    };
  });
  const failed = results.filter(({ ok }) => !ok);
  context.print({ ok: failed.length === 0, cases: results.length, failed: failed.length, results }, () =>
    [
      ...failed.map((one) =>
        sanitise(`${path}:${one.line}: ${one.name}: expected ${one.expected}, found ${one.found}`),
      ),
      `${results.length} ${results.length === 1 ? 'case' : 'cases'}, ${failed.length} failed`,
    ].join('\n'),
  );
  return failed.length === 0 ? ExitCode.ok : ExitCode.failure;
}

function outcomeOf(
  one: TestCase,
  offline: OfflinePolicy,
  now: number,
  analysed: (sql: string) => ReturnType<typeof analyse>,
): { effect: string; rule: string | undefined } {
  const circumstances = circumstancesOf(offline, one.db, {
    as: one.as,
    groups: one.groups,
    kind: one.kind,
    access: one.access,
    create: one.create,
    purpose: one.purpose,
    application: one.application,
    nowMs: one.at === undefined ? now : parsePointInTime(one.at, 'at:', now),
  });
  // Without a grant there is no session that could send it.
  if (typeof circumstances === 'string') return { effect: 'deny', rule: 'no-grant' };
  const given = foresightIn(one);
  const { decision, untold } = judgeOffline(analysed(one.sql), circumstances, () => one.objects, given);
  if (untold?.otherwise !== undefined) return { effect: untoldInWords(untold), rule: undefined };
  return { effect: effectOf(decision), rule: decision.effect === 'deny' ? decision.rule : undefined };
}

/** Undefined: the case says nothing of it. */
function foresightIn({ columns, cascades, triggers, estimated_rows: estimatedRows }: TestCase): Foresight | undefined {
  if (columns === undefined && cascades === undefined && triggers === undefined && estimatedRows === undefined) {
    return undefined;
  }
  const named = Array.isArray(columns)
    ? columns.map((name) => [name, undefined] as const)
    : Object.entries(columns ?? {}).map(([name, found]) => [name, found === null ? [] : [found]] as const);
  return {
    columns: named.map(([name, classes]) => {
      const [schema, table, column] = name.split('.');
      return { schema: schema!, table: table!, column: column!, classes };
    }),
    isBlind: columns === undefined,
    cascades: namedIf(cascades),
    triggers: namedIf(triggers),
    estimatedRows,
  };
}

function namedIf(some: boolean | undefined): string[] | undefined {
  return some === undefined ? undefined : some ? ['as the case says'] : [];
}

function readCases(path: string): {
  cases: readonly TestCase[];
  config: string | undefined;
  lineOf: (index: number) => number;
} {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new DbgateError(ErrorCode.usage, `cannot read ${path}`, { cause: error });
  }
  const yaml = parseYaml(text);
  const parsed = testFile.safeParse(yaml.value);
  const faults = yaml.faults.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
  if (faults.length === 0 && !parsed.success) {
    for (const issue of parsed.error.issues) {
      const at = issue.path as (string | number)[];
      const { line, column } = yaml.positionOf(at);
      faults.push(`${path}:${line}:${column}: ${pathText(at)}: ${issue.message.replace(/^./, (c) => c.toLowerCase())}`);
    }
  }
  if (!parsed.success || faults.length > 0) {
    throw new DbgateError(ErrorCode.config, `${path} is not a file of cases\n${faults.join('\n')}`, {
      hint: 'see "Testing a policy" in docs/policy.md',
    });
  }
  const { cases, config } = parsed.data;
  return { cases, config, lineOf: (index) => yaml.positionOf(['cases', index]).line };
}
