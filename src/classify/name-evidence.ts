/**
 * What a column's name, type, comment and table say about its class, without a value. A name is read as English and
 * German build them, the head last: `billing_email` is an e-mail address, `email_template` a template. What follows the
 * head must be a qualifier, or the name is about something else; in languages that put the head first, other words may.
 */
import type { ColumnClass, ColumnSubject, Evidence } from './classes.ts';
import { compoundName } from './compound-names.ts';
import { keyStep } from './document-path.ts';
import { tableTopic } from './name-table.ts';
import { KINDS_OF, ownTypeName, type TypeKind, typeKind } from './name-type.ts';
import { inFull, unwritten } from './words/abbreviations.ts';
import { NETWORKS, ROLES } from './words/compounds.ts';
import type { NameRule, TableTopic } from './words/name-rule.ts';
import {
  CLASS_QUALIFIERS,
  CLEAR_HEADS,
  CLEAR_PHRASES,
  CLEAR_TAILS,
  CLEAR_WORDS,
  QUALIFIERS,
  UNMISTAKABLE,
} from './words/qualifiers.ts';
import { PERSON_TABLES, TABLE_TAILS } from './words/tables.ts';
import { RULES, type Splitter, VOCABULARY } from './words/vocabulary.ts';

export interface NameEvidence {
  readonly class: ColumnClass | undefined;
  /** `strong`: a phrase that means nothing else; `weak`: it depends on the table. */
  readonly strength: 'strong' | 'weak' | 'none';
  /** The name is made of known words, so that it says something even where it has no class; `field_12` does not. */
  readonly meaningful: boolean;
  readonly evidence: readonly Evidence[];
  /** Of a composite: classes of its fields. */
  readonly paths?: ReadonlyMap<string, ColumnClass>;
}

const BY_PHRASE: ReadonlyMap<string, readonly NameRule[]> = (() => {
  const index = new Map<string, NameRule[]>();
  for (const rule of RULES) for (const phrase of rule.phrases) index.set(phrase, [...(index.get(phrase) ?? []), rule]);
  return index;
})();
const LONGEST_PHRASE = Math.max(...[...BY_PHRASE.keys()].map((phrase) => phrase.split(' ').length));

/** What a name is read in. */
interface Reading {
  readonly words: readonly string[];
  readonly tableWords: readonly string[];
  readonly topic: TableTopic;
  readonly kind: TypeKind;
  readonly beside: ReadonlySet<string>;
  /** The last words of the other columns. */
  readonly besideHeads: ReadonlySet<string>;
  /** The words of each other column. */
  readonly besideNames: ReadonlySet<string>;
}

interface Match {
  readonly class: ColumnClass;
  readonly strength: 'strong' | 'weak';
  readonly phrase: string;
}

/** Words that name a column and say nothing of what is in it: `field_12`, `attr`, `custom_value`. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  'field,fld,column,col,attribute,attr,value,val,var,data,string,str,text,txt,custom,extra,misc,param,parameter,property,prop,item,info,a,b,c,d,e,f,n,s,x,y,z,int,num,content'.split(
    ',',
  ),
);

const isEncrypted = (words: readonly string[]) =>
  words.some((word) => /^(enc|encr|encrypted|cipher|ciphertext|crypted)$/u.test(word));

const STAFF: ReadonlySet<string> = new Set([
  'admin',
  'administrator',
  'staff',
  'teacher',
  'doctor',
  'driver',
  'agent',
  'buyer',
  'tenant',
]);

/** The words behind the head leave it what it is. */
function tailAllows(rule: NameRule, phrase: string, tail: readonly string[], reading: Reading): boolean {
  return tail.every((word) => {
    // `detail_mobile_html` is what telephones are shown.
    if ((word === 'html' || word === 'svg' || word === 'markdown') && rule.class === 'phone') return false;
    // What a text is known by, and nothing that it says.
    if ((rule.class === 'demographic' || rule.class === 'free_text') && (word === 'digest' || word === 'hash'))
      return false;
    if (QUALIFIERS.has(word) || CLASS_QUALIFIERS[rule.class]?.has(word)) return true;
    // Whose it is: `email_administrator`.
    if ((rule.class === 'email' || rule.class === 'phone') && (ROLES.has(word) || STAFF.has(word))) return true;
    // Whose key it is: `webhook_secret_github`.
    if (rule.class === 'secret' && NETWORKS.has(word)) return true;
    if (rule.headFirst && !CLEAR_TAILS.has(word)) return true;
    if ((word === 'iv' || word === 'salt' || word === 'tag') && isEncrypted(reading.words)) return true;
    // How it was cut or kept: `body_text_unfolded`.
    if (rule.class === 'free_text' && word.endsWith('ed') && !VOCABULARY.has(word)) return true;
    if (VOCABULARY.has(word) || rule.alone) return false;
    return word.length <= 3 || (word.length <= 6 && UNMISTAKABLE.has(phrase));
  });
}

