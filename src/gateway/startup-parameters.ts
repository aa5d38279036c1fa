/**
 * What of a client's StartupMessage goes upstream. Settings that would change what the same bytes mean, or who acts,
 * are refused here as they are later in a session; the encoding is pinned; the upstream sees who is behind it.
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-client.html
 */
import type { GrantLimits } from '../config/gateway-settings.ts';
import { DbgateError } from '../errors.ts';
import { fixedSettingsOf } from '../policy/grants.ts';
import { PINNED_SETTINGS } from '../sql/facts.ts';

export interface UpstreamParameters {
  readonly parameters: ReadonlyMap<string, string>;
  readonly encoding: 'utf8' | 'latin1';
  /** ParameterStatus values that must hold for the session's life. */
  readonly pinned: ReadonlyMap<string, string>;
  readonly application: string | undefined;
}

/** NAMEDATALEN - 1: PostgreSQL cuts application_name there, in bytes. */
const APPLICATION_NAME_BYTES = 63;

const UTF8_NAMES = new Set(['UTF8', 'UNICODE', 'SQLASCII']);
const LATIN1_NAMES = new Set(['LATIN1', 'ISO88591']);

export function upstreamParameters(
  client: ReadonlyMap<string, string>,
  person: string,
  options: { readonly readOnly: boolean; readonly limits?: GrantLimits },
): UpstreamParameters {
  const settings = new Map<string, string>();
  let encoding: 'utf8' | 'latin1' = 'utf8';
  const fixed = fixedSettingsOf(options.limits ?? {});
  for (const [name, value] of [...optionSettings(client.get('options') ?? ''), ...client]) {
    const key = name.toLowerCase();
    if (key === 'user' || key === 'database' || key === 'options') continue;
    if (key === 'replication') {
      if (/^(|0|f|false|off|no)$/i.test(value)) continue;
      throw refused('replication connections are not allowed', 'Connect without the replication parameter.');
    }
    if (key === 'client_encoding') {
      encoding = encodingOf(value);
      continue;
    }
    if (key === 'standard_conforming_strings' && /^(on|true|1|yes)$/i.test(value)) continue;
    if (PINNED_SETTINGS.has(key)) {
      throw refused(
        `the setting ${key} cannot be given when connecting`,
        `Remove ${key} from the connection's options.`,
      );
    }
    if (fixed?.has(key) === true) {
      throw refused(
        `the setting ${key} cannot be given when connecting: your grant fixes it`,
        `Remove ${key} from the connection's options.`,
      );
    }
    if (options.readOnly && (key === 'default_transaction_read_only' || key === 'transaction_read_only')) continue;
    settings.set(key, value);
  }
  const application = settings.get('application_name');
  const pinned = new Map([
    ['client_encoding', encoding === 'utf8' ? 'UTF8' : 'LATIN1'],
    ['standard_conforming_strings', 'on'],
  ]);
  for (const [name, value] of pinned) settings.set(name, value);
  settings.set('application_name', applicationName(application, person));
  const { statementTimeoutMs, lockTimeoutMs } = options.limits ?? {};
  if (statementTimeoutMs !== undefined) settings.set('statement_timeout', `${statementTimeoutMs}ms`);
  if (lockTimeoutMs !== undefined) settings.set('lock_timeout', `${lockTimeoutMs}ms`);
  if (options.readOnly) settings.set('default_transaction_read_only', 'on');
  return { parameters: settings, encoding, pinned, application };
}

/** The client's name for itself, and the person; the person is never what gets cut. */
export function applicationName(application: string | undefined, person: string): string {
  const who = clip(person.replace(/[^\x20-\x7e]/g, '?'), APPLICATION_NAME_BYTES);
  if (application === undefined || application === '') return who;
  const room = APPLICATION_NAME_BYTES - who.length - 3;
  if (room < 1) return who;
  return `${clip(application.replace(/[^\x20-\x7e]/g, '?'), room)} (${who})`;
}

/** What the client is told when the server reports `upstreamValue`. */
export function clientApplicationName(application: string | undefined, person: string, upstreamValue: string): string {
  return upstreamValue === applicationName(application, person) ? (application ?? '') : upstreamValue;
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length);
}

function encodingOf(value: string): 'utf8' | 'latin1' {
  const name = value.replace(/[^a-z0-9]/gi, '').toUpperCase();
  if (UTF8_NAMES.has(name)) return 'utf8';
  if (LATIN1_NAMES.has(name)) return 'latin1';
  throw new DbgateError('denied', `client_encoding ${JSON.stringify(value)} is not supported`, {
    sqlstate: '22023',
    hint: 'Set client_encoding to UTF8 (or LATIN1): the gateway must read the same statement as the server.',
  });
}

/** `-c name=value`, `-cname=value` and `--name=value`, with backslash escapes, as the server splits them. */
function optionSettings(options: string): [string, string][] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < options.length; i++) {
    const c = options[i]!;
    if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (c === '\\') word = (word ?? '') + (options[++i] ?? '');
    else word = (word ?? '') + c;
  }
  if (word !== undefined) words.push(word);
  const settings: [string, string][] = [];
  for (let i = 0; i < words.length; i++) {
    let setting: string | undefined;
    if (words[i] === '-c') setting = words[++i];
    else if (words[i]!.startsWith('--')) setting = words[i]!.slice(2);
    else if (words[i]!.startsWith('-c')) setting = words[i]!.slice(2);
    const equals = setting?.indexOf('=') ?? -1;
    if (setting === undefined || equals < 1) {
      throw refused(
        `the connection option ${JSON.stringify(words[i] ?? '-c')} is not supported`,
        'Only -c name=value is.',
      );
    }
    // The server takes - for _ in names given this way.
    settings.push([setting.slice(0, equals).replaceAll('-', '_'), setting.slice(equals + 1)]);
  }
  return settings;
}

function refused(message: string, hint: string): DbgateError {
  return new DbgateError('denied', message, { sqlstate: '42501', hint });
}
