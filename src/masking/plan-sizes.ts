/**
 * EXPLAIN ANALYZE without how much memory, disk and how many blocks it took: where something is computed from masked
 * columns, their size tells what they hold. In text, JSON, YAML and XML; the numbers become 0 and the words for where it
 * was kept the same for all.
 */
import { Buffer } from 'node:buffer';
import { type CellMasker, MASKED } from './maskers/cell-masker.ts';

const METHODS = /\b(?:external merge|external sort|top-N heapsort|quicksort|still in progress)\b/g;
const KEYS = [
  '(?:Average |Peak )?Sort Space Used',
  '(?:Original )?Hash (?:Buckets|Batches)',
  'HashAgg Batches',
  '(?:Peak |Average )?Memory(?: Usage| Used| Allocated)?',
  '(?:Planned|Maximum) (?:Partitions|Storage)',
  'Disk(?: Usage)?',
  '(?:Shared|Local|Temp) (?:I/O )?(?:Hit|Read|Dirtied|Written)(?: Blocks| Time)',
  'WAL (?:Records|FPI|Bytes|Buffers Full)',
  'Output Volume',
  'Cache Evictions',
  'Cache Overflows',
].join('|');
/** `"Key": 12`, `Key: 12`, `<Key>12`, with dashes for blanks in XML. */
const KEYED = new RegExp(`(["\\s>](?:${KEYS})"?: "?)[^\\s",]+`, 'g');
const TAGGED = new RegExp(`(<(?:${KEYS.replaceAll(' ', '[ -]').replaceAll('/', '[/-]')})>)[^<]*`, 'g');
/** In texts only where there was not room enough. */
const SPILLED = /Planned Partitions: \d+ {2}| {2}Disk Usage: \d+kB/g;
const SPACE_TYPE = /((?:Sort Space Type|Storage)"?: "?|<(?:Sort-Space-Type|Storage)>)(?:Memory|Disk)/g;
const LINES = /\b(Buffers|WAL|Serialization|I\/O Timings): .*/g;
const SPENT =
  /\b(Buckets|Batches|Memory|Memory Usage|Peak Memory|Average Memory|Disk|Disk Usage|Maximum Storage|Evictions|Overflows): \d+(kB)?(?: \(originally \d+\))?/g;

/** Behind a scan of the same cell. */
export function withoutSizes(scan: CellMasker): CellMasker {
  return (source, start, end, out) => {
    const from = out.length;
    const result = scan(source, start, end, out);
    const text = out.bytes.toString('utf8', from, out.length);
    const hidden = hideSizes(text);
    if (hidden === text) return result;
    out.length = from;
    out.append(Buffer.from(hidden));
    return MASKED;
  };
}

export function hideSizes(text: string): string {
  return text
    .replace(SPILLED, '')
    .replace(METHODS, 'sort')
    .replace(SPACE_TYPE, '$1Memory')
    .replace(/\b(Memory|Disk)(?=: \d+kB)/g, 'Memory')
    .replace(LINES, '$1: not shown')
    .replace(/\b(used|allocated)=\d+kB/g, '$1=0kB')
    .replace(SPENT, (_, what: string, unit: string | undefined) => `${what}: 0${unit ?? ''}`)
    .replace(KEYED, (_, key: string) => `${key}0`)
    .replace(TAGGED, (_, key: string) => `${key}0`);
}