/** Classes whose ids are keys of other tables where they are numbers. */
const REFERENCES: ReadonlySet<ColumnClass> = new Set([
  'device_id',
  'secret',
  'email',
  'photo',
  'free_text',
  'person_name',
  'health',
  'demographic',
]);

/** What schemas put before all columns of a table, or before most: `ec_name`, `cli_nombre`. */
function isPrefix(word: string, { besideNames }: Reading): boolean {
  if (word.length > 4 || VOCABULARY.has(word)) return false;
  const sharing = [...besideNames].filter((name) => name.startsWith(`${word} `)).length;
  return sharing * 3 >= besideNames.size;
}

/** Without what a schema puts before all its tables: `ci_sessions`. */
function ownTable(tableWords: readonly string[]): readonly string[] {
  const [first = '', ...others] = tableWords;
  return others.length > 0 && (first.length <= 2 || !VOCABULARY.has(first)) ? others : tableWords;
}

const SUBJECTS: readonly string[] =
  'patient,subject,person,user,visit,encounter,admission,stay,member,client,employee,student,consultation,customer,episode,case,contact,record,hadm,beneficiary,insured,name'.split(
    ',',
  );
const ID_NUMBERS = /^id (number|num|no|nr|card|doc)\b/u;
const OF_TREES = /^(?:short ?name|parent (?:\w+ )?id|depth|lft)$/u;
const BODIES: readonly string[] = [
  'height',
  'birth',
  'birthday',
  'dob',
  'gender',
  'sex',
  'bmi',
  'patient',
  'blood',
  'age',
];
/** Of pay they are pay. */
const EXTREMES: ReadonlySet<string> = new Set(['min', 'max', 'avg', 'minimum', 'maximum', 'maximal']);
const NUMBERS: ReadonlySet<TypeKind> = new Set(['integer', 'numeric']);
const KEYED: ReadonlySet<string> = new Set(['cod', 'codigo', 'ref', 'fk']);
/** Whose it is, where it is somebody's. */
const OWNED: readonly string[] =
  'patient,person,user,employee,student,member,client,customer,contact,subject,encounter,visit,admission,pessoa,aluno,paciente,cliente,persona,empleado,pid,case,child,kunde,mitarbeiter,personne'.split(
    ',',
  );
/** Numbers that are called a tax's and are no amount of it. */
const TAX_NUMBERS = /^(?:cpf|cnpj|cuit|cuil|nif|nit|rut|rfc|nis|pis)\b/u;
/** Answers kept as numbers: `spouse_had_disability`, `no_ssn`. */
const ANSWERED: ReadonlySet<string> = new Set(
  'no,not,had,has,did,does,have,bought,paid,received,occupied,wants,knows,eligibility,eligible,authorize,authorise'.split(
    ',',
  ),
);
const CORNERS: ReadonlySet<string> = new Set(
  'top,bottom,left,right,north,south,east,west,min,max,ne,nw,se,sw,corner,bound'.split(','),
);
/** What is found of somebody, under the name of the table. */
const OF_FINDINGS: ReadonlySet<string> = new Set(['value', 'answer', 'result', 'comment', 'reaction', 'note']);
const VENUES: ReadonlySet<string> = new Set(
  'venue,merchant,store,shop,restaurant,hotel,warehouse,depot,courthouse,stadium,theatre,theater'.split(','),
);
const TOLD_OF =
  /^(?:first|last|name|firstname|lastname|fullname|surname|username|nickname|login|email|mail|phone|mobile|telephone|birth|birthday|birthdate|gender|sex|bio|avatar|photo|picture|password|title|patient|candidate|employee|student|age)$/u;
const SAID_BY =
  /^(?:user|userid|author|creator|reporter|owner|assignee|member|customer|client|contact|person|employee|patient|student|sender|from|email|by|phone|requester|assigned|account)$/u;
const SIZES: readonly string[] = ['thumb', 'thumbnail', 'small', 'large', 'original', 'square', 'full', 'tiny'];
const FILED: readonly string[] = ['page', 'filepath', 'ocr', 'checksum', 'sha1', 'pdf', 'docket'];
const MACHINES: readonly string[] = ['port', 'socket', 'protocol', 'proto', 'netmask'];

/** Names beside values: `users_data`. */
const isListed = ({ tableWords, besideNames }: Reading) =>
  (besideNames.has('value') || besideNames.has('prop value') || besideNames.has('property value')) &&
  (/^(?:data|meta|setting|prop|property|attribute|preference|option|parameter|variable)$/u.test(
    tableWords.at(-1) ?? '',
  ) ||
    /^(?:setting|preference|option)$/u.test(tableWords[0] ?? ''));

