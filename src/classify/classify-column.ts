/**
 * Classifies a column from its name, type, comment, table and references (`name-evidence.ts`) and from a sample of its
 * values (`value-evidence.ts`). Values beat names: a column `email` that holds yes and no is clear, and one called
 * `field_12` is what it holds. Where there are no values, the name decides. Pure; never keeps or prints a value.
 */
import type { Classification, ColumnClass, ColumnSubject, Evidence } from './classes.ts';
import { coordinateColumns } from './coordinate-columns.ts';
import { keyClasses } from './key-evidence.ts';
import { type NameEvidence, nameEvidence } from './name-evidence.ts';
import { tableTopic } from './name-table.ts';
import { type TypeKind, typeKind } from './name-type.ts';
import { refutes } from './plausible.ts';
import { type ValueEvidence, valueEvidence } from './value-evidence.ts';
import type { TableTopic } from './words/name-rule.ts';
import { PROSE_WORDS } from './words/qualifiers.ts';
import { isWordOf, type Splitter, splitter, VOCABULARY } from './words/vocabulary.ts';

/** Kinds whose values cannot be read as anything but what they are. */
const PLAIN: ReadonlySet<TypeKind> = new Set(['boolean', 'time', 'range', 'vector', 'network', 'mac']);
const DAYS: ReadonlySet<TypeKind> = new Set(['date', 'timestamp']);
const NUMBERS: ReadonlySet<TypeKind> = new Set(['integer', 'numeric']);
const DOCUMENTS: ReadonlySet<TypeKind> = new Set(['json', 'xml', 'search']);

/** Classes that values can look unlike without being something else: what is secret or private has no form. */
const FORMLESS: ReadonlySet<ColumnClass> = new Set([
  'secret',
  'free_text',
  'password_hash',
  'health',
  'financial',
  'username',
]);

const ENOUGH_DOCUMENTS = 10;

const NO_VALUES: ValueEvidence = { class: undefined, strength: 'none', says: '', freeText: false };

/** Fail closed: clear text that may hold anything is scanned; a name that says what it holds is enough not to. */
function mustScan(
  subject: ColumnSubject,
  kind: TypeKind,
  name: NameEvidence,
  values: ValueEvidence,
  split: Splitter,
): boolean {
  if (DOCUMENTS.has(kind)) return true;
  if (kind !== 'text' && kind !== 'other' && kind !== 'bytes') return false;
  if (subject.references !== undefined) return false;
  if (values.freeText || values.class !== undefined) return true;
  if (kind === 'bytes') return false;
  const words = split(subject.column);
  if (words.some((word) => PROSE_WORDS.has(word))) return true;
  return !name.meaningful && subject.values === undefined;
}

interface Verdict {
  readonly class: ColumnClass | undefined;
  readonly confidence: number;
}

function weigh(
  { column, values: sample = [] }: ColumnSubject,
  kind: TypeKind,
  { name, values, split }: { name: NameEvidence; values: ValueEvidence; split: Splitter },
): Verdict {
  const byName = name.class;
  const nameAlone: Verdict = {
    class: byName,
    confidence: name.strength === 'strong' ? 0.9 : name.strength === 'weak' ? 0.75 : name.meaningful ? 0.9 : 0.5,
  };
  // Of documents that were read, what was found in them tells more than a name that depends on its table.
  if (kind === 'json' && name.strength === 'weak' && values.strength !== 'weak' && sample.length >= ENOUGH_DOCUMENTS) {
    return { class: values.class, confidence: 0.85 };
  }
  switch (values.strength) {
    case 'proof':
    case 'strong': {
      if (values.class === undefined) return nameAlone;
      if (values.class === byName) return { class: byName, confidence: 0.99 };
      // Days and numbers look like births and card numbers by chance: a name that says what they are outweighs looks.
      if (
        byName === undefined &&
        name.meaningful &&
        !split(column).some((word) => isWordOf(word, values.class!)) &&
        (DAYS.has(kind) || (NUMBERS.has(kind) && values.strength === 'strong'))
      ) {
        return nameAlone;
      }
      // What has no form may look like something else; only proof says that it is.
      if (byName !== undefined && FORMLESS.has(byName) && values.strength !== 'proof') return nameAlone;
      return { class: values.class, confidence: values.strength === 'proof' ? 0.97 : 0.85 };
    }
    case 'weak':
      if (values.class !== undefined && values.class === byName) return { class: byName, confidence: 0.95 };
      if (values.class !== undefined && byName === undefined && !name.meaningful) {
        return { class: values.class, confidence: 0.6 };
      }
      break;
    case 'against':
      if (byName === undefined) return { class: undefined, confidence: 0.95 };
      break;
    case 'none':
      break;
    default: {
      const never: never = values.strength;
      return never;
    }
  }
  if (byName !== undefined && name.paths === undefined && refutes(byName, sample))
    return { class: undefined, confidence: 0.8 };
  return nameAlone;
}

