/** ICD-10 with its decimal part. */
export function isIcd10(value: string): boolean {
  return (
    /^[A-TV-Z]\d[0-9AB]\.[0-9A-Z]{1,4}(?: ?[GVAZ]|-)?$/.test(value) ||
    // With what it stands for.
    /^[A-TV-Z]\d[0-9AB]\.\d{1,2}[GVAZ]?:? \p{Lu}\p{L}{3}/u.test(value)
  );
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

const MEASURED =
  /^(?:hb ?a1c|ldl|hdl|crp|tsh|hb|hgb|hct|wbc|rbc|plt|alt|ast|ggt|e?gfr|inr|psa|bun|esr|ft[34]|t[34]|glucose|creatinine|kreatinin|ferritin|cholesterin|cholesterol|triglycerides|potassium|sodium|kalium|natrium|h(?:a|ae)moglobin|leu[ck]ocytes|leukozyten|thrombozyten|vitamin d|troponin|bilirubin|albumin)\b[ :=]*[<>]? ?\d+(?:[.,]\d+)? ?(?:%|mmol|mg|g\/|µg|μg|ng|pg|u\/|iu|miu|\/µl|\/nl|ml\/min|$)/i;

/** What a laboratory found: `HbA1c 6.5 %`. */
export const isLabValue = (value: string): boolean => value.length <= 60 && MEASURED.test(value);

/** By the stems that the World Health Organization gives to names of substances. */
const STEMS =
  /^\p{L}{2,14}(?:pril|sartan|statin|olol|prazole|[ao]conazole|cillin|mycin|micin|floxacin|cycline|dipine|gliptin|gliflozin|glutide|formin|oxetine|lopram|traline|azepam|azolam|apine|peridone|triptan|caine|[zx]umab|[lt]imab|tinib|[cv]avir|ciclovir|parin|xaban|thyroxine|profen|[ns]olone|asone|terol|codone|[cf]oxib|thiazide|semide|gabalin|bapentin|trigine|idone|setron|dronate|lukast|fibrate)(?: sodium| hcl)?$/iu;
const SUBSTANCES =
  /^(?:aspirin|paracetamol|acetaminophen|metamizol|warfarin|insulin(?: \w+)?|morphine|tramadol|lithium|digoxin|methotrexate|prednisone|heparin|diclofenac|allopurinol|clopidogrel|amiodarone|bupropion|venlafaxine|methadone|naproxen)$/i;
export const isMedicine = (value: string): boolean => STEMS.test(value.trim()) || SUBSTANCES.test(value.trim());

export function isBloodGroup(value: string): boolean {
  return /^(?:A|B|AB|O|0)(?: ?Rh ?)?[+\-\u2212]$|^(?:A|B|AB|O|0)(?: Rh)? (?:pos|neg)(?:itiv|ativ)?e?[.o]?$/i.test(
    value,
  );
}

/** What ends so is an illness if four letters stand before it. Told from its end: a word may begin at every letter. */
const ILLNESS_BY_END =
  /(?:(?:itis|osis|emia|uria)(?<=[a-z]{8})|(?:pathy|algia)(?<=[a-z]{9})|plegia(?<=[a-z]{10})|carcinoma|lymphoma|melanoma|glaucoma|myeloma|haematoma|hematoma)\b/i;
/** Nothing but words, so that the first letters rule most of them out. */
const ILLNESSES =
  /\b(?:hypertonie|hipertensi[oó]n|ipertensione|nadci[sś]nienie|cukrzyca|z\.? ?n\.|diabetes|hypertension|hypotension|asthma|disorder|cancer|carcinoma|infection|disease|syndrome|fracture|migraine|anxiety|epilepsy|fibrillation|failure|stroke|hypothyroidism|hyperthyroidism|hyperlipidaemia|hyperlipideemia|psoriasis|eczema|copd|hiv|aids|ulcer|angina|allergy|lesion|embolism|dementia|sclerosis|autism|adhd|obesity|tumor|tumour|injury|pain|pregnancy|diabète|krebs|enfermedad|grippe|gripe|asthme|asma|cáncer|migräne|arthrose|thrombose|neurose|psychose|sklerose|bluthochdruck|influenza|pneumonia|covid)\b|\b(?:depress|infarct|alzheimer|parkinson)/i;
const ILLNESS_IN_ONE = /\w(?:allergie|ektomie|insuffizienz|krebs|schmerz|entzündung|krankheit|störung|verletzung)/i;
const isIllness = (value: string): boolean =>
  ILLNESS_BY_END.test(value) || ILLNESSES.test(value) || ILLNESS_IN_ONE.test(value);

/** What a physician writes as a diagnosis: a few words, one of them of an illness. */
export function isDiagnosis(value: string, words: number): boolean {
  return (
    value.length >= 4 && value.length <= 80 && words <= 8 && isIllness(value) && !/[=<>{}]|\bat\b.*:\d/.test(value)
  );
}

/** Systolic over diastolic. */
export function isBloodPressure(value: string): boolean {
  const match = /^(\d{2,3})\s?\/\s?(\d{2,3})(?: ?mm ?hg)?$/i.exec(value);
  if (match === null) return false;
  const [high, low] = [Number(match[1]), Number(match[2])];
  return high >= 80 && high <= 230 && low >= 40 && low <= 140 && high > low + 10;
}
