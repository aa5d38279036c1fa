/**
 * What an answer of the gateway must look like, and its type. In: parsed JSON. Out: the value in its type, or the place
 * where it is not as expected. Written by hand for the words that answers need: to load zod costs each start of the CLI
 * 25 ms of CPU on a machine where node itself takes 30, this costs less than one.
 */

/** Where a value is not as expected; never says the value. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  readonly #what: string;
  #place: string;

  constructor(what: string, place = '') {
    super();
    this.#what = what;
    this.#place = place;
    this.#say();
  }

  /** What was looked at is a part: `[3]` or `.sql`. The way to it is put together only when something is wrong. */
  inside(part: string): this {
    this.#place = `${part}${this.#place}`;
    this.#say();
    return this;
  }

  #say(): void {
    this.message = `${this.#place === '' ? 'the answer' : this.#place.replace(/^\./, '')}: ${this.#what}`;
  }
}

export type Checked<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly error: ShapeError };

type Check<T> = (value: unknown) => T;

/** One kind of value. Immutable: each method gives a new one. */
export class Shape<T> {
  readonly #check: Check<T>;

  constructor(check: Check<T>) {
    this.#check = check;
  }

  /** Throws ShapeError. */
  check(value: unknown): T {
    return this.#check(value);
  }

  safeParse(value: unknown): Checked<T> {
    try {
      return { success: true, data: this.#check(value) };
    } catch (error) {
      if (error instanceof ShapeError) return { success: false, error };
      throw error;
    }
  }

  optional(): Shape<T | undefined> {
    return new Shape((value) => (value === undefined ? undefined : this.#check(value)));
  }

  nullable(): Shape<T | null> {
    return new Shape((value) => (value === null ? null : this.#check(value)));
  }

  nullish(): Shape<T | null | undefined> {
    return this.nullable().optional();
  }

  /** In place of a missing value, made anew each time. */
  default<D extends T>(make: () => D): Shape<T> {
    return new Shape((value) => (value === undefined ? make() : this.#check(value)));
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
    super((value) => {
      const from = objectOf(value);
      const to: Record<string, unknown> = keepsUnknown ? { ...from } : {};
      let part = '';
      try {
        for (const [key, shape] of entries) {
          part = key;
          const found = shape.check(Object.hasOwn(from, key) ? from[key] : undefined);
          if (found !== undefined) to[key] = found;
        }
      } catch (error) {
        throw within(error, `.${part}`);
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
  return new Shape((value) => {
    if (typeof value !== 'string') throw unexpected('a text', value);
    if (pattern !== undefined && !pattern.test(value)) throw new ShapeError('a text of another form');
    return value;
  });
}

export function number(): Shape<number> {
  return new Shape((value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw unexpected('a number', value);
  });
}

export function integer(minimum = Number.MIN_SAFE_INTEGER): Shape<number> {
  return new Shape((value) => {
    if (Number.isSafeInteger(value) && (value as number) >= minimum) return value as number;
    throw unexpected('an integer', value);
  });
}

export function flag(): Shape<boolean> {
  return new Shape((value) => {
    if (typeof value === 'boolean') return value;
    throw unexpected('true or false', value);
  });
}

/** One of these words or numbers, and nothing else. */
export function oneOf<const V extends string | number>(...values: readonly V[]): Shape<V> {
  return new Shape((value) => {
    if ((values as readonly unknown[]).includes(value)) return value as V;
    throw unexpected(values.map((each) => JSON.stringify(each)).join(' or '), value);
  });
}

export function list<T>(of: Shape<T>): Shape<T[]> {
  return new Shape((value) => {
    if (!Array.isArray(value)) throw unexpected('a list', value);
    let i = 0;
    try {
      const list: T[] = [];
      for (; i < value.length; i++) list.push(of.check(value[i]));
      return list;
    } catch (error) {
      throw within(error, `[${i}]`);
    }
  });
}

/** Any keys that match, values of one kind. */
export function map<T>(of: Shape<T>, keys?: RegExp): Shape<Record<string, T>> {
  return new Shape((value) => {
    // By entries: an assignment to `__proto__` would be none.
    const entries = Object.entries(objectOf(value)).map(([key, each]): [string, T] => {
      if (keys !== undefined && !keys.test(key)) throw new ShapeError('a key of another form');
      try {
        return [key, of.check(each)];
      } catch (error) {
        throw within(error, `.${key}`);
      }
    });
    return Object.fromEntries(entries);
  });
}

/** The first that fits. */
export function either<A, B>(one: Shape<A>, other: Shape<B>): Shape<A | B> {
  return new Shape<A | B>((value) => {
    const first = one.safeParse(value);
    return first.success ? first.data : other.check(value);
  });
}

/** Objects told apart by the text under one key. */
export function tagged<
  const K extends string,
  const S extends readonly ObjectShape<{ readonly [key in K]: Shape<string> } & Fields>[],
>(key: K, ...shapes: S): Shape<Output<S[number]>> {
  return new Shape((value) => {
    const tag = objectOf(value)[key];
    const shape = shapes.find(({ fields }) => fields[key].safeParse(tag).success);
    if (shape === undefined) throw unexpected('a word that is known', tag).inside(`.${key}`);
    return shape.check(value) as Output<S[number]>;
  });
}

/** For what contains itself. */
export function later<T>(make: () => Shape<T>): Shape<T> {
  return new Shape((value) => make().check(value));
}

/** Taken as it is where `fits` says so. */
export function as<T>(what: string, fits: (value: unknown) => boolean): Shape<T> {
  return new Shape((value) => {
    if (fits(value)) return value as T;
    throw unexpected(what, value);
  });
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unexpected('an object', value);
}

function within(error: unknown, part: string): unknown {
  return error instanceof ShapeError ? error.inside(part) : error;
}

function unexpected(expected: string, value: unknown): ShapeError {
  const kind =
    value === null ? 'null' : Array.isArray(value) ? 'a list' : value === undefined ? 'nothing' : typeof value;
  return new ShapeError(`expected ${expected}, got ${kind}`);
}
