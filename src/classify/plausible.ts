/**
 * Whether a value could be of a class at all, for names that promise one: what these refuse is surely something else.
 * Generous, unlike the validators of `values/`: a mistyped address is still an address.
 */
import type { ColumnClass } from './classes.ts';

/** What a flag holds, in several languages, and what stands for nothing. */
const FLAG =
  /^(y|n|t|f|yes|no|true|false|on|off|0|1|2|ja|nein|oui|non|si|sí|sim|não|nao|tak|nie|evet|hayır|da|net|enabled|disabled|active|inactive|verified|unverified|unknown|none|null|n\/a|na|-|optional|required)$/iu;

const FORMS: Readonly<Partial<Record<ColumnClass, RegExp>>> = {
  email: /@|^[^\s]+\s*\(?at\)?\s*[^\s]+$|[0-9a-f]{16}|[\w+/=-]{24}/iu,
  phone: /(\d\D*){5}|[\w+/=-]{24}/u,
  ip_address: /[.:][0-9a-f]|[\w+/=-]{16}|^\d{6,}$/iu,
  payment_card: /(\d\D*){4}|[\w+/=-]{16}/u,
  bank_account: /(\d\D*){4}|[A-Z]{6}|[\w+/=-]{16}/u,
  national_id: /(\d\D*){3}|[\w+/=-]{16}/u,
  tax_id: /(\d\D*){3}|[\w+/=-]{16}/u,
  date_of_birth: /\d/u,
  geo: /\d/u,
  device_id: /[\w:-]{5}/u,
  financial: /\d|[\w+/=-]{16}/u,
  password_hash: /.{4}/su,
  secret: /.{4}/su,
  photo: /[./]|[\w+/=-]{16}/u,
  person_name: /\p{L}/u,
  username: /[\p{L}\d]{2}/u,
};

/** Enough values to believe them against a name. */
const ENOUGH = 5;
const MOST_FLAGS = 4;
/** Of values that could be of the class. */
const SHARE = 0.02;

/** Values that cannot be of the class: nearly none of them could, or they are flags. */
export function refutes(wanted: ColumnClass, values: readonly string[]): boolean {
  const texts = values.map((value) => value.trim()).filter((value) => value !== '');
  if (texts.length < ENOUGH) return false;
  if (wanted !== 'demographic' && wanted !== 'health' && areFlags(texts)) return true;
  const form = FORMS[wanted];
  return form !== undefined && !hasShare(texts, form);
}

function areFlags(texts: readonly string[]): boolean {
  const distinct = new Set<string>();
  for (const text of texts) {
    if (distinct.has(text)) continue;
    if (distinct.size === MOST_FLAGS || !FLAG.test(text)) return false;
    distinct.add(text);
  }
  return true;
}

/** Read no further than it takes to know. */
function hasShare(texts: readonly string[], form: RegExp): boolean {
  let count = 0;
  for (const text of texts) if (form.test(text) && ++count >= texts.length * SHARE) return true;
  return false;
}