function ruleApplies(rule: NameRule, phrase: string, reading: Reading, start: number, end: number): boolean {
  const { words, topic, kind, beside } = reading;
  if (!(rule.kinds ?? [...KINDS_OF[rule.class]]).includes(kind)) return false;
  if (rule.topics && !rule.topics.includes(topic)) return false;
  if (rule.notTopics?.includes(topic)) return false;
  if (rule.sole && (start > 0 || end < words.length)) return false;
  if (rule.notSole?.includes(topic) && words.length === 1) return false;
  if (rule.tables && !rule.tables.includes(ownTable(reading.tableWords).join(' '))) return false;
  if (rule.aboutTable) {
    const about = ` ${reading.tableWords.join(' ')} `;
    if (!rule.aboutTable.some((phrase) => about.includes(` ${phrase} `))) return false;
  }
  if (rule.notAboutTable) {
    const about = ` ${reading.tableWords.join(' ')} `;
    if (rule.notAboutTable.some((phrase) => about.includes(` ${phrase} `))) return false;
  }
  if (rule.beside && !rule.beside.some((word) => beside.has(word))) return false;
  if (rule.besideHead && !rule.besideHead.some((word) => reading.besideHeads.has(word))) return false;
  if (rule.besideName && !rule.besideName.some((name) => reading.besideNames.has(name))) return false;
  if (rule.notNames?.some((name) => reading.besideNames.has(name))) return false;
  if (rule.notBeside?.some((word) => beside.has(word))) return false;
  if (rule.notNamedBeside && reading.besideNames.has(`${phrase} name`)) return false;
  if (kind === 'integer' && words.slice(0, start + 1).some((word) => ANSWERED.has(word))) return false;
  // The number of one in a list: `ref_cod_religiao`.
  if (NUMBERS.has(kind) && KEYED.has(words[0] ?? '') && rule.class !== 'postal_address' && words.length > 1)
    return false;
  if (kind === 'integer' && phrase === 'matricula' && (topic !== 'person' || words.length > 1)) return false;
  // What there is of them, and nobody's: `raca.nm_raca`.
  if (
    (rule.class === 'demographic' || rule.class === 'health') &&
    (reading.tableWords[0] === phrase || (reading.tableWords.at(-1) === phrase && !OF_FINDINGS.has(phrase))) &&
    reading.tableWords.length <= 2 &&
    !OWNED.some((word) => beside.has(word))
  )
    return false;
  // `root_user_by_ip` is somebody's number.
  if (kind === 'integer' && words[start - 1] === 'by') return false;
  // Where something stands or takes place: `venue_address`.
  if (rule.class === 'postal_address' && VENUES.has(words[start - 1] ?? '')) return false;
  // A number that refers to one, where a row is nobody.
  if (kind === 'integer' && phrase === 'identification id' && topic !== 'person') return false;
  // One size of several: `medium_url` beside `thumb_url`.
  if (phrase === 'medium url' && SIZES.some((size) => reading.besideNames.has(`${size} url`))) return false;
  // The table's own word before what the column is: `contact_title`.
  if (
    start === 0 &&
    phrase === reading.tableWords.at(-1) &&
    /^(?:title|type|code|status|company|organization|website|web|level|role)$/u.test(words[end] ?? '')
  )
    return false;
  // What the rows of a table are called: `family_name` of families of products.
  if (phrase === 'family name' && reading.tableWords.at(-1) === 'family') return false;
  // The key of a row, as Frappe has it: `tabEmployee.name`.
  if (phrase === 'name' && words.length === 1 && reading.tableWords[0] === 'tab' && reading.tableWords.length > 1)
    return false;
  // What a value is called, and nobody.
  if (rule.class === 'person_name' && phrase === 'name' && words.length === 1 && isListed(reading)) return false;
  // How many of them there are.
  if (kind === 'integer' && rule.class === 'ip_address' && /^(?:total|used|free|known)$/u.test(words[0] ?? ''))
    return false;
  // Of what was committed, and where a currency is kept.
  if (
    rule.class === 'free_text' &&
    phrase === 'message' &&
    ['commit', 'head commit', 'commit hash', 'commit sha'].some((name) => reading.besideNames.has(name))
  )
    return false;
  if (
    rule.class === 'postal_address' &&
    phrase === 'address' &&
    ['blockchain', 'blockchain key', 'blockchain id', 'txid', 'tx hash', 'chain id', 'contract'].some((name) =>
      reading.besideNames.has(name),
    )
  )
    return false;
  // What a word of a vocabulary means.
  if (
    phrase === 'comment' &&
    reading.besideNames.has('label') &&
    ['local name', 'namespace uri', 'prefix'].some((name) => reading.besideNames.has(name))
  )
    return false;
  // What a program wrote down, by how bad it is.
  if (
    rule.class === 'free_text' &&
    (phrase === 'msg' || phrase === 'message') &&
    words.length === 1 &&
    ['level', 'log level', 'severity'].some((name) => reading.besideNames.has(name)) &&
    ['src', 'source', 'logger', 'stack', 'trace', 'context'].some((name) => reading.besideNames.has(name))
  )
    return false;
  // A program that does what is waiting.
  if (phrase === 'worker name' && words.length === 2 && topic !== 'person') return false;
  if (rule.class === 'username' && phrase === 'handle' && reading.beside.has('worker')) return false;
  if (rule.class === 'username' && phrase.endsWith('dn') && reading.tableWords.at(-1) === 'group') return false;
  // Of a program that reads pages.
  if (
    (rule.class === 'device_id' || rule.class === 'ip_address') &&
    reading.tableWords.some((word) => /^(?:spider|crawler|robot)s?$/u.test(word))
  )
    return false;
  // What a map shows first.
  if (rule.class === 'geo' && reading.besideNames.has('zoom') && topic !== 'person' && topic !== 'session')
    return false;
  // A number that the row has, beside what somebody is called by.
  if (rule.class === 'phone' && phrase.startsWith('contact n') && ['phone', 'mobile'].some((name) => beside.has(name)))
    return false;
  // An amount of tax.
  if (
    rule.class === 'tax_id' &&
    NUMBERS.has(kind) &&
    words.some((word) => /^(?:fee|amount|total|rate|net|minor)$/u.test(word))
  )
    return false;
  // Where a machine is, and where a picture is from.
  if (rule.class === 'postal_address' && phrase === 'address' && words[start - 1] === 'remote') return false;
  if (rule.class === 'photo' && words.at(-1) === 'source') return false;
  // Words that a text was cut into.
  if (
    rule.class === 'secret' &&
    words.join(' ') === 'token' &&
    /\b(?:custom|datasource|search|spam|name) ?token$/u.test(reading.tableWords.join(' '))
  )
    return false;
  // One of several types that a value may have.
  if (rule.class === 'geo' && phrase === 'point' && reading.besideNames.has('integer value')) return false;
  // Of animals and goods.
  if (phrase.startsWith('born') && (topic === 'thing' || topic === 'message')) return false;
  // What is called so is described, and not somebody.
  if (rule.class === 'free_text' && phrase === 'description' && words.length === 1) {
    if (topic === 'person' && ![...beside].some((word) => TOLD_OF.test(word))) return false;
    if (topic === 'message' && reading.besideNames.has('name') && ![...beside].some((word) => SAID_BY.test(word)))
      return false;
  }
  // Made by a program.
  if (kind === 'bytes' && phrase === 'transcript' && reading.tableWords.includes('transcript')) return false;
  if (phrase === 'data' && topic === 'message' && reading.tableWords.includes('report')) return false;
  if (phrase === 'reason' && /^(?:revision|outbox)$/u.test(reading.tableWords.at(-1) ?? '')) return false;
  // Who has somebody to ask is no person.
  if (
    rule.class === 'person_name' &&
    words.join(' ') === 'name' &&
    [...reading.besideNames].some((name) => /^contact(?: (?:name|person|email|phone))?$/u.test(name)) &&
    ![...reading.besideNames].some((name) => /^(?:first ?name|last ?name|surname|username|password)$/u.test(name))
  )
    return false;
  // A box that was ticked.
  if (words.at(-1) === 'cb' && kind !== 'text') return false;
  if (kind === 'integer' && words.at(-1) === 'id' && (phrase === 'voter id' || (rule.headFirst && end < words.length)))
    return false;
  // A number that is called an id is a reference.
  if (kind === 'integer' && words.at(-1)?.endsWith('id') === true && REFERENCES.has(rule.class)) return false;
  // A key of another table, as languages have it that put the head first: `id_document`; and of a list of taxes.
  if (kind === 'integer' && words[0] === 'id' && words.length > 1 && !ID_NUMBERS.test(words.join(' '))) return false;
  if (kind === 'integer' && rule.class === 'tax_id' && phrase === 'vat' && words.at(-1) === 'id' && words.length > 2)
    return false;
  if (
    kind === 'integer' &&
    /tax ?id$/u.test(phrase) &&
    ((topic !== 'person' && topic !== 'company') || words.length > 2)
  )
    return false;
  if (kind === 'integer' && rule.class === 'postal_address' && words.at(-1) === 'address') return false;
  // `case_name_full`, where it is nobody's.
  if (phrase === 'name full' && start > 0 && !PERSON_TABLES.has(words[start - 1]!) && !ROLES.has(words[start - 1]!))
    return false;
  // How well it is known, and not when it was.
  if (words.slice(0, start).some((word) => word === 'granularity' || word === 'accuracy' || word === 'precision'))
    return false;
  // A kind of it, by its number.
  if (kind === 'integer' && phrase === 'residence') return false;
  // Of a file that somebody handed in.
  if (rule.class === 'national_id' && phrase.startsWith('doc') && FILED.some((word) => beside.has(word))) return false;
  // A key of a list of grades.
  if (kind === 'integer' && phrase === 'pay grade') return false;
  // Where somebody works and as what, and not who they are: `contact_company`, `contact_title`.
  if (rule.class === 'person_name' && /^(?:company|employer)$/u.test(words.at(-1) ?? '')) return false;
  if (rule.class === 'person_name' && phrase === 'contact' && words[end] === 'title') return false;
  // `key_public`
  if (rule.class === 'secret' && phrase.endsWith('key') && words.at(-1) === 'public') return false;
  // What is noted of things, by key.
  if (kind === 'json' && phrase === 'annotation') return false;
  // An amount of tax.
  if (
    kind === 'numeric' &&
    rule.class === 'tax_id' &&
    !TAX_NUMBERS.test(phrase) &&
    !/(id|number|no|nr)$/u.test(words.join(' '))
  )
    return false;
  // One that is called an account, and not the number of one, too.
  if (kind === 'integer' && rule.class === 'bank_account' && words.at(-1) === 'account') return false;
  // A corner of a map.
  if (rule.class === 'geo' && words.slice(0, start).some((word) => CORNERS.has(word))) return false;
  // Where there is a port, it is an address of a machine.
  if (
    rule.class === 'postal_address' &&
    words.at(-1) === 'address' &&
    MACHINES.some((word) => reading.besideNames.has(word)) &&
    !beside.has('latitude')
  )
    return false;
  // A code is somebody's where it is said whose; else it stands in a list of codes.
  if (rule.class === 'health' && phrase.endsWith(' code') && !SUBJECTS.some((word) => beside.has(word))) return false;
  if (
    rule.class === 'health' &&
    /^(?:icd|diagnos|dx|procedure)/u.test(phrase) &&
    /\b(?:code|icd|icd9|icd10)\b/u.test(reading.tableWords.join(' ')) &&
    !SUBJECTS.some((word) => (beside.has(word) || reading.tableWords.includes(word)) && word !== 'name') &&
    !reading.tableWords.includes('procedure')
  )
    return false;
  // `fullname` beside `shortname` is a thing's; that of a folder is a path.
  if (
    /^full ?name$/u.test(phrase) &&
    topic !== 'person' &&
    [...reading.besideNames].some((name) => OF_TREES.test(name))
  )
    return false;
  // A place in an order: a weight that stands alone, and of somebody where more is said of the body.
  if (phrase === 'weight' && kind === 'integer' && topic === 'person' && !BODIES.some((word) => beside.has(word)))
    return false;
  // What most people have, at what age.
  if (
    (rule.class === 'health' || rule.class === 'demographic') &&
    reading.tableWords.some((word) => /^percentiles?$/u.test(word))
  )
    return false;
  // Of how many there are.
  if (rule.class === 'demographic' && beside.has('population')) return false;
  if (rule.class === 'ip_address' && phrase === 'remote address' && reading.tableWords.includes('mirror')) return false;
  // A list of genders.
  if (rule.class === 'demographic' && words.join(' ') === reading.tableWords.join(' ')) return false;
  if (!tailAllows(rule, phrase, words.slice(end), reading)) return false;
  const before = words.slice(0, start);
  if (rule.alone) {
    return before.every(
      (word) =>
        reading.tableWords.includes(word) ||
        word.length === 1 ||
        (!rule.exact &&
          (QUALIFIERS.has(word) || isPrefix(word, reading) || (PERSON_TABLES.has(word) && !NO_ROLES.has(word)))),
    );
  }
  return (
    before.length === 0 ||
    (rule.class === 'financial' && EXTREMES.has(before[0] ?? '')) ||
    !CLEAR_HEADS.has(before[0] ?? '')
  );
}

