import { luhn } from './checksums.ts';

export function isMacAddress(value: string): boolean {
  return /^(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(value);
}

/** 15 digits with a check digit, from a reporting body that hands them out (3GPP TS 23.003). */
export function isImei(value: string): boolean {
  if (!/^\d{15}$|^\d{2}-\d{6}-\d{6}-\d$/.test(value)) return false;
  const digits = value.replaceAll('-', '');
  return /^(?:01|3[035]|4[459]|5[0-4]|86|9[189])/.test(digits) && luhn(digits);
}

/** ITU-T E.118: the number of a SIM card. */
export function isIccid(value: string): boolean {
  return /^89\d{17,18}$/.test(value) && luhn(value);
}

export function isUuid(value: string): boolean {
  return /^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value);
}

/** As browsers and programs name themselves to servers (RFC 9110 section 10.1.5). */
export function isUserAgent(value: string): boolean {
  return /^(?:Mozilla\/\d|Opera\/\d|Dalvik\/\d|okhttp\/\d|curl\/\d|PostmanRuntime\/\d|[A-Za-z][\w.-]{1,40}\/\d[\w.]* (?:CFNetwork|\((?:iPhone|iPad|Linux|Android|Windows|Macintosh|X11)))/.test(
    value,
  );
}

/** ISO 3779: a maker's code, a description, and a number that ends in digits. */
export function isVin(value: string): boolean {
  return /^(?=.*[A-Z])(?=[A-HJ-NPR-Z0-9]{3})[A-HJ-NPR-Z0-9]{12}\d{5}$/.test(value) && /[A-Z]/.test(value.slice(0, 3));
}
