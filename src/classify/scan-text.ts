/**
 * What can be told from a text alone, wherever in it: e-mail addresses, cards, IBANs, keys and tokens of known formats,
 * social security numbers, telephone numbers that are written as such, public IP addresses. In: any text. Out: places
 * with a class, or the text with those places masked. It never guesses at names or prose: those need a column's class.
 */
import type { ColumnClass } from './classes.ts';
import { AT, DIGITS, DOTS, LONG, scanSigns, TOKEN } from './scan-signs.ts';
import { luhn } from './values/checksums.ts';
import { ibanLength, isIban } from './values/iban.ts';
import { isIpv6 } from './values/ip-address.ts';
import { isSsn } from './values/national-id.ts';
import { hasIssuer } from './values/payment-card.ts';
import { passwordUrls, SECRET_FORMATS } from './values/secret.ts';

export interface ScanHit {
  /** In UTF-16 units; `end` is behind the last one. */
  readonly start: number;
  readonly end: number;
  readonly class: ColumnClass;
}

const SECRET = new RegExp(`(?:${SECRET_FORMATS.join('|')})`, 'g');
/** A key or password that is named as one: the name stays. */
const NAMED_SECRET =
  /(?:pass(?:word|wd|phrase)?|pwd|secret|api[ _-]?key|access[ _-]?key|auth[ _-]?token|token|credentials?)["']?\s{0,3}(?::|=|=>|\bis\b)\s{0,3}["']?([A-Za-z0-9!@#$%^&*_+~./-]{8,200})/gi;
const CARD = /(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)/g;
const CARD_GROUPS = /^\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}$|^\d{4}([ -])\d{6}\2\d{5}$|^\d{13,19}$/;
const IBAN_START = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?=[ -]?[A-Z0-9])/g;
const SSN = /(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-]|\.\d)/g;
const SSN_NAMED = /\b(?:ssn|social security)\b[^\d\n]{0,20}(\d{3}[ -]?\d{2}[ -]?\d{4})(?!\d)/gi;
const PHONE_PLUS = /(?<![\w+])\+\d(?:[ ().\-/\u00a0]{0,2}\d){7,14}(?!\d)/g;
const PHONE_AMERICAN = /(?<![\w.+-])(?:1[-. ])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-.])[2-9]\d{2}[-. ]\d{4}(?![\w-]|\.\d)/g;
const PHONE_NAMED =
  /(?:\b(?:tel|phone|mobile|cell|fax|whatsapp|handy|sms|telefon\w{0,3}|t[ée]l[ée]phone|tel[ée]fono|m[óo]vil|celular)\b|\b(?:call(?:ed)?|reach(?:ed|able)?|ring|text)(?: \w+){0,2} (?:at|on|under|via))[^\w\n(+]{0,4}(?:(?:is|no|nr|number|nummer)[^\w\n(+]{0,3})?(\(?\d(?:[ ().\-/]{0,2}\d){6,14})(?!\w)/gi;
const DATE_NAMED =
  /\b(?:d\.?o\.?b|born|date of birth|birth ?date|birthday|geboren(?: am)?|geb)\b[^\w\n]{0,4}(?:(?:is|on|am)\b[^\w\n]{0,2})?(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})(?!\d)/gi;
const IPV4 = /(?<![\w.\-/])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\w-]|\.\d)/g;
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6}(?![\w:])/gi;
const VERSION = /(?:version|release|ver|build|firmware|v|fw)[\s:=]{0,3}$/i;

/** Non-overlapping places, in order. */
export function scanText(text: string): ScanHit[] {
  if (text.length < 7) return NOTHING;
  // One byte a unit: what is beyond ASCII only adds signs.
  return scanFor(scanSigns(Buffer.from(text, 'latin1'), 0, text.length), text);
}

/** The same for a text that stands in others' bytes, one for each of its units: what is beyond ASCII only adds signs. */
export function scanPart(bytes: Uint8Array, start: number, text: string): ScanHit[] {
  return text.length < 7 ? NOTHING : scanFor(scanSigns(bytes, start, start + text.length), text);
}

/** The same for each of many; those with no place at all are left out. */
export function scanTexts(texts: readonly string[]): ScanHit[][] {
  const found: ScanHit[][] = [];
  const bytes = Buffer.from(texts.join(''), 'latin1');
  let start = 0;
  for (const text of texts) {
    const end = start + text.length;
    if (text.length >= 7) {
      const hits = scanFor(scanSigns(bytes, start, end), text);
      if (hits.length > 0) found.push(hits);
    }
    start = end;
  }
  return found;
}

