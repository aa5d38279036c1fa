/**
 * What a name says that no rule lists, from what it is made of and from what stands beside it: `recover_guid`,
 * `strava_user_id` in a table about people, `partner_name` beside `partner_phone`. Pure.
 */
import type { ColumnClass } from './classes.ts';
import type { TypeKind } from './name-type.ts';
import {
  COMPOUNDS,
  IDENTITY_HEADS,
  IDENTITY_PROVIDERS,
  IDENTITY_TABLES,
  IDENTITY_WORDS,
  NETWORK_HEADS,
  NETWORKS,
  ROLES,
} from './words/compounds.ts';
import type { TableTopic } from './words/name-rule.ts';
import { CLEAR_HEADS, CLEAR_PHRASES } from './words/qualifiers.ts';
import { COMPANY_TABLES, PLACE_TABLES, THING_TABLES } from './words/tables.ts';

export interface CompoundReading {
  readonly words: readonly string[];
  readonly tableWords: readonly string[];
  readonly topic: TableTopic;
  readonly kind: TypeKind;
  /** The words of each other column, joined by spaces. */
  readonly besideNames: ReadonlySet<string>;
}

export interface CompoundMatch {
  readonly class: ColumnClass;
  readonly phrase: string;
}

/** Behind the carrier, these say only how it is kept. */
const KEPT =
  /^(?:encrypted|enc|encr|hashed|hash|digest|ciphertext|cipher|b64|base64|hex|raw|value|data|readonly|one|two|old|new|prev|previous|long|short)$/u;

const isPublic = (words: readonly string[]) => words.includes('public') || words.includes('publishable');

function compound({ words, topic, kind, besideNames }: CompoundReading): CompoundMatch | undefined {
  for (let end = words.length; end > 1; end--) {
    const carrier = words[end - 1]!;
    const purpose = words[end - 2]!;
    for (const rule of COMPOUNDS) {
      if (!rule.carriers.has(carrier) || !rule.kinds.includes(kind) || rule.notTopics?.includes(topic)) continue;
      // A number that the row has, beside how to reach whom it is about.
      if (rule.class === 'phone' && purpose === 'contact' && besideNames.has('phone') && besideNames.has('mobile'))
        continue;
      if (rule.purposes.has(purpose) && !isPublic(words))
        return { class: rule.class, phrase: `${purpose} … ${carrier}` };
    }
    if (!KEPT.test(carrier)) break;
  }
  return words.length === 2 ? saidFirst(words, topic, kind) : undefined;
}

/** In languages that put it first: `detail_refuse`. */
function saidFirst(
  [what = '', why = '']: readonly string[],
  topic: TableTopic,
  kind: TypeKind,
): CompoundMatch | undefined {
  if (kind !== 'text' || !/^(?:detail|motif|motivo|reason|note|comment|justification)$/u.test(what)) return undefined;
  const isSaid = COMPOUNDS.some(
    (rule) =>
      rule.class === 'free_text' &&
      rule.carriers.has('reason') &&
      rule.purposes.has(why) &&
      !rule.notTopics?.includes(topic),
  );
  return isSaid || /^(?:cancel|reject|approval|validation|submission|decline)$/u.test(why)
    ? { class: 'free_text', phrase: `${what} ${why}` }
    : undefined;
}

/** Bytes that are called a key are one: `nwk_s_key`. */
const INDEX_KEYS =
  /^(?:primary|foreign|partition|sort|object|cache|routing|row|index|class|ref|chart|request|path|unique|object|entity|query|event|group|public|pub|verify|verification|idempotency|dedup|hash|lookup|storage|file)$/u;
function keyOfBytes({ words, kind }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'bytes' || words.length < 2 || words.at(-1) !== 'key') return undefined;
  if (words.some((word) => INDEX_KEYS.test(word))) return undefined;
  return { class: 'secret', phrase: words.join(' ') };
}

/** Programs and roles of the database do it as well, or it is what things are to each other. */
const OF_THINGS_TOO =
  /^(?:actor|author|editor|referrer|parent|child|operator|viewer|reader|worker|manager|responsible|claimant|payer|registrar|executor|resident|minor|infant|host|keeper|broker|carer|president|director|principal|notifier|specialist|assistant|kin|sister|brother|father|mother|son|daughter|party|player|officer|consultant|recipient|intern)$/u;
/** How it is written down: `ordering_judge_str`. */
const WRITTEN = /^(?:str|string|text|txt|raw|list|name)$/u;
/** Somebody by what they do: `last_receiver`, `photographers`. */
function actor({ words, kind, topic }: CompoundReading): CompoundMatch | undefined {
  const who = words.findLast((word) => !WRITTEN.test(word));
  if (kind !== 'text' || topic === 'company' || topic === 'log') return undefined;
  if (who === undefined || !ROLES.has(who) || OF_THINGS_TOO.test(who) || words[0] === 'target') return undefined;
  return { class: 'person_name', phrase: who };
}

