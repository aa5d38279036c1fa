/** What a column's texts are, counted: one look at each value, by every validator that its shape allows. */
import {
  AT,
  BACKSLASH,
  BEYOND,
  BLANK,
  BRACKET,
  COLON,
  COVER,
  DIGIT,
  EQUALS,
  JOINT,
  LOWER,
  OTHER,
  type Signs,
  signsOf,
  UPPER,
} from './value-signs.ts';
import { isAccountName } from './values/account-name.ts';
import { isIccid, isImei, isMacAddress, isUserAgent, isUuid, isVin } from './values/device.ts';
import { isEmail, isReversedEmail } from './values/email.ts';
import { isGeoPair, mayBePoint } from './values/geo.ts';
import {
  isBloodGroup,
  isBloodPressure,
  isDiagnosis,
  isDose,
  isIcd10,
  isIcd10Category,
  isLabValue,
} from './values/health.ts';
import { isAccountOfBank, isBic, isIban } from './values/iban.ts';
import { ipForm } from './values/ip-address.ts';
import { idForms } from './values/national-id.ts';
import { isMachineReadable } from './values/national-id-lettered.ts';
import { isHexDigest, isPasswordHash } from './values/password-hash.ts';
import { isMaskedCard, isPaymentCard } from './values/payment-card.ts';
import { nameForm, startsWithGivenName } from './values/person-name.ts';
import { phoneForm } from './values/phone.ts';
import { isPersonPhotoUrl, isSocialProfile } from './values/photo.ts';
import { isPostalAddress, isPostcode } from './values/postal-address.ts';
import { hasSecretFormat, isRandomToken, isShortBase32 } from './values/secret.ts';
import { isWallet } from './values/wallet.ts';

export interface Tally {
  /** Values looked at: not empty, each once. */
  readonly count: number;
  readonly counts: Readonly<Record<Kind, number>>;
  /** By name of the form: how many, how likely by chance, and what it is. */
  readonly ids: ReadonlyMap<string, IdTally>;
  /** Sum of words over all values. */
  readonly words: number;
}

export interface IdTally {
  count: number;
  readonly logChance: number;
  readonly kind: 'national_id' | 'tax_id';
}

export type Kind =
  | 'email'
  | 'reversedEmail'
  | 'phone'
  | 'phoneNational'
  | 'ipLikely'
  | 'ipPossible'
  | 'uuid'
  | 'hex'
  | 'dottedNumber'
  | 'mac'
  | 'maskedCard'
  | 'handle'
  | 'imei'
  | 'passwordHash'
  | 'secret'
  | 'token'
  | 'weakToken'
  | 'card'
  | 'longNumber'
  | 'iban'
  | 'fullName'
  | 'givenName'
  | 'familyName'
  | 'nameShape'
  | 'address'
  | 'postcode'
  | 'geo'
  | 'photo'
  | 'icd'
  | 'icdCategory'
  | 'dose'
  | 'wallet'
  | 'strictId'
  | 'blood'
  | 'bloodPressure'
  | 'diagnosis'
  | 'userAgent'
  | 'vin'
  | 'bic'
  | 'base32'
  | 'socialProfile'
  | 'userName'
  | 'word'
  | 'plain';