/** `nanny_name`: a name's word behind one for people, where no phrase lists it. */
const NAME_WORDS: ReadonlySet<string> = new Set(['name', 'nombre', 'nome', 'nom', 'naam', 'navn', 'namn']);
const NO_ROLES: ReadonlySet<string> = new Set(
  'artist,client,human,account,address,adresse,profile,login,registration,worker,party,reservation,booking,identity,admin,contact,agent,user,usr,persona,partner,provider,bio,signup,enrollment,operator,consumer,family,personal,manager'.split(
    ',',
  ),
);
const PICTURE_WORDS: ReadonlySet<string> = new Set([
  'icon',
  'image',
  'photo',
  'picture',
  'pic',
  'foto',
  'portrait',
  'bild',
]);
function isOfRole(heads: ReadonlySet<string>, words: readonly string[], end: number): boolean {
  const role = words[end - 2];
  return heads.has(words[end - 1] ?? '') && role !== undefined && PERSON_TABLES.has(role) && !NO_ROLES.has(role);
}

/** The match that ends last, of those the longest. */
function matchName(reading: Reading): Match | undefined {
  const { words, kind } = reading;
  for (let end = words.length; end > 0; end--) {
    for (let start = Math.max(0, end - LONGEST_PHRASE); start < end; start++) {
      const phrase = words.slice(start, end).join(' ');
      if (CLEAR_PHRASES.has(phrase)) return undefined;
      const rule = BY_PHRASE.get(phrase)?.find((one) => ruleApplies(one, phrase, reading, start, end));
      if (rule)
        return {
          class: rule.class,
          strength: rule.alone || rule.sole || rule.topics || rule.beside ? 'weak' : 'strong',
          phrase,
        };
    }
    if (!KINDS_OF.person_name.has(kind) || !words.slice(end).every((word) => QUALIFIERS.has(word))) continue;
    const phrase = words.slice(end - 2, end).join(' ');
    if (isOfRole(NAME_WORDS, words, end)) return { class: 'person_name', strength: 'weak', phrase };
    if (isOfRole(PICTURE_WORDS, words, end)) return { class: 'photo', strength: 'weak', phrase };
  }
  return undefined;
}

