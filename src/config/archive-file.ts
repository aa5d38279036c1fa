/** `audit.archive` and `s3` of a witness: buckets that the record, or checkpoints of it, are kept in. */
import * as z from 'zod';
import type { ArchiveSettings, S3Settings } from './audit-settings.ts';
import { duration, field, SECRET_EXPECTS, secretReference } from './fields.ts';

const YEAR_MS = 365 * 86_400_000;
const PREFIX_EXPECTS = 'letters, digits and `._-/`, `/` at its end';

export const s3Section = z.strictObject({
  endpoint: field(
    z.string().min(1).max(4096),
    'where the store is; the bucket is asked for in the path',
    'an https URL (http on loopback only), or `env:NAME` or `file:PATH` of one',
    { reference: 'endpoint' },
  ),
  region: field(
    z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/)
      .default('us-east-1'),
    'goes into signatures',
    'such as `eu-central-1`',
  ),
  bucket: field(
    z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
    'is there already',
    'lower-case letters, digits, `.` and `-`, 3 to 63',
  ),
  prefix: field(
    z
      .string()
      .regex(/^([A-Za-z0-9_-][A-Za-z0-9._-]*\/)+$/)
      .max(512)
      .optional(),
    'of all names, of this gateway alone; `dbgate/`, `gateway_id` and `/` if not given',
    PREFIX_EXPECTS,
  ),
  access_key: field(secretReference, 'id of the key', SECRET_EXPECTS, { secret: true, reference: 'password' }),
  secret: field(secretReference, 'the key', SECRET_EXPECTS, { secret: true, reference: 'password' }),
  object_lock_days: field(
    z.number().int().min(1).max(36_500).optional(),
    'nobody can remove or change an object for so long (mode COMPLIANCE); the bucket must have been made with object lock',
    'a whole number from 1 to 36500',
  ),
});

export const archiveSection = field(
  z
    .strictObject({
      s3: field(s3Section, 'an S3-compatible store', 'a mapping'),
      after: field(
        duration(60_000, 30 * 86_400_000).prefault('1d'),
        'a segment is begun anew when it is as old as this, and goes to the archive when the next is as old',
        'a duration from 1m to 30d, such as `1d`',
      ),
      keep_local: field(
        duration(60_000, 100 * YEAR_MS).optional(),
        'segments that are in the archive are removed here after this; kept if not given',
        'a duration from 1m, such as `90d`',
      ),
    })
    .optional(),
  'where sealed segments, tiles and checkpoints are copied to, see [audit.md](audit.md)',
  'a mapping',
);

type At = (key: string) => string | undefined;

/** `at`: what a reference stands for. */
export function toS3(s3: z.output<typeof s3Section>, defaultPrefix: string, at: At): S3Settings {
  return {
    endpoint: at('endpoint')!.replace(/\/+$/, ''),
    region: s3.region,
    bucket: s3.bucket,
    prefix: s3.prefix ?? defaultPrefix,
    accessKey: at('access_key')!,
    secretKey: at('secret')!,
    objectLockDays: s3.object_lock_days,
  };
}

export function toArchive(
  archive: z.output<typeof archiveSection>,
  defaultPrefix: string,
  at: At,
): ArchiveSettings | undefined {
  return (
    archive && { s3: toS3(archive.s3, defaultPrefix, at), afterMs: archive.after, keepLocalMs: archive.keep_local }
  );
}
