const GENDERS =
  'male female m f other non-binary nonbinary diverse divers w x unknown transgender intersex agender männlich weiblich maschio femmina homme femme hombre mujer masculino feminino man vrouw man woman undisclosed'.split(
    ' ',
  );
const VOCABULARIES: readonly ReadonlySet<string>[] = [
  new Set([...GENDERS, 'prefer not to say', 'not specified', 'non binary', 'genderqueer']),
  new Set(
    'christian catholic protestant orthodox muslim islam jewish judaism hindu hinduism buddhist buddhism sikh atheist agnostic none other christianity no religion evangelical lutheran'.split(
      ' ',
    ),
  ),
  new Set(
    'single married divorced widowed separated partnered civil_partnership engaged ledig verheiratet geschieden verwitwet soltero casado divorciado viudo célibataire marié divorcé veuf'.split(
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
    'mixed',
    'other',
    'two or more races',
    'unknown',
  ]),
];
/** One of these must be there: `m`, `f` or `other` alone say nothing. */
const TELLING =
  /^(?:fe)?male$|non-?binary|weiblich|mujer|femme$|vrouw|woman|muslim|catholic|jewish|hindu|married|divorced|widowed|verheiratet|casado|hispanic|caucasian|african american/i;

/** All that a column says, each once: the words of one vocabulary of gender, belief, marital state or origin. */
export function isDemographicVocabulary(distinct: readonly string[]): boolean {
  const words = distinct.map((word) => word.trim().toLowerCase());
  if (words.length < 2 || words.length > 14 || !words.some((word) => TELLING.test(word))) return false;
  return VOCABULARIES.some((vocabulary) => words.every((word) => vocabulary.has(word)));
}