/** Columns that are the head of a name whose beginning is the table's: `invitations.code`, `passports.number`. */
const BARE_HEADS: ReadonlySet<string> = new Set([
  'code',
  'key',
  'number',
  'no',
  'nr',
  'hash',
  'url',
  'link',
  'address',
  'pin',
  'digest',
  'secret',
]);
/** Columns that are what the table is called: `tax_identifiers.value`. */
const BARE_VALUES: ReadonlySet<string> = new Set(['value', 'numeric', 'normalized', 'digit', 'identifier']);
const BARE_CLASSES: ReadonlySet<ColumnClass> = new Set([
  'email',
  'phone',
  'tax_id',
  'national_id',
  'bank_account',
  'ip_address',
]);
function matchTable(own: Reading): Match | undefined {
  if (own.words.length !== 1 || !BARE_VALUES.has(own.words[0]!)) return undefined;
  const words = own.tableWords.slice(-2);
  const found = matchName({ ...own, words });
  return found !== undefined && found.phrase === words.join(' ') && BARE_CLASSES.has(found.class)
    ? { ...found, strength: 'weak' }
    : undefined;
}

function matchWithTable(own: Reading): Match | undefined {
  const [word, ...more] = own.words;
  if (word === undefined || more.length > 0 || !BARE_HEADS.has(word)) return undefined;
  // Of a pair: what is called so stands in the other.
  if (word === 'key' && own.besideNames.has('value')) return undefined;
  const table = own.tableWords.filter((part, at) => at === 0 || !TABLE_TAILS.has(part));
  if (table.length > 1 && (table.at(-1) === word || table.at(-1) === 'link')) table.pop();
  for (const length of [2, 1]) {
    const words: readonly string[] = [...table.slice(-length), word];
    const found: Match | undefined = matchName({ ...own, words });
    // Cards are also what stands on a board, and addresses where something stands.
    const ambiguous = found?.class === 'payment_card' && own.kind === 'integer';
    if (found?.phrase.endsWith(` ${word}`) && !ambiguous) return { ...found, strength: 'weak' };
  }
  const made =
    word === 'hash' || word === 'link' ? matchCompound({ ...own, words: [...table.slice(-1), word] }) : undefined;
  return made?.class === 'secret' ? made : undefined;
}

