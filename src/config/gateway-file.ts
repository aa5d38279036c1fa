/**
 * The shape of gateway.yaml: one zod schema from which validation, `docs/gateway.schema.json` and
 * `docs/gateway-yaml.md` are made. Every key has a `description`; every leaf says in `expects` what may stand there,
 * which is also the second half of its error message. Secrets are references here; `gateway-schema.ts` reads them.
 */

import * as z from 'zod';
import { COLUMN_CLASSES } from '../classify/classes.ts';
import { HOURS_EXPECTS } from '../policy/language/hours.ts';
import { rulesSchema } from '../policy/language/read-rules.ts';
import { approvalsSection } from './approval-file.ts';
import { auditSection } from './audit-file.ts';
import {
  databaseSelector,
  duration,
  field,
  hours,
  LINE_EXPECTS,
  line,
  SECRET_EXPECTS,
  SELECTS_ONCE,
  SUBJECT_EXPECTS,
  secretReference,
  selectsOnce,
  size,
  subject,
} from './fields.ts';
import { notifySection, webSection } from './notify-file.ts';
import { rolesSection } from './roles-file.ts';
import { sharedSection } from './shared-file.ts';
import { metricsSection, telemetrySection } from './telemetry-file.ts';

const pemOrReference = z.string().regex(/^(env:[A-Za-z_][A-Za-z0-9_]*$|file:.+$|\s*-----BEGIN )/);
const PEM_EXPECTS = '`file:PATH` (relative to this file), `env:NAME` or the PEM text itself';
const ADDRESS = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/;
const listenAddress = z
  .string()
  .regex(ADDRESS)
  .refine((text) => Number(ADDRESS.exec(text)?.[2]) <= 65_535)
  .transform((text) => {
    const [, host, port] = ADDRESS.exec(text)!;
    return { host: host!.replace(/^\[|\]$/g, ''), port: Number(port) };
  });
const ADDRESS_EXPECTS = 'HOST:PORT, such as `0.0.0.0:8443` or `[::]:8443`; port 0 is any free one';

const TLS_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
const CLAIM_EXPECTS = 'a path into the claims, dots between: `realm_access.roles`';

/** Only an origin: the gateway's routes are at the root, and DPoP proofs are made for exactly these URLs. */
function isHttpsOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (
    url?.protocol === 'https:' &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === ''
  );
}

const issuer = z
  .strictObject({
    issuer: field(
      z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)),
      "the issuer's identifier (`iss`), exactly as its tokens carry it",
      'an https URL; http only on loopback and with `allow_insecure: true`',
    ),
    audience: field(
      line,
      'the audience (`aud`) that a token must have to be meant for this gateway; there is no default, as a token made for something else must not open databases',
      LINE_EXPECTS,
    ),
    client_id: field(line, "the CLI's public client at this issuer", LINE_EXPECTS),
    scopes: field(
      z.array(line).min(1).default(['openid', 'profile', 'email', 'offline_access']),
      'scopes that the CLI asks for at login',
      'a list of texts',
    ),
    token: field(
      z.enum(['access', 'id']).default('access'),
      'which token the CLI presents: `access` is a JWT access token (RFC 9068), `id` is for issuers that have none',
      '`access` or `id`',
    ),
    dpop: field(
      z.enum(['required', 'optional', 'off']).default('optional'),
      'whether tokens must be bound to a key of the CLI (RFC 9449)',
      '`required`, `optional` or `off`',
    ),
    claims: field(
      z
        .strictObject({
          email: field(line.default('email'), "where a token carries the person's email", CLAIM_EXPECTS),
          name: field(line.default('name'), 'where a token carries the display name', CLAIM_EXPECTS),
          groups: field(line.default('groups'), 'where a token carries the groups', CLAIM_EXPECTS),
        })
        .prefault({}),
      'where in the claims things are',
      'a mapping',
    ),
    ca: field(pemOrReference.optional(), 'a private CA for talking to the issuer', PEM_EXPECTS, {
      reference: 'certificate',
    }),
    allow_insecure: field(
      z.boolean().default(false),
      'accept an http issuer on loopback: for demos and tests',
      '`true` or `false`',
    ),
  })
  .check(({ value, issues }) => {
    const url = URL.parse(value.issuer);
    if (url === null || url.protocol === 'https:') return;
    const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
    if (loopback && value.allow_insecure) return;
    issues.push({
      code: 'custom',
      path: ['issuer'],
      input: value.issuer,
      message: loopback ? 'http issuers need `allow_insecure: true`' : 'http issuers are accepted on loopback only',
    });
  });

