/**
 * Who somebody is to a directory, a domain or a telephone system: `CORP\\asmith`, `uid=asmith,ou=people,dc=example`,
 * `sip:anna@pbx.example`. Roots of the registry of Windows look like the first and are none.
 */
export function isAccountName(value: string): boolean {
  if (value.length > 300) return false;
  if (/^sips?:[^\s@]{1,64}@[^\s@]+$/i.test(value)) return true;
  if (/^(?:cn|uid|samaccountname)=[^,=]{2,80},\s?(?:cn|ou|o|dc)=/i.test(value)) return true;
  return /^(?!HK)[A-Z][A-Z0-9-]{1,14}\\[a-z][a-z0-9._-]{1,40}$/.test(value);
}
