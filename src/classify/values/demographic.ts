const GENDERS =
  'male female m f other non-binary nonbinary diverse divers w x unknown transgender intersex agender männlich weiblich maschio femmina homme femme hombre mujer masculino feminino man vrouw man woman undisclosed autre otro otra altro andere anders sonstige inny outro mees naine kobieta mężczyzna kvinna kvinde kvinne mann muž žena férfi nő erkek kadın laki-laki perempuan lelaki nam nữ'.split(
    ' ',
  );
const VOCABULARIES: readonly ReadonlySet<string>[] = [
  new Set([...GENDERS, 'prefer not to say', 'not specified', 'non binary', 'genderqueer']),
  new Set(
    'christian catholic protestant orthodox muslim islam jewish judaism hindu hinduism buddhist buddhism sikh atheist agnostic none other christianity no religion evangelical lutheran evangelisch katholisch muslimisch konfessionslos jüdisch hinduistisch buddhistisch catholique protestant musulman juif católico musulmán judío católica cattolica'.split(
      ' ',
    ),
  ),
  new Set(
    'single married divorced widowed separated partnered civil_partnership engaged ledig verheiratet geschieden verwitwet soltero casado divorciado viudo célibataire marié mariée divorcé divorcée veuf veuve soltera casada divorciada viuda solteiro solteira viúvo viúva celibe nubile coniugato coniugata divorziato divorziata vedovo vedova ongehuwd gehuwd gescheiden kawaler panna żonaty mężatka rozwiedziony rozwiedziona wdowa wdowiec bekar evli boşanmış dul gift ogift unknown other'.split(
      ' ',
    ),
  ),
  new Set([
    'white',
    'black',
    'asian',
    'hispanic',
    'latino',
    'caucasian',
    'native american',
    'pacific islander',
    'african american',
    'black or african american',
    'hispanic or latino',
    'not hispanic or latino',
    'american indian or alaska native',
    'native hawaiian or other pacific islander',
    'mixed',
    'other',
    'two or more races',
    'african',
    'caribbean',
    'arab',
    'chinese',
    'indian',
    'pakistani',
    'bangladeshi',
    'roma',
    'traveller',
    'irish',
    'multiracial',
    'white british',
    'white irish',
    'white other',
    'black african',
    'black caribbean',
    'black british',
    'black other',
    'asian british',
    'asian indian',
    'asian other',
    'mixed other',
    'middle eastern',
    'american indian',
    'alaska native',
    'native hawaiian',
    'indigenous',
    'aboriginal',
    'branca',
    'preta',
    'parda',
    'amarela',
    'indígena',
    'unknown',
  ]),
];
/** One of these must be there: `m`, `f` or `other` alone say nothing. */
const ORIENTATIONS: ReadonlySet<string> = new Set(
  'heterosexual homosexual bisexual asexual pansexual straight gay lesbian queer other unknown undisclosed'.split(' '),
);
/** Nothing else has just these. */
const LETTERS: ReadonlySet<string> = new Set(['f,m', 'f,m,x', 'f,m,u', 'f,m,o', 'f,m,n', 'm,w', 'd,m,w', 'd,f,m']);
const TELLING =
  /^(?:fe)?male$|non-?binary|weiblich|katholisch|żonaty|mężatka|gehuwd|coniugat|mariée?$|solteir|^evli$|mujer|femme$|kobieta|kvinn|kvinde|^žena$|^kadın$|perempuan|^nữ$|^nő$|vrouw|woman|muslim|catholic|jewish|hindu|married|divorced|widowed|verheiratet|casado|hispanic|caucasian|african american|hispanic or latino|^(?:white|black) (?:british|african|caribbean|irish|other)$|^parda$/i;

/** In spellings and languages that are mixed; more are no vocabulary. */
export const MOST_WORDS = 40;

/** All that a column says, each once: the words of one vocabulary of gender, belief, marital state or origin. */
export function isDemographicVocabulary(distinct: readonly string[]): boolean {
  if (distinct.length > MOST_WORDS) return false;
  const words = distinct.map((word) => word.trim().toLowerCase());
  if (LETTERS.has([...new Set(words)].sort().join(','))) return true;
  if (words.some((word) => /^(?:hetero|homo|bi)sexual$/.test(word)))
    return words.every((word) => ORIENTATIONS.has(word) || /^prefer not/.test(word));
  if (words.length < 2 || words.length > 14 || !words.some((word) => TELLING.test(word))) return false;
  return VOCABULARIES.some((vocabulary) => words.every((word) => vocabulary.has(word)));
}
