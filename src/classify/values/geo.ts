const PAIR = /^[([]?\s*(-?\d{1,3}\.\d{3,})\s*[,; ]\s*(-?\d{1,3}\.\d{3,})\s*[)\]]?$/;
const WKT = /^(?:SRID=\d+;)?POINT\s*(?:Z\s*)?\(\s*(-?\d{1,3}(?:\.\d+)?) (-?\d{1,3}(?:\.\d+)?)(?: -?[\d.]+)?\s*\)$/i;
/** Degrees, minutes and seconds of both. */
const DMS =
  /^\d{1,3}\s?°\s?\d{1,2}\s?['′](?:\s?[\d.]+\s?["″])?\s?[NS][,;]?\s+\d{1,3}\s?°\s?\d{1,2}\s?['′](?:\s?[\d.]+\s?["″])?\s?[EW]$/u;
/** A point as PostGIS prints it: extended well-known binary. */
const EWKB = /^01010000(?:20|00|A0)(?:E6100000)?[0-9A-F]{32,48}$/i;

/** Of letters and digits alone nothing else is a place. */
export const mayBePoint = (value: string): boolean => value.startsWith('01010000');

/** An open location code of ten digits or more: a house. */
const PLUS_CODE = /^[23456789CFGHJMPQRVWX]{8}\+[23456789CFGHJMPQRVWX]{2,7}$/;

/** A pin on a map. */
const MAP_URL =
  /^(?:https?:\/\/\S*(?:maps|openstreetmap|waze)\S*|geo:)[=:@/](-?\d{1,3}\.\d{3,})(?:,|%2C|\/)(-?\d{1,3}\.\d{3,})/i;

const LETTERED = /^\d{1,2}\.\d{3,}\s?°?\s?[NS][,;]?\s*\d{1,3}\.\d{3,}\s?°?\s?[EW]$/;
const UTM = /^(?:[1-9]|[1-5]\d|60) ?[C-HJ-NP-X] \d{6}(?:\.\d+)?m?E? \d{6,7}(?:\.\d+)?m?N?$/;
/** Three words that stand for a square of three metres. */
const WORDS = /^\/\/\/\p{L}+\.\p{L}+\.\p{L}+$/u;

/** Latitude and longitude, or longitude and latitude, to a hundred metres or better. */
export function isGeoPair(value: string): boolean {
  const pair = PAIR.exec(value) ?? WKT.exec(value) ?? MAP_URL.exec(value);
  if (pair === null)
    return (
      EWKB.test(value) ||
      DMS.test(value) ||
      PLUS_CODE.test(value) ||
      LETTERED.test(value) ||
      UTM.test(value) ||
      WORDS.test(value)
    );
  const [a, b] = [Math.abs(Number(pair[1])), Math.abs(Number(pair[2]))];
  return (a <= 90 && b <= 180) || (a <= 180 && b <= 90);
}
