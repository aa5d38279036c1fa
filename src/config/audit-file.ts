/** `audit:` of gateway.yaml: the record, the key that signs its tree, and who is told of what was signed. */
import { resolve } from 'node:path';
import * as z from 'zod';
import { archiveSection, s3Section, toArchive, toS3 } from './archive-file.ts';
import type { AuditSettings, TreeSettings, WitnessSettings } from './audit-settings.ts';
import { duration, field, LINE_EXPECTS, line, SECRET_EXPECTS, secretReference, size } from './fields.ts';

const KINDS = ['url', 'git', 'webhook', 'file', 's3'] as const;

const witness = z
  .strictObject({
    name: field(line.optional(), 'shown in health and messages; what it is if not given', LINE_EXPECTS),
    url: field(
      z.string().min(1).max(4096).optional(),
      'a witness that cosigns (C2SP tlog-witness), by the prefix of its URL',
      'an https URL (http on loopback only), or `env:NAME` or `file:PATH` of one',
      { reference: 'endpoint' },
    ),
    key: field(line.optional(), 'of `url`: its verifier key', 'a vkey such as `witness.example+5f2a…+BHk…`'),
    git: field(
      line.optional(),
      'a git work tree, relative to this file: checkpoints are committed and pushed',
      'a path',
    ),
    remote: field(line.optional(), 'of `git`: where it is pushed; nowhere if not given', 'the name of a remote'),
    webhook: field(
      z.string().min(1).max(4096).optional(),
      'gets checkpoints as signed webhooks (Standard Webhooks)',
      'an https URL (http on loopback only), or `env:NAME` or `file:PATH` of one',
      { secret: true, reference: 'endpoint' },
    ),
    secret: field(secretReference.optional(), 'of `webhook`: signs what is sent; `whsec_` and base64', SECRET_EXPECTS, {
      secret: true,
      reference: 'webhook-secret',
    }),
    file: field(line.optional(), 'a file, relative to this one, to which checkpoints are appended', 'a path'),
    s3: field(
      s3Section.optional(),
      'a bucket: each checkpoint is an object, best of other administrators and under `object_lock_days`',
      'a mapping',
    ),
    every: field(
      duration(1000, 86_400_000).optional(),
      'how often it is told, if there is something to tell: `10s` for `url` and `file`, `1m` for `git`, `webhook` and `s3` if not given',
      'a duration from 1s to 1d, such as `30s`',
    ),
  })
  .check(({ value, issues }) => {
    const fault = (key: string, message: string) => issues.push({ code: 'custom', path: [key], input: '', message });
    const given = KINDS.filter((kind) => value[kind] !== undefined);
    if (given.length !== 1) {
      fault(given[1] ?? 'url', 'expected exactly one of `url`, `git`, `webhook`, `file`, `s3`');
      return;
    }
    const [kind] = given;
    const need = (key: 'key' | 'secret', of: string) => {
      if (kind === of && value[key] === undefined) fault(key, `missing; \`${of}\` needs it`);
      if (kind !== of && value[key] !== undefined) fault(key, `is for \`${of}\` only`);
    };
    need('key', 'url');
    need('secret', 'webhook');
    if (kind !== 'git' && value.remote !== undefined) fault('remote', 'is for `git` only');
  });

