/** JSON values of the catalog query's rows, each read as what it must be or refused. */

export function number(value: unknown): number {
  if (typeof value !== 'number') throw new Error(`catalog: expected a number, not ${typeof value}`);
  return value;
}

export function string(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`catalog: expected a string, not ${typeof value}`);
  return value;
}

export function boolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Error(`catalog: expected true or false, not ${typeof value}`);
  return value;
}

export function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error(`catalog: expected an array, not ${typeof value}`);
  return value;
}

export function numbers(value: unknown): number[] {
  return list(value).map(number);
}

export function strings(value: unknown): string[] {
  return list(value).map(string);
}

/** Undefined for null. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === null ? undefined : read(value);
}

export function oneOf<const T extends string>(values: readonly T[], value: unknown): T {
  const found = values.find((one) => one === value);
  if (found === undefined) throw new Error(`catalog: expected one of ${values.join(', ')}`);
  return found;
}
