/**
 * What a sample of a column's values says it holds. In: the subject with its values as text. Out: a class and how strong
 * the evidence is, in words and shares, never a value. It judges whole columns: what one value in ten is by chance
 * (Luhn on order numbers) is nothing, and what only few values hold makes the column one to be scanned.
 */
import type { ColumnClass, ColumnSubject } from './classes.ts';
import { keyStep } from './document-path.ts';
import { integerEvidence } from './integer-evidence.ts';
import { jsonEvidence, pathEvidence } from './path-evidence.ts';
import { arrayElements, compositeFields, hstorePairs, printableBytea } from './sample-forms.ts';
import { type Told, textEvidence } from './text-evidence.ts';
import { birthDates } from './values/date-of-birth.ts';
import { isDemographicVocabulary } from './values/demographic.ts';
import { isGeoPair } from './values/geo.ts';

export interface ValueEvidence {
  readonly class: ColumnClass | undefined;
  /**
   * `proof` and `strong` stand alone; `weak` needs a name that agrees; `none`: the values say nothing; `against`: they
   * are words, numbers or flags such as no such class has.
   */
  readonly strength: 'proof' | 'strong' | 'weak' | 'none' | 'against';
  readonly says: string;
  /** Anything may stand in it: prose, documents, or clear values with sensitive ones among them. */
  readonly freeText: boolean;
  readonly paths?: ReadonlyMap<string, ColumnClass>;
  /** Of documents: the values at paths that they tell no class of. */
  readonly untold?: ReadonlyMap<string, readonly string[]>;
}

/** Of the table around a column: its other columns speak of people. */
const PERSON_WORDS =
  /(?:^|_)(?:(?:first|last|full|given|family|sur|middle|display|holder)_?name|e?mail(?:_address)?|phone|mobile|birth(?:_?date|day)?|dob|ssn|salary|hired?(?:_on|_at)?|gender|sex|passport|nationality|patient|employee|person|manager|home_address)(?:_|$)/i;
const PERSON_TABLES =
  /(?:^|_)(?:users?|customers?|clients?|people|persons?|employees?|staff|patients?|members?|contacts?|students?|teachers?|guests?|passengers?|tenants?|drivers?|donors?|subscribers?|applicants?|candidates?|workers?|accounts?|profiles?|residents?|citizens?|crew|holders?|beneficiar(?:y|ies)|leads?)(?:_|$)/i;

export function valueEvidence(subject: ColumnSubject): ValueEvidence {
  const { values: sample = [], distinct, places } = subject;
  const values = distinct === undefined && sample.includes('') ? sample.filter((value) => value !== '') : sample;
  if (subject.labels !== undefined || subject.baseType === 'enum') return enumEvidence(subject.labels ?? values);
  if (values.length === 0) return NOTHING;
  const aboutPeople =
    PERSON_TABLES.test(subject.table) || subject.siblings.some((sibling) => PERSON_WORDS.test(sibling));
  const context = { aboutPeople, isKey: subject.isKey === true || subject.references !== undefined };
  if (subject.fields !== undefined) return compositeEvidence(values, subject.fields, context);
  return byType(bareType(subject.baseType ?? subject.type), values, context, { distinct, places });
}

export interface Context {
  /** The table is about people. */
  readonly aboutPeople: boolean;
  readonly isKey: boolean;
}

function byType(type: string, values: readonly string[], context: Context, told: Told = {}): ValueEvidence {
  if (type.endsWith('[]')) return arrayEvidence(type.slice(0, -2), values, context);
  switch (type) {
    case 'boolean':
      return { ...NOTHING, strength: 'against', says: 'true and false' };
    case 'date':
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return birthEvidence(values);
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
      return integerEvidence(values, context);
    case 'real':
    case 'double precision':
    case 'money':
    case 'interval':
    case 'oid':
    case 'time without time zone':
    case 'time with time zone':
      return NOTHING;
    case 'uuid':
      return { ...NOTHING, says: 'UUIDs' };
    case 'inet':
    case 'cidr':
      return { class: 'ip_address', strength: 'strong', says: `${values.length} network addresses`, freeText: false };
    case 'macaddr':
    case 'macaddr8':
      return { class: 'device_id', strength: 'strong', says: `${values.length} hardware addresses`, freeText: false };
    case 'point': {
      const share = values.filter(isGeoPair).length / values.length;
      return share < 0.5
        ? NOTHING
        : { class: 'geo', strength: 'strong', says: percent(share, values, 'are coordinates'), freeText: false };
    }
    case 'geometry':
    case 'geography': {
      const share = values.filter((value) => isGeoPair(value) || /^01010000/.test(value)).length / values.length;
      return share < 0.5
        ? NOTHING
        : { class: 'geo', strength: 'strong', says: percent(share, values, 'are points'), freeText: false };
    }
    case 'bytea':
      return byteaEvidence(values, context);
    case 'json':
    case 'jsonb':
      return jsonEvidence(values, context) ?? textEvidence(values, context);
    case 'hstore': {
      const rows = values.map(hstorePairs);
      const pairs = rows.flatMap((row) => (row ?? []).map(([key, text]) => ({ path: keyStep(key), text })));
      return pathEvidence(pairs, values.length, context);
    }
    case 'tsvector':
      return textEvidence(
        values.map((value) => value.replace(/'([^']*)'(?::[\d,A-D]+)?/g, '$1')),
        context,
      );
    case 'int4range':
    case 'int8range':
    case 'numrange':
    case 'daterange':
    case 'tsrange':
    case 'tstzrange':
    case 'bit':
    case 'bit varying':
    case 'tsquery':
      return NOTHING;
    default:
      return documentsAsText(values, context) ?? textEvidence(values, context, told);
  }
}

