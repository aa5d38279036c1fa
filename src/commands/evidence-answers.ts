import type { AccessReview } from '../audit/evidence/access-review.ts';
import { FRAMEWORKS } from '../audit/evidence/controls.ts';
import type { Evidence } from '../audit/evidence/evidence.ts';
import * as shape from './answer-shape.ts';

/** What the gateway says in `GET /v1/evidence` and `GET /v1/access-review`; what becomes a file's name is looked at closely. */
const PROOF_FILE = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,160}\.tlog-proof$/;
const proofFile = shape.text(PROOF_FILE);

const sample = shape.object({
  id: shape.text(),
  at: shape.text(),
  who: shape.text().nullable(),
  database: shape.text().nullable(),
  what: shape.text(),
  proofs: shape.list(
    shape.object({ file: proofFile, position: shape.number(), state: shape.oneOf('proved', 'in no checkpoint yet') }),
  ),
});

const found = { name: shape.text(), words: shape.text(), count: shape.number(), samples: shape.list(sample) };

const evidenceShape = shape.object({
  version: shape.oneOf(1),
  framework: shape.oneOf(...FRAMEWORKS),
  frameworkName: shape.text(),
  gateway: shape.text(),
  database: shape.text().nullable(),
  since: shape.text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
  until: shape.text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
  madeAt: shape.text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
  tree: shape.object({
    state: shape.oneOf('ok', 'late', 'stopped', 'starting'),
    origin: shape.text().nullable(),
    vkey: shape.text().nullable(),
    size: shape.number(),
    checkpointSize: shape.number().nullable(),
    checkpointAt: shape.text().nullable(),
    cosignedSize: shape.number().nullable(),
    witnesses: shape.number(),
    witnessedSize: shape.number().nullable(),
    witnessedAt: shape.text().nullable(),
    witnessEveryMs: shape.number().nullable(),
    witnessConflicts: shape.number(),
  }),
  controls: shape.list(
    shape.object({
      id: shape.text(),
      title: shape.text(),
      question: shape.text(),
      shows: shape.list(shape.object({ ...found, query: shape.object({ of: shape.text(), where: shape.text() }) })),
      gaps: shape.list(shape.object(found)),
      lookedFor: shape.list(shape.object({ name: shape.text(), words: shape.text() })),
    }),
  ),
  proofs: shape.map(shape.text(), PROOF_FILE),
});

/** A gateway of a newer version may have selections of other names: they are shown as it words them. */
export const evidenceAnswer = evidenceShape as unknown as shape.Shape<Evidence>;

const access = shape.oneOf('read', 'write', 'ddl', 'admin');
const texts = shape.list(shape.text());

export const accessReviewAnswer: shape.Shape<AccessReview> = shape.object({
  version: shape.oneOf(1),
  gateway: shape.text(),
  database: shape.text().nullable(),
  since: shape.text(),
  until: shape.text(),
  madeAt: shape.text(),
  summary: shape.object({
    people: shape.number(),
    active: shape.number(),
    dormant: shape.number(),
    withoutGrant: shape.number(),
    grants: shape.number(),
    unusedGrants: shape.number(),
    requests: shape.number(),
    unusedElevations: shape.number(),
    selfApprovals: shape.number(),
    breakGlass: shape.number(),
    breakGlassUnreviewed: shape.number(),
  }),
  people: shape.list(
    shape.object({
      key: shape.text(),
      subject: shape.text(),
      kind: shape.oneOf('user', 'service', 'agent'),
      actors: texts,
      email: shape.text().nullable(),
      groups: texts.nullable(),
      lastSeen: shape.text(),
      could: shape.list(
        shape.object({ database: shape.text(), access, create: shape.flag(), grants: shape.list(shape.number()) }),
      ),
      did: shape.list(
        shape.object({
          database: shape.text(),
          sessions: shape.number(),
          statements: shape.number(),
          denied: shape.number(),
          writes: shape.number(),
          ddl: shape.number(),
          classified: shape.number(),
        }),
      ),
      state: shape.oneOf('active', 'dormant', 'no grant', 'unknown'),
    }),
  ),
  grants: shape.list(
    shape.object({
      number: shape.number(),
      to: texts,
      databases: texts,
      access,
      create: shape.flag(),
      conditions: texts,
      people: shape.number(),
      sessions: shape.number(),
      state: shape.oneOf('used', 'unused', 'expired'),
    }),
  ),
  elevations: shape.list(
    shape.object({
      request: shape.text(),
      kind: shape.oneOf('elevation', 'statement', 'erased'),
      who: shape.text(),
      key: shape.text(),
      database: shape.text(),
      what: shape.text(),
      reason: shape.text().nullable(),
      breakGlass: shape.flag(),
      requestedAt: shape.text(),
      approvals: shape.list(
        shape.object({ who: shape.text(), via: shape.text(), at: shape.text(), self: shape.flag() }),
      ),
      status: shape.oneOf('pending', 'approved', 'denied', 'cancelled', 'expired', 'ended', 'revoked'),
      askedMs: shape.number().nullable(),
      grantedMs: shape.number().nullable(),
      endedAt: shape.text().nullable(),
      used: shape.number(),
      reviewedBy: shape.text().nullable(),
    }),
  ),
});
