/** Whether a column of days looks like days of birth: adults' years over decades, and none that is recent. */

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/;
const LOCAL = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/;
const YEAR_FIRST = /^(\d{4})[./](\d{1,2})[./](\d{1,2})$/;

const MONTHS = 'jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec'.split(',');
const WORDED =
  /^(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})\.?,?[ -](\d{4})$|^([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$/i;

/** Year, month, day; undefined: no date, or one with a time of day. */
export function dayOf(value: string): readonly [number, number, number] | undefined {
  const iso = ISO.exec(value) ?? YEAR_FIRST.exec(value);
  if (iso !== null) return valid(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const local = LOCAL.exec(value);
  if (local === null) {
    const compact = /^((?:19|20)\d{2})(\d{2})(\d{2})$/.exec(value);
    return compact === null ? worded(value) : valid(Number(compact[1]), Number(compact[2]), Number(compact[3]));
  }
  const [a, b] = [Number(local[1]), Number(local[2])];
  return a > 12 ? valid(Number(local[3]), b, a) : valid(Number(local[3]), a, b);
}

function worded(value: string): readonly [number, number, number] | undefined {
  const match = WORDED.exec(value);
  if (match === null) return undefined;
  const month = MONTHS.indexOf((match[2] ?? match[4])!.slice(0, 3).toLowerCase()) + 1;
  return valid(Number(match[3] ?? match[6]), month, Number(match[1] ?? match[5]));
}

function valid(year: number, month: number, day: number): readonly [number, number, number] | undefined {
  return year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= 31 ? [year, month, day] : undefined;
}

/** `strong`: no other kind of date is spread so; `weak`: it could be. */
export function birthDates(values: readonly string[]): 'strong' | 'weak' | undefined {
  let days = 0;
  let inRange = 0;
  let adults = 0;
  let firsts = 0;
  let [low, high] = [9999, 0];
  const years = new Set<number>();
  const distinct = new Set<string>();
  for (const value of values) {
    const day = dayOf(value);
    if (day === undefined) continue;
    days++;
    distinct.add(value);
    const [year, month, date] = day;
    if (year >= 1905 && year <= 2022) inRange++;
    if (year >= 1925 && year <= 2010) adults++;
    if (date === 1 && month === 1) firsts++;
    if (year < low) low = year;
    if (year > high) high = year;
    years.add(year);
  }
  if (days < 5 || days < values.length * 0.95 || inRange < days * 0.97) return undefined;
  if (firsts > days * 0.3 && firsts > 2) return undefined;
  const spread = high - low;
  if (
    adults >= days * 0.95 &&
    spread >= 20 &&
    years.size >= Math.min(days * 0.4, 15) &&
    distinct.size >= days * 0.5 &&
    low < 1990
  ) {
    return days >= 12 && high <= (days < 60 ? 2011 : 2016) ? 'strong' : 'weak';
  }
  return spread >= 8 && high <= 2020 && distinct.size >= days * 0.5 ? 'weak' : undefined;
}