const MOST = 0.8;
const DOCUMENT = /^\s*[[{]\s*["{[\]}]/;

/** Of texts most of which are documents. */
function documentsAsText(values: readonly string[], context: Context): ValueEvidence | undefined {
  const documents: string[] = [];
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (DOCUMENT.test(value)) documents.push(value);
    // However many there are among those that are left, most are none.
    else if (documents.length + values.length - 1 - at < values.length * MOST) return undefined;
  }
  return jsonEvidence(documents, context);
}

function arrayEvidence(element: string, values: readonly string[], context: Context): ValueEvidence {
  const elements = values.flatMap((value) => arrayElements(value) ?? []);
  if (elements.length === 0) return NOTHING;
  return byType(element, elements, context);
}

function compositeEvidence(values: readonly string[], fields: readonly string[], context: Context): ValueEvidence {
  const parts = values.flatMap((value) => {
    const row = compositeFields(value) ?? [];
    return row.flatMap((text, i) => (text === null ? [] : [{ path: keyStep(fields[i] ?? String(i)), text }]));
  });
  return pathEvidence(parts, values.length, context);
}

function byteaEvidence(values: readonly string[], context: Context): ValueEvidence {
  const texts = values.flatMap((value) => {
    // A long value was cut, maybe inside of a character.
    const text = printableBytea(value.length % 2 === 0 ? value : value.slice(0, -1));
    return text === undefined ? [] : [text];
  });
  if (texts.length < values.length * 0.6) return { ...NOTHING, says: 'bytes that are no text' };
  const found = documentsAsText(texts, context) ?? textEvidence(texts, context);
  // Bytes are not scanned on the way out: what stands in some of them is the column's class.
  return found.class === undefined && found.freeText
    ? { class: 'free_text', strength: 'strong', says: `bytes that are text, ${found.says}`, freeText: true }
    : { ...found, says: `bytes that are text, ${found.says}` };
}

function birthEvidence(values: readonly string[]): ValueEvidence {
  const strength = birthDates(values);
  if (strength === undefined) return NOTHING;
  const says = `${values.length} days spread like dates of birth`;
  return { class: 'date_of_birth', strength, says, freeText: false };
}

function enumEvidence(labels: readonly string[]): ValueEvidence {
  const distinct = [...new Set(labels)];
  if (isDemographicVocabulary(distinct)) {
    return { class: 'demographic', strength: 'strong', says: 'labels that tell people apart', freeText: false };
  }
  return { ...NOTHING, strength: 'against', says: `${distinct.length} labels` };
}

/** Without modifiers and schema: `character varying(40)` is `character varying`, `public.hstore` is `hstore`. */
function bareType(type: string): string {
  const array = type.endsWith('[]') ? '[]' : '';
  const name = type
    .replace(/(?:\[\])+$/, '')
    .replace(/\([^)]*\)/, '')
    .replace(/^.*\./, '')
    .replaceAll('"', '')
    .trim();
  return (SHORT.get(name) ?? name) + array;
}

const SHORT: ReadonlyMap<string, string> = new Map([
  ['bool', 'boolean'],
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int8', 'bigint'],
  ['float4', 'real'],
  ['float8', 'double precision'],
  ['timestamp', 'timestamp without time zone'],
  ['timestamptz', 'timestamp with time zone'],
  ['varbit', 'bit varying'],
]);

function percent(share: number, values: readonly string[], what: string): string {
  return `${Math.round(share * 100)}% of ${values.length} ${what}`;
}

const NOTHING: ValueEvidence = { class: undefined, strength: 'none', says: '', freeText: false };
