/** Formats of modular crypt, of frameworks and of LDAP. */
const HASH =
  /^(?:\{[A-Za-z0-9-]+\})?(?:\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}|\$argon2(?:id|i|d)\$.{20,}|\$(?:1|5|6|y|gy|7|md5|sha1|apr1)\$[^\s]{10,}|\$(?:P|H|S)\$[./A-Za-z0-9]{20,}|\$(?:pbkdf2|scrypt|bcrypt)[^\s$]*\$[^\s]{20,}|(?:pbkdf2|scrypt|bcrypt|argon2|sha1|md5|sha256|sha512|hmac)[\w:-]*\$[^\s]{20,}|scrypt:\d+:\d+:\d+\$[^\s]{20,}|pbkdf2[:_][\w:]+[:$][^\s]{20,}|SCRAM-SHA-(?:1|256)\$\d+:[^\s]{20,}|md5[0-9a-f]{32}|\*[0-9A-F]{40})$/;
const LDAP = /^\{(?:S?SHA(?:256|384|512)?|S?MD5|CRYPT|PBKDF2[\w-]*|ARGON2\w*)\}[A-Za-z0-9+/=$.]{16,}$/i;

/** ASP.NET Core Identity, version 3: a format byte, the function and its count, salt and key. */
const IDENTITY = /^AQAAAA[A-Z][0-9A-Za-z+/]{70,100}={0,2}$/;

export function isPasswordHash(value: string): boolean {
  return value.length >= 16 && value.length <= 512 && (HASH.test(value) || LDAP.test(value) || IDENTITY.test(value));
}

/** A digest in hexadecimal: of a password, or of a file, or a commit. */
export function isHexDigest(value: string): boolean {
  return /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i.test(value);
}
