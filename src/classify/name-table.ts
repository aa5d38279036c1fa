/** What a table is about: its name's head, and where that says nothing, the columns that only people have. */
import { inFull } from './words/abbreviations.ts';
import { ROLES } from './words/compounds.ts';
import type { TableTopic } from './words/name-rule.ts';
import { CLEAR_HEADS } from './words/qualifiers.ts';
import {
  COMPANY_TABLES,
  CREDENTIAL_TABLES,
  HEALTH_TABLES,
  HOOK_TABLES,
  LOG_TABLES,
  MEDIA_TABLES,
  MESSAGE_TABLES,
  MONEY_TABLES,
  PERSON_TABLES,
  PLACE_TABLES,
  PORTRAIT_TABLES,
  PUBLIC_KEY_TABLES,
  SESSION_TABLES,
  TABLE_TAILS,
  THING_TABLES,
} from './words/tables.ts';
import type { Splitter } from './words/vocabulary.ts';

/** Nouns for people, but those that organisations and pages are called as well. */
const PEOPLE: ReadonlySet<string> = new Set(
  [...ROLES].filter(
    (role) => !/^(?:referrer|notifier|organi[sz]er|editor|poster|host|reader|keeper|registrar)$/u.test(role),
  ),
);

/** The longest phrase wins; of equally long ones the earlier list. */
const TOPICS: readonly (readonly [TableTopic, ReadonlySet<string>])[] = [
  ['thing', PUBLIC_KEY_TABLES],
  ['credential', CREDENTIAL_TABLES],
  ['health', HEALTH_TABLES],
  ['portrait', PORTRAIT_TABLES],
  ['media', MEDIA_TABLES],
  ['hook', HOOK_TABLES],
  ['session', SESSION_TABLES],
  ['message', MESSAGE_TABLES],
  ['money', MONEY_TABLES],
  ['place', PLACE_TABLES],
  ['company', COMPANY_TABLES],
  ['person', PERSON_TABLES],
  ['thing', THING_TABLES],
  ['log', LOG_TABLES],
  ['person', PEOPLE],
];

/** First in languages that put the head first: `grupos_clientes`, `types_contact`. */
const KINDS_OF_THINGS: ReadonlySet<string> = new Set(
  'configuracao,configuracoes,configuracion,parametro,parametros,grupo,gruppo,groupe,tipo,tipologia,categoria,categorie,estado,estatus,stato,statut,situacao,modelo,modello,modele,classe,clase,kategoria,rodzaj,typ,jenis,kategori'.split(
    ',',
  ),
);

function topicOf(words: readonly string[]): TableTopic | undefined {
  if (words.length > 1 && KINDS_OF_THINGS.has(words[0] ?? '')) return 'thing';
  for (let length = Math.min(words.length, 3); length > 0; length--) {
    const phrase = words.slice(-length).join(' ');
    for (const [topic, phrases] of TOPICS) if (phrases.has(phrase)) return topic;
  }
  return undefined;
}

/** Columns that say that a row is a person; words as `splitName` gives them, joined by spaces. */
const PERSONAL =
  /\b(first ?name|last ?name|full ?name|fname|lname|surname|given name|family name|forename|birth|birthday|birthdate|dob|ssn|gender|marital|vorname|nachname|prenom|apellidos?|sobrenome|cognome|geburtsdatum|nacimiento|nascimento|naissance|nascita|imie|nazwisko|voornaam|achternaam|fornavn|fornamn|username|familiya|xingming|shimei)\b/u;

/** Short for something, before a noun for people: `apcontact`. */
const GLUED_PEOPLE = /^\p{L}{1,4}(?:contact|customer|employee|patient|student|member|person|user|subscriber|visitor)$/u;