/** Read once more where words are shortened. */
function matchInFull(own: Reading): Match | undefined {
  const [first = '', ...others] = own.words;
  const sharing = [...own.besideNames].filter((name) => name.startsWith(`${first} `)).length;
  // What stands before most columns is no word of theirs: `pt_title`.
  const isOwn = others.length > 0 && first.length <= 3 && sharing > 3 && sharing * 2 >= own.besideNames.size;
  const words = inFull(isOwn ? others : own.words);
  return words === undefined ? undefined : matchName({ ...own, words });
}

/** In small letters, for a search: `lgiven` beside `given`, where one such column is not alone. */
function matchLowered(own: Reading, subject: ColumnSubject, split: Splitter): Match | undefined {
  const others = new Set(subject.siblings);
  const copied = (name: string) => /^l\p{Ll}{2,}$/u.test(name) && others.has(name.slice(1));
  if (!copied(subject.column) || !subject.siblings.some(copied)) return undefined;
  return matchName({ ...own, words: split(subject.column.slice(1)) });
}

/** Told by what it is made of, where no rule lists it. */
function matchCompound(own: Reading): Match | undefined {
  const found = compoundName(own);
  return found === undefined ? undefined : { ...found, strength: 'weak' };
}

/** Fewest characters that any value of the class has; less is a flag or a code. */
const SHORTEST: Readonly<Partial<Record<ColumnClass, number>>> = {
  email: 6,
  phone: 5,
  ip_address: 7,
  bank_account: 4,
  secret: 4,
  password_hash: 4,
  device_id: 6,
  free_text: 24,
  photo: 6,
  national_id: 4,
  tax_id: 4,
  geo: 3,
  postal_address: 2,
};
/** What no number of five digits is. */
const LONG_NUMBERS: ReadonlySet<ColumnClass> = new Set([
  'phone',
  'national_id',
  'tax_id',
  'bank_account',
  'payment_card',
  'ip_address',
]);
/** A role under that name, where there is no room for what somebody tells of themselves. */
const TOLD_AT_LENGTH = 256;
function isTooShort({ class: columnClass, phrase }: Match, type: string): boolean {
  if (type === 'smallint' && LONG_NUMBERS.has(columnClass)) return true;
  const length = /^(?:character varying|varchar|character|char|bpchar|nvarchar)\s*\((\d+)\)$/iu.exec(type)?.[1];
  return (
    length !== undefined && Number(length) < (phrase === 'profile' ? TOLD_AT_LENGTH : (SHORTEST[columnClass] ?? 0))
  );
}