const AT_PEOPLES = /^(?:discord|telegram|steam|twitch|wechat|kakao|orcid|snapchat|tiktok)$/u;
const PROVIDED = /^(?:(?:oauth|auth|social|external) )?provider(?: (?:unique|user|account|subject))?$/u;

/** Who somebody is at another service: `github_uid`, `external_user_id`. */
function identity({ words, tableWords, topic, kind, besideNames }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || words.length < 2 || !IDENTITY_HEADS.has(words.at(-1)!)) return undefined;
  const name = words.slice(0, -1);
  const asked = name.join(' ');
  // Where it is said which way somebody logs in.
  if (
    words.at(-1) === 'id' &&
    ((asked === 'auth' &&
      ['auth module', 'auth type', 'auth provider', 'auth method'].some((one) => besideNames.has(one))) ||
      (asked === 'name' && (besideNames.has('name id hash') || besideNames.has('name id format'))))
  )
    return { class: 'username', phrase: words.join(' ') };
  // Of those whom nothing but people have a number at.
  if (words.length === 2 && AT_PEOPLES.test(asked) && topic !== 'thing' && topic !== 'company' && words[1] !== 'uuid')
    return { class: 'username', phrase: words.join(' ') };
  const kept = tableWords.some((word) => IDENTITY_TABLES.has(word));
  const told = topic === 'person' || topic === 'session' || (kept && (topic === 'unknown' || topic === 'credential'));
  if (!told) return undefined;
  const isTold =
    [...besideNames].some((other) => /^provider(?: (?:name|key|type))?$/u.test(other)) ||
    (kept && besideNames.has('user id') && [...besideNames].some((other) => other.endsWith(' provider id')));
  const says =
    name.some((word) => IDENTITY_PROVIDERS.has(word)) &&
    (name.join(' ') !== 'external' ||
      tableWords.includes('sign') ||
      tableWords.includes('sso') ||
      tableWords.includes('login') ||
      words.at(-1) === 'identifier');
  // `origin_user_id` in `remote_identities`.
  if (kept && /^(?:origin|remote|provider|source|foreign|partner) user$/u.test(asked))
    return { class: 'username', phrase: words.join(' ') };
  // `flickr_user_id` in `flickr_identities`: whatever the service is called.
  if (kept && name.length > 1 && name.at(-1) === 'user' && name.slice(0, -1).every((word) => tableWords.includes(word)))
    return { class: 'username', phrase: words.join(' ') };
  if (!says && asked !== 'identity provider' && !(PROVIDED.test(asked) && isTold)) return undefined;
  if (says && !name.every((word) => IDENTITY_PROVIDERS.has(word) || IDENTITY_WORDS.has(word))) return undefined;
  return { class: 'username', phrase: words.join(' ') };
}

/** `gitee`, `dribbble_url` of somebody. */
function network({ words, topic, kind }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || topic !== 'person' || words.length > 2 || !NETWORKS.has(words[0]!)) return undefined;
  if (words.length === 2 && !NETWORK_HEADS.has(words[1]!)) return undefined;
  return { class: 'username', phrase: words.join(' ') };
}

/** `cc_receipt` beside `bcc_receipt`; `email_errors_to`. */
function copies({ words, kind, besideNames }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || words.length < 2) return undefined;
  const [first, ...others] = words;
  const other = first === 'cc' ? 'bcc' : first === 'bcc' ? 'cc' : undefined;
  const isCopy = other !== undefined && besideNames.has(`${other} ${others.join(' ')}`);
  const isWay = (first === 'email' || first === 'mail') && /^(?:to|tocc|tobcc)$/u.test(words.at(-1)!);
  return isCopy || isWay ? { class: 'email', phrase: words.join(' ') } : undefined;
}

const CONTACT =
  /^(?:(?:home |work )?(?:email|e mail|mail|phone|telephone|tel|mobile|cell|fax)(?: address| number| no)?|username|user name|login|first ?name|last ?name|surname|birth ?date|date of birth|dob|gender|avatar(?: url)?|photo|street(?: one| two| line)?|address(?: line)?(?: one| two)?|zip|zip ?code|post ?code|postal ?code)$/u;
const NAMES = /^(?:name|display name|full name|complete name|legal name)$/u;
const isNobody = (phrase: string) => {
  const head = phrase.split(' ').at(-1)!;
  return (
    [COMPANY_TABLES, PLACE_TABLES, THING_TABLES].some((list) => list.has(phrase) || list.has(head)) ||
    NOBODIES.has(head)
  );
};
const NOBODIES: ReadonlySet<string> = new Set(
  'remote,smtp,imap,mail,email,server,host,support,file,image,photo,avatar,logo,default,sender,from,reply,system,db,database,merchant,provider,service,bank,supp,shipper,carrier'.split(
    ',',
  ),
);

