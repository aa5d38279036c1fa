/**
 * Splits a name into words: `usrFirstName2`, `USR_FIRSTNAME` and `usr_first_name` give the same. Accents are folded,
 * numbers dropped, plurals reduced and glued words cut where a known vocabulary covers all of them.
 */

/** Longest run of letters that is searched for glued words; PostgreSQL's names have at most 63 bytes. */
const MAX_GLUED = 63;

/** Lower case without accents: `Straße` → `strasse`. */
export function foldName(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('ł', 'l')
    .replaceAll('ø', 'o')
    .replaceAll('æ', 'ae')
    .replaceAll('œ', 'oe')
    .replaceAll('ı', 'i');
}

/** One word for all the capitals inside: `PatientDoB`. */
const ONE_WORD =
  /Do[BD](?![a-z])|GitHub|GitLab|LinkedIn|PayPal|WeChat|YouTube|WhatsApp|TikTok|SoundCloud|BitBucket|SnapChat|FaceBook|MySpace|StackOverflow|DeviantArt/g;

/** Cuts at separators and where the case changes; numbers stay with their word, as known words have them (`ipv4`). */
function pieces(name: string): string[] {
  return name
    .replace(ONE_WORD, (word) => word[0] + word.slice(1).toLowerCase())
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[^\p{L}\p{M}\d]+/u)
    .map(foldName)
    .filter((piece) => piece !== '');
}

/** The word of the vocabulary that this is a form of: itself, or what it is a plural of. */
function known(word: string, vocabulary: ReadonlySet<string>): string | undefined {
  if (vocabulary.has(word)) return word;
  for (const [ending, singular] of PLURALS) {
    if (!word.endsWith(ending) || word.length - ending.length < 2) continue;
    const reduced = word.slice(0, word.length - ending.length) + singular;
    if (vocabulary.has(reduced)) return reduced;
  }
  return undefined;
}
const PLURALS = [
  ['ies', 'y'],
  ['sses', 'ss'],
  ['xes', 'x'],
  ['ches', 'ch'],
  ['s', ''],
  ['es', ''],
  ['en', ''],
] as const;

/** The fewest known words that cover it, each of at least three letters but those that are listed; else undefined. */
function cutGlued(word: string, vocabulary: ReadonlySet<string>): string[] | undefined {
  if (word.length > MAX_GLUED) return undefined;
  const best: (string[] | undefined)[] = [[]];
  for (let end = 1; end <= word.length; end++) {
    for (let start = 0; start < end; start++) {
      const before = best[start];
      if (before === undefined) continue;
      const part = word.slice(start, end);
      if (part.length < 3 && !SHORT_PARTS.has(part) && !/[^\u0000-\u024f]/u.test(part)) continue;
      const found = known(part, vocabulary);
      if (found !== undefined && NO_PARTS.has(found)) continue;
      const other = best[end];
      if (found === undefined || (other !== undefined && other.length < before.length + 1)) continue;
      const cut = [...before, found];
      // Of equally many words those that are alike in length: `pref-name`, and not `pre-fname`.
      if (other !== undefined && other.length === cut.length && shortest(other) >= shortest(cut)) continue;
      best[end] = cut;
    }
  }
  return best[word.length];
}
const shortest = (words: readonly string[]) => Math.min(...words.map((word) => word.length));
/** Short words that others end or begin with by chance: `refs-pec`, `for-mel`, `term-ine`. */
const NO_PARTS: ReadonlySet<string> = new Set(
  'dea,nation,idade,strada,flu,echo,hx,pec,mel,ine,cap,cim,dom,ort,nev,ime,ten,via,gate,mst,dic,ico,cui,afm,cel,gsm,kep,arzt,ber,lan,kraj,cvr,nip,inn,rut,nie,rib,pol,kon,sei,mei,who,bik,plat,obs,sdt,lon,oras,nume,nama,kota,gaji,tani,agama'.split(
    ',',
  ),
);
const SHORT_PARTS: ReadonlySet<string> = new Set(['ip', 'id', 'cc', 'no', 'nr', 'pw', 'qq', 'of', 'to', 'by']);