const upstream = z
  .strictObject({
    url: field(
      z.string().min(1).optional(),
      'host, port, database, user and `sslmode` in one: `postgres://user@host:5432/database?sslmode=verify-full`',
      'a postgres:// URL without a password, or `env:NAME` or `file:PATH` of a URL that may have one',
      { secret: true, reference: 'url' },
    ),
    host: field(line.optional(), 'host name or address of the real database', 'a host name or an IP address'),
    port: field(z.int().min(1).max(65_535).optional(), 'its port; 5432 if not given', 'a number from 1 to 65535'),
    database: field(line.optional(), 'name of the database there; the name of this entry if not given', LINE_EXPECTS),
    user: field(line.optional(), 'the role that the gateway logs in as; its users never see it', LINE_EXPECTS),
    password: field(secretReference.optional(), "that role's password", SECRET_EXPECTS, {
      secret: true,
      reference: 'password',
    }),
    tls: field(
      z
        .strictObject({
          mode: field(
            z.enum(TLS_MODES).optional(),
            "as libpq's sslmode; `verify-full` if not given, `disable` must be asked for",
            TLS_MODES.map((mode) => `\`${mode}\``).join(', '),
          ),
          ca: field(
            pemOrReference.optional(),
            "CA of the database's certificate; the system's if not given",
            PEM_EXPECTS,
            { reference: 'certificate' },
          ),
          cert: field(pemOrReference.optional(), 'client certificate, for `cert` authentication', PEM_EXPECTS, {
            reference: 'certificate',
          }),
          key: field(secretReference.optional(), 'its private key', SECRET_EXPECTS, {
            secret: true,
            reference: 'private-key',
          }),
        })
        .prefault({}),
      'TLS towards the database',
      'a mapping',
    ),
    connect_timeout: field(
      duration(100, 300_000).prefault('10s'),
      'how long connecting and logging in may take',
      'a duration from 100ms to 5m, such as `10s`',
    ),
  })
  .check(({ value, issues }) => {
    const fault = (key: string, message: string) => issues.push({ code: 'custom', path: [key], input: '', message });
    if (value.url === undefined) {
      if (value.host === undefined) fault('host', 'missing; expected `host` and `user`, or `url`');
      else if (value.user === undefined) fault('user', 'missing; expected the role that the gateway logs in as');
    } else {
      for (const key of ['host', 'port', 'database', 'user'] as const) {
        if (value[key] !== undefined) fault(key, 'stands beside `url`, which says it already; keep one of the two');
      }
    }
    if ((value.tls.cert === undefined) !== (value.tls.key === undefined)) {
      fault('tls', '`cert` and `key` go together; one of them is missing');
    }
    if (value.tls.mode === 'disable' && (value.tls.ca ?? value.tls.cert) !== undefined) {
      fault('tls', '`mode: disable` with a certificate; remove one of them');
    }
  });

const CLASS_EXPECTS = `one of ${[...COLUMN_CLASSES, 'none'].map((one) => `\`${one}\``).join(', ')}`;

const database = z.strictObject({
  environment: field(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/)
      .default('production'),
    'what this database is for; the shipped rules are mild on `staging` and `development` and treat every other word as production',
    'a lower-case word such as `production`, `staging` or `development`',
  ),
  labels: field(
    z.record(z.string(), line).default({}),
    'free labels, shown by `dbgate ls --json`',
    'a mapping of texts to texts',
  ),
  classification: field(
    z
      .record(
        z.string(),
        field(
          z.enum([...COLUMN_CLASSES, 'none']),
          'what the column holds, whatever was found; `none`: nothing sensitive. Of a partitioned table it holds for its partitions too',
          CLASS_EXPECTS,
        ),
      )
      .check(({ value, issues }) => {
        for (const name of Object.keys(value)) {
          if (/^[^.]+(\.[^.]+){2,}$/.test(name)) continue;
          const meant = /^[^.]+\.[^.]+$/.test(name) ? `; did you mean "public.${name}"?` : '';
          const message = `not the name of a column, expected \`schema.table.column\`${meant}`;
          issues.push({ code: 'custom', path: [name], input: name, message });
        }
      })
      .default({}),
    'corrections of what `dbgate classify` shows: classes of columns by `schema.table.column`, see [masking.md](masking.md)',
    `a mapping such as \`{ public.users.nickname: none }\`; a class is ${CLASS_EXPECTS}`,
  ),
  upstream: field(upstream, 'the real database', 'a mapping'),
});

/** A date alone is the first moment of that day, UTC: a grant never lasts longer than it says. */
const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/;
const time = z
  .string()
  .regex(TIME)
  .refine((text) => isTime(text))
  .transform((text) => Date.parse(text));