/** What stays while a table is read more than once: how its names are cut, what its values say. */
interface Memory {
  readonly split: Splitter;
  /** By the sample itself, which is the same however its column is called. */
  readonly values: Map<readonly string[], ValueEvidence>;
}

const memory = (split = splitter()): Memory => ({ split, values: new Map() });

function rememberedEvidence(subject: ColumnSubject, sample: readonly string[], { values }: Memory): ValueEvidence {
  let found = values.get(sample);
  if (found === undefined) {
    found = valueEvidence(subject);
    values.set(sample, found);
  }
  return found;
}

function classify(subject: ColumnSubject, topic: TableTopic, known: Memory): Classification {
  const { split } = known;
  const kind = typeKind(subject);
  const name = nameEvidence(subject, topic, split);
  const values =
    PLAIN.has(kind) || !subject.values?.length ? NO_VALUES : rememberedEvidence(subject, subject.values, known);
  const weighed = weigh(subject, kind, { name, values, split });
  const byKey = values.untold === undefined ? undefined : keyClasses(subject, topic, values.untold, split);
  const [keyClass] = byKey?.values() ?? [];
  const { class: found, confidence } =
    weighed.class === undefined && keyClass !== undefined ? { class: keyClass, confidence: 0.75 } : weighed;
  const evidence: Evidence[] = [...name.evidence];
  if (values.says !== '') evidence.push({ from: 'values', says: values.says });
  if (byKey !== undefined && byKey.size > 0)
    evidence.push({ from: 'name', says: `keys ${[...byKey.keys()].slice(0, 4).join(', ')}` });
  const paths = new Map([...(name.paths ?? []), ...(byKey ?? []), ...(values.paths ?? [])]);
  return {
    class: found,
    confidence,
    evidence,
    scan: found === undefined && mustScan(subject, kind, name, values, split),
    ...(paths.size > 0 ? { paths } : {}),
  };
}

const topicOf = (subject: ColumnSubject, split: Splitter) =>
  tableTopic(subject.table, [subject.column, ...subject.siblings], split);

export function classifyColumn(subject: ColumnSubject): Classification {
  const known = memory();
  return classify(subject, topicOf(subject, known.split), known);
}

/** Classes that make the rows of a table people, the latter where two of them stand together. */
const PERSONAL: ReadonlySet<ColumnClass> = new Set(['date_of_birth', 'national_id', 'demographic', 'health']);
const OF_PEOPLE: ReadonlySet<ColumnClass> = new Set(['person_name', 'email', 'phone', 'postal_address']);

/**
 * A whole table, in the order given: what its columns turn out to hold tells what the table is about. `split`: the same for
 * tables of one database.
 */
export function classifyTable(subjects: readonly ColumnSubject[], split?: Splitter): Classification[] {
  const known = memory(split);
  return withCoordinates(subjects, classifyWithoutShared(subjects, known), known);
}

