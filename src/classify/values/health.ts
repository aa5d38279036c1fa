/** ICD-10 with its decimal part. */
export function isIcd10(value: string): boolean {
  return /^[A-TV-Z]\d[0-9AB]\.[0-9A-Z]{1,4}(?: ?[GVAZ]|-)?$/.test(value);
}

/** Its categories alone, which count where others have their decimals. */
export function isIcd10Category(value: string): boolean {
  return /^[A-TV-Z]\d[0-9AB]$/.test(value);
}

/** What somebody takes: a name and how much of it. */
export function isDose(value: string): boolean {
  return /^\p{L}[\p{L}-]{3,}(?: [\p{L}-]+){0,2},? \d+(?:[.,]\d+)?(?:\/\d+(?:[.,]\d+)?)? ?(?:mg|mcg|µg|μg|iu|i\.e\.|mg\/ml|mmol)(?:$|[ ,/(])/iu.test(
    value,
  );
}

export function isBloodGroup(value: string): boolean {
  return /^(?:A|B|AB|O|0)(?: ?Rh ?)?[+\-\u2212]$|^(?:A|B|AB|O|0) (?:pos|neg)(?:itive|ative)?$/i.test(value);
}

const ILLNESS =
  /(?:[a-z]{4}(?:itis|osis|emia|pathy|algia|plegia|uria)|carcinoma|lymphoma|melanoma|glaucoma|myeloma|haematoma|hematoma)\b|\b(?:diabetes|hypertension|hypotension|asthma|disorder|cancer|carcinoma|infection|disease|syndrome|fracture|migraine|depress\w*|anxiety|epilepsy|fibrillation|failure|stroke|hypothyroidism|hyperthyroidism|hyperlipid[ae]emia|psoriasis|eczema|copd|hiv|aids|ulcer|angina|allergy|lesion|embolism|infarct\w*|dementia|alzheimer\w*|parkinson\w*|sclerosis|autism|adhd|obesity|tumou?r|injury|pain|pregnancy|diabète|\krebs|enfermedad|grippe|gripe|asthme|asma|cáncer|migräne|arthrose|thrombose|neurose|psychose|sklerose|bluthochdruck|influenza|pneumonia|covid(?:-19)?)\b|\w(?:krebs|schmerz|entzündung|krankheit|störung|verletzung)/i;

/** What a physician writes as a diagnosis: a few words, one of them of an illness. */
export function isDiagnosis(value: string): boolean {
  return (
    value.length >= 4 &&
    value.length <= 80 &&
    value.split(/\s+/).length <= 8 &&
    ILLNESS.test(value) &&
    !/[=<>{}]|\bat\b.*:\d/.test(value)
  );
}

/** Systolic over diastolic. */
export function isBloodPressure(value: string): boolean {
  const match = /^(\d{2,3})\s?\/\s?(\d{2,3})(?: ?mm ?hg)?$/i.exec(value);
  if (match === null) return false;
  const [high, low] = [Number(match[1]), Number(match[2])];
  return high >= 80 && high <= 230 && low >= 40 && low <= 140 && high > low + 10;
}
