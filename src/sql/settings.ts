/** What changing a setting means, whichever way it is spelt: SET, RESET, set_config, ALTER ROLE … SET, a function's SET clause. */
import { type FindingKind, PINNED_SETTINGS } from './facts.ts';

/** `undefined`: back to the default (RESET, SET … TO DEFAULT); null: a value that is not constant. */
export type SettingValue = string | null | undefined;

const UTF8 = new Set(['utf8', 'utf-8', 'unicode']);
const ON = new Set(['on', 'true', 'yes', '1', 't', 'y']);
const OFF = new Set(['off', 'false', 'no', '0', 'f', 'n']);

/** Values of pinned settings that change nothing, as connection pools and pg_dump send them. */
const HARMLESS: Readonly<Record<string, (value: string) => boolean>> = {
  client_encoding: (value) => UTF8.has(value),
  standard_conforming_strings: (value) => ON.has(value),
  backslash_quote: (value) => value === 'safe_encoding',
  escape_string_warning: (value) => ON.has(value) || OFF.has(value),
  session_replication_role: (value) => value === 'origin',
  'plpgsql.variable_conflict': (value) => value === 'error' || value === 'use_column',
};

/**
 * The danger in giving `name` the value, or undefined. A default is harmless: the gateway starts the session with
 * the pinned values, so RESET returns to them.
 */
export function settingFinding(name: string, value: SettingValue): FindingKind | undefined {
  const setting = name.toLowerCase();
  const lower = typeof value === 'string' ? value.toLowerCase() : value;
  if (setting === 'role') return value === undefined || value === 'none' ? undefined : 'set_role';
  if (setting === 'session_authorization') return value === undefined ? undefined : 'set_session_authorization';
  if (setting === 'transaction_read_only' || setting === 'default_transaction_read_only') {
    return typeof lower === 'string' && ON.has(lower) ? undefined : 'set_transaction_mode';
  }
  if (!PINNED_SETTINGS.has(setting) || lower === undefined) return undefined;
  if (lower !== null && HARMLESS[setting]?.(lower) === true) return undefined;
  return 'set_pinned';
}