/** Date.parse takes February 30 for March 2. */
function isTime(text: string): boolean {
  const date = text.slice(0, 10);
  return Number.isFinite(Date.parse(text)) && new Date(Date.parse(date)).toISOString().startsWith(date);
}

const ROWS_EXPECTS = 'a number from 1 to 1000000000000';
const rowLimit = z.int().min(1).max(1e12).optional();
const BYTES_EXPECTS = 'a size from 1B to 999999999GiB, such as `5GiB`';
const byteLimit = size(1, Number.MAX_SAFE_INTEGER).optional();

const grantLimits = z.strictObject({
  max_sessions: field(
    z.int().min(1).max(1_000_000).optional(),
    'sessions of one principal on one database at once',
    'a number from 1 to 1000000',
  ),
  statement_timeout: field(
    duration(1, 86_400_000).optional(),
    'PostgreSQL’s statement_timeout; the session cannot change it',
    'a duration from 1ms to 1d, such as `30s`',
  ),
  lock_timeout: field(
    duration(1, 86_400_000).optional(),
    'PostgreSQL’s lock_timeout; the session cannot change it',
    'a duration from 1ms to 1d, such as `5s`',
  ),
  idle_timeout: field(
    duration(1000, 604_800_000).optional(),
    'a session without a byte either way for so long is ended, if that is sooner than `limits.idle_timeout`',
    'a duration from 1s to 7d, such as `30m`',
  ),
  settings: field(
    z
      .array(
        z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_.]*$/)
          .transform((name) => name.toLowerCase()),
      )
      .min(1)
      .optional(),
    'settings that the session may not change',
    'a list of names of settings, such as `[work_mem]`',
  ),
  rows_per_statement: field(
    rowLimit,
    'rows of one answer; the statement is cancelled when it has more (SQLSTATE 53400), and so for the limits below',
    ROWS_EXPECTS,
  ),
  bytes_per_statement: field(byteLimit, 'bytes of one answer', BYTES_EXPECTS),
  rows_per_hour: field(rowLimit, 'rows in any hour, of all sessions of one principal on one database', ROWS_EXPECTS),
  bytes_per_hour: field(byteLimit, 'bytes in any hour, likewise', BYTES_EXPECTS),
  rows_per_day: field(rowLimit, 'rows in any 24 hours, likewise', ROWS_EXPECTS),
  bytes_per_day: field(byteLimit, 'bytes in any 24 hours, likewise', BYTES_EXPECTS),
});

const maskMode = field(
  // Without quotes `null` is YAML's own.
  z.union([z.enum(['partial', 'token', 'redact', 'null', 'none']), z.null().transform(() => 'null' as const)]),
  'how it is shown',
  '`partial`, `token`, `redact`, `null` or `none`',
);
const MASK_EXPECTS =
  '`partial`, `token`, `redact`, `null` or `none`, or a mapping of classes to these, such as `{ email: none, other: partial }`';

const grant = z
  .strictObject({
    to: field(z.union([subject, z.array(subject).min(1)]), 'who gets it', SUBJECT_EXPECTS),
    ...databaseSelector('which database; `*` is every one'),
    access: field(
      z.enum(['read', 'write', 'ddl', 'admin']),
      '`read`: SELECT; `write`: and INSERT, UPDATE, DELETE; `ddl`: and changes of the schema; `admin`: everything that the upstream role may',
      '`read`, `write`, `ddl` or `admin`',
    ),
    create: field(
      z.boolean().default(false),
      'may create objects, and change or drop those that the same person created through dbgate',
      '`true` or `false`',
    ),
    hours: field(
      z.union([hours, z.array(hours).min(1)]).optional(),
      'when it holds; sessions are ended when it does not any more',
      `${HOURS_EXPECTS}, or a list of such`,
    ),
    expires: field(
      time.optional(),
      'when it ends, and its sessions with it; a date alone is its first moment, UTC',
      'a date such as `2026-12-31`, or a time with its zone such as `2026-12-31T18:00:00+01:00`',
    ),
    purpose: field(
      z.literal('required').optional(),
      'it holds only for sessions that say what they are for (`--purpose`)',
      '`required`',
    ),
    limits: field(
      grantLimits.optional(),
      'what its sessions may use; of several grants that give the same access the mildest limits count',
      'a mapping',
    ),
    mask: field(
      z.union([maskMode, z.partialRecord(z.enum([...COLUMN_CLASSES, 'other']), maskMode)]).optional(),
      'how sensitive columns are shown: useful but not the value, a stable token, nothing of it, NULL, or as they are; for all classes or for each (`other`: those that are not named). Without it: `partial`, but `none` for `access: admin` and in the environment `development`. Of several grants the mildest counts',
      MASK_EXPECTS,
    ),
    predicates: field(
      z.enum(['free', 'lookup', 'none']).optional(),
      'what conditions may say of masked columns: anything; equality with given values, joins with their like, IS NULL, grouping and counts; or only IS NULL, grouping and counts. Without it `lookup`',
      '`free`, `lookup` or `none`',
    ),
  })
  .refine(selectsOnce, SELECTS_ONCE);