function scanFor(signs: number, text: string): ScanHit[] {
  if (signs === 0) return NOTHING;
  const hits: ScanHit[] = [];
  if ((signs & (TOKEN | AT)) !== 0) {
    all(SECRET, text, (match) => {
      const equals = /^[?&;][^=]*=/.exec(match[0])?.[0].length ?? 0;
      hits.push({ start: match.index + equals, end: match.index + match[0].length, class: 'secret' });
    });
    if (text.includes('://'))
      for (const { start, end } of passwordUrls(text)) hits.push({ start, end, class: 'secret' });
    all(NAMED_SECRET, text, (match) => {
      const value = match[1]!;
      if (
        !/\d/.test(value) ||
        !/[a-z]/i.test(value) ||
        /^[\w-]+\.[\w.-]+$/.test(value) ||
        /^\d[\d.:/-]*\w?$/.test(value)
      )
        return;
      const start = match.index + match[0].length - value.length;
      hits.push({ start, end: start + value.length, class: 'secret' });
    });
  }
  if ((signs & AT) !== 0) emails(text, hits);
  if ((signs & (LONG | TOKEN | DIGITS)) !== 0) {
    const count = digitsOf(text);
    if ((signs & (LONG | TOKEN)) !== 0) numbers(text, count, hits);
    if ((signs & DIGITS) !== 0) namedNumbers(text, count, hits);
  }
  if ((signs & DOTS) !== 0) addresses(text, hits);
  if (hits.length < 2) return hits;
  return withoutOverlap(hits);
}

/** The text with every such place masked: what a masked text is scanned for again is not there any more. */
export function maskScanned(text: string): string {
  const hits = scanText(text);
  if (hits.length === 0) return text;
  let out = '';
  let from = 0;
  for (const { start, end, class: kind } of hits) {
    out += text.slice(from, start) + maskOf(text.slice(start, end), kind);
    from = end;
  }
  return out + text.slice(from);
}

function maskOf(value: string, kind: ColumnClass): string {
  switch (kind) {
    case 'email': {
      const domain = /[^.]*$/.exec(value)?.[0] ?? '';
      return `***@***.${domain}`;
    }
    case 'payment_card':
      return value.slice(0, -4).replace(/\d/g, '*') + value.slice(-4);
    case 'bank_account':
      return `${value.slice(0, 2)}${value.slice(2).replace(/[A-Z0-9]/gi, '*')}`;
    case 'secret':
      return '[redacted]';
    case 'phone':
    case 'national_id':
    case 'date_of_birth':
      return value.replace(/\d/g, '*');
    default:
      return value.replace(/[0-9a-f]/gi, '*');
  }
}

function withoutOverlap(hits: ScanHit[]): ScanHit[] {
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: ScanHit[] = [];
  let end = -1;
  for (const hit of hits) {
    if (hit.start >= end) {
      kept.push(hit);
      end = hit.end;
    } else if (hit.end > end) {
      // Of two that overlap nothing may stay: they are masked as one.
      const last = kept.pop()!;
      kept.push({ start: last.start, end: hit.end, class: 'secret' });
      end = hit.end;
    }
  }
  return kept;
}

function emails(text: string, hits: ScanHit[]): void {
  let end = 0;
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) email(at, 1);
  for (const sign of ['%40', '\\u0040', '&#64;']) {
    for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1)) email(at, sign.length);
  }

  function email(at: number, width: number): void {
    let start = at;
    while (start > end && at - start < 64 && isLocal(text.charCodeAt(start - 1))) start--;
    let stop = at + width;
    while (stop < text.length && stop - at < 255 && isDomain(text.charCodeAt(stop))) stop++;
    while (stop > at + width && !isLetter(text.charCodeAt(stop - 1))) stop--;
    const domain = text.slice(at + width, stop);
    const dot = domain.lastIndexOf('.');
    if (start === at || dot < 1 || domain.length - dot < 3 || !/^\p{L}+$/u.test(domain.slice(dot + 1))) return;
    // Packages at a version, pictures for dense screens, repositories over ssh.
    if (/^\d+\.\d+|^\dx\.\w+$/.test(domain)) return;
    if (text[stop] === ':' && text.slice(start, at) === 'git') return;
    hits.push({ start, end: stop, class: 'email' });
    end = stop;
  }
}

/** A payment card's. */
const MOST_DIGITS_NEEDED = 13;

