/**
 * What an answer of the gateway must look like, and its type. In: parsed JSON. Out: the value in its type, or the place
 * where it is not as expected. Written by hand for the words that answers need: to load zod costs each start of the CLI
 * 25 ms of CPU on a machine where node itself takes 30, this costs less than one.
 */

/** Where a value is not as expected; never says the value. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

export type Checked<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly error: ShapeError };

type Check<T> = (value: unknown, at: string) => T;

/** One kind of value. Immutable: each method gives a new one. */
export class Shape<T> {
  readonly #check: Check<T>;

  constructor(check: Check<T>) {
    this.#check = check;
  }

  /** @param at where the value stands, for messages: `entries[3].sql`. */
  check(value: unknown, at = ''): T {
    return this.#check(value, at);
  }

  safeParse(value: unknown): Checked<T> {
    try {
      return { success: true, data: this.#check(value, '') };
    } catch (error) {
      if (error instanceof ShapeError) return { success: false, error };
      throw error;
    }
  }

  optional(): Shape<T | undefined> {
    return new Shape((value, at) => (value === undefined ? undefined : this.#check(value, at)));
  }

  nullable(): Shape<T | null> {
    return new Shape((value, at) => (value === null ? null : this.#check(value, at)));
  }

  nullish(): Shape<T | null | undefined> {
    return this.nullable().optional();
  }

  /** In place of a missing value, made anew each time. */
  default<D extends T>(make: () => D): Shape<T> {
    return new Shape((value, at) => (value === undefined ? make() : this.#check(value, at)));
  }
}

export type Output<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalKeys<F extends Fields> = { [K in keyof F]: undefined extends Output<F[K]> ? K : never }[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };
export type FieldsOutput<F extends Fields> = Flat<
  { [K in Exclude<keyof F, OptionalKeys<F>>]: Output<F[K]> } & { [K in OptionalKeys<F>]?: Output<F[K]> }
>;

/** Keeps its fields, so that another object can be made of them. */
export class ObjectShape<F extends Fields, More = unknown> extends Shape<FieldsOutput<F> & More> {
  readonly fields: F;

  constructor(fields: F, keepsUnknown: boolean) {
    const entries = Object.entries(fields);
    super((value, at) => {
      const from = objectAt(value, at);
      const to: Record<string, unknown> = keepsUnknown ? { ...from } : {};
      for (const [key, shape] of entries) {
        const found = shape.check(Object.hasOwn(from, key) ? from[key] : undefined, at === '' ? key : `${at}.${key}`);
        if (found !== undefined) to[key] = found;
      }
      return to as FieldsOutput<F> & More;
    });
    this.fields = fields;
  }
}

/** Unknown keys are left out. */
export function object<F extends Fields>(fields: F): ObjectShape<F> {
  return new ObjectShape(fields, false);
}

/** Unknown keys are kept, unlooked at. */
export function openObject<F extends Fields>(fields: F): ObjectShape<F, { readonly [key: string]: unknown }> {
  return new ObjectShape(fields, true);
}

/** @param pattern what the text must match. */
export function text(pattern?: RegExp): Shape<string> {
  return new Shape((value, at) => {
    if (typeof value !== 'string') throw unexpected(at, 'a text', value);
    if (pattern !== undefined && !pattern.test(value)) throw new ShapeError(`${place(at)}: a text of another form`);
    return value;
  });
}

export function number(): Shape<number> {
  return new Shape((value, at) => {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw unexpected(at, 'a number', value);
  });
}

export function integer(minimum = Number.MIN_SAFE_INTEGER): Shape<number> {
  return new Shape((value, at) => {
    if (Number.isSafeInteger(value) && (value as number) >= minimum) return value as number;
    throw unexpected(at, 'an integer', value);
  });
}

export function flag(): Shape<boolean> {
  return new Shape((value, at) => {
    if (typeof value === 'boolean') return value;
    throw unexpected(at, 'true or false', value);
  });
}

/** One of these words or numbers, and nothing else. */
export function oneOf<const V extends string | number>(...values: readonly V[]): Shape<V> {
  return new Shape((value, at) => {
    if ((values as readonly unknown[]).includes(value)) return value as V;
    throw unexpected(at, values.map((each) => JSON.stringify(each)).join(' or '), value);
  });
}

export function list<T>(of: Shape<T>): Shape<T[]> {
  return new Shape((value, at) => {
    if (!Array.isArray(value)) throw unexpected(at, 'a list', value);
    return value.map((each, i) => of.check(each, `${at}[${i}]`));
  });
}

/** Any keys that match, values of one kind. */
export function map<T>(of: Shape<T>, keys?: RegExp): Shape<Record<string, T>> {
  return new Shape((value, at) => {
    // By entries: an assignment to `__proto__` would be none.
    const entries = Object.entries(objectAt(value, at)).map(([key, each]): [string, T] => {
      if (keys !== undefined && !keys.test(key)) throw new ShapeError(`${place(at)}: a key of another form`);
      return [key, of.check(each, `${at}.${key}`)];
    });
    return Object.fromEntries(entries);
  });
}

/** The first that fits. */
export function either<A, B>(one: Shape<A>, other: Shape<B>): Shape<A | B> {
  return new Shape<A | B>((value, at) => {
    const first = one.safeParse(value);
    return first.success ? first.data : other.check(value, at);
  });
}

/** Objects told apart by the text under one key. */
export function tagged<
  const K extends string,
  const S extends readonly ObjectShape<{ readonly [key in K]: Shape<string> } & Fields>[],
>(key: K, ...shapes: S): Shape<Output<S[number]>> {
  return new Shape((value, at) => {
    const tag = objectAt(value, at)[key];
    const shape = shapes.find(({ fields }) => fields[key].safeParse(tag).success);
    if (shape === undefined) throw unexpected(at === '' ? key : `${at}.${key}`, 'a word that is known', tag);
    return shape.check(value, at) as Output<S[number]>;
  });
}

/** For what contains itself. */
export function later<T>(make: () => Shape<T>): Shape<T> {
  return new Shape((value, at) => make().check(value, at));
}

/** Taken as it is where `fits` says so. */
export function as<T>(what: string, fits: (value: unknown) => boolean): Shape<T> {
  return new Shape((value, at) => {
    if (fits(value)) return value as T;
    throw unexpected(at, what, value);
  });
}

function objectAt(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unexpected(at, 'an object', value);
}

function unexpected(at: string, expected: string, value: unknown): ShapeError {
  const kind =
    value === null ? 'null' : Array.isArray(value) ? 'a list' : value === undefined ? 'nothing' : typeof value;
  return new ShapeError(`${place(at)}: expected ${expected}, got ${kind}`);
}

function place(at: string): string {
  return at === '' ? 'the answer' : at;
}
