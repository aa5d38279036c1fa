/** `shared:` of gateway.yaml: the PostgreSQL on which several gateways are one. */
import * as z from 'zod';
import { field } from './fields.ts';
import type { SharedSettings } from './gateway-settings.ts';

export const sharedSection = field(
  z
    .strictObject({
      url: field(
        z.string().min(1),
        'where it is, as which role, and how encrypted: `postgres://user@host:5432/database?sslmode=verify-full`; `verify-full` if `sslmode` is not given, and `prefer` is `require` here. A connection of its own, not through a pooler',
        'a postgres:// URL without a password, or `env:NAME` or `file:PATH` of a URL that may have one',
        { secret: true, reference: 'url' },
      ),
      ca: field(
        z
          .string()
          .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*$|file:.+$|\s*-----BEGIN )/)
          .optional(),
        "CA of its certificate; the system's if not given",
        '`file:PATH` (relative to this file), `env:NAME` or the PEM text itself',
        { reference: 'certificate' },
      ),
      schema: field(
        z
          .string()
          .regex(/^[a-z_][a-z0-9_]{0,49}$/)
          .default('dbgate'),
        'schema of its tables; made if it is not there',
        'lower-case letters, digits and `_`, at most 50',
      ),
    })
    .optional(),
  'the PostgreSQL that this gateway shares with others, so that requests, revocations and created objects are the same at all of them, see [several-gateways.md](several-gateways.md); without it the gateway is by itself',
  'a mapping',
);

type Lookup = (path: readonly (string | number)[]) => string | undefined;

export function toShared(shared: z.output<typeof sharedSection>, referenced: Lookup): SharedSettings | undefined {
  if (shared === undefined) return undefined;
  const url = new URL(referenced(['shared', 'url'])!);
  const mode = url.searchParams.get('sslmode') as SharedSettings['database']['tls']['mode'] | null;
  return {
    schema: shared.schema,
    database: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 5432),
      database: decodeURIComponent(url.pathname.slice(1) || url.username),
      user: decodeURIComponent(url.username),
      password: url.password === '' ? undefined : decodeURIComponent(url.password),
      tls: { mode: mode ?? 'verify-full', ca: referenced(['shared', 'ca']), cert: undefined, key: undefined },
      connectTimeoutMs: 10_000,
    },
  };
}
