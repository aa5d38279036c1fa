/** What a column holds about people, and what follows from it. The names are part of the CLI's output. */
export const COLUMN_CLASSES = [
  'email',
  'phone',
  'person_name',
  'postal_address',
  'geo',
  'date_of_birth',
  'national_id',
  'tax_id',
  'ip_address',
  'device_id',
  'username',
  'password_hash',
  'secret',
  'payment_card',
  'bank_account',
  'health',
  'demographic',
  'financial',
  'free_text',
  'photo',
] as const;

export type ColumnClass = (typeof COLUMN_CLASSES)[number];

/** One piece of evidence, for people: `name: tel`, `values: 96% of 200 are e-mail addresses`. Never a value. */
export interface Evidence {
  readonly from: 'name' | 'type' | 'comment' | 'table' | 'foreign_key' | 'values' | 'configuration' | 'inherited';
  readonly says: string;
}

export interface Classification {
  /** Undefined: clear. */
  readonly class: ColumnClass | undefined;
  /** 0 to 1. */
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
  /**
   * Clear, but a text in which anything may stand (prose, json without known paths): what can be told from a value
   * alone is looked for on the way out.
   */
  readonly scan: boolean;
  /** Of a json or composite column: paths (`a.b`, `[]` for elements) whose values have a class. */
  readonly paths?: ReadonlyMap<string, ColumnClass>;
  /** Computed from values of that class: a mask made for the class would show parts of it that it was made to hide. */
  readonly computed?: boolean;
}

/** Of a column as text, NULLs left out. */
export interface ColumnSample {
  readonly values: readonly string[];
  /** They all, each once, in the order in which they come first: given only if none is empty or has blanks at an end. */
  readonly distinct?: readonly string[];
  /** Of each value its place among the distinct ones; missing where it is the same place. */
  readonly places?: Int32Array;
}

/** What is known of a column when it is classified; values are samples as text, never kept. */
export interface ColumnSubject {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** As format_type prints it: `character varying(40)`, `text[]`, `public.postal_address`. */
  readonly type: string;
  /** Of a domain: the type under it; of an enum: `enum`; of a composite: its field names. */
  readonly baseType?: string;
  readonly fields?: readonly string[];
  readonly labels?: readonly string[];
  readonly comment?: string;
  readonly tableComment?: string;
  /** The other columns of the table. */
  readonly siblings: readonly string[];
  /** `schema.table.column` that it references. */
  readonly references?: string;
  readonly isKey?: boolean;
  /** Missing: none was taken. NULLs are left out. */
  readonly values?: readonly string[];
  /** As of a ColumnSample. */
  readonly distinct?: readonly string[];
  readonly places?: Int32Array;
}
