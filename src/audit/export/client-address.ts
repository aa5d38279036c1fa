/** `host:port` or `[v6]:port` as the record has it. */
export function addressParts(address: string | undefined): { ip?: string; port?: number } {
  const match = /^\[?([0-9a-fA-F.:]+?)\]?:(\d{1,5})$/.exec(address ?? '');
  if (match === null) return {};
  const ip = match[1]!.replace(/^::ffff:(?=\d+\.)/i, '');
  const port = Number(match[2]);
  return port === 0 || port > 65_535 ? { ip } : { ip, port };
}