/** Behind what nobody knows, at least two words that are known, each of four letters: `acmeincomingcalls`. */
function knownTail(bare: string, vocabulary: ReadonlySet<string>): string[] | undefined {
  if (bare.length > MAX_GLUED) return undefined;
  for (let start = 3; start <= bare.length - 8; start++) {
    const words = cutGlued(bare.slice(start), vocabulary);
    if (words !== undefined && words.length > 1 && shortest(words) >= 4) return [bare.slice(0, start), ...words];
  }
  return undefined;
}

/** Words that mean the same whatever is glued before them: `motionlatitude`, `smtppassword`. */
const ENDINGS =
  /^(\p{L}{3,}(?=comment|content|feedback|reason|message|e?mail|latitude|longitude|telephone|zipcode|postcode|username|surname)|\p{L}{4,}(?=phonenumber|clinician|physician)|\p{L}{3,}(?=passw|firstname|lastname|fullname|birth)|\p{L}+(?=token|secret))(token|secret|phonenumber|clinician|physician|comment|content|feedback|reason|message|e?mail|password|passwd|latitude|longitude|firstname|lastname|surname|username|fullname|birthdate|birthday|telephone|zipcode|postcode)s?$/u;

/** How a machine is reached: `dbpass`, `smtpuser`. */
const CONNECTIONS =
  /^(db|sql|mysql|pgsql|smtp|imap|pop|ldap|ftp|sftp|mail|proxy|redis|mqtt|amqp|radius|snmp|radio|ssh|auth|srv|admin)(pass|passw|passwd|password|pwd|user|usr|login|username)$/u;

/** Told apart by one letter behind. */
const LETTERED = /^(phone|telephone|mobile|street|address|email|surname|lastname|firstname)[a-z]$/u;

/** What a framework glues to the name of a model: `offboardingnote`. */
const MODELS =
  /^(\p{L}{4,})(note|comment|answer|feedback|followup|reply|webhook|notification|letter|account|profile|employee|student|patient|member|customer|setting|action|request|payment|invoice|session|message|queue|document|category|history|event|activation|verification|confirmation)s?$/u;

/** Words of one piece between separators. Numbers at its ends say nothing: `address1`. */
function wordsOf(piece: string, vocabulary: ReadonlySet<string>): string[] {
  const whole = known(piece, vocabulary);
  if (whole !== undefined) return [whole];
  const bare = piece.replace(/^\d+|\d+$/gu, '');
  if (bare === '') return [];
  const found = known(bare, vocabulary);
  if (found !== undefined) return [found];
  const connection = CONNECTIONS.exec(bare);
  if (connection !== null) return [connection[1]!, ...wordsOf(connection[2]!, vocabulary)];
  const glued = cutGlued(bare, vocabulary);
  if (glued !== undefined) return glued;
  // `birthdateyyyy`
  const dated = /^(\p{L}*birthdate)(dd|mm|yy|yyyy)$/u.exec(bare);
  if (dated !== null) return [...wordsOf(dated[1]!, vocabulary), dated[2]!];
  // `phonew1`, `streetb2`
  const lettered = LETTERED.exec(bare);
  if (lettered !== null) return [lettered[1]!];
  const tail = knownTail(bare, vocabulary);
  if (tail !== undefined) return tail;
  const ending = ENDINGS.exec(bare);
  if (ending !== null) return [ending[1]!, ...wordsOf(ending[2]!, vocabulary)];
  const model = MODELS.exec(bare);
  if (model !== null) return [...wordsOf(model[1]!, vocabulary), model[2]!];
  return bare.split(/\d+/u).filter((part) => part !== '');
}

/** The words of a name, plain and lower case; empty for `_` or `12`. */
export function splitName(name: string, vocabulary: ReadonlySet<string>): string[] {
  const words: string[] = [];
  for (const part of name.replace(/2(?=fa(?:$|[^a-z])|fa[A-Z]|factor)/giu, '_two').split(/[^\p{L}\p{M}\d]+/u)) {
    if (part === '') continue;
    // Before its case is looked at: `Firstname`, `FIRSTNAME` and `FirstName` are one word that is known.
    // Written so, it is a key, and no name of somebody: `userId`.
    const whole = part === 'userId' ? undefined : known(foldName(part), vocabulary);
    if (whole !== undefined) words.push(whole);
    else for (const piece of pieces(part)) words.push(...wordsOf(piece, vocabulary));
  }
  return words;
}
