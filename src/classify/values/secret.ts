/**
 * Keys, tokens, private keys and URLs with a password. `hasSecretFormat` knows formats that are secrets wherever they
 * stand; `isRandomToken` is a guess from how random a value is, for whole columns only.
 */

/** As sources for a search inside text; all are case sensitive. */
export const SECRET_FORMATS: readonly string[] = [
  // Stripe and those who took over its form: sk_live_…, rk_test_…, whsec_…
  '(?:sk|rk|pk)_(?:live|test|prod)_[0-9a-zA-Z]{10,250}',
  'whsec_[0-9a-zA-Z+/=]{16,100}',
  '(?:ghp|gho|ghu|ghs|ghr)_[0-9a-zA-Z]{20,255}',
  'github_pat_[0-9a-zA-Z_]{22,255}',
  'gl(?:pat|dt|rt|ptt|oas|soat|agent|cbt|imt|ft)-[0-9a-zA-Z_-]{16,300}',
  'xox[abeoprs]-[0-9A-Za-z-]{10,250}',
  'xapp-\\d-[0-9A-Za-z-]{10,250}',
  '(?:AKIA|ASIA|ABIA|ACCA|AIDA|AROA)[0-9A-Z]{16}',
  'AIza[0-9A-Za-z_-]{33,39}',
  'ya29\\.[0-9A-Za-z_-]{20,300}',
  'GOCSPX-[0-9A-Za-z_-]{20,40}',
  'sk-(?:proj-|ant-|svcacct-|or-|admin-)?[0-9A-Za-z_-]{20,250}',
  'SG\\.[0-9A-Za-z_-]{16,40}\\.[0-9A-Za-z_-]{16,60}',
  'key-[0-9a-f]{32}',
  'npm_[0-9A-Za-z]{30,50}',
  'pypi-[0-9A-Za-z_-]{40,300}',
  'do[opr]_v1_[0-9a-f]{40,80}',
  'shp(?:at|ss|ca|pa)_[0-9a-fA-F]{24,64}',
  'sq0[a-z]{3}-[0-9A-Za-z_-]{20,60}',
  'hf_[0-9A-Za-z]{24,60}',
  'dapi[0-9a-f]{32}',
  'hv[sbr]\\.[0-9A-Za-z_-]{20,300}',
  'lin_(?:api|oauth)_[0-9A-Za-z]{20,60}',
  'pat[0-9A-Za-z]{14}\\.[0-9a-f]{64}',
  'gAAAAA[0-9A-Za-z_-]{60,8000}={0,2}',
  'eyJpdiI6[0-9A-Za-z+/]{40,8000}={0,2}',
  'ATATT3[0-9A-Za-z_=-]{50,300}',
  'dckr_(?:pat|oat)_[0-9A-Za-z_-]{20,60}',
  'rzp_(?:live|test)_[0-9A-Za-z]{14}',
  'NR(?:AK|JS|II|RA)-[0-9A-Z]{20,40}',
  'PMAK-[0-9a-f]{24}-[0-9a-f]{34}',
  'gl(?:sa|c)_[0-9A-Za-z_-]{32,300}',
  'ntn_[0-9A-Za-z]{40,60}',
  'fig[do]_[0-9A-Za-z_-]{20,60}',
  'sb[po]_[0-9a-f]{40}',
  'pscale_(?:tkn|pw|oauth)_[0-9A-Za-z_.-]{32,60}',
  'dp\\.(?:pt|st|ct|sa|scim|audit)\\.[0-9A-Za-z._-]{40,60}',
  'rubygems_[0-9a-f]{48}',
  'sntry[su]_[0-9A-Za-z+/=_-]{20,300}',
  'xkeysib-[0-9a-f]{64}-[0-9A-Za-z]{16}',
  // Its number stands before it; a pattern that begins with that would read every letter fourteen times.
  '\\.atlasv1\\.[0-9A-Za-z_-]{60,70}',
  'AGE-SECRET-KEY-1[0-9A-Z]{40,70}',
  'EAA[0-9A-Za-z]{60,300}',
  'SK[0-9a-f]{32}',
  '\\d{8,10}:AA[0-9A-Za-z_-]{32,36}',
  // JSON Web Tokens and their unsecured form
  '(?<![0-9A-Za-z_-])eyJ[0-9A-Za-z_-]{8,8000}\\.[0-9A-Za-z_-]{8,8000}(?:\\.[0-9A-Za-z_-]*){1,3}',
  '-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[\\s\\S]{0,16000}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[\\s\\S]{0,16000})',
  // A hook whose address is the secret, a token as a parameter
  'https?://(?:hooks\\.slack\\.com/services|(?:canary\\.|ptb\\.)?discord(?:app)?\\.com/api/webhooks|[\\w.-]+\\.webhook\\.office\\.com|hooks\\.zapier\\.com/hooks)/[^\\s"\'<>]{8,300}',
  '[?&;](?:access_token|auth_token|api_?key|apikey|token|secret|client_secret|password|passwd|pwd|sig|signature|key|code|auth)=[^\\s"\'<>&#;]{8,500}',
  // Password hashes are no less
  '\\$2[abxy]\\$\\d\\d\\$[./A-Za-z0-9]{53}',
  '\\$argon2(?:id|i|d)\\$[^\\s"\']{20,300}',
  '\\$(?:5|6|y)\\$[^\\s"\']{16,300}',
  '(?:AccountKey|SharedAccessKey)=[0-9A-Za-z+/]{30,120}={0,2}',
  '(?:Bearer|Basic) [0-9A-Za-z._~+/-]{16,4000}=*',
];

