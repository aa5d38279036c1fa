/**
 * A held statement as one person may see it who is to decide on it: by that person's own rights on that database now, as
 * answers are masked by them; and the executions of its shape that wait for the same decision. In: a request, who looks.
 * Out: texts and bind values, which classes of values that person saw; or why there is only what the request's log has.
 * Whoever calls it records what was seen before it is shown.
 */
import { createHmac } from 'node:crypto';
import type { RequestState } from '../approvals/request.ts';
import type { ColumnClass } from '../classify/classes.ts';
import type { Principal } from '../identity/principal.ts';
import { BUILTIN_TYPES } from '../masking/builtin-types.ts';
import { ByteOutput } from '../masking/byte-output.ts';
import { cellMasker } from '../masking/cell-maskers.ts';
import { type MaskingRights, modeIn, modeOf, seesEverything } from '../masking/clearance.ts';
import { MASK_ROOM, MASKED } from '../masking/maskers/cell-masker.ts';
import { maskContext } from '../masking/maskers/context.ts';
import type { MaskMode } from '../masking/plan.ts';
import { decodeParameters } from '../pgwire/extended.ts';
import type { GatewayState } from './gateway-state.ts';
import type { Sight } from './named-relations.ts';
import type { ValueMask } from './reviewed-words.ts';

/** One execution that waits here, beside the request's own. */
export interface ReviewedExecution {
  readonly sql: string;
  /** Of $1 and on; null is SQL's NULL. */
  readonly values: readonly (string | null)[];
  /** How many wait with this text and these values. */
  readonly waiting: number;
}

export interface ReviewedStatement {
  /** What the request was made for, and an approval of one execution lets run. */
  readonly own:
    | { readonly by: 'rights'; readonly sql: string; readonly values: readonly (string | null)[] }
    | { readonly by: 'record'; readonly why: string };
  /** Those of its shape that joined it; they run by an approval of several executions only. */
  readonly others: readonly ReviewedExecution[];
  /** How many wait whose text is not shown. */
  readonly unseen: number;
  /** Classes whose values may stand in any of it in the clear; `?`: of a class that is not known. */
  readonly clear: readonly string[];
  readonly masked: readonly string[];
}

const TEXT = 25;
/** Of all others together, UTF-16 units. */
export const MAX_OTHERS_TEXT = 1 << 20;

/** Undefined: it is no statement. That the viewer may see the request has been checked. */
export async function reviewedStatement(
  gateway: GatewayState,
  state: RequestState,
  viewer: Principal,
): Promise<ReviewedStatement | undefined> {
  const { request } = state;
  if (request.kind !== 'statement') return undefined;
  const recorded = (why: string, unseen = 0): ReviewedStatement => {
    return { own: { by: 'record', why }, others: [], unseen, clear: [], masked: [] };
  };
  if (state.status !== 'pending') return recorded('it is decided, and only what is recorded of it was kept');
  if (!gateway.requests.mayDecide(request.id, viewer)) return recorded('only whoever may decide it now sees more');
  const waiting = state.waiting.length;
  const runtime = gateway.database(request.database);
  if (runtime === undefined || gateway.heldTexts.of(request.id).length === 0) {
    if (waiting === 0) return recorded('nobody waits for it any more, and only what is recorded was kept');
    return recorded('it waits at another gateway, which alone has more', waiting);
  }
  const { masking, records } = runtime;
  // After a change of the schema nothing is known until it was read; if it cannot be, nothing more is shown.
  await masking.freshCatalog().catch(() => {});
  const sight = sightOf(
    gateway.maskingRightsOf(viewer, request.database),
    (oid) => (principal) => masking.isMadeBy(oid, principal),
  );
  const mask = valueMask(masking.key);
  const eyes = { clear: new Set<string>(), masked: new Set<string>() };
  let own: ReviewedStatement['own'] | undefined;
  const others: ReviewedExecution[] = [];
  let [seen, room] = [0, MAX_OTHERS_TEXT];
  // As they are now: who came or went while the catalog was read has done so.
  for (const { hash, text, holds } of gateway.heldTexts.of(request.id)) {
    const isOwn = hash === request.statement.hash;
    if (text === undefined) {
      if (isOwn) own = { by: 'record', why: 'it is too long to be kept, or too many statements wait' };
      continue;
    }
    const { analysis, sql, types, values } = text;
    const parameters = values === undefined ? [] : decodeParameters(values, 0, values.length);
    const reviewed = records.reviewed({ analysis, sql, parameters, types }, sight, mask);
    const { sql: shownSql, values: shownValues } = reviewed;
    if (isOwn) own = { by: 'rights', sql: shownSql, values: shownValues };
    else {
      room -= shownValues.reduce((sum, value) => sum + (value?.length ?? 0), shownSql.length);
      if (room < 0) break;
      others.push({ sql: shownSql, values: shownValues, waiting: holds });
    }
    seen += holds;
    for (const one of reviewed.shown) eyes.clear.add(one);
    for (const one of reviewed.masked) eyes.masked.add(one);
  }
  own ??= { by: 'record', why: 'who asked first is gone, or waits at another gateway' };
  const unseen = Math.max(0, waiting - seen);
  return { own, others, unseen, clear: [...eyes.clear].sort(), masked: [...eyes.masked].sort() };
}

function sightOf(rights: MaskingRights, isMadeBy: (oid: number) => (principal: string) => boolean): Sight {
  return {
    mode: (columnClass) => modeOf(rights, columnClass),
    modeIn: (columnClass, { oid, schema, name }) => modeIn(rights, columnClass, `${schema}.${name}`, isMadeBy(oid)),
    showsAll: seesEverything(rights),
  };
}

/** With a key of its own: what somebody else sends may not be compared with what masked answers show. */
function valueMask(databaseKey: Buffer): ValueMask {
  const context = maskContext(createHmac('sha256', databaseKey).update('review').digest());
  const types = (oid: number) => BUILTIN_TYPES.get(oid);
  const shape = types(TEXT);
  return (columnClass: ColumnClass, mode: MaskMode, value: string): string | null => {
    const masker = cellMasker(
      { do: 'mask', class: columnClass, mode },
      { shape, typeModifier: -1, format: 0 },
      types,
      context,
    );
    const source = Buffer.from(value, 'utf8');
    const out = new ByteOutput();
    out.reserve(source.length + MASK_ROOM);
    return masker(source, 0, source.length, out) === MASKED ? out.take().toString('utf8') : null;
  };
}