/** Behind one of them, these say for whom something is. */
const LIMITS: ReadonlySet<string> = new Set([
  'restriction',
  'limit',
  'filter',
  'requirement',
  'required',
  'rule',
  'policy',
  'target',
]);
/** Who somebody is at a place: what they call themselves there, with their picture. */
const SHOWN_NAME = /^(?:display name|full name|user name|nick ?name|screen name)$/u;
const SHOWN_FACE = /^(?:avatar|profile (?:picture|photo|image)|photo)(?: (?:url|uri|path|image))?$/u;
/** In a table of accounts, these say that an account is a company. */
const COMPANY_WORDS: ReadonlySet<string> = new Set([
  'domain',
  'subdomain',
  'plan',
  'subscription',
  'feature',
  'setting',
  'industry',
  'website',
  'employee',
]);
/** In a table of clients, these say that a client is a program. */
const OAUTH_WORDS: ReadonlySet<string> = new Set([
  'redirect',
  'secret',
  'protocol',
  'grant',
  'scope',
  'acs',
  'assertion',
  'slo',
]);
/** Before the name of a thing, these make it one of a person. */
const OWNERS: ReadonlySet<string> = new Set([
  'employee',
  'emp',
  'patient',
  'person',
  'candidate',
  'applicant',
  'student',
  'pupil',
  'client',
  'customer',
]);
const isVisitor = (words: readonly string[]) => words.at(-1) === 'id' && words.some((word) => VISITORS.has(word));
const HABITS = /^(?:smok(?:ing|er)|tobacco|alcohol|allerg(?:y|ies)|surger(?:y|ies)|recreational drug)\b/u;
const MEDICINES: ReadonlySet<string> = new Set(['medication', 'medicine', 'drug']);
const JOB_WORDS: ReadonlySet<string> = new Set([
  'lastrun',
  'execution',
  'nextrun',
  'queue',
  'retry',
  'cron',
  'worker',
  'handler',
  'payload',
]);
/** Processes as well as people. */
const WORKERS: ReadonlySet<string> = new Set([
  'worker',
  'runner',
  'agent',
  'operator',
  'consumer',
  'executor',
  'dispatcher',
  'manager',
]);
const WORKER_WORDS =
  /^(host ?name|host|pid|process id|queue|heartbeat|last (heartbeat|ping|beat)( at)?|version|cpu|memory|socket|probe mode|destination)$/u;
/** Whose id in a table of places makes them places where they were. */
const VISITORS: ReadonlySet<string> = new Set([
  'user',
  'customer',
  'driver',
  'person',
  'employee',
  'member',
  'patient',
  'rider',
  'message',
  'post',
  'device',
  'contact',
  'child',
]);
/** Of illness where these stand beside them, of anything else where not. */
const MEDICAL: ReadonlySet<string> = new Set([
  'measurement',
  'specimen',
  'death',
  'condition',
  'procedure',
  'admission',
  'observation',
  'treatment',
]);
const CLINICAL_WORDS: ReadonlySet<string> = new Set([
  'patient',
  'clinical',
  'encounter',
  'diagnosis',
  'doctor',
  'physician',
  'medical',
  'icd',
  'subject',
  'discharge',
  'ward',
  'person',
  'visit',
  'therapy',
  'dose',
  'dosage',
  'clinician',
  'symptom',
  'hospital',
]);
/** In a table of reports, these say that a report is a query. */
const QUERY_WORDS: ReadonlySet<string> = new Set([
  'query',
  'sql',
  'parameter',
  'chart',
  'schedule',
  'definition',
  'filter',
  'format',
  'widget',
  'condition',
  'calendar',
  'class',
  'setting',
]);

/** People in some schemas, programs or records in others. */
const AMBIGUOUS: ReadonlySet<string> = new Set([
  'agent',
  'actor',
  'operator',
  'consumer',
  'family',
  'identity',
  'host',
  'crew',
  'party',
  'owner',
  'partner',
  'individual',
  'provider',
  'registration',
  'enrollment',
  'booking',
  'reservation',
  'sponsor',
  'reference',
  'seller',
]);
const isReachable = (words: readonly string[]) =>
  /^(email|mail|phone|mobile|telephone)$/u.test(words.at(-1) ?? '') && !CLEAR_HEADS.has(words[0] ?? '');

