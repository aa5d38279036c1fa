/** What a column's texts are, counted: one look at each value, by every validator that its shape allows. */
import { isAccountName } from './values/account-name.ts';
import { isIccid, isImei, isMacAddress, isUserAgent, isUuid, isVin } from './values/device.ts';
import { isEmail, isReversedEmail } from './values/email.ts';
import { isGeoPair } from './values/geo.ts';
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
    words += 1 + (value.match(/\s+/g)?.length ?? 0);
    look(value, counts, ids);
  }
  return { count: values.length, counts, ids, words };
}

function look(value: string, counts: Record<Kind, number>, ids: Map<string, IdTally>): void {
  const n = value.length;
  if (PLAIN.test(value)) counts.plain++;
  if (isMaskedCard(value)) return void counts.maskedCard++;
  if (isAccountName(value)) return void counts.handle++;
  if (value.includes('@')) {
    if (isSocialProfile(value)) return void counts.socialProfile++;
    if (/^@[a-z0-9_][a-z0-9_.-]{1,38}$/i.test(value)) return void counts.handle++;
    if (isReversedEmail(value)) {
      counts.reversedEmail++;
      return;
    }
    if (isEmail(value)) {
      counts.email++;
      return;
    }
  }
  if (isMachineReadable(value)) return void counts.strictId++;
  if (isUuid(value)) return void counts.uuid++;
  if (isHexDigest(value)) return void counts.hex++;
  const hasDigit = /\d/.test(value);
  if (isBic(value)) counts.bic++;
  if (isDiagnosis(value)) counts.diagnosis++;
  if (hasDigit) {
    if (isUserAgent(value)) return void counts.userAgent++;
    if (isVin(value)) counts.vin++;
    if (isShortBase32(value)) counts.base32++;
    if (isBloodPressure(value)) counts.bloodPressure++;
  }
  if (isWallet(value)) return void counts.wallet++;
  if (isSocialProfile(value)) return void counts.socialProfile++;
  if (n >= 14) {
    if (isPasswordHash(value)) {
      counts.passwordHash++;
      return;
    }
    if (
      hasSecretFormat(value) &&
      (!/\s/.test(value) || value.startsWith('-----') || /^(?:Bearer|Basic) \S+$/.test(value))
    ) {
      counts.secret++;
      return;
    }
  }
  if (value.startsWith('///') && isGeoPair(value)) return void counts.geo++;
  if (hasDigit || value.includes(':')) {
    if (/^[\d -]{13,23}$/.test(value)) {
      counts.longNumber++;
      if (isPaymentCard(value)) counts.card++;
      if (isImei(value) || isIccid(value)) counts.imei++;
    }
    if (isIban(value) || isAccountOfBank(value)) {
      counts.iban++;
      return;
    }
    const ip = ipForm(value);
    if (ip !== undefined) return void counts[ip === 'likely' ? 'ipLikely' : 'ipPossible']++;
    if (/^\d{1,4}(?:\.\d{1,4}){3}$/.test(value)) counts.dottedNumber++;
    if (isMacAddress(value)) return void counts.mac++;
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
    if (isGeoPair(value)) {
      counts.geo++;
      return;
    }
    if (isIcd10(value)) counts.icd++;
    else if (isIcd10Category(value)) counts.icdCategory++;
    if (isDose(value) || isLabValue(value)) counts.dose++;
    if (isPostalAddress(value)) {
      counts.address++;
      return;
    }
    if (isPostcode(value)) counts.postcode++;
    const token = isRandomToken(value);
    if (token !== undefined) {
      counts[token === 'strong' ? 'token' : 'weakToken']++;
      return;
    }
  }
  if (isBloodGroup(value)) counts.blood++;
  if (isPersonPhotoUrl(value)) counts.photo++;
  if (!hasDigit) {
    const name = nameForm(value);
    if (name !== undefined) {
      counts[
        name === 'full' ? 'fullName' : name === 'given' ? 'givenName' : name === 'family' ? 'familyName' : 'nameShape'
      ]++;
      return;
    }
    if (!hasDigit && isPostalAddress(value)) counts.address++;
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
