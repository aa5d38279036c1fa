/** The format of COPY … TO STDOUT, from its options. What is not understood gives none, and then nothing is passed. */
import { as, child, constantText, flag, list, type Tree, text } from '../tree.ts';
import type { CopyFormat } from './lineage.ts';

/** Undefined: no COPY to the client, or with options that are not known. */
export function copyFormatOf(statement: Tree): CopyFormat | undefined {
  const copy = as(statement, 'CopyStmt');
  if (copy === undefined || flag(copy, 'is_from') || flag(copy, 'is_program') || copy.filename !== undefined) {
    return undefined;
  }
  const given = new Map<string, Tree>();
  for (const wrapped of list(copy, 'options')) {
    const option = as(wrapped, 'DefElem');
    const name = option === undefined ? undefined : text(option, 'defname');
    // The server refuses an option that is there twice.
    if (option === undefined || name === undefined || given.has(name)) return undefined;
    given.set(name, option);
  }
  for (const name of given.keys()) if (!KNOWN.has(name)) return undefined;
  const format = given.has('format') ? wordOf(given.get('format')!) : 'text';
  if (format !== 'text' && format !== 'csv' && format !== 'binary') return undefined;
  const csv = format === 'csv';
  const words: Record<string, string> = { delimiter: csv ? ',' : '\t', null: csv ? '' : '\\N', quote: '"' };
  for (const name of ['delimiter', 'null', 'quote', 'escape'] as const) {
    const option = given.get(name);
    if (option === undefined) continue;
    const value = wordOf(option);
    if (value === undefined) return undefined;
    words[name] = value;
  }
  const header = given.get('header');
  const hasHeader = header === undefined ? false : isTrue(header);
  if (hasHeader === undefined) return undefined;
  const { delimiter = '', null: nullText = '', quote = '', escape: escapeWith = quote } = words;
  if (delimiter.length !== 1 || quote.length !== 1 || escapeWith.length !== 1) return undefined;
  return { format, delimiter, nullText, quote, escape: escapeWith, header: hasHeader };
}

const KNOWN: ReadonlySet<string> = new Set([
  'format',
  'delimiter',
  'null',
  'quote',
  'escape',
  'header',
  'force_quote',
  'encoding',
  'freeze',
]);

/** `FORMAT csv`, `FORMAT 'csv'`, `DELIMITER E'\t'`. */
function wordOf(option: Tree): string | undefined {
  const argument = child(option, 'arg');
  const word = as(argument, 'String');
  if (word !== undefined) return text(word, 'sval') ?? '';
  const type = as(argument, 'TypeName');
  if (type !== undefined) return text(as(list(type, 'names').at(-1), 'String') ?? {}, 'sval');
  return constantText(argument);
}

/** As PostgreSQL's defGetBoolean: missing is true; `match` is for COPY FROM only. */
function isTrue(option: Tree): boolean | undefined {
  const argument = child(option, 'arg');
  if (argument === undefined) return true;
  const integer = as(argument, 'Integer');
  if (integer !== undefined) return integer.ival === 1 ? true : integer.ival === undefined ? false : undefined;
  const boolean = as(argument, 'Boolean');
  if (boolean !== undefined) return flag(boolean, 'boolval');
  const word = wordOf(option)?.toLowerCase();
  if (word === 'true' || word === 'on') return true;
  return word === 'false' || word === 'off' ? false : undefined;
}
