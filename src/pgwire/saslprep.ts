const spaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;
const mappedToNothing = /\u034f|[\ufe00-\ufe0f]|[\u180b-\u180d]|\u200d|[\u00ad\u1806\u200c\u2060\ufeff]/g;
const unassignedOrPrivate = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}]/u;
const prohibited =
  /\u0340|\u0341|[\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;

/**
 * RFC 4013 as PostgreSQL applies it to passwords: where the text is prohibited, the password is used as it is. The
 * test for unassigned code points follows the Unicode of this runtime, not 3.2; the bidirectional test is left out.
 * Both only decide whether the password is normalised.
 */
export function saslprep(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password;
  const mapped = password.replace(spaces, ' ').replace(mappedToNothing, '').normalize('NFKC');
  return mapped === '' || unassignedOrPrivate.test(mapped) || prohibited.test(mapped) ? password : mapped;
}