/** Each pattern only where there are as many digits as it needs. */
function numbers(text: string, count: number, hits: ScanHit[]): void {
  if (count >= MOST_DIGITS_NEEDED) cards(text, hits);
  if (count >= 2) ibans(text, hits);
  if (count < 8) return;
  if (count >= 9 && text.includes('-')) {
    all(SSN, text, (match) => {
      if (isSsn(match[0].replaceAll('-', ''))) push(hits, match, match[0], 'national_id');
    });
  }
  if (text.includes('+')) all(PHONE_PLUS, text, (match) => push(hits, match, match[0], 'phone'));
  if (count >= 10) all(PHONE_AMERICAN, text, (match) => push(hits, match, match[0], 'phone'));
}

function cards(text: string, hits: ScanHit[]): void {
  all(CARD, text, (match) => {
    // The run may go on behind a card: `4111111111111111 12`.
    for (let length = match[0].length; length >= 13; length--) {
      const candidate = match[0].slice(0, length);
      if (!/\d$/.test(candidate) || (length < match[0].length && /\d/.test(match[0][length]!))) continue;
      if (!CARD_GROUPS.test(candidate)) continue;
      const digits = candidate.replace(/[ -]/g, '');
      if (!hasIssuer(digits) || !luhn(digits) || /^(\d)\1+$/.test(digits)) continue;
      hits.push({ start: match.index, end: match.index + length, class: 'payment_card' });
      return;
    }
  });
}

function ibans(text: string, hits: ScanHit[]): void {
  all(IBAN_START, text, (match) => {
    const length = ibanLength(match[0].slice(0, 2));
    if (length === undefined) return;
    let end = match.index;
    for (let seen = 0; seen < length && end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (isUpperOrDigit(code)) seen++;
      else if (code !== 32 && code !== 45) return;
    }
    if (!isIban(text.slice(match.index, end)) || isUpperOrDigit(text.charCodeAt(end))) return;
    hits.push({ start: match.index, end, class: 'bank_account' });
  });
}

/** As many as any pattern needs, or more. */
function digitsOf(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length && count < MOST_DIGITS_NEEDED; i++) {
    const code = text.charCodeAt(i);
    // Without a branch, which would be guessed wrong where digits and letters follow each other as they like.
    count += ((code - 58) & (47 - code)) >>> 31;
  }
  return count;
}

/** What is one by the word before it. */
function namedNumbers(text: string, count: number, hits: ScanHit[]): void {
  if (count >= 7) all(PHONE_NAMED, text, (match) => push(hits, match, match[1]!, 'phone'));
  if (count >= 9) all(SSN_NAMED, text, (match) => push(hits, match, match[1]!, 'national_id'));
  all(DATE_NAMED, text, (match) => push(hits, match, match[1]!, 'date_of_birth'));
}

function addresses(text: string, hits: ScanHit[]): void {
  all(IPV4, text, (match) => {
    const octets = [Number(match[1]), Number(match[2]), Number(match[3]), Number(match[4])];
    const [a, b] = octets as [number, number];
    if (octets.some((octet) => octet > 255) || a === 0 || a >= 224 || a === 127 || a === 10) return;
    if ((a === 192 && b === 168) || (a === 172 && b >= 16 && b <= 31) || (a === 169 && b === 254)) return;
    if (
      octets.filter((octet) => octet >= 20).length < 2 ||
      VERSION.test(text.slice(Math.max(0, match.index - 12), match.index))
    )
      return;
    push(hits, match, match[0], 'ip_address');
  });
  all(IPV6, text, (match) => {
    if (/^(?:2|3)[0-9a-f]{3}:/i.test(match[0]) && isIpv6(match[0])) push(hits, match, match[0], 'ip_address');
  });
}

/** The part of a match that is the value: its last. */
function push(hits: ScanHit[], match: RegExpExecArray, value: string, kind: ColumnClass): void {
  const start = match.index + match[0].lastIndexOf(value);
  hits.push({ start, end: start + value.length, class: kind });
}

function all(pattern: RegExp, text: string, visit: (match: RegExpExecArray) => void): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) visit(match);
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code > 127;
}
function isUpperOrDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90);
}
function isLocal(code: number): boolean {
  return (
    isLetter(code) ||
    (code >= 48 && code <= 57) ||
    code === 46 ||
    code === 95 ||
    code === 37 ||
    code === 43 ||
    code === 45 ||
    code === 39
  );
}
function isDomain(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 46 || code === 45;
}

const NOTHING: ScanHit[] = [];

/** Whether bytes may hold anything of that: one pass without allocation. True is a guess, false is sure. */
export function mayHoldSensitive(buffer: Uint8Array, start: number, end: number): boolean {
  return end - start >= 7 && scanSigns(buffer, start, end) !== 0;
}
