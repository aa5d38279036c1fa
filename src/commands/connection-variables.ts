import { DbgateError, ErrorCode } from '../errors.ts';

/** How a local client reaches a tunnel. */
export interface Connection {
  readonly url: string;
  /** Host name or, for a socket, the folder it is in. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** libpq's variables, and the one that most ORMs read. The tunnel does the TLS, so none is wanted locally. */
export function connectionVariables(connection: Connection): Record<string, string> {
  return {
    PGHOST: connection.host,
    PGPORT: String(connection.port),
    PGUSER: connection.user,
    // None on a Unix socket, whose mode is the guard.
    ...(connection.password === '' ? {} : { PGPASSWORD: connection.password }),
    PGDATABASE: connection.database,
    PGSSLMODE: 'disable',
    DATABASE_URL: connection.url,
  };
}

/** `postgresql://user:password@host:port/database?sslmode=…`; a socket's folder goes into `?host=`. */
export function connectionUrl(connection: Omit<Connection, 'url'>, sslmode: 'disable' | 'require' = 'disable'): string {
  const { host, port, user, password, database } = connection;
  const login = encodeURIComponent(user) + (password === '' ? '' : `:${encodeURIComponent(password)}`);
  const name = encodeURIComponent(database);
  if (host.startsWith('/')) return `postgresql://${login}@/${name}?host=${encodeURIComponent(host)}&port=${port}`;
  return `postgresql://${login}@${host.includes(':') ? `[${host}]` : host}:${port}/${name}?sslmode=${sslmode}`;
}

export const VARIABLE_FORMATS = ['sh', 'fish', 'pwsh', 'dotenv', 'json'] as const;
export type VariableFormat = (typeof VARIABLE_FORMATS)[number];

/** The lines that set the variables in the shell; a value can never end its quotes. */
export function formatVariables(variables: Readonly<Record<string, string>>, format: VariableFormat): string {
  const entries = Object.entries(variables);
  for (const [name, value] of entries) {
    if (value.includes('\0')) throw new DbgateError(ErrorCode.internal, `the value of ${name} contains a NUL`);
  }
  switch (format) {
    case 'sh':
      return entries.map(([name, value]) => `export ${name}=${quoteSh(value)}`).join('\n');
    case 'fish':
      return entries.map(([name, value]) => `set -gx ${name} ${quoteFish(value)}`).join('\n');
    case 'pwsh':
      return entries.map(([name, value]) => `$env:${name} = ${quotePwsh(value)}`).join('\n');
    case 'dotenv':
      return entries.map(([name, value]) => `${name}=${quoteDotenv(name, value)}`).join('\n');
    case 'json':
      return JSON.stringify(variables);
    default:
      return format satisfies never;
  }
}

function quoteSh(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

function quoteFish(value: string): string {
  return `'${value.replace(/[\\']/g, '\\$&')}'`;
}

/** PowerShell takes the typographic quotes for the plain one. */
function quotePwsh(value: string): string {
  return `'${value.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

/** Only what every reader of such files, and a shell that sources it, understands alike. */
function quoteDotenv(name: string, value: string): string {
  if (/^[A-Za-z0-9_@%+=:,./?&-]*$/.test(value) && !value.includes('&')) return value;
  if (!/['\r\n]/.test(value)) return `'${value}'`;
  if (!/["\\$`!\r\n]/.test(value)) return `"${value}"`;
  throw new DbgateError(ErrorCode.usage, `the value of ${name} cannot be written into a dotenv file safely`, {
    hint: 'use --format sh or json',
  });
}