function withCoordinates(
  subjects: readonly ColumnSubject[],
  found: Classification[],
  { split }: Memory,
): Classification[] {
  const isMeant = (at: number) =>
    found[at]!.class !== undefined || nameEvidence(subjects[at]!, 'unknown', split).meaningful;
  for (const at of coordinateColumns(subjects, isMeant)) {
    const evidence = [...found[at]!.evidence, { from: 'values', says: 'one of a pair of coordinates' }] as const;
    found[at] = { ...found[at]!, class: 'geo', confidence: 0.8, evidence };
  }
  return found;
}

function classifyWithoutShared(subjects: readonly ColumnSubject[], known: Memory): Classification[] {
  const found = classifyNamed(subjects, known);
  const bare = withoutShared(subjects);
  if (bare === undefined) return found;
  const again = classifyNamed(
    subjects.map((subject) => ({ ...subject, column: bare(subject.column), siblings: subject.siblings.map(bare) })),
    known,
  );
  return found.map((one, at) => (one.class === undefined && again[at]!.class !== undefined ? again[at]! : one));
}

const MAX_SHARED = 5;

/** Takes off what stands before or behind most columns of a table, short for its name or for nothing: it says nothing. */
function withoutShared(subjects: readonly ColumnSubject[]): ((name: string) => string) | undefined {
  if (subjects.length < 3) return undefined;
  const names = subjects.map(({ column }) => column.toLowerCase());
  const table = subjects[0]!.table.toLowerCase();
  // `PAT_NAME` in PATIENT.
  const before = mostOf(names, /^[a-z]+_(?=[a-z])/u);
  if (before !== undefined && before.share >= 0.75 && saysNothing(before.part, table)) return without(before.part, '');
  // `nom_adh` in adherents.
  const behind = mostOf(names, /(?<=[a-z0-9])_[a-z]+$/u);
  if (behind !== undefined && behind.part !== '_id' && behind.share >= 0.6 && saysNothing(behind.part, table))
    return without('', behind.part);
  // `muser`, `mpass`, `mserver`
  const letter = gluedLetter(subjects.map(({ column }) => column));
  if (letter !== undefined) return without(letter, '');
  // `shiptoname` in shipto.
  const own = [table, table.replace(/s$/u, '')].find(
    (name) =>
      name.length >= 3 && names.filter((one) => one.startsWith(name) && one.length > name.length + 1).length >= 3,
  );
  return own === undefined ? undefined : without(own, '');
}

/** One letter glued before most columns of a table, where what is left is a word and the whole is none. */
function gluedLetter(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) {
    const [, letter, word] = /^([a-z])([A-Z]?[a-z]{3,})/u.exec(name) ?? [];
    if (letter === undefined || !VOCABULARY.has(word!.toLowerCase()) || VOCABULARY.has(letter + word!.toLowerCase()))
      continue;
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most !== undefined && most[1] >= 3 && most[1] * 5 >= names.length * 3 ? most[0] : undefined;
}

function saysNothing(part: string, table: string): boolean {
  const word = part.replaceAll('_', '');
  return word.length <= MAX_SHARED && (!VOCABULARY.has(word) || abbreviates(word, table));
}

function without(before: string, behind: string): (name: string) => string {
  return (name) => {
    const lower = name.toLowerCase();
    if (before !== '' && lower.startsWith(before) && name.length > before.length) return name.slice(before.length);
    return behind !== '' && lower.endsWith(behind) ? name.slice(0, -behind.length) : name;
  };
}

