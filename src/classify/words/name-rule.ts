import type { ColumnClass } from '../classes.ts';
import type { TypeKind } from '../name-type.ts';

/** What a table is about, as far as its name and its columns tell. */
export type TableTopic =
  | 'person'
  | 'place'
  | 'message'
  | 'credential'
  | 'session'
  | 'money'
  | 'company'
  | 'thing'
  | 'media'
  | 'portrait'
  | 'hook'
  | 'health'
  | 'log'
  | 'unknown';

/**
 * Phrases that name a class when they are the head of a column's name: nothing but qualifiers after them
 * (`words/qualifiers.ts`), anything before them.
 */
export interface NameRule {
  readonly class: ColumnClass;
  /** Words separated by spaces, singular, plain. */
  readonly phrases: readonly string[];
  /** Languages that put the head first (`numero_telefone_casa`): other words may follow, but those of CLEAR_TAILS. */
  readonly headFirst?: boolean;
  /** Only this name, with nothing before or after it. */
  readonly sole?: boolean;
  /** Not as the whole name in tables of these topics. */
  readonly notSole?: readonly TableTopic[];
  /** Names of tables in which alone it says so, as words. */
  readonly tables?: readonly string[];
  /** Words of which the table's name must have some. */
  readonly aboutTable?: readonly string[];
  /** Words of which the table's name may have none. */
  readonly notAboutTable?: readonly string[];
  /** Only the whole name, qualifiers aside: `name`, `note`. */
  readonly alone?: boolean;
  /** Tables in which alone it says so. */
  readonly topics?: readonly TableTopic[];
  /** Tables in which it says nothing. */
  readonly notTopics?: readonly TableTopic[];
  /** Kinds in place of those that the class allows. */
  readonly kinds?: readonly TypeKind[];
  /** Another column must stand beside it: one whose words contain one of these. */
  readonly beside?: readonly string[];
  /** Another column must be called one of these, whatever stands before. */
  readonly besideHead?: readonly string[];
  /** Another column must have one of these names. */
  readonly besideName?: readonly string[];
  /** No other column may have one of these names. */
  readonly notNames?: readonly string[];
  /** None may stand beside it whose words contain one of these. */
  readonly notBeside?: readonly string[];
  /** Not where `<it> name` stands beside it: then it is a reference. */
  readonly notNamedBeside?: boolean;
  /** With `alone`: not even qualifiers before it, only the table's own words. */
  readonly exact?: boolean;
}

/** Phrases of a list written as one text, separated by commas or line ends. */
export function phrases(text: string): readonly string[] {
  return text
    .split(/[,\n]/u)
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== '');
}
