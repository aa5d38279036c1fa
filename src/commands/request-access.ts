import { COLUMN_CLASSES } from '../classify/classes.ts';
import { nearest } from '../config/nearest.ts';
import { parseDurationMs } from '../config/units.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { ACCESS_LEVELS } from '../policy/language/match-words.ts';

export interface AskedAccess {
  readonly access: string | undefined;
  readonly unmask: 'all' | readonly string[] | undefined;
}

/**
 * `write`, `unmask`, `unmask=email,phone`, `write,unmask=email`, in any number of words: the highest level counts, a
 * class belongs to the `unmask=` before it.
 */
export function parseAccess(words: readonly string[]): AskedAccess {
  let level = -1;
  let all = false;
  const classes = new Set<string>();
  for (const word of words) {
    let unmasking = false;
    for (const part of word.split(',').map((text) => text.trim())) {
      const named = /^unmask=(.*)$/.exec(part)?.[1];
      const rank = (ACCESS_LEVELS as readonly string[]).indexOf(part);
      if (part === 'unmask' || named === 'all') all = true;
      else if (named !== undefined) {
        classes.add(knownClass(named));
        unmasking = true;
      } else if (rank >= 0) level = Math.max(level, rank);
      else if (unmasking) classes.add(knownClass(part));
      else throw unknownAccess(part);
    }
  }
  const unmask = all ? 'all' : classes.size > 0 ? [...classes] : undefined;
  return { access: ACCESS_LEVELS[level], unmask };
}

/** Of `review --unmask email,phone`, or `all`. */
export function parseClasses(words: readonly string[]): 'all' | readonly string[] {
  const names = words.flatMap((word) => word.split(',').map((text) => text.trim()));
  return names.includes('all') ? 'all' : [...new Set(names.map(knownClass))];
}

function knownClass(name: string): string {
  if ((COLUMN_CLASSES as readonly string[]).includes(name)) return name;
  const near = nearest(name, COLUMN_CLASSES);
  throw new DbgateError(ErrorCode.usage, `there is no class '${name}'`, {
    hint: near === undefined ? `classes: ${COLUMN_CLASSES.join(', ')}` : `did you mean unmask=${near}?`,
  });
}

function unknownAccess(part: string): DbgateError {
  const near = nearest(part, [...ACCESS_LEVELS, 'unmask', ...COLUMN_CLASSES]);
  const meant = near !== undefined && (COLUMN_CLASSES as readonly string[]).includes(near) ? `unmask=${near}` : near;
  return new DbgateError(
    ErrorCode.usage,
    `--access '${part}' is not ${ACCESS_LEVELS.join(', ')} or unmask[=class,...]`,
    {
      hint: meant === undefined ? 'such as --access write or --access write,unmask=email' : `did you mean ${meant}?`,
    },
  );
}

/** `--tables a,b` in any number of words. */
export function parseTables(words: readonly string[]): readonly string[] {
  const names = words.flatMap((word) => word.split(',').map((text) => text.trim())).filter((text) => text !== '');
  if (names.length > 0) return [...new Set(names)];
  throw new DbgateError(ErrorCode.usage, '--tables names no table', { hint: '--tables orders,billing.invoices' });
}

/** Positive, and no longer than what a gateway would ever give. */
export function parseDuration(text: string, flag: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new DbgateError(ErrorCode.usage, `${flag} '${text}' is not a duration`, { hint: 'such as 30m, 1h, 4h' });
}

const MAX_REASON = 2_000;

/** Said here already, so that nobody waits for a megabyte to travel. */
export function checkReason(reason: string): string {
  if (reason.trim() === '')
    throw new DbgateError(ErrorCode.usage, '--reason is empty', { hint: 'say why, for whoever decides' });
  if (reason.length <= MAX_REASON) return reason;
  throw new DbgateError(ErrorCode.usage, `--reason has ${reason.length} characters, at most ${MAX_REASON} are taken`);
}

/** `R-7K3M9QPD` → `r-7k3m9qpd`, with the letters that Crockford's base32 leaves out read as what they look like. */
export function parseRequestId(text: string): string {
  const id = text.trim().toLowerCase();
  if (/^r-[0-9a-z]{4,32}$/.test(id)) return `r-${id.slice(2).replaceAll('o', '0').replace(/[il]/g, '1')}`;
  throw new DbgateError(ErrorCode.usage, `'${text.slice(0, 40)}' is not the id of a request`, {
    hint: 'it looks like r-7k3m9qpd; see "dbgate requests"',
  });
}
