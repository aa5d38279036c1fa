/** `dbgate replay --under-policy`: what would be decided of a recorded session's statements now. Nothing is run. */

import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import { analyse } from '../sql/analyse.ts';
import type { CommandContext, CommandOptions } from './context.ts';
import { explainAnswer, readAnswer } from './gateway-answers.ts';
import type { TranscriptAnswer, TranscriptStep } from './history-answers.ts';
import { sqlLine } from './history-lines.ts';
import { grammarOf, openPolicy } from './offline-policy.ts';
import { HYPOTHESES, NO_POLICY, verdictOf } from './policy-simulate.ts';
import { sanitise } from './sanitise.ts';
import { clip } from './text-table.ts';

interface Today {
  /** `depends`: on whose objects the names stand for, which nobody can look up here. */
  readonly decision: 'allow' | 'mask' | 'hold' | 'deny' | 'depends' | 'unknown';
  readonly rule: string | undefined;
  readonly why?: string | undefined;
}

export async function judgeAgain(
  context: CommandContext,
  client: GatewayClient,
  transcript: TranscriptAnswer,
  options: CommandOptions,
): Promise<void> {
  const file = options.underPolicy as string;
  const judge = file === 'current' ? byGateway(client, transcript) : await byFile(file, transcript, options);
  let changed = 0;
  let depending = 0;
  let unknown = 0;
  for (const step of transcript.steps) {
    if (context.signal.aborted) throw new DbgateError(ErrorCode.cancelled, 'interrupted');
    const today = await judge(step);
    const { entry } = step;
    const open = today.decision === 'depends' || today.decision === 'unknown';
    const same = open ? null : isRefused(entry.decision) === isRefused(today.decision);
    if (same === false) changed++;
    if (today.decision === 'depends') depending++;
    if (today.decision === 'unknown') unknown++;
    const shown = {
      id: entry.id,
      sql: entry.sql,
      was: { decision: entry.decision, rule: entry.rule ?? null },
      today,
      same,
    };
    context.print(shown, () => line(context, step, today, same));
  }
  const { length } = transcript.steps;
  const said = [
    `${length} ${length === 1 ? 'statement' : 'statements'}`,
    `${changed} would be decided otherwise`,
    ...(depending > 0 ? [`of ${depending} it depends`] : []),
    ...(unknown > 0 ? [`of ${unknown} it cannot be said`] : []),
  ];
  context.note(`${said.join(', ')}; nothing was run`);
}

function isRefused(decision: string): boolean {
  return decision !== 'allow' && decision !== 'mask';
}

/** `same` null: it cannot be said here. */
function line(
  context: CommandContext,
  step: TranscriptStep,
  { decision, rule, why }: Today,
  same: boolean | null,
): string {
  const then = step.entry.rule ? `${step.entry.decision} ${step.entry.rule}` : step.entry.decision;
  const now = [decision, rule, why].filter(Boolean).join(' ');
  const verdict = same ? then : `${then} → ${now}`;
  const text = `${step.n}: ${sanitise(context.unicode ? verdict : verdict.replace('→', '->'))}  ${sqlLine(step.entry)}`;
  return context.stdout.isTTY === true ? clip(text, context.columns, context.unicode) : text;
}

const ERASED: Today = { decision: 'unknown', rule: undefined, why: 'its text was erased' };

/** The gateway itself, which says it of the caller's own rights. */
function byGateway(client: GatewayClient, transcript: TranscriptAnswer): (step: TranscriptStep) => Promise<Today> {
  if (!transcript.own) {
    throw new DbgateError(ErrorCode.usage, 'the gateway says what it would decide for yourself only', {
      hint: 'name the configuration: --under-policy gateway.yaml',
    });
  }
  const { database, purpose } = transcript.session;
  const path = `/v1/databases/${encodeURIComponent(database)}/explain`;
  return async ({ entry: { sql, rule } }) => {
    if (sql === null) return ERASED;
    if (rule != null && NO_POLICY.test(rule)) return { decision: 'unknown', rule, why: 'no policy decides on that' };
    const answer = await client.request('POST', path, { sql, ...(purpose === null ? {} : { purpose }) });
    const { decision, refusal, depends_on: names } = readAnswer(explainAnswer, answer, `POST ${path}`);
    const known = ['allow', 'mask', 'hold', 'deny'].includes(decision);
    if (known) return { decision: decision as Today['decision'], rule: refusal?.rule };
    return { decision: 'depends', rule: refusal?.rule, why: `on who made ${names.join(', ')}` };
  };
}

async function byFile(
  file: string,
  transcript: TranscriptAnswer,
  options: CommandOptions,
): Promise<(step: TranscriptStep) => Promise<Today>> {
  const { judged_as: who, session } = transcript;
  if (who === null) throw new DbgateError(ErrorCode.notFound, 'the record does not say any more who that was');
  const offline = openPolicy(file);
  const grammar = await grammarOf(options);
  return async ({ entry }) => {
    if (entry.sql === null) return ERASED;
    if (entry.rule != null && NO_POLICY.test(entry.rule)) {
      return { decision: 'unknown', rule: entry.rule, why: 'no policy decides on that' };
    }
    const analysis = analyse(entry.sql, grammar);
    const sender = {
      session: { database: session.database, principalKind: who.kind, subject: who.subject, actors: who.actors },
      who: {
        groups: who.groups,
        email: who.email ?? undefined,
        application: session.application ?? undefined,
        purpose: session.purpose ?? undefined,
      },
      atMs: Date.now(),
    };
    const judged = HYPOTHESES.map((one) => ({ ...one, ...verdictOf(offline, sender, analysis, one) }));
    const [first] = judged;
    const other = judged.find(({ effect }) => effect !== first!.effect);
    if (other !== undefined) {
      const rule = judged.find((one) => one.rule !== undefined)?.rule;
      const isForeseen = other.stands === first!.stands;
      return { decision: 'depends', rule, why: isForeseen ? 'on what takes a catalog' : 'on whose the objects are' };
    }
    return { decision: first!.effect, rule: first!.rule };
  };
}
