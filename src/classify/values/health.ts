/** ICD-10 with its decimal part. */
export function isIcd10(value: string): boolean {
  return /^[A-TV-Z]\d[0-9AB]\.[0-9A-Z]{1,4}$/.test(value);
}

export function isBloodGroup(value: string): boolean {
  return /^(?:A|B|AB|O|0)(?: ?Rh ?)?[+\-\u2212]$|^(?:A|B|AB|O|0) (?:pos|neg)(?:itive|ative)?$/i.test(value);
}