/** `partner_name` beside `partner_phone`. */
function grouped({ words, tableWords, kind, besideNames }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || words.length < 2) return undefined;
  for (let length = words.length - 1; length > 0; length--) {
    const prefix = words.slice(0, length).join(' ');
    if (!NAMES.test(words.slice(length).join(' ')) || isNobody(prefix) || tableWords.includes(prefix)) continue;
    // Of a way to write names, and of nobody: `s_name`.
    if (prefix.length === 1) continue;
    const sharing = [...besideNames].filter((name) => name.startsWith(`${prefix} `));
    // What stands before most columns says nothing.
    if (sharing.length * 4 >= besideNames.size * 3) continue;
    if (sharing.some((name) => CONTACT.test(name.slice(prefix.length + 1))))
      return { class: 'person_name', phrase: `${prefix} … beside how to reach them` };
  }
  return undefined;
}

/** What is noted about whom: `poc_notes` beside `poc_phone`. */
function groupedNote({ words, tableWords, kind, besideNames }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || words.length < 2 || !/^(?:note|comment|remark)$/u.test(words.at(-1)!)) return undefined;
  const prefix = words.slice(0, -1).join(' ');
  if (isNobody(prefix) || tableWords.includes(prefix)) return undefined;
  const told = /^(?:email|phone|mobile|cell|telephone)\b/u;
  return [...besideNames].some((name) => name.startsWith(`${prefix} `) && told.test(name.slice(prefix.length + 1)))
    ? { class: 'free_text', phrase: words.join(' ') }
    : undefined;
}

const NAMED_FIRST: ReadonlySet<string> = new Set(['nm', 'nome', 'nombre', 'nom', 'name']);
const KIN: ReadonlySet<string> = new Set(
  'mae,pai,responsavel,aluno,pessoa,cliente,paciente,funcionario,usuario,conjuge,social,madre,padre,madrina,padrino,tutor,alumno,empleado,conyuge,titular,beneficiario,solicitante,representante,pere,mere,eleve,responsable,conjoint,tuteur,beneficiaire,salarie,vater,mutter,kind,padre,coniuge,studente,dipendente,testemunha,testigo,medico,doctor,professor,profesor,docente,motorista,fiador,avalista,requerente,proprietario,propietario,proprietaire,autor'.split(
    ',',
  ),
);

/** `author_visible_name` is the author's. */
const SHOWN: ReadonlySet<string> = new Set(['visible', 'display', 'full', 'legal', 'preferred', 'public', 'known']);

/** `mailing_state` beside `mailing_city`: part of an address, where alone it is what became of something. */
const AREAS =
  /^(?:street|po ?box|zip|zip ?code|lane|state|county|province|region|district|apartment|apt|unit|city|town)$/u;
const ADDRESSED = /^(?:address|city|town|zip(?: ?code)?|post ?code|postal ?code|street(?: address)?)$/u;
/** `bill_code` beside `bill_city` and `bill_state`. */
function isPostcode(words: readonly string[], besideNames: ReadonlySet<string>): boolean {
  const prefix = words.slice(0, -1).join(' ');
  return (
    words.at(-1) === 'code' &&
    besideNames.has(`${prefix} city`) &&
    ['state', 'state province', 'province', 'county'].some((part) => besideNames.has(`${prefix} ${part}`)) &&
    !['zip', 'zip code', 'postcode', 'postal code'].some((part) => besideNames.has(`${prefix} ${part}`))
  );
}
function ofAddress({ words, kind, topic, besideNames }: CompoundReading): CompoundMatch | undefined {
  if (
    kind !== 'text' ||
    topic === 'place' ||
    words.length < 2 ||
    !(AREAS.test(words.at(-1)!) || isPostcode(words, besideNames)) ||
    (words[0] !== 'mailing' && isNobody(words.slice(0, -1).join(' ')))
  )
    return undefined;
  const prefix = `${words.slice(0, -1).join(' ')} `;
  const told = [...besideNames].some((name) => name.startsWith(prefix) && ADDRESSED.test(name.slice(prefix.length)));
  return told ? { class: 'postal_address', phrase: `${prefix}… beside the rest of an address` } : undefined;
}

/** `investor_name`, `confirmed_by_other_name`. */
function role({ words, kind, topic }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || words.length < 2) return undefined;
  // Of languages that put it first: `nm_responsavel`.
  if (words.length === 2 && NAMED_FIRST.has(words[0]!) && KIN.has(words[1]!))
    return { class: 'person_name', phrase: words.join(' ') };
  if (words.at(-1) !== 'name') return undefined;
  // As somebody wants to be named: `credited_name`.
  if (topic === 'person' && words.length === 2 && /^\p{L}{4,}ed$/u.test(words[0]!))
    return { class: 'person_name', phrase: words.join(' ') };
  const who = words.length > 2 && SHOWN.has(words.at(-2)!) ? words.at(-3)! : words.at(-2)!;
  // A program that does what is waiting.
  if (who === 'worker' && words.length === 2 && topic !== 'person') return undefined;
  if (ROLES.has(who) || (words.length > 2 && words.slice(1, -1).some((word) => word === 'by' || word === 'for')))
    return { class: 'person_name', phrase: `${who} name` };
  return undefined;
}

