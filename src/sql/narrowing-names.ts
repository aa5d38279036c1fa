/** Built-in functions and operators by which a WHERE narrows: they do so only as long as these names mean the built-ins. */

/** Of a column, they still tell rows apart. */
export const KEY_FUNCTIONS: ReadonlySet<string> = new Set([
  'lower',
  'upper',
  'btrim',
  'ltrim',
  'rtrim',
  'date',
  'date_trunc',
  'md5',
  'date_part',
  'extract',
  'timezone',
]);

export const CLOCKS: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'clock_timestamp',
  'localtimestamp',
]);

/** Set-returning functions that give back the rows put into them. */
export const UNPACKING: ReadonlySet<string> = new Set([
  'unnest',
  'json_array_elements',
  'json_array_elements_text',
  'jsonb_array_elements',
  'jsonb_array_elements_text',
  'json_to_recordset',
  'jsonb_to_recordset',
  'json_populate_recordset',
  'jsonb_populate_recordset',
  'string_to_table',
  'regexp_split_to_table',
]);

/** Functions that make a list of a text. */
export const SPLITTING: ReadonlySet<string> = new Set(['string_to_array', 'regexp_split_to_array']);

/** Aggregates that give one of the values of a column. */
export const EXTREMES: ReadonlySet<string> = new Set(['max', 'min']);

const FUNCTIONS: ReadonlySet<string> = new Set([
  ...KEY_FUNCTIONS,
  ...CLOCKS,
  ...UNPACKING,
  ...SPLITTING,
  ...EXTREMES,
  'make_interval',
]);

export function isNarrowingFunction(name: string): boolean {
  return FUNCTIONS.has(name);
}

const OPERATORS: ReadonlySet<string> = new Set('= < <= > >= ~~ ~~* <@ @> && ? ?| ?& ^@ - * -> ->> #> #>>'.split(' '));

export function isNarrowingOperator(name: string): boolean {
  return OPERATORS.has(name);
}