const PAGES: ReadonlySet<string> = new Set(['post', 'story', 'note', 'news', 'report']);
const PAGE_WORDS: ReadonlySet<string> = new Set([
  'excerpt',
  'meta',
  'canonical',
  'featured',
  'feature',
  'seo',
  'published',
  'publish',
]);
const LEDGER_WORDS: ReadonlySet<string> = new Set(['debit', 'credit', 'currency', 'ledger', 'amount', 'posting']);
const NAMED: ReadonlySet<string> = new Set(['name', 'title', 'label', 'nombre', 'nome', 'nom', 'slug']);
const LOGIN = /^(\w+ )?(username|user name)$/u;
const MACHINE =
  /^(?:command|bucket|base url|script|http proxy|auth ?type)$|^((smtp|imap|db|database|proxy|ftp|ldap|mail) )?(host|hostname|port|server)$|^(feed|proxy|registry|server) ur[li]$/u;
/** A log-in under a name of its own, beside its password: `initdb_root_username`. */
const isOfMachine = (name: string, others: readonly (readonly string[])[]) => {
  const prefix = /^(.+) (?:username|user name)$/u.exec(name)?.[1];
  return prefix !== undefined && others.some((parts) => parts.join(' ') === `${prefix} password`);
};
const ZIP: ReadonlySet<string> = new Set(['zip', 'zipcode', 'postcode', 'postal', 'postalcode', 'plz']);
const isAddressLine = (words: readonly string[]) =>
  !CLEAR_HEADS.has(words[0] ?? '') && /\b(address|street|addr|line)( (line|one|two))?$/u.test(words.join(' '));
const isPassword = (words: readonly string[]) =>
  /^(encrypted |hashed )?password( (digest|hash))?$/u.test(words.join(' '));
/** What makes a row a person whatever the table is called: both names, and when they were born, or what sex, or where to reach them. */
const NAMED_PERSON: readonly RegExp[] = [
  /^(first ?name|given name|forename|vorname|prenom|nombre|nome)$/u,
  /^(last ?name|surname|family name|nachname|nom|apellidos?|sobrenome|cognome)$/u,
  /^(dob|birth ?date|date of birth|birthday|born (?:at|on)|gender|sex|e?mail(?: address)?|phone(?: number)?|mobile)$/u,
];
const PICTURES: ReadonlySet<string> = new Set(['image', 'photo', 'picture', 'portrait']);
/** Of a conversation. */
const PARTS: ReadonlySet<string> = new Set([
  'article',
  'entry',
  'item',
  'part',
  'body',
  'content',
  'line',
  'start',
  'event',
]);
const CORRESPONDENTS: ReadonlySet<string> = new Set(
  'from,to,sender,recipient,receiver,user,author,email,mail,address,customer,client,contact,person,member,employee,cc,bcc,thread,conversation,account,reply,ticket,folder,mailbox,uid,sent'.split(
    ',',
  ),
);
/** Says whose words they are, or in reply to whom. */
const WRITERS: ReadonlySet<string> = new Set([
  ...CORRESPONDENTS,
  ...'userid,poster,creator,by,staff,admin,owner,writer,reporter,assignee,commenter,reviewer,patient,student,doctor,teacher,agent,visitor,guest,participant,actor,attempt,submission,result'.split(
    ',',
  ),
]);
const TEACHING: readonly string[] = ['quiz', 'question', 'lesson', 'exam', 'rubric', 'course'];
/** Of somebody, in whatever language. */
const SAID = /^(?:comment|message|note|reply|review|complaint)$/u;
const PROSE: ReadonlySet<string> = new Set([
  'body',
  'content',
  'text',
  'message',
  'message body',
  'content text',
  'original text',
  'parsed text',
  'text content',
  'html content',
  'body html',
  'body text',
  'html body',
  'text body',
]);
const SENDERS: ReadonlySet<string> = new Set(['sender', 'from']);
const RECEIVERS: ReadonlySet<string> = new Set(['recipient', 'receiver', 'to']);

