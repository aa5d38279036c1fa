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

export function isUuid(value: string): boolean {
  return /^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value);
}
