const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const V4 = new RegExp(`^(?:::ffff:)?(${OCTET})\\.(${OCTET})\\.(${OCTET})\\.(${OCTET})(?:/(\\d{1,2})|:\\d{2,5})?$`, 'i');

/**
 * `likely`: such as no version number looks; `possible`: four small numbers. IPv6 counts as likely.
 */
export function ipForm(value: string): 'likely' | 'possible' | undefined {
  if (value.length < 3 || value.length > 50) return undefined;
  const v4 = V4.exec(value);
  if (v4 !== null) {
    // A network, no host in it.
    if (isNetwork(v4)) return undefined;
    const [a, b, c, d] = [Number(v4[1]), Number(v4[2]), Number(v4[3]), Number(v4[4])] as const;
    if (isReservedForHosts(a, b)) return 'likely';
    const large = [a, b, c, d].filter((octet) => octet >= 20).length;
    return Math.max(a, b, c, d) >= 100 || large >= 3 ? 'likely' : 'possible';
  }
  return isIpv6(value) ? 'likely' : undefined;
}

/** The bits behind the prefix are all 0, so it names a network: `10.4.0.0/16`. */
function isNetwork(match: RegExpExecArray): boolean {
  const prefix = match[5];
  if (prefix === undefined || Number(prefix) > 30) return false;
  const bits = [1, 2, 3, 4].reduce((sum, at) => sum * 256 + Number(match[at]), 0);
  return bits % 2 ** (32 - Number(prefix)) === 0;
}

/** 192.168/16, 172.16/12, 127/8: nobody numbers versions so. */
function isReservedForHosts(a: number, b: number): boolean {
  return (a === 192 && b === 168) || (a === 172 && b >= 16 && b <= 31) || (a === 127 && b === 0);
}

/** RFC 4291 section 2.2, with a zone or prefix length. */
export function isIpv6(value: string): boolean {
  if (!value.includes(':')) return false;
  const text = value.replace(/(?:%\w+)?(?:\/\d{1,3})?$/, '');
  if (!/^[0-9a-f:.]{3,45}$/i.test(text)) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const tail = groups.at(-1) ?? '';
  const count = groups.length + (tail.includes('.') ? 1 : 0);
  if (!groups.every((group, i) => /^[0-9a-f]{1,4}$/i.test(group) || (i === groups.length - 1 && V4.test(group))))
    return false;
  // `::` alone and times such as 10:20:30 are none.
  return halves.length === 2 ? count >= 1 && count <= 7 : count === 8;
}
