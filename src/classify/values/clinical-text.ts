/** What is written about somebody's health: notes, what somebody does not bear, what somebody was vaccinated with. */

/** Somebody has something, was given something, went somewhere: what is for sale does not. */
const STRONG =
  /\b(?:patient(?:in)?|pt|she|he|client)\b(?: \w+)? (?:complains?|reports?|denies|has|had|was|is|presents?|feels|felt|states|returned|needs|takes|took|suffers?|klagt|leidet|ist)\b|\b(?:diagnosed with|complains? of|denies|on examination|referred to|history of|hx of|allergic to|discharged|post-?op(?:erative)?|klagt über|leidet (?:an|unter)|verordnet|se queixa|refiere)\b/iu;
const FINDING =
  /\b(?:pain|ache|dizzy|dizziness|nausea|vomiting|fever|cough|fatigue|swelling|swollen|bleeding|rash|infection|wound|fracture|insomnia|anxiety|headache|headaches|migraine|breath|diabetes|hypertension|asthma|surgery|treatment|therapy|medication|tablet|tablets|mg|dose|clinic|hospital|ward|nurse|doctor|gp|x-ray|xray|mri|scan|blood|heart|lung|lungs|kidney|liver|knee|shoulder|spine|chest|abdomen|weeks|arbeitsunfähig|krankgeschrieben|grippe|rückenschmerzen|kopfschmerzen|migräne|schmerzen|fieber|husten|übelkeit|dolor|fiebre|douleur|fièvre|dolore|febbre|depress\w*|pregnan\w*)\b/giu;
/** The same where there is no sign beyond ASCII, in half the time. */
const ASCII_FINDING = new RegExp(FINDING.source, 'gi');
const ASCII = /^[\0-\x7f]*$/;

const ENOUGH_FINDINGS = 4;

/** Prose that says how somebody is: a word of the trade, and findings besides. */
export function isClinicalNote(text: string): boolean {
  if (text.length < 15) return false;
  const findings = new Set<string>();
  const pattern = ASCII.test(text) ? ASCII_FINDING : FINDING;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    findings.add(match[0].toLowerCase());
    if (findings.size >= ENOUGH_FINDINGS) return true;
  }
  return findings.size > 0 && STRONG.test(text);
}

const VACCINES =
  /^(?:(?:pfizer(?:[- /]?biontech)?|biontech|moderna|astra ?zeneca|janssen|novavax|sputnik v|sinovac|sinopharm|covaxin|comirnaty|spikevax|mmr|mmrv|bcg|hpv|gardasil(?: 9)?|dtap|tdap|dtp|ipv|opv|polio|hib|prevnar(?: 13)?|pneumovax|shingrix|zostavax|varicella|rotavirus|tetanus|diphtheria|pertussis|rabies|yellow fever|typhoid|influenza|flu|covid-?19|hepatitis [ab]|mening\w*(?: ?[abcwy]+)?|fsme|tbe|masern|mumps|röteln|rubella|measles|cholera)(?: vaccine| shot| booster)?)$/iu;
export const isVaccine = (value: string): boolean => VACCINES.test(value.trim());

const ALLERGENS =
  /^(?:penicill?in|amoxicillin|sulfa(?: drugs)?|sulfonamides?|aspirin|nsaids?|ibuprofen|codeine|morphine|iodine|contrast(?: dye| media)?|latex|pollen|grass(?: pollen)?|birch|ragweed|dust(?: mites?)?|mold|cat(?:s| hair| dander)?|dog(?:s| hair| dander)?|bee (?:stings?|venom)|wasp(?: stings?)?|insect stings?|nickel|peanuts?|tree nuts?|nuts|shellfish|fish|eggs?|milk|dairy|lactose|gluten|wheat|soy|sesame|strawberr(?:y|ies)|none(?: known)?|no known(?: drug)? allerg(?:y|ies)|nkda|nka|unknown|erdnüsse|nüsse|hausstaub|pollen|penizillin|laktose)$/iu;
/** None of these is food: a column of ingredients has none. */
const NO_FOOD =
  /^(?:penicill?in|penizillin|amoxicillin|sulfa\b.*|aspirin|nsaids?|codeine|iodine|latex|pollen|dust\b.*|hausstaub|nickel|bee \w+|wasp\b.*|nkda|nka|no known\b.*|none known|insect stings?)$/iu;

/** What somebody does not bear, and not what is in a dish. */
export function areAllergens(distinct: readonly string[]): boolean {
  const words = distinct.flatMap((value) => value.split(/[,;/]\s*/)).map((word) => word.trim());
  if (words.length < 3) return false;
  return (
    words.filter((word) => ALLERGENS.test(word)).length >= words.length * 0.8 &&
    words.filter((word) => NO_FOOD.test(word)).length >= 2
  );
}
