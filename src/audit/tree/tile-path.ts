/**
 * Names of tiles. A tile is 256 hashes of one level, a bundle the 256 entries under a tile of level 0; the last ones
 * of a tree are narrower and say so.
 * @see https://c2sp.org/tlog-tiles
 */
export const TILE_WIDTH = 256;
/** A tile's own height. */
export const TILE_HEIGHT = 8;

export interface TileName {
  /** 0: hashes of leaves; `entries`: the leaves themselves. */
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256. */
  readonly width: number;
}

/** `tile/0/x001/x234/067.p/12`. */
export function tilePath({ level, index, width }: TileName): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const parts = padded.match(/\d{3}/g)!;
  const name = parts.map((part, i) => (i < parts.length - 1 ? `x${part}` : part)).join('/');
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

const PATH = /^tile\/(0|[1-9]\d?|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** Undefined for what is not exactly the name of a tile. */
export function parseTilePath(path: string): TileName | undefined {
  const match = PATH.exec(path);
  if (match === null) return undefined;
  const index = Number(match[2]!.replace(/[x/]/g, ''));
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
  const level = match[1] === 'entries' ? 'entries' : Number(match[1]);
  const name: TileName = { level, index, width };
  const isRight = width <= TILE_WIDTH && level !== 64 && tilePath(name) === path;
  return isRight && (level === 'entries' || level < 64) ? name : undefined;
}

/** How wide the tile `index` of `level` is in a tree of `size` leaves; 0: it is not there. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}