/** By the type alone. */
function matchType(kind: TypeKind, topic: TableTopic): Match | undefined {
  if (kind === 'network') return { class: 'ip_address', strength: 'weak', phrase: 'inet' };
  // Folded for a search: what people are called or wrote.
  if (kind === 'search' && (topic === 'person' || topic === 'message'))
    return { class: 'free_text', strength: 'weak', phrase: 'tsvector' };
  if (kind === 'mac') return { class: 'device_id', strength: 'weak', phrase: 'macaddr' };
  if (kind === 'geometry' && (topic === 'person' || topic === 'session'))
    return { class: 'geo', strength: 'weak', phrase: 'point' };
  return undefined;
}
/** Networks and ranges of addresses are settings. */
const NETWORK_SETTINGS =
  /\b(network|subnet|cidr|range|allow|allowed|allowlist|whitelist|blacklist|blocklist|block|mask|netmask|gateway|broadcast|dns|trusted|prefix|pool)\b/u;

/** Enum labels that are traits of people. */
const TRAIT_LABELS =
  /^(male|female|man|woman|non.?binary|single|married|divorced|widowed|christian|muslim|jewish|hindu|buddhist|heterosexual|homosexual|bisexual|maennlich|weiblich|masculino|femenino|feminino|homme|femme)$/iu;

