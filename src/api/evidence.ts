/**
 * Reports for auditors and administrators: `GET /v1/evidence` (controls of a framework, with proofs of samples) and
 * `GET /v1/access-review` (who could, who did). Each is in the record, as `audit.exported`, before its answer leaves.
 */
import { envelopeOf } from '../audit/envelope.ts';
import { reviewAccess } from '../audit/evidence/access-review.ts';
import { FRAMEWORKS, type Framework } from '../audit/evidence/controls.ts';
import { gatherEvidence, SAMPLES, type TreeFacts } from '../audit/evidence/evidence.ts';
import type { EventsQuery, RequestRecord } from '../audit/record.ts';
import { encodeExtra, formatProof } from '../audit/tree/proof-file.ts';
import type { AuditTree } from '../audit/tree/tree.ts';
import { witnessed } from '../audit/tree/witnessed.ts';
import { DbgateError } from '../errors.ts';
import type { GatewayState } from '../gateway/gateway-state.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import { coversDatabase } from '../policy/grants.ts';
import type { History } from '../store/history-index.ts';
import type { Period } from '../store/record-selections.ts';
import { sendJson } from './http-answer.ts';
import { timeOf } from './query-parameters.ts';
import type { ApiOptions, Call } from './router.ts';
import { changedKeys } from './tree.ts';

interface Asked extends Period {
  readonly gateway: string;
  readonly database: string | undefined;
  readonly now: number;
}

export async function evidence(
  { gateway, history, tree }: ApiOptions,
  { response, principal, url }: Call,
): Promise<void> {
  const asked = askedOf(gateway, principal, url.searchParams);
  const framework = url.searchParams.get('framework') as Framework;
  if (!FRAMEWORKS.includes(framework)) {
    throw new DbgateError('usage', `framework must be one of ${FRAMEWORKS.join(', ')}`);
  }
  const { since, until, database } = asked;
  // What is durable now is then in a checkpoint, so that samples can be proved.
  await tree.ask({ kind: 'checkpoint' }).catch(() => undefined);
  const keys = await changedKeys(tree);
  const found = await gatherEvidence(
    {
      select: (names) =>
        history.selections({
          names,
          since,
          until,
          database,
          samples: SAMPLES,
          purposeDatabases: purposeDatabases(gateway),
        }),
      tree: () => Promise.resolve(treeFacts(tree, gateway)),
      prove: (position) => proofWithoutBody(tree, position, keys),
      recordsLost: () => gateway.recorder.dropped,
      async retiredSince() {
        const retired = await history.events({ kinds: ['audit.retired'], since, limit: PAGE });
        return retired.events.length;
      },
    },
    { framework, ...asked },
  );
  await recordExport(gateway, principal, asked, { what: 'evidence', framework });
  sendJson(response, 200, found);
}

export async function accessReview(
  { gateway, history }: ApiOptions,
  { response, principal, url }: Call,
): Promise<void> {
  const asked = askedOf(gateway, principal, url.searchParams);
  const { since, until, database } = asked;
  const seen = await history.people({ since, until, database });
  const requests = await requestsOf(history, asked);
  const { grants, databases } = gateway.settings;
  const review = reviewAccess({ grants, databases: [...databases.values()], seen, requests }, asked);
  await recordExport(gateway, principal, asked, { what: 'access-review' });
  sendJson(response, 200, review);
}

/** Throws `denied`, `usage`. */
function askedOf(gateway: GatewayState, principal: Principal, q: URLSearchParams): Asked {
  if (!gateway.isAuditor(principal)) {
    throw new DbgateError('denied', 'evidence is for auditors and administrators of the gateway', {
      hint: 'see roles.auditors in its configuration',
    });
  }
  const now = Date.now();
  const since = timeOf(q, 'since');
  const until = timeOf(q, 'until') ?? now;
  if (since === undefined) throw new DbgateError('usage', 'since is missing');
  if (since >= until) throw new DbgateError('usage', 'the period ends before it begins');
  const database = q.get('database') ?? undefined;
  if (database !== undefined && !gateway.settings.databases.has(database)) {
    throw new DbgateError('not_found', `there is no database ${JSON.stringify(database)}`);
  }
  return { gateway: gateway.settings.gatewayId, database, now, since, until };
}

/** Where a session without a purpose is worth a look. */
function purposeDatabases({ settings }: GatewayState): string[] {
  const wanting = settings.grants.filter(({ purposeRequired }) => purposeRequired === true);
  return [...settings.databases.values()]
    .filter((database) => wanting.some((grant) => coversDatabase(grant, database)))
    .map(({ name }) => name);
}

function treeFacts({ status }: AuditTree, { settings }: GatewayState): TreeFacts {
  const { size, at, conflicts } = witnessed(status ?? { cosignedSize: undefined, witnesses: [] });
  const often = settings.audit.tree?.witnesses.map(({ everyMs }) => everyMs) ?? [];
  return {
    state: status?.state ?? 'starting',
    origin: status?.origin ?? null,
    vkey: status?.vkey ?? null,
    size: status?.size ?? 0,
    checkpointSize: status?.checkpointSize ?? null,
    checkpointAt: status?.checkpointAt ?? null,
    cosignedSize: status?.cosignedSize ?? null,
    witnesses: status?.witnesses.length ?? 0,
    witnessedSize: size ?? null,
    witnessedAt: at ?? null,
    witnessEveryMs: often.length === 0 ? null : Math.min(...often),
    witnessConflicts: conflicts,
  };
}

/** Evidence leaves the house: what was said in SQL, and by whom, stays out of it; the leaf is proved all the same. */
async function proofWithoutBody(
  tree: AuditTree,
  position: number,
  keys: string | undefined,
): Promise<string | undefined> {
  const leaf = await tree.ask({ kind: 'prove', position }).catch(() => undefined);
  if (leaf?.proof === undefined) return undefined;
  const hashes = leaf.proof.hashes.map((hash) => Buffer.from(hash, 'base64'));
  const extra = encodeExtra({ record: envelopeOf(leaf.record), ...(keys === undefined ? {} : { keys }) });
  return formatProof({ extra, index: leaf.index, hashes }, leaf.proof.checkpoint);
}

/** Durable before anything of the answer leaves; throws `audit_unavailable`, and then nothing leaves. */
async function recordExport(
  { recorder }: GatewayState,
  principal: Principal,
  { since, until, database }: Asked,
  detail: Readonly<Record<string, string>>,
): Promise<void> {
  const period = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
  await recorder.event({
    kind: 'audit.exported',
    by: principalKey(principal),
    database,
    detail: { ...detail, ...period },
  });
}

const PAGE = 1000;

/** Requests with an event in the period or behind it, each from its beginning on. */
async function requestsOf(history: History, { since, database }: Asked): Promise<RequestRecord[][]> {
  const kinds = ['request.event'];
  const found = new Map<string, RequestRecord[]>();
  const events = await allEvents(history, { kinds, since, ...(database === undefined ? {} : { database }) });
  for (const record of events) found.set(record.request, [...(found.get(record.request) ?? []), record]);
  for (const [request, records] of found) {
    if (records[0]?.type !== 'requested') found.set(request, await allEvents(history, { kinds, subject: request }));
  }
  return [...found.values()];
}

/** The oldest first. */
async function allEvents(history: History, query: EventsQuery): Promise<RequestRecord[]> {
  const records: RequestRecord[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await history.events({ ...query, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    for (const { record } of page.events) if (record.kind === 'request.event') records.push(record);
    cursor = page.nextCursor;
    if (cursor === undefined) return records.reverse();
  }
}