export const auditSection = field(
  z
    .strictObject({
      durability: field(
        z.enum(['sync', 'async']).default('sync'),
        '`sync`: a statement with an effect waits until its record is on disk; `async`: it does not, and a crash can lose the last records',
        '`sync` or `async`',
      ),
      segment_size: field(
        size(2 ** 20, 2 ** 30).prefault('64MiB'),
        'size at which a segment file is sealed and the next begun',
        'a size from 1MiB to 1GiB, such as `64MiB`',
      ),
      origin: field(
        z
          .string()
          .regex(/^[^\s+\u0000-\u001f\u007f]{1,255}$/)
          .optional(),
        'names the tree of the record in its checkpoints, for ever; `dbgate/` and `gateway_id` if not given',
        'a text without blanks and `+`, best an address without its scheme such as `example.com/dbgate`',
      ),
      signer: field(
        z
          .strictObject({
            command: field(
              z.array(line).min(1).max(64),
              'program and arguments, no shell: gets the bytes on stdin and gives the Ed25519 signature (64 bytes, or base64) on stdout within 5 s',
              'a list of texts',
            ),
            public_key: field(
              z.string().min(1),
              'the key by which it signs',
              '`file:PATH` or `env:NAME` of a PEM public key, or the PEM itself',
              {
                reference: 'public-key',
              },
            ),
          })
          .optional(),
        'who signs checkpoints, where the key must not lie here (KMS); `tree.key` in the state directory if not given',
        'a mapping',
      ),
      retention: field(
        z
          .strictObject({
            bodies: field(
              duration(3_600_000, 100 * 365 * 86_400_000).optional(),
              'texts, bind values, names and addresses are erased after this; kept for ever if not given',
              'a duration from 1h, such as `90d`',
            ),
            records: field(
              duration(3_600_000, 100 * 365 * 86_400_000).optional(),
              'whole segments are removed after this, from the oldest on; kept for ever if not given',
              'a duration from 1h, such as `730d`',
            ),
            classes: field(
              z
                .record(line, field(duration(3_600_000, 100 * 365 * 86_400_000), 'how long', 'a duration from 1h'))
                .default({}),
              'the same as `bodies`, of statements that touch columns of a class',
              'a mapping of classes and durations, such as `health: 30d`',
            ),
          })
          .optional(),
        'how long the record is kept',
        'a mapping',
      ),
      archive: archiveSection,
      witness: field(
        z
          .array(field(witness, 'one witness', 'a mapping'))
          .max(32)
          .default([]),
        'who is told of checkpoints, see [audit.md](audit.md); without one, nothing is proved against whoever holds the key',
        'a list',
      ),
    })
    .prefault({}),
  'the record',
  'a mapping',
);

type Lookup = (path: readonly (string | number)[]) => string | undefined;

export function toAudit(
  audit: z.output<typeof auditSection>,
  baseDir: string,
  referenced: Lookup,
  gatewayId: string,
): AuditSettings {
  const prefix = `dbgate/${gatewayId.replace(/[^A-Za-z0-9._-]/g, '_')}/`;
  const { signer, origin } = audit;
  const witnesses = audit.witness.map((one, i): WitnessSettings => {
    const at = (key: string) => referenced(['audit', 'witness', i, key])!;
    const often = one.every ?? 10_000;
    const seldom = one.every ?? 60_000;
    if (one.url !== undefined) {
      const url = at('url').replace(/\/+$/, '');
      return { kind: 'url', name: one.name ?? one.key!.split('+')[0]!, everyMs: often, url, key: one.key! };
    }
    if (one.git !== undefined) {
      const directory = resolve(baseDir, one.git);
      return { kind: 'git', name: one.name ?? `git ${i + 1}`, everyMs: seldom, directory, remote: one.remote };
    }
    if (one.webhook !== undefined) {
      const name = one.name ?? `webhook ${i + 1}`;
      return { kind: 'webhook', name, everyMs: seldom, url: at('webhook'), secret: at('secret') };
    }
    if (one.s3 !== undefined) {
      const s3 = toS3(one.s3, `${prefix}witness/`, (key) => referenced(['audit', 'witness', i, 's3', key]));
      return { kind: 's3', name: one.name ?? `s3 ${i + 1}`, everyMs: seldom, s3 };
    }
    return { kind: 'file', name: one.name ?? `file ${i + 1}`, everyMs: often, path: resolve(baseDir, one.file!) };
  });
  const tree: TreeSettings = {
    origin,
    signer: signer && { command: signer.command, publicKey: referenced(['audit', 'signer', 'public_key'])! },
    witnesses,
  };
  const { retention } = audit;
  return {
    durability: audit.durability,
    segmentBytes: audit.segment_size,
    tree,
    retention: retention && {
      bodiesMs: retention.bodies,
      classesMs: retention.classes,
      recordsMs: retention.records,
    },
    archive: toArchive(audit.archive, prefix, (key) => referenced(['audit', 'archive', 's3', key])),
  };
}