/** The first clause of a comment, as a name: `E-mail address of the customer, lower case` → `E-mail address`. */
function commentClause(comment: string): string {
  const clause =
    comment
      .replace(/^\W*(pii|gdpr|personal data|sensitive|confidential)\W+/iu, '')
      .split(/[.,;:(\n—–]|\b(?:of|for|used|from|in|when|that|which|if|as)\b/iu)[0] ?? '';
  return clause.replace(/\b(the|a|an|this|its|their|person'?s|user'?s|customer'?s|employee'?s)\b/giu, ' ');
}
const PII_MARK =
  /(?<!\b(?:non|no|not)[\s-])\b(pii|gdpr|personal data|personally identifiable|special category|personenbezogen|datos personales|dados pessoais|donn[ée]es personnelles)\b/iu;

/** `comment_email` in a table of comments is its email. */
function ownName(words: readonly string[], tableWords: readonly string[]): string {
  return (words.length > 1 && words[0] === tableWords.at(-1) ? words.slice(1) : words).join(' ');
}

/** Without what an application puts before all its names: `gibbonSessionID` of `gibbonSession`. */
function matchWithoutOwn(own: Reading): Match | undefined {
  const [first = '', ...words] = own.words;
  if (words.length === 0 || first !== own.tableWords[0] || own.tableWords.length < 2 || VOCABULARY.has(first))
    return undefined;
  return matchName({ ...own, words });
}

function reading(name: string, subject: ColumnSubject, topic: TableTopic, kind: TypeKind, split: Splitter): Reading {
  const siblings = subject.siblings.map(split);
  const tableWords = split(subject.table);
  const beside = new Set(siblings.flat());
  const besideHeads = new Set(
    siblings.flatMap((words) => (CLEAR_HEADS.has(words[0] ?? '') ? [] : [words.at(-1) ?? ''])),
  );
  return {
    words: unwritten(split(name)),
    tableWords,
    topic,
    kind,
    beside,
    besideHeads,
    besideNames: new Set(siblings.flatMap((words) => [words.join(' '), ownName(words, tableWords)])),
  };
}

/** The classes of a composite's fields, by their names. */
function fieldClasses(subject: ColumnSubject, split: Splitter): Map<string, ColumnClass> {
  const fields = subject.fields ?? [];
  const topic = tableTopic(ownTypeName(subject) ?? '', fields, split);
  const paths = new Map<string, ColumnClass>();
  for (const field of fields) {
    const siblings = fields.filter((other) => other !== field);
    const found = matchName(reading(field, { ...subject, siblings }, topic, 'text', split));
    if (found) paths.set(keyStep(field), found.class);
  }
  return paths;
}

function isForeignKeyId(subject: ColumnSubject, kind: TypeKind): boolean {
  return (subject.references !== undefined || subject.isKey === true) && (kind === 'integer' || kind === 'uuid');
}

/** The class that an own type's name gives: domain `email_address`, composite `postal_address`. */
function matchOwnType(subject: ColumnSubject, kind: TypeKind, split: Splitter): Match | undefined {
  const name = ownTypeName(subject);
  if (name === undefined) return undefined;
  if (split(name).some((word) => ENCRYPTED.has(word))) return { class: 'secret', strength: 'weak', phrase: name };
  const words = split(name).filter((word) => !/^(t|type|dom|domain|d|code|typ)$/u.test(word));
  const under = kind === 'other' ? 'text' : kind;
  const none: ReadonlySet<string> = new Set();
  return matchName({
    words,
    tableWords: [],
    topic: 'unknown',
    kind: under,
    beside: none,
    besideHeads: none,
    besideNames: none,
  });
}

/** What was encrypted was not for everybody's eyes, whatever it is. */
const ENCRYPTED: ReadonlySet<string> = new Set([
  'encrypted',
  'ciphertext',
  'ciphered',
  'crypted',
  'verschluesselt',
  'cifrado',
]);
const ENCRYPTABLE: ReadonlySet<TypeKind> = new Set(['text', 'bytes', 'json']);
/** What is needed beside a key, and shown with what it opens. */
const OPENLY: ReadonlySet<string> = new Set(['nonce', 'iv', 'header']);
const isAboutEncryption = (words: readonly string[]) =>
  CLEAR_HEADS.has(words[0] ?? '') ||
  OPENLY.has(words.at(-1)!) ||
  // `encrypted_name` is one.
  (words.join(' ') !== 'encrypted name' &&
    words.slice(words.findIndex((word) => ENCRYPTED.has(word))).some((word) => CLEAR_TAILS.has(word)));

/** Everything but values. */
export function nameEvidence(subject: ColumnSubject, topic: TableTopic, split: Splitter): NameEvidence {
  const kind = typeKind(subject);
  const own = reading(subject.column, subject, topic, kind, split);
  const meaningful =
    own.words.length > 0 &&
    !own.words.every((word) => PLACEHOLDERS.has(word)) &&
    own.words.every((word) => (VOCABULARY.has(word) && word.length > 1) || CLEAR_WORDS.has(word));
  const says = (found: Match, from: Evidence['from'], what: string): NameEvidence => ({
    class: found.class,
    strength: found.strength,
    meaningful: true,
    evidence: [{ from, says: what }],
  });
  const clear: NameEvidence = { class: undefined, strength: 'none', meaningful, evidence: [] };
  if (kind === 'composite') {
    const paths = fieldClasses(subject, split);
    const found = matchOwnType(subject, kind, split) ?? matchName(own);
    const first = found?.class ?? [...paths.values()][0];
    if (first === undefined) return clear;
    return {
      ...says(
        { class: first, strength: 'strong', phrase: '' },
        'type',
        `${subject.type} (${[...paths.keys()].join(', ')})`,
      ),
      paths,
    };
  }
  const isNumbered = own.words.length === 1 && PLACEHOLDERS.has(own.words[0]!) && /\d$/u.test(subject.column);
  if (!isNumbered && (kind === 'boolean' || kind === 'enum' || !isForeignKeyId(subject, kind))) {
    const found =
      matchWithTable(own) ??
      matchName(own) ??
      matchInFull(own) ??
      matchTable(own) ??
      matchLowered(own, subject, split) ??
      matchCompound(own) ??
      matchWithoutOwn(own);
    if (found && !isTooShort(found, subject.type))
      return says(
        found,
        'name',
        `${subject.column}: ${found.phrase}${found.strength === 'weak' ? ` in a table about ${topic}` : ''}`,
      );
  }
  if (subject.labels?.some((label) => TRAIT_LABELS.test(label))) {
    return says({ class: 'demographic', strength: 'strong', phrase: '' }, 'type', `labels of ${subject.type}`);
  }
  const byType = matchOwnType(subject, kind, split);
  if (byType) return says(byType, 'type', subject.type);
  const byKind = NETWORK_SETTINGS.test(own.words.join(' ')) ? undefined : matchType(kind, topic);
  if (byKind) return says(byKind, 'type', subject.type);
  if (
    ENCRYPTABLE.has(kind) &&
    own.words.length > 1 &&
    own.words.some((word) => ENCRYPTED.has(word)) &&
    !isAboutEncryption(own.words)
  ) {
    return says({ class: 'secret', strength: 'weak', phrase: '' }, 'name', `${subject.column}: encrypted`);
  }
  return fromForeignKey(subject, kind, split) ?? fromComment(subject, topic, kind, meaningful, split) ?? clear;
}

/** A natural key carries the class of what it references. */
function fromForeignKey(subject: ColumnSubject, kind: TypeKind, split: Splitter): NameEvidence | undefined {
  const [, table, column] = subject.references?.split('.') ?? [];
  if (table === undefined || column === undefined) return undefined;
  const target = matchName(
    reading(column, { ...subject, table, siblings: [] }, tableTopic(table, [], split), kind, split),
  );
  if (!target) return undefined;
  return {
    class: target.class,
    strength: target.strength,
    meaningful: true,
    evidence: [{ from: 'foreign_key', says: `references ${subject.references}` }],
  };
}

function fromComment(
  subject: ColumnSubject,
  topic: TableTopic,
  kind: TypeKind,
  meaningful: boolean,
  split: Splitter,
): NameEvidence | undefined {
  if (subject.comment === undefined || kind === 'boolean') return undefined;
  const clause = commentClause(subject.comment);
  const words = split(clause);
  const found = words.length <= 6 ? matchName(reading(clause, subject, topic, kind, split)) : undefined;
  if (found && !(meaningful && found.strength === 'weak')) {
    return {
      class: found.class,
      strength: found.strength,
      meaningful: true,
      evidence: [{ from: 'comment', says: `comment: ${found.phrase}` }],
    };
  }
  if (PII_MARK.test(subject.comment) && KINDS_OF.free_text.has(kind)) {
    return {
      class: 'free_text',
      strength: 'strong',
      meaningful: true,
      evidence: [{ from: 'comment', says: 'comment: marked as personal data' }],
    };
  }
  return undefined;
}