const DONE = /^(?:delet|updat|creat|chang|modifi|edit|remov|clos|lock|approv|add)ed$/u;
/** Who did it, as text: `creating_user`, `who_deleted`. */
function acting({ words, kind, topic }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || topic === 'thing' || words.length < 2) return undefined;
  if (words.length === 2 && words[0] === 'who' && DONE.test(words[1]!))
    return { class: 'username', phrase: words.join(' ') };
  if (words.at(-1) !== 'user') return undefined;
  return /^(?:\p{L}{3,}ing|(?:affect|mention|report|block|invit|impersonat|creat|updat|modifi|chang|edit|delet|enter|upload|approv|assign)ed)$/u.test(
    words.at(-2)!,
  )
    ? { class: 'username', phrase: words.slice(-2).join(' ') }
    : undefined;
}

/** Who did it, as text beside their key: `member_removed` beside `id_member_removed`. */
function keyed({ words, kind, besideNames }: CompoundReading): CompoundMatch | undefined {
  const name = words.join(' ');
  if (kind !== 'text' || words.length < 2 || !/^(?:user|member|customer|client)$/u.test(words[0]!)) return undefined;
  return /ed$/u.test(words.at(-1)!) && (besideNames.has(`id ${name}`) || besideNames.has(`${name} id`))
    ? { class: 'username', phrase: `${name} beside their key` }
    : undefined;
}

/** `national_registration_number` */
function national({ words, kind, topic }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || (topic !== 'person' && topic !== 'health') || words.length < 2) return undefined;
  const isNumber = /^(?:number|no|nr|num|id|idnumber|identifier|code)$/u.test(words.at(-1)!);
  const [kept, what] = [words.at(-3) ?? '', words.at(-2)!];
  const isOf = (word: string) => /^(?:national|legal|civil|citizen|government)$/u.test(word);
  return isNumber &&
    (isOf(what) ||
      (isOf(kept) &&
        /^(?:id|identity|identification|registration|register|insurance|security|identifier)$/u.test(what)))
    ? { class: 'national_id', phrase: words.join(' ') }
    : undefined;
}

/** A log-in beside its password: `stream_user`, `stream_pass`. */
const LOGINS = /^(?:user|login|account|usr)$/u;
const PASSWORDS: readonly string[] = ['pass', 'password', 'pwd', 'passwd', 'pw'];
function beforePassword({ words, kind, besideNames }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || words.length < 2 || !LOGINS.test(words.at(-1)!)) return undefined;
  const prefix = words.slice(0, -1).join(' ');
  return PASSWORDS.some((word) => besideNames.has(`${prefix} ${word}`))
    ? { class: 'username', phrase: `${words.join(' ')} beside its password` }
    : undefined;
}

/** Who it was in words, where no key of theirs is known: `assigned_to_str` beside `assigned_to_id`. */
function inWords({ words, kind }: CompoundReading): CompoundMatch | undefined {
  if (kind !== 'text' || words.length < 2 || !/^(?:str|string|text|txt|raw|name)$/u.test(words.at(-1)!))
    return undefined;
  const stem = words.slice(0, -1);
  const who = stem.at(-1)!;
  if (who === 'user' && words.at(-1) !== 'name') return { class: 'username', phrase: words.join(' ') };
  const done = stem.length > 1 && (who === 'by' || who === 'to') && /ed$/u.test(stem.at(-2)!);
  return done || who === 'author' ? { class: 'person_name', phrase: words.join(' ') } : undefined;
}

/** Undefined: it says nothing more than the rules found. */
export function compoundName(reading: CompoundReading): CompoundMatch | undefined {
  const { words } = reading;
  if (CLEAR_HEADS.has(words[0] ?? '')) return undefined;
  for (let length = Math.min(3, words.length); length > 0; length--)
    if (CLEAR_PHRASES.has(words.slice(-length).join(' '))) return undefined;
  return (
    compound(reading) ??
    keyOfBytes(reading) ??
    actor(reading) ??
    copies(reading) ??
    identity(reading) ??
    network(reading) ??
    acting(reading) ??
    keyed(reading) ??
    inWords(reading) ??
    national(reading) ??
    beforePassword(reading) ??
    role(reading) ??
    grouped(reading) ??
    groupedNote(reading) ??
    ofAddress(reading)
  );
}