const WHOLE = new RegExp(`(?:${SECRET_FORMATS.join('|')})`);

export function hasSecretFormat(value: string): boolean {
  return value.length >= 14 && (WHOLE.test(value) || (value.includes('://') && !passwordUrls(value).next().done));
}

const SCHEME_CHARACTERS = 21;
const SCHEME = /[a-z][a-z0-9+.-]{1,20}$/;
const BEHIND_SCHEME = /:\/\/[^\s/:@"'<>]{0,80}:[^\s/@"'<>]{1,200}@[^\s"'<>]+/y;

/**
 * URLs with a password in them. Looked for from what they all have: a scheme may begin at every letter, so that a pattern
 * that begins with it reads each letter twenty times.
 */
export function* passwordUrls(text: string): Generator<{ readonly start: number; readonly end: number }> {
  let end = 0;
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', Math.max(at + 1, end))) {
    const scheme = SCHEME.exec(text.slice(Math.max(0, at - SCHEME_CHARACTERS), at))?.[0];
    if (scheme === undefined) continue;
    BEHIND_SCHEME.lastIndex = at;
    const rest = BEHIND_SCHEME.exec(text)?.[0];
    if (rest === undefined) continue;
    end = at + rest.length;
    yield { start: at - scheme.length, end };
  }
}

/** Names of objects, not keys: `cus_…`, `pi_…`. */
const OBJECT_ID =
  /^(?:cus|sub|pi|ch|price|prod|in|evt|acct|pm|txn|card|ba|si|cs|seti|re|po|tr|plan|src|ii|il|qt|cn|dp|fee|file|link|mandate|msg|order|org|user|usr|team|proj|run|thread|asst|req|res|job|obj|doc|img|inv|pay|pkg|rev|key_id|id|ev|cmd|item|sess_id|bps|py|promo|tax|txr|txi|sku|rcpt|we|wh|cat|grp|acc|loc|dev_id|ver|pkgv)_/;
const DIGEST = /^(?:sha\d{1,3}|md5|blake\w*|crc32c?)[-:=]/i;

const LONGEST_TOKEN = 512;

interface Made {
  /** Bits per character of what it is made of. */
  readonly bits: number;
  readonly lower: number;
  readonly upper: number;
  readonly digits: number;
}

/** What an ASCII text is made of. */
function made(text: string): Made {
  const counts = new Uint16Array(128);
  for (let i = 0; i < text.length; i++) counts[text.charCodeAt(i) & 127]!++;
  let bits = 0;
  let [lower, upper, digits] = [0, 0, 0];
  // All that a token is made of lies between them.
  for (let code = 43; code <= 126; code++) {
    const count = counts[code]!;
    if (count === 0) continue;
    bits += BITS[count]!;
    if (code >= 97 && code <= 122) lower += count;
    else if (code >= 65 && code <= 90) upper += count;
    else if (code >= 48 && code <= 57) digits += count;
  }
  return { bits: Math.log2(text.length) - bits / text.length, lower, upper, digits };
}
/** n log2 n, up to the longest token. */
const BITS = Float64Array.from({ length: LONGEST_TOKEN + 1 }, (_, n) => (n === 0 ? 0 : n * Math.log2(n)));