const grants = field(
  z.array(grant).default([]),
  'who may reach what; nobody reaches anything without one, several add up',
  'a list',
);

const include = field(
  z.union([line, z.array(line).min(1)]).optional(),
  'further files with `grants`, `rules` and `include` of their own',
  'a path relative to this file, with `*` and `?`, or a list of such',
);

/** Read by `policy/language/read-rules.ts`, whose table is the language. */
const rules = field(
  z.unknown().optional(),
  'rules beside the shipped ones, see [policy.md](policy.md)',
  'a list of rules with `id`, `match` and `then`',
  { jsonSchema: rulesSchema() },
);

/** A file that gateway.yaml includes. */
export const policyFile = z.strictObject({ include, grants, rules });

export const gatewayFile = z.strictObject({
  public_url: field(
    z.string().refine(isHttpsOrigin),
    "the gateway's URL as its users type it; tokens and DPoP proofs are checked against it, never against a Host header",
    'an https URL without a path, such as `https://db.example.com`',
  ),
  gateway_id: field(
    z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
      .optional(),
    'names this gateway in records; the host name of `public_url` if not given',
    'letters, digits, `.`, `_`, `-`; at most 64',
  ),
  listen: field(
    z
      .strictObject({
        https: field(listenAddress.prefault('127.0.0.1:8443'), 'the API and the tunnels', ADDRESS_EXPECTS),
        postgres: field(
          listenAddress.optional(),
          'the native Postgres listener for clients without the CLI; none if not given',
          ADDRESS_EXPECTS,
        ),
      })
      .prefault({}),
    'where to listen',
    'a mapping',
  ),
  tls: field(
    z.strictObject({
      cert: field(pemOrReference, 'certificate chain of both listeners', PEM_EXPECTS, { reference: 'certificate' }),
      key: field(secretReference, 'its private key', SECRET_EXPECTS, { secret: true, reference: 'private-key' }),
    }),
    'the certificate that the gateway shows to its users',
    'a mapping',
  ),
  state_dir: field(line, 'folder of the record, its index and keys; relative to this file', 'a path'),
  issuers: field(
    z.array(issuer).min(1),
    'identity providers whose tokens are accepted',
    'a list with at least one entry',
  ),
  databases: field(
    z.record(z.string(), database).refine((map) => Object.keys(map).length > 0),
    'the databases behind this gateway, by the name that people type',
    'a mapping with at least one entry; names are letters, digits, `.`, `_`, `-`, at most 63',
  ),
  grants,
  rules,
  include,
  notify: notifySection,
  web: webSection,
  approvals: approvalsSection,
  roles: rolesSection,
  shared: sharedSection,
  audit: auditSection,
  metrics: metricsSection,
  telemetry: telemetrySection,
  limits: field(
    z
      .strictObject({
        max_sessions: field(
          z.int().min(1).max(1_000_000).default(2000),
          'sessions at once; more are refused',
          'a number from 1 to 1000000',
        ),
        max_statement_size: field(
          size(2 ** 10, 2 ** 26).prefault('4MiB'),
          'largest statement (Query or Parse message); larger ones are refused, data is not limited by it',
          'a size from 1KiB to 64MiB, such as `4MiB`',
        ),
        idle_timeout: field(
          duration(0, 604_800_000).prefault('8h'),
          'a session without a byte either way for so long is ended; `0s`: never',
          'a duration up to 7d, such as `30m`, or `0s`',
        ),
        startup_timeout: field(
          duration(1000, 300_000).prefault('30s'),
          'a client that has not finished its start-up by then is cut off',
          'a duration from 1s to 5m, such as `30s`',
        ),
        database_token_ttl: field(
          duration(60_000, 86_400_000).prefault('15m'),
          'how long a token of `dbgate token` can be used to log in',
          'a duration from 1m to 1d, such as `15m`',
        ),
      })
      .prefault({}),
    'limits',
    'a mapping',
  ),
});

export type GatewayFile = z.output<typeof gatewayFile>;
