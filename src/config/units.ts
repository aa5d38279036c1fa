/** Durations and sizes as people write them in files and flags. */

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
};

export const DURATION_PATTERN = /^(\d{1,9})(ms|s|m|h|d|w)$/;
export const SIZE_PATTERN = /^(\d{1,9})(B|KiB|MiB|GiB|kB|MB|GB)$/;

/** `30s` → 30000; undefined if it is no duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = DURATION_PATTERN.exec(text);
  return match === null ? undefined : Number(match[1]) * DURATION_MS[match[2]!]!;
}

/** `16MiB` → 16777216; undefined if it is no size. */
export function parseSizeBytes(text: string): number | undefined {
  const match = SIZE_PATTERN.exec(text);
  return match === null ? undefined : Number(match[1]) * SIZE_BYTES[match[2]!]!;
}