/**
 * `strong`: letters of both cases and digits, random throughout; `weak`: of one case. UUIDs, digests in hexadecimal,
 * ULIDs, object ids, paths, words and encoded content are none.
 */
export function isRandomToken(value: string): 'strong' | 'weak' | undefined {
  const n = value.length;
  if (n < 20 || n > LONGEST_TOKEN || !/^[A-Za-z0-9_\-+/=.~:]+$/.test(value)) return undefined;
  // What a machine or a job is called, and a random end.
  const named = /^(?:[a-z]{2,12}[-_]){2,}(?=[A-Za-z0-9]{1,15}$)/.test(value);
  if (named) return undefined;
  if (/^[0-9a-f-]+$/i.test(value) || OBJECT_ID.test(value) || DIGEST.test(value)) return undefined;
  // 21 characters are what nanoid makes for an id; secrets are of a round length.
  if (n === 21 && /^[\w-]+$/.test(value)) return undefined;
  if (/^[\d.\-:+T Z/]+$/.test(value) || /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(value)) return undefined;
  const run = /[A-Za-z0-9+/_-]{16,}/.exec(value)?.[0];
  if (run === undefined) return undefined;
  if (/[/.]/.test(value) && /(?:^|[/.])[a-z]{3,}(?:[/.]|$)/.test(value)) return undefined;
  const { bits, lower, upper, digits } = made(run);
  if (digits === 0 || lower + upper === 0) return undefined;
  if (isWordy(run) && !isBase32(value, bits)) return undefined;
  if (bits < 3.3) return undefined;
  if (isEncodedContent(value)) return undefined;
  if (lower > 0 && upper > 0 && digits > 0 && bits >= 3.6) return 'strong';
  return lower + upper >= 6 && digits >= 2 && isWhole(value) ? 'weak' : undefined;
}

/** Random in one piece, or in groups of one length, as keys of licences are; names of machines end in short pieces. */
function isWhole(value: string): boolean {
  const groups = value.split(/[^A-Za-z0-9+/=]+/);
  return (
    groups.some((group) => group.length >= 16) ||
    (groups.length >= 3 && new Set(groups.map((group) => group.length)).size === 1)
  );
}

/** RFC 4648 section 6, as one-time passwords have their keys: hardly any text has so many digits. */
const isBase32 = (value: string, bits: number): boolean =>
  /^[A-Z2-7]{20,}=*$/.test(value) && bits >= 3.8 && (value.match(/[2-7]/g) ?? []).length >= 2;

/** Made of words: long runs of letters with vowels as language has them, as in `order-created-email-template-2`. */
function isWordy(text: string): boolean {
  const words = text.match(/[A-Z]?[a-z]{4,}|[A-Z]{4,}/g) ?? [];
  const spoken = words.filter((word) => {
    const vowels = (word.match(/[aeiouy]/gi) ?? []).length / word.length;
    return vowels >= 0.2 && vowels <= 0.7 && !/[bcdfghjklmnpqrstvwxz]{5}/i.test(word);
  });
  return spoken.join('').length > text.length * 0.5;
}

const MAGIC = /^(?:iVBORw0KGgo|\/9j\/|R0lGOD|JVBERi0|UEsDB|PD94bWw|PHN2Zy|PCFET0NU|Qk0|H4sI|d09G|AAEAAAA)/;

/** Base64 of a picture, a document or plain text. */
function isEncodedContent(value: string): boolean {
  if (MAGIC.test(value)) return true;
  if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return false;
  const bytes = Buffer.from(value, 'base64');
  let printable = 0;
  for (const byte of bytes) if ((byte >= 32 && byte < 127) || byte === 10 || byte === 13 || byte === 9) printable++;
  return printable >= bytes.length * 0.97;
}

/** A key of a one-time password of 80 bits: for columns of nothing else. */
export function isShortBase32(value: string): boolean {
  return /^[A-Z2-7]{16}$/.test(value) && /[2-7]/.test(value) && /[A-Z].*[A-Z].*[A-Z]/.test(value);
}
