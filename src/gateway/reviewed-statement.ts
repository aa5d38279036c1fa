/**
 * A held statement as one person may see it who is to decide on it: by that person's own rights on that database now, as
 * answers are masked by them. In: a request, who looks. Out: text and bind values, which classes of values that person
 * saw; or why there is only what the request's log has. Whoever calls it records what was seen before it is shown.
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
import type { ReviewedConstants, ValueMask } from './reviewed-words.ts';

export type ReviewedStatement =
  | ({ readonly by: 'rights' } & ReviewedConstants)
  | { readonly by: 'record'; readonly why: string };

const TEXT = 25;

/** Undefined: it is no statement. That the viewer may see the request has been checked. */
export async function reviewedStatement(
  gateway: GatewayState,
  state: RequestState,
  viewer: Principal,
): Promise<ReviewedStatement | undefined> {
  const { request } = state;
  if (request.kind !== 'statement') return undefined;
  const recorded = (why: string): ReviewedStatement => ({ by: 'record', why });
  if (state.status !== 'pending') return recorded('it is decided, and only what is recorded of it was kept');
  if (!gateway.requests.mayDecide(request.id, viewer)) return recorded('only whoever may decide it now sees more');
  const text = gateway.heldTexts.of(request.id);
  const runtime = gateway.database(request.database);
  if (text === undefined || runtime === undefined) {
    if (state.waiting.length === 0) return recorded('nobody waits for it any more, and only what is recorded was kept');
    return recorded('it waits at another gateway, which alone has more, or who asked first is gone');
  }
  if (text === 'too_long') return recorded('it is too long to be kept, or too many statements wait');
  const { masking, records } = runtime;
  // After a change of the schema nothing is known until it was read; if it cannot be, nothing more is shown.
  await masking.freshCatalog().catch(() => {});
  const rights = gateway.maskingRightsOf(viewer, request.database);
  const { analysis, sql, types, values } = text;
  const parameters = values === undefined ? [] : decodeParameters(values, 0, values.length);
  const isMadeBy = (oid: number) => (principal: string) => masking.isMadeBy(oid, principal);
  const reviewed = records.reviewed(
    { analysis, sql, parameters, types },
    sightOf(rights, isMadeBy),
    valueMask(masking.key),
  );
  return { by: 'rights', ...reviewed };
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