function mostOf(names: readonly string[], pattern: RegExp): { part: string; share: number } | undefined {
  const counts = new Map<string, number>();
  for (const name of names) {
    const part = pattern.exec(name)?.[0];
    if (part !== undefined) counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most === undefined ? undefined : { part: most[0], share: most[1] / names.length };
}

/** `usr` of `user`, `pat` of `t_patient`. */
function abbreviates(word: string, table: string): boolean {
  return table.split(/[^a-z]+/u).some((part) => {
    if (part[0] !== word[0]) return false;
    let at = 0;
    for (const letter of part) if (letter === word[at]) at++;
    return at === word.length;
  });
}

function classifyNamed(subjects: readonly ColumnSubject[], known: Memory): Classification[] {
  const first = subjects[0];
  if (first === undefined) return [];
  const { split } = known;
  const topic = topicOf(first, split);
  const found = withPeople(subjects, topic, known);
  if (topic === 'health') withAbbreviations(subjects, found, split);
  const health = found.filter((one) => one.class === 'health').length;
  if (health < (topic === 'health' ? CLINICAL_OF_ITSELF : CLINICAL)) return found;
  if (CODE_LISTS.test(split(first.table).join(' '))) return found;
  return found.map((one, at) => (one.class === undefined && isMeasured(subjects[at]!, split) ? measured(one) : one));
}

const OTHERS =
  /^(?:contact|support|billing|vendor|supplier|manager|owner|partner|invoice|payer|payee|notification|from|sender|reply|smtp|mail|bank)_?(?!$)/iu;

/** So many columns about health make a table a record of somebody's; what else is measured or told in it is too. */
const CLINICAL = 5;
/** What there is to suffer from, and nobody's. */
const CODE_LISTS = /\b(?:code|icd|icd9|icd10|gem|reimbr|catalog|catalogue|dictionary|lookup|terminology|valueset)\b/u;
/** Of a table that says that it is one. */
const CLINICAL_OF_ITSELF = 3;
const MEASURED: ReadonlySet<TypeKind> = new Set(['text', 'integer', 'numeric', 'json', 'enum']);
/** What tells of the record, and not of whom it is about. */
const OF_RECORDS =
  /\b(id|uuid|guid|external|type|kind|category|meta|metadata|unit|version|created|updated|modified|deleted|by|number|no|num|code|name|label|title|order|sort|position|url|file|path|source|user|facility|location|reference|ref|date|time|status|state|room|bed|ward|department|priority|language|count|deprecated|total|mode|seq|sequence|row|key|creator|slug|uom|route|quantity|frequency|duration|lab|track|void|voided|action|interval|day|hour|worker|designation|institution|location|reason|since|quarter|block|district|region|organization|organisation|ward|bucket|percentile|segment|active|activity|authorized|authorised|pid|encounter|revision|uploaded|method|group ?name|warning|rank|certainty|occurrence|classification|valueuom|subtype)\b/u;

function isMeasured(subject: ColumnSubject, split: Splitter): boolean {
  return (
    MEASURED.has(typeKind(subject)) &&
    subject.references === undefined &&
    subject.isKey !== true &&
    !OF_RECORDS.test(split(subject.column).join(' '))
  );
}

/** Short forms of one trade: in a table about health they are measures and findings (`ODVA`, `LBROW`). */
const FINDINGS: ReadonlySet<TypeKind> = new Set(['text', 'json']);
function withAbbreviations(subjects: readonly ColumnSubject[], found: Classification[], split: Splitter): void {
  for (const [at, subject] of subjects.entries()) {
    const name = found[at]!.class === undefined && FINDINGS.has(typeKind(subject)) ? split(subject.column) : [];
    if (name.length > 0 && !name.some((word) => VOCABULARY.has(word)) && isMeasured(subject, split))
      found[at] = measured(found[at]!);
  }
}

const measured = (one: Classification): Classification => ({
  ...one,
  class: 'health',
  confidence: 0.7,
  evidence: [...one.evidence, { from: 'table', says: 'in a record about health' }],
  scan: false,
});

function withPeople(subjects: readonly ColumnSubject[], topic: TableTopic, known: Memory): Classification[] {
  const found = subjects.map((subject) => classify(subject, topic, known));
  if (topic !== 'unknown') return found;
  // Whom to ask at a place is not what the row is about.
  const classes = new Set(
    found.flatMap((one, at) =>
      one.class === undefined || (one.class !== 'national_id' && OTHERS.test(subjects[at]!.column)) ? [] : [one.class],
    ),
  );
  const has = (wanted: ReadonlySet<ColumnClass>) => [...classes].filter((one) => wanted.has(one)).length;
  const personal = has(PERSONAL) > 0 || (classes.has('person_name') && has(OF_PEOPLE) > 1);
  return personal ? subjects.map((subject) => classify(subject, 'person', known)) : found;
}