/** The columns of all fields of a thing: `users_field_data`. */
const withoutFieldData = (words: readonly string[]) =>
  words.length > 2 && words.at(-2) === 'field' && /^(?:data|revision)$/u.test(words.at(-1)!)
    ? words.slice(0, -2)
    : words;

export function tableTopic(table: string, columns: readonly string[], split: Splitter): TableTopic {
  const cut = withoutFieldData(split(table));
  const words = inFull(cut) ?? cut;
  const whole = topicOf(words);
  const bare = [...words];
  while (bare.length > 1 && TABLE_TAILS.has(bare.at(-1) ?? '')) bare.pop();
  const exact = words.length > 1 ? TOPICS.find(([, phrases]) => phrases.has(words.join(' ')))?.[0] : undefined;
  const head = bare.at(-1) ?? '';
  const byName =
    exact ??
    (bare.length < words.length && whole !== 'log' ? topicOf(bare) : undefined) ??
    whole ??
    topicOf(bare) ??
    (GLUED_PEOPLE.test(head) ? 'person' : undefined);
  const others = columns.map((column) => {
    const parts = split(column);
    return parts.length > 1 && parts[0] === words.at(-1) ? parts.slice(1) : parts;
  });
  // A log-in at another machine, beside its address, makes no person.
  const connects = columns.some((column) => MACHINE.test(split(column).join(' ')));
  // Courses and folders have a full name too, beside a short one or above others.
  const isTree = others.some((parts) => /^(?:short ?name|parent (?:\w+ )?id)$/u.test(parts.join(' ')));
  const personal = others.some((parts) => {
    const name = parts.join(' ');
    return (
      !CLEAR_HEADS.has(parts[0] ?? '') &&
      PERSONAL.test(name) &&
      !LIMITS.has(parts.at(-1) ?? '') &&
      !(connects && LOGIN.test(name)) &&
      !isOfMachine(name, others) &&
      !(isTree && /^full ?name$/u.test(name))
    );
  });
  // Who fills a form in, and not the form; who a thing is given to.
  const hasNamed = NAMED_PERSON.every((pattern) => others.some((parts) => pattern.test(parts.join(' '))));
  if (byName === 'thing' && hasNamed) return 'person';
  // `patron_images`
  if (words.length === 2 && PICTURES.has(words[1]!) && PERSON_TABLES.has(words[0]!) && words[0] !== 'profile')
    return 'portrait';
  // Of a mail, whatever it is kept as.
  if (byName === 'media' && ['message id', 'subject'].every((name) => others.some((parts) => parts.join(' ') === name)))
    return 'message';
  // A part of a program: `media_manager`.
  if (
    head === 'manager' &&
    bare.length > 1 &&
    !personal &&
    (THING_TABLES.has(bare.at(-2)!) || MEDIA_TABLES.has(bare.at(-2)!))
  )
    return 'thing';
  // What waits to be sent to somebody.
  if (
    (words.at(-1) === 'queue' || words.at(-1) === 'outbox') &&
    MESSAGE_TABLES.has(words.at(-2) ?? '') &&
    others.some((parts) => parts.some((part) => CORRESPONDENTS.has(part)))
  )
    return 'message';
  // What is reported, with how bad it is.
  if (
    byName !== 'message' &&
    byName !== 'person' &&
    ['urgency', 'impact'].every((name) => others.some((parts) => parts.join(' ') === name)) &&
    others.some((parts) => PROSE.has(parts.join(' ')))
  )
    return 'message';
  // When somebody is away, and no day that is free for all.
  if (
    (head === 'holiday' || head === 'vacation') &&
    byName === 'thing' &&
    others.some((parts) => /^(?:fk )?(?:user|employee|staff|member)(?: id)?$/u.test(parts.join(' ')))
  )
    return 'message';
  // Under a subject, and to somebody.
  if (
    head === 'queue' &&
    byName === 'log' &&
    ['subject', 'message'].every((name) => others.some((parts) => parts.join(' ') === name)) &&
    others.some((parts) => parts.some((part) => CORRESPONDENTS.has(part)))
  )
    return 'message';
  // A machine in a rack, and nobody's.
  if (
    head === 'device' &&
    byName === 'session' &&
    others.some((parts) => /^(?:rack(?: id)?|asset tag)$/u.test(parts.join(' ')))
  )
    return 'thing';
  // What is often asked.
  if (
    byName === 'message' &&
    ['question', 'answer'].every((name) => others.some((parts) => parts.join(' ') === name)) &&
    !others.some((parts) => parts.some((part) => WRITERS.has(part)))
  )
    return 'thing';
  // What is offered to choose from; a letter that is written by its code.
  if (
    byName === 'message' &&
    ((/^(?:answer|question|option)$/u.test(head) &&
      others.some((parts) =>
        /^(?:help text|input mask|display order|placeholder|custom class)$/u.test(parts.join(' ')),
      )) ||
      (head === 'letter' && others.some((parts) => parts.join(' ') === 'code'))) &&
    !others.some((parts) => parts.some((part) => WRITERS.has(part)))
  )
    return 'thing';
  // What takes place for all, and not what was noticed.
  if (
    bare.at(-1) === 'event' &&
    byName === 'log' &&
    others.some((parts) => /^(?:website|external|image|ticket|banner) url$|^slug$|^venue/u.test(parts.join(' '))) &&
    others.some((parts) => /^(?:location|latitude|venue)$/u.test(parts.join(' '))) &&
    !others.some((parts) => parts.some((part) => ZIP.has(part)))
  )
    return 'thing';
  // What search engines are told of a page.
  if (words.at(-1) === 'meta' && others.some((parts) => parts.join(' ') === 'meta title')) return 'thing';
  // Of programs: `machine_users`, `scim_clients`.
  if (
    byName === 'person' &&
    words.length > 1 &&
    /^(?:user|client|account)$/u.test(words.at(-1)!) &&
    /^(?:machine|placeholder|scim|bot|service|system|api|oauth|oauth2|http|rss)$/u.test(words.at(-2)!) &&
    !personal
  )
    return 'thing';
  // What goes out to many is a page.
  if (
    byName === 'message' &&
    others.some((parts) =>
      /^(publish up|publish down|utm tag|variant parent id|embargo|user ?selection)$/u.test(parts.join(' ')),
    )
  )
    return 'thing';
  // What is warned of, and not what was said.
  if (
    byName === 'message' &&
    words.at(-1) === 'list' &&
    words.length > 1 &&
    !others.some((parts) => PROSE.has(parts.join(' ')) || parts.some((part) => WRITERS.has(part)))
  )
    return 'thing';
  // People by name, and not a name for them.
  if (
    (words.at(-1) === 'list' || words.at(-1) === 'segment') &&
    words.length > 1 &&
    byName === 'person' &&
    !personal &&
    !others.some(isReachable)
  )
    return 'thing';
  // Where customers are, and not where something stands for all.
  if (
    byName === 'place' &&
    head === 'location' &&
    others.some((parts) => /^(?:client|customer|contact|patient) id$/u.test(parts.join(' '))) &&
    others.some((parts) => /^(?:phone|fax|telephone)$/u.test(parts.at(-1) ?? ''))
  )
    return 'unknown';
  // Who asks others something, under a title.
  if (
    head === 'question' &&
    byName === 'thing' &&
    others.some((parts) => parts.join(' ') === 'title') &&
    others.some((parts) => /^(?:user|author|asker|poster|creator) (?:id|phid|uuid)$/u.test(parts.join(' '))) &&
    others.some((parts) => PROSE.has(parts.join(' '))) &&
    !others.some((parts) =>
      parts.some((part) =>
        /^(?:quiz|option|choice|course|lesson|exam|point|correct|survey|position|required)$/u.test(part),
      ),
    )
  )
    return 'message';
  // What somebody began, and others reply to.
  if (
    head === 'topic' &&
    byName !== 'message' &&
    ['title', 'user id'].every((name) => others.some((parts) => parts.join(' ') === name)) &&
    others.some((parts) => /^(?:reply|comment|post)s? count$|^last (?:reply|post|active)/u.test(parts.join(' ')))
  )
    return 'message';
  // Of a page with an address of its own.
  if (
    byName === 'message' &&
    /^(?:revision|draft)$/u.test(head) &&
    ['slug', 'title'].every((name) => others.some((parts) => parts.join(' ') === name))
  )
    return 'thing';
  // Where a customer is.
  if (
    byName === 'place' &&
    words.length > 1 &&
    words.slice(0, -1).some((word) => /^(?:customer|client|debtor|patient|contact)$/u.test(word)) &&
    others.some((parts) => parts.some((part) => part === 'address' || ZIP.has(part)))
  )
    return 'unknown';
  // A bank, and not an account at one.
  if (
    head === 'bank' &&
    others.some((parts) => /^(bic|swift|swift code|bank code)$/u.test(parts.join(' '))) &&
    !others.some((parts) => parts.some((part) => /^(iban|account)$/u.test(part)))
  )
    return 'company';
  // One thing said of several that make up a conversation.
  const said = bare.findLastIndex((word) => !PARTS.has(word) && word !== 'content');
  if (
    said >= 0 &&
    said < bare.length - 1 &&
    MESSAGE_TABLES.has(bare[said]!) &&
    others.some((parts) => PROSE.has(parts.join(' ')))
  )
    return 'message';
  // Who applies, and not what is applied.
  if (
    head === 'application' &&
    byName === 'thing' &&
    others.some((parts) => parts.join(' ') === 'email') &&
    !others.some((parts) => parts.some((part) => OAUTH_WORDS.has(part)))
  )
    return 'person';
  if (WORKERS.has(head) && others.some((parts) => WORKER_WORDS.test(parts.join(' ')))) return 'unknown';
  if ((head === 'client' || head === 'consumer') && others.some((parts) => parts.some((part) => OAUTH_WORDS.has(part))))
    return 'thing';
  if (
    (MEDICAL.has(head) || (head === 'result' && bare.join(' ') === 'test result')) &&
    byName === 'health' &&
    !words.some((word) => word === 'health' || word === 'medical' || word === 'patient') &&
    !personal &&
    !others.some((parts) => parts.some((part) => CLINICAL_WORDS.has(part)))
  )
    return 'thing';
  // What somebody has, one a row, whatever the list is called.
  if (
    (byName === 'thing' || byName === undefined) &&
    others.some((parts) => parts.join(' ') === 'diagnosis') &&
    others.some((parts) => /^(?:pid|patient|patient id|subject id)$/u.test(parts.join(' ')))
  )
    return 'health';
  // How somebody was, and not what was changed.
  if (words.includes('history') && others.some((parts) => HABITS.test(parts.join(' ')))) return 'health';
  // What somebody takes, and not what there is to take.
  if (MEDICINES.has(head) && byName === 'thing' && others.some(isVisitor)) return 'health';
  // Raised against what somebody wrote.
  if (
    head === 'flag' &&
    others.some((parts) => /^(reason|message|note|post id|flaggable id|comment id)$/u.test(parts.join(' ')))
  )
    return 'message';
  // Texts of a catalogue in many languages.
  if (
    (words.at(-1) === 'translation' || words.at(-1) === 'lang') &&
    words.length > 1 &&
    others.some((parts) => /^(locale|language|lang|id lang)( (id|code))?$/u.test(parts.join(' '))) &&
    byName !== 'person' &&
    !(byName === 'message' && SAID.test(words.at(-2) ?? ''))
  )
    return 'thing';
  // Mail with nobody who sent it or gets it is a template.
  if (
    head === 'mail' &&
    others.some((parts) => parts.join(' ') === 'subject') &&
    !others.some((parts) => parts.some((part) => CORRESPONDENTS.has(part)))
  )
    return 'thing';
  if (
    words.some((word) => word === 'medical' || word === 'clinical') &&
    (byName === undefined || byName === 'message' || byName === 'log' || byName === 'session')
  )
    return 'health';
  // How somebody is.
  if (head === 'state' && words.some((word) => OWNERS.has(word))) return 'person';
  // How somebody looks at things.
  if (words.at(-1) === 'view' && others.some((parts) => parts.some((part) => QUERY_WORDS.has(part)))) return 'thing';
  // What there is to write into, with a name of its own.
  if (
    byName === 'message' &&
    ['name', 'slug'].every((name) => others.some((parts) => parts.join(' ') === name)) &&
    !others.some((parts) => PROSE.has(parts.join(' ')) || parts.some((part) => part !== 'account' && WRITERS.has(part)))
  )
    return 'thing';
  // Work of a machine.
  if (head === 'task' && others.some((parts) => parts.some((part) => JOB_WORDS.has(part)))) return 'log';
  if (
    head === 'ticket' &&
    others.some((parts) => parts.includes('price') || /^(?:sale|sales|max per order)\b/u.test(parts.join(' ')))
  )
    return hasNamed ? 'person' : 'thing';
  // Accounts are companies as often as people; reports are queries as often as complaints.
  if (AMBIGUOUS.has(head) && byName === 'person' && !personal && !others.some(isReachable)) return 'unknown';
  // Of a rule, a price, a device: what is called so has somebody's name or nothing of a person.
  if (
    head === 'profile' &&
    bare.length > 1 &&
    !PERSON_TABLES.has(bare.at(-2) ?? '') &&
    !personal &&
    !others.some(isReachable)
  )
    return 'unknown';
  // Of book-keeping, and no diary.
  if (head === 'journal' && others.some((parts) => parts.some((part) => LEDGER_WORDS.has(part)))) return 'thing';
  // An address, and no place that has a name.
  if (
    byName === 'place' &&
    others.some(isAddressLine) &&
    others.some(
      (parts) =>
        ZIP.has(parts.join(' ')) ||
        parts.join(' ') === 'mail code' ||
        (parts[0]?.length === 1 && ZIP.has(parts.slice(1).join(' '))),
    ) &&
    !others.some((parts) => NAMED.has(parts.at(-1) ?? ''))
  )
    return 'unknown';
  // An account of the ledger, of a loan.
  if (words.at(-1) === 'account' && byName === 'person' && !PERSON_TABLES.has(head) && !personal) return 'unknown';
  if (head === 'account' && !personal)
    return others.some((parts) => parts.some((part) => COMPANY_WORDS.has(part))) ? 'company' : 'unknown';
  if (head === 'report' && others.some((parts) => parts.some((part) => QUERY_WORDS.has(part)))) return 'thing';
  // As blogs keep it: with a state of publication, and what is shown of it in lists.
  if (
    head === 'post' &&
    ['excerpt', 'title', 'status'].every((name) => others.some((parts) => parts.join(' ') === name))
  )
    return 'thing';
  // For all to read from some day on.
  if (
    byName === 'message' &&
    /^(?:post|note|response|story)$/u.test(head) &&
    others.some((parts) => /^(?:published (?:at|on|user)|publish date|published date)$/u.test(parts.join(' '))) &&
    others.some((parts) => /^(?:title|edition id)$/u.test(parts.join(' '))) &&
    !others.some((parts) => /^(?:parent|reply|in reply|thread|topic)\b/u.test(parts.join(' ')))
  )
    return 'thing';
  // Of a blog.
  if (
    head === 'post' &&
    byName === 'message' &&
    others.some((parts) => /^blog(?: (?:id|phid|uuid))?$/u.test(parts.join(' ')))
  )
    return 'thing';
  // Work that a program does.
  if (/^(?:worker|background|cron|queue)$/u.test(words[0] ?? '') && words.includes('task')) return 'log';
  // What is published under an address is a page.
  if (
    PAGES.has(head) &&
    others.some((parts) => parts.join(' ') === 'slug') &&
    others.some((parts) => parts.some((part) => PAGE_WORDS.has(part)))
  )
    return 'thing';
  // Nobody writes to a thing: an application with an address is somebody's.
  if (
    byName === 'thing' &&
    others.some(isAddressLine) &&
    others.some((parts) => parts.some((part) => ZIP.has(part)) || /^business address\b/u.test(parts.join(' ')))
  )
    return 'unknown';
  if (
    head === 'provider' &&
    others.some((parts) => /^(npi|specialty|dea|specialisation|license number)$/u.test(parts.join(' ')))
  )
    return 'person';
  // What has both logs in.
  if (byName === undefined && others.some((parts) => parts.join(' ') === 'email') && others.some(isPassword))
    return 'person';
  if (
    byName === undefined &&
    [SHOWN_NAME, SHOWN_FACE].every((pattern) => others.some((parts) => pattern.test(parts.join(' '))))
  )
    return 'person';
  // An address of mail, a name and a face.
  if (
    (byName === undefined || byName === 'thing') &&
    ['email', 'name'].every((name) => others.some((parts) => parts.join(' ') === name)) &&
    others.some((parts) => /^(?:image|photo|avatar|picture)(?: url)?$/u.test(parts.join(' '))) &&
    !others.some((parts) => /^(?:slug|domain|website|logo|price|url|host|port)$/u.test(parts.join(' ')))
  )
    return 'person';
  // Of conversations, whatever is kept of them: `chat_memory`.
  if (
    byName === undefined &&
    /^(?:chat|conversation)$/u.test(words[0] ?? '') &&
    words.length > 1 &&
    !words.includes('bot') &&
    others.some((parts) => PROSE.has(parts.join(' ')) || parts.join(' ') === 'summary')
  )
    return 'message';
  // Text from one to another is a message, whatever it is called.
  if (
    (byName === undefined || (byName === 'log' && head === 'notification')) &&
    others.some((parts) => PROSE.has(parts.join(' '))) &&
    others.some((parts) => SENDERS.has(parts[0] ?? '')) &&
    others.some((parts) => RECEIVERS.has(parts[0] ?? ''))
  )
    return 'message';
  // What an employee can, speaks or was: not people, but about one.
  if (byName === 'thing' && words.some((word) => OWNERS.has(word)) && !words.includes('oauth') && words[0] !== 'oauth2')
    return 'unknown';
  // Where somebody was, not where something stands.
  if (
    byName === 'place' &&
    !others.some((parts) => /^(?:slug|display name|code)$/u.test(parts.join(' '))) &&
    others.some((parts) => /^(lat|latitude)$/u.test(parts.at(-1) ?? '')) &&
    others.some((parts) => parts.at(-1) === 'id' && parts.some((part) => VISITORS.has(part)))
  )
    return 'session';
  // What may be answered, and nobody's answer; what states there are.
  if (
    byName === 'message' &&
    ((TEACHING.some((word) => words.includes(word)) && words.at(-1) !== 'response') ||
      words.at(-1) === 'status' ||
      words.at(-1) === 'meeting') &&
    !others.some((parts) => parts.some((part) => WRITERS.has(part)))
  )
    return 'thing';
  return byName ?? (personal ? 'person' : 'unknown');
}