/** Words, numbers, versions, paths, codes: nothing of a person. */
const PLAIN =
  /^(?:[a-z][a-z0-9_.:-]{0,40}|-?\d{1,6}(?:\.\d+)?%?|v?\d+(?:\.\d+){1,3}(?:[-+][\w.]+)?|\/[\w./:-]*|#[0-9a-f]{3,8}|[a-z]+\/[\w.+-]+|true|false|yes|no|on|off|[A-Z]{2,3}|[a-z]{2}[-_][A-Z]{2})$/i;

/** A form that so few numbers of its shape have by chance counts beside others. */
const STRICT = 0.01;
/** As documents are numbered that begin with a day. */
const DATED = /Denmark|Korea|Malaysia|Latvia|personnummer/;

export function tallyValues(values: readonly string[]): Tally {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  const ids = new Map<string, IdTally>();
  let words = 0;
  for (const raw of values) {
    const value = raw.trim();
    const signs = signsOf(value);
    words += signs.words;
    look(value, signs, counts, ids);
  }
  return { count: values.length, counts, ids, words };
}

/** `***-**-1234` */
const isHiddenSsn = (value: string): boolean => /^[*xX•#]{3}-[*xX•#]{2}-\d{4}$/u.test(value);

/** Several in one value. */
function parts(value: string): readonly string[] {
  const found = value.split(/[,;]\s*/, 9);
  return found.length > 1 && found.length < 9 ? found : [];
}
const areEmails = (value: string): boolean => {
  const found = parts(value);
  return found.length > 0 && found.every((part) => isEmail(part.trim()));
};
const FORWARDED = /^[\da-f:.]{7,45}, ?[\da-f:.]/i;
/** Of a client, and of those that passed its request on. */
const forwardedForm = (value: string) => {
  const found = parts(value).map(ipForm);
  return found.length > 0 && found.every((form) => form !== undefined) ? found[0] : undefined;
};

/** A validator is asked only where the value has the signs that it needs. */
function look(value: string, signs: Signs, counts: Record<Kind, number>, ids: Map<string, IdTally>): void {
  const { held, words } = signs;
  const n = value.length;
  const has = (some: number): boolean => (held & some) !== 0;
  const hasDigit = has(DIGIT);
  const hasLetter = has(UPPER | LOWER | BEYOND);
  // One run of letters and digits.
  const isBare = !has(~(DIGIT | UPPER | LOWER));
  if (!has(BLANK | AT | EQUALS | BACKSLASH | BRACKET | OTHER | BEYOND) && PLAIN.test(value)) counts.plain++;
  if (n === 11 && has(COVER | UPPER) && isHiddenSsn(value)) return void counts.strictId++;
  if (hasDigit && has(COVER | UPPER | LOWER | BEYOND) && isMaskedCard(value)) return void counts.maskedCard++;
  if (has(COLON | EQUALS | BACKSLASH) && isAccountName(value)) return void counts.handle++;
  if (has(AT)) {
    if (isSocialProfile(value)) return void counts.socialProfile++;
    if (/^@[a-z0-9_][a-z0-9_.-]{1,38}$/i.test(value)) return void counts.handle++;
    if (isReversedEmail(value)) {
      counts.reversedEmail++;
      return;
    }
    if (isEmail(value) || areEmails(value)) {
      counts.email++;
      return;
    }
  }
  if (has(BRACKET) && isMachineReadable(value)) return void counts.strictId++;
  if (n >= 32 && n <= 38 && isUuid(value)) return void counts.uuid++;
  if (isBare && n >= 32 && isHexDigest(value)) return void counts.hex++;
  if (isBare && isBic(value)) counts.bic++;
  if (hasLetter && !has(EQUALS | BRACKET) && isDiagnosis(value, words)) counts.diagnosis++;
  if (hasDigit) {
    if (has(JOINT) && isUserAgent(value)) return void counts.userAgent++;
    if (isBare && has(UPPER)) {
      if (isVin(value)) counts.vin++;
      if (isShortBase32(value)) counts.base32++;
    }
    if (has(JOINT) && isBloodPressure(value)) counts.bloodPressure++;
  }
  if (isBare && isWallet(value)) return void counts.wallet++;
  if (has(JOINT) && isSocialProfile(value)) return void counts.socialProfile++;
  if (n >= 14) {
    if (isPasswordHash(value)) {
      counts.passwordHash++;
      return;
    }
    if ((!has(BLANK) || value.startsWith('-----') || /^(?:Bearer|Basic) \S+$/.test(value)) && hasSecretFormat(value)) {
      counts.secret++;
      return;
    }
  }
  if (value.startsWith('///') && isGeoPair(value)) return void counts.geo++;
  if (hasDigit || has(COLON)) {
    if (!hasLetter && /^[\d -]{13,23}$/.test(value)) {
      counts.longNumber++;
      if (isPaymentCard(value)) counts.card++;
      if (isImei(value) || isIccid(value)) counts.imei++;
    }
    if (isIban(value) || isAccountOfBank(value)) {
      counts.iban++;
      return;
    }
    if (has(COLON | JOINT)) {
      const ip = ipForm(value) ?? (FORWARDED.test(value) ? forwardedForm(value) : undefined);
      if (ip !== undefined) return void counts[ip === 'likely' ? 'ipLikely' : 'ipPossible']++;
      if (/^\d{1,4}(?:\.\d{1,4}){3}$/.test(value)) counts.dottedNumber++;
      if (isMacAddress(value)) return void counts.mac++;
    }
    const forms = idForms(value);
    if (forms.some(({ name, chance }) => chance <= STRICT && !DATED.test(name))) counts.strictId++;
    for (const { name, chance, kind } of forms) {
      const one = ids.get(name) ?? { count: 0, logChance: -Math.log10(chance), kind };
      one.count++;
      ids.set(name, one);
    }
    const phone = phoneForm(value);
    if (phone === 'national') counts.phoneNational++;
    else if (phone !== undefined) {
      counts.phone++;
      return;
    }
    if ((!isBare || mayBePoint(value)) && isGeoPair(value)) {
      counts.geo++;
      return;
    }
    if (isIcd10(value)) counts.icd++;
    else if (isIcd10Category(value)) counts.icdCategory++;
    if (hasLetter && has(BLANK | COLON | EQUALS | BRACKET) && (isDose(value) || isLabValue(value))) counts.dose++;
    if (!isBare && isPostalAddress(value, signs)) {
      counts.address++;
      return;
    }
    if (isPostcode(value)) counts.postcode++;
    const token = has(BLANK) ? undefined : isRandomToken(value);
    if (token !== undefined) {
      counts[token === 'strong' ? 'token' : 'weakToken']++;
      return;
    }
  }
  if (isBloodGroup(value)) counts.blood++;
  if (has(JOINT) && isPersonPhotoUrl(value)) counts.photo++;
  if (!hasDigit) {
    const name = nameForm(value);
    if (name !== undefined) {
      counts[
        name === 'full' ? 'fullName' : name === 'given' ? 'givenName' : name === 'family' ? 'familyName' : 'nameShape'
      ]++;
      return;
    }
  }
  if (n >= 4 && n <= 30 && /^[a-z][a-z0-9._-]+$/i.test(value) && startsWithGivenName(value)) counts.userName++;
  if (/^[a-z][a-z _-]{0,30}$/i.test(value)) counts.word++;
}

const KINDS: readonly Kind[] = [
  'email',
  'reversedEmail',
  'phone',
  'phoneNational',
  'ipLikely',
  'ipPossible',
  'uuid',
  'hex',
  'dottedNumber',
  'mac',
  'maskedCard',
  'handle',
  'imei',
  'passwordHash',
  'secret',
  'token',
  'weakToken',
  'card',
  'longNumber',
  'iban',
  'fullName',
  'givenName',
  'familyName',
  'nameShape',
  'address',
  'postcode',
  'geo',
  'photo',
  'icd',
  'icdCategory',
  'dose',
  'wallet',
  'strictId',
  'blood',
  'bloodPressure',
  'diagnosis',
  'userAgent',
  'vin',
  'bic',
  'base32',
  'socialProfile',
  'userName',
  'word',
  'plain',
];
