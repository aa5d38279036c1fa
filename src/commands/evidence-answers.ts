import { z } from 'zod';
import type { AccessReview } from '../audit/evidence/access-review.ts';
import { FRAMEWORKS } from '../audit/evidence/controls.ts';
import type { Evidence } from '../audit/evidence/evidence.ts';

/** What the gateway says in `GET /v1/evidence` and `GET /v1/access-review`; what becomes a file's name is looked at closely. */
const proofFile = z.string().regex(/^(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,160}\.tlog-proof$/);

const sample = z.object({
  id: z.string(),
  at: z.string(),
  who: z.string().nullable(),
  database: z.string().nullable(),
  what: z.string(),
  proofs: z.array(
    z.object({ file: proofFile, position: z.number(), state: z.enum(['proved', 'in no checkpoint yet']) }),
  ),
});

const found = { name: z.string(), words: z.string(), count: z.number(), samples: z.array(sample) };

const evidenceShape = z.object({
  version: z.literal(1),
  framework: z.enum(FRAMEWORKS),
  frameworkName: z.string(),
  gateway: z.string(),
  database: z.string().nullable(),
  since: z.iso.datetime(),
  until: z.iso.datetime(),
  madeAt: z.iso.datetime(),
  tree: z.object({
    state: z.enum(['ok', 'late', 'stopped', 'starting']),
    origin: z.string().nullable(),
    vkey: z.string().nullable(),
    size: z.number(),
    checkpointSize: z.number().nullable(),
    checkpointAt: z.string().nullable(),
    cosignedSize: z.number().nullable(),
    witnesses: z.number(),
  }),
  controls: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      question: z.string(),
      shows: z.array(z.object({ ...found, query: z.object({ of: z.string(), where: z.string() }) })),
      gaps: z.array(z.object(found)),
      lookedFor: z.array(z.object({ name: z.string(), words: z.string() })),
    }),
  ),
  proofs: z.record(proofFile, z.string()),
});

/** A gateway of a newer version may have selections of other names: they are shown as it words them. */
export const evidenceAnswer = evidenceShape.transform((evidence) => evidence as unknown as Evidence);

const access = z.enum(['read', 'write', 'ddl', 'admin']);
const texts = z.array(z.string());

export const accessReviewAnswer: z.ZodType<AccessReview> = z.object({
  version: z.literal(1),
  gateway: z.string(),
  database: z.string().nullable(),
  since: z.string(),
  until: z.string(),
  madeAt: z.string(),
  summary: z.object({
    people: z.number(),
    active: z.number(),
    dormant: z.number(),
    withoutGrant: z.number(),
    grants: z.number(),
    unusedGrants: z.number(),
    requests: z.number(),
    unusedElevations: z.number(),
    selfApprovals: z.number(),
    breakGlass: z.number(),
    breakGlassUnreviewed: z.number(),
  }),
  people: z.array(
    z.object({
      key: z.string(),
      subject: z.string(),
      kind: z.enum(['user', 'service', 'agent']),
      actors: texts,
      email: z.string().nullable(),
      groups: texts.nullable(),
      lastSeen: z.string(),
      could: z.array(z.object({ database: z.string(), access, create: z.boolean(), grants: z.array(z.number()) })),
      did: z.array(
        z.object({
          database: z.string(),
          sessions: z.number(),
          statements: z.number(),
          denied: z.number(),
          writes: z.number(),
          ddl: z.number(),
          classified: z.number(),
        }),
      ),
      state: z.enum(['active', 'dormant', 'no grant', 'unknown']),
    }),
  ),
  grants: z.array(
    z.object({
      number: z.number(),
      to: texts,
      databases: texts,
      access,
      create: z.boolean(),
      conditions: texts,
      people: z.number(),
      sessions: z.number(),
      state: z.enum(['used', 'unused', 'expired']),
    }),
  ),
  elevations: z.array(
    z.object({
      request: z.string(),
      kind: z.enum(['elevation', 'statement', 'erased']),
      who: z.string(),
      key: z.string(),
      database: z.string(),
      what: z.string(),
      reason: z.string().nullable(),
      breakGlass: z.boolean(),
      requestedAt: z.string(),
      approvals: z.array(z.object({ who: z.string(), via: z.string(), at: z.string(), self: z.boolean() })),
      status: z.enum(['pending', 'approved', 'denied', 'cancelled', 'expired', 'ended', 'revoked']),
      askedMs: z.number().nullable(),
      grantedMs: z.number().nullable(),
      endedAt: z.string().nullable(),
      used: z.number(),
      reviewedBy: z.string().nullable(),
    }),
  ),
});
