import { isValidPhoneNumber } from 'libphonenumber-js';

const SHAPE = /^(?:tel:)?[+(]?\d[\d\s().\-/\u00a0]{5,22}\d(?:\s*(?:x|ext\.?|#)\s*\d{1,6})?$/i;
/** Dates, ISBNs, US social security numbers, ZIP+4, decimal numbers, IPv4, times: digits that are written with marks too. */
const OTHER =
  /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[ T].*)?|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|97[89][- ].*|\d-\d{2,7}-\d{1,7}-[\dX]|\d{3}-\d{2}-\d{4}|\d{5}-\d{4}|\d+\.\d+|\d{1,3}(?:\.\d{1,3}){3}|(?!08)\d{4}(?:[ -]\d{4}){2,4})$/;
/** Groups as people write numbers of North America. */
const AMERICAN =
  /^(?:1[-. ])?(?:\([2-9]\d{2}\)\s?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?$/i;
const REGIONS = [
  'DE',
  'GB',
  'FR',
  'ES',
  'IT',
  'NL',
  'BR',
  'PL',
  'IN',
  'JP',
  'AU',
  'SE',
  'CH',
  'AT',
  'BE',
  'PT',
  'MX',
  'CN',
  'ID',
  'GR',
  'VN',
  'TR',
] as const;

/** `sure`: international, or written as nothing else is; `national`: digits that some country's plan takes. */
export type PhoneForm = 'sure' | 'national' | undefined;

export function phoneForm(value: string): PhoneForm {
  if (value.length < 7 || value.length > 32 || !SHAPE.test(value) || OTHER.test(value)) return undefined;
  const digits = digitsOf(value);
  if (digits < 7 || digits > 17) return undefined;
  if (value.startsWith('+') || value.startsWith('tel:+') || value.startsWith('00')) {
    const number = value.startsWith('00') ? `+${value.slice(2)}` : value.replace(/^tel:/, '');
    // Without the plans where its form is enough: numbers of fiction (555-01xx) and of plans that changed are numbers too.
    const isFormed = value.startsWith('+') && digits >= 9 && digits <= 15 && /[\s().-]|^\+\d{10,13}$/.test(number);
    return isFormed || isValidPhoneNumber(number) ? 'sure' : undefined;
  }
  if (AMERICAN.test(value)) return 'sure';
  // Without a plus the country is a guess: one mark inside and a trunk 0 or a bracket make it a phone number.
  const grouped = (value.match(/\d[\s().\-/]+(?=\d)/g)?.length ?? 0) >= 2;
  const marked = /\d[\s().\-/]+\d/.test(value);
  if (marked && /^\(?0 ?\(?\d/.test(value) && digits >= 9 && digits <= 12 && validSomewhere(value)) return 'sure';
  if (marked && value.startsWith('(') && digits >= 9 && digits <= 12) return 'sure';
  // Russia and Italy.
  if (/^8[ -]?\(?9\d{2}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}$/.test(value) && marked) return 'sure';
  if (/^0[1-9]\d{8,9}$/.test(value) || (grouped && digits >= 9 && digits <= 12)) {
    return validSomewhere(value) ? 'national' : undefined;
  }
  // North America; China's and India's mobile numbers.
  return /^(?:1?[2-9]\d{2}[2-9]\d{6}|1[3-9]\d{9}|[6-9]\d{4}[ -]?\d{5}|3[2-9]\d[ .-]?\d{6,7}|69\d{2}[ -]?\d{6}|08\d{2}-\d{4}-\d{3,4}|[67]\d{8})$/.test(
    value,
  )
    ? 'national'
    : undefined;
}

function digitsOf(value: string): number {
  let count = 0;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code >= 48 && code <= 57) count++;
  }
  return count;
}

/** Plans that are written without a trunk 0, by their digits: Spain, Poland, Portugal, Italy, India, China, Brazil, Russia, North America. */
const PLANS: readonly RegExp[] = [
  /^[6-9]\d{8}$/,
  /^[4-8]\d{8}$/,
  /^[29]\d{8}$/,
  /^69\d{8}$/,
  /^3\d{8,9}$/,
  /^[6-9]\d{9}$/,
  /^1[3-9]\d{9}$/,
  /^[1-9]\d9\d{8}$/,
  /^[78]9\d{9}$/,
  /^1?[2-9]\d{2}[2-9]\d{6}$/,
];

/** Whether nearly all are of one plan or have a trunk 0: of any of many plans, most digits in groups are. */
export function haveOnePlan(values: readonly string[]): boolean {
  const enough = values.length * 0.95;
  const digits = values.map((value) => value.replace(/\D/g, ''));
  return [/^0/, ...PLANS].some((plan) => digits.filter((value) => plan.test(value)).length >= enough);
}

function validSomewhere(value: string): boolean {
  return REGIONS.some((region) => isValidPhoneNumber(value, region));
}

/** A North American number as an integer. */
export function isPhoneInteger(digits: string): boolean {
  return (
    /^1?[2-9]\d{2}[2-9]\d{6}$/.test(digits) || (/^[2-9]\d{10,12}$/.test(digits) && isValidPhoneNumber(`+${digits}`))
  );
}
