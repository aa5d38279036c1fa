/** Health, as GDPR article 9 has it. */
import { type NameRule, phrases } from './name-rule.ts';

export const HEALTH_RULES: readonly NameRule[] = [
  // What somebody has or got, one a row.
  {
    class: 'health',
    sole: true,
    topics: ['health'],
    aboutTable: ['student', 'pupil', 'patient', 'employee', 'member', 'child', 'resident', 'person'],
    phrases: ['type', 'title', 'name', 'kind', 'result', 'reason', 'description', 'comment', 'detail'],
    kinds: ['text'],
  },
  {
    class: 'health',
    alone: true,
    aboutTable: [
      'altura',
      'peso',
      'poids',
      'gewicht',
      'weight',
      'body',
      'fitness',
      'body measurement',
      'user measurement',
      'user profile',
    ],
    phrases: phrases(
      'altura, peso, poids, taille, gewicht, groesse, weight, height, body fat, body weight, waist, bmi, heart rate, resting heart rate',
    ),
    kinds: ['integer', 'numeric'],
  },
  {
    class: 'health',
    topics: ['person', 'health'],
    phrases: phrases('sen, sen detail, special need, special educational need, action taken, last episode'),
    kinds: ['text', 'enum', 'date'],
  },
  // What somebody was looked through for, and what runs in a family.
  {
    class: 'health',
    topics: ['person', 'health', 'unknown', 'log'],
    beside: [
      'patient',
      'pid',
      'person',
      'tobacco',
      'alcohol',
      'smoker',
      'smoking',
      'diagnosis',
      'surgery',
      'encounter',
    ],
    phrases: phrases(
      `mammogram, breast exam, rectal exam, prostate exam, physical exam, gynocological exam, gynecological exam, pelvic exam, dental exam, eye exam, retinal, retinal exam, cardiac echo, echo, echocardiogram, ecg, ekg, ldl, hdl, psa, tsh, fluvax, flu shot, flu vaccine, pneuvax, colonoscopy, sigmoidoscopy, sigmoidoscopy colonoscopy, endoscopy, biopsy, pap smear, x ray, mri, ct scan, ultrasound, exam result, exam, hysterectomy, appendectomy, tonsillectomy, alcohol, coffee, caffeine, tobacco, drug, recreational drug, exercise pattern, sleep pattern, hazardous activity, seatbelt use, counseling, additional history, history father, history mother, history sibling, history offspring, history spouse, dc father, dc mother, dc sibling, dc offspring, dc spouse, heart problem, mental illness, high blood pressure, suicide, clinical hx, hx, past medical history, past history, birth history, surgical hx, social hx, family hx`,
    ),
    kinds: ['text', 'enum', 'json'],
  },
  // Illnesses, and what leads to them: in any table a column that is called so is about somebody.
  {
    class: 'health',
    phrases: phrases(
      `diabetes, diabetic, hypertension, stroke, prior stroke, heart attack, heart disease, heart failure, cardiac disease, cardiovascular disease, cvd, kidney disease, renal disease, liver disease, lung disease, copd, asthma, epilepsy, seizure, cancer, tumor, tumour, hepatitis, hepatitis b, hepatitis c, tuberculosis, malaria, cholera, measles, dengue, hiv aids, aids, std, sti, obesity, anemia, anaemia, sickle cell, thyroid, arthritis, osteoporosis, dementia, alzheimer, parkinson, autism, adhd, depression, anxiety, schizophrenia, bipolar, ptsd, suicidal, suicide attempt, self harm, eating disorder, insomnia, migraine, immunodeficiency, immunocompromised, transplant, dialysis, chemotherapy, insulin, smoking, smoking history, tobacco, smokeless tobacco, tobacco use, alcohol consumption, alcohol intake, drinking habit, diagnosed with, comorbidity, co morbidity, underlying condition, preexisting condition, pre existing condition, congenital, down syndrome, trimester, gestation, gestational age, gravidity, parity, abortion, miscarriage, postpartum, lactating, breastfeeding, fever, cough, sore throat, headache, vomiting, diarrhea, diarrhoea, nausea, rash, chill, fatigue, jaundice, bleeding, difficulty breathing, loss of taste, loss of smell, shortness of breath, chest pain, abdominal pain, joint pain, muscle pain, back pain, conjunctivitis, convulsion, dehydration, hospitalized, hospitalised, intensive care, icu admission, ventilated, quarantine, isolation reason, asymptomatic, test positive, pathogen test result, viral load, cd4, cd4 count, health risk score, mental state, wheelchair, visual impairment, hearing impairment, learning disability, special educational need, handicap type, invalidity, disability percentage, care level, pflegegrad, pflegestufe, hypertonie, zucker, herzinfarkt, schlaganfall, asma, cancer tipo, tabagismo, tabaquismo, fumador, fumante, fumeur, diabete, hipertension, hipertensao, ipertensione, embarazo, gravidez, grossesse`,
    ),
    kinds: ['text', 'enum', 'integer', 'numeric', 'json'],
    notTopics: ['thing', 'place', 'log', 'media', 'company'],
    notBeside: ['cpu', 'memory', 'monthly', 'ratio'],
  },
  {
    class: 'health',
    topics: ['health', 'person'],
    phrases: phrases(
      'diagnosed at, diagnosed on, diagnosis date, date of diagnosis, onset date, symptom onset, illness onset',
    ),
    kinds: ['date', 'timestamp'],
  },
  {
    class: 'health',
    alone: true,
    topics: ['health'],
    phrases: phrases(
      'type of drug, rxnorm code, drug code, icd code, snomed code, loinc code, atc code, cpt code, procedure code',
    ),
    kinds: ['text', 'integer'],
  },
  // Of patients, whatever else the table is called.
  {
    class: 'health',
    alone: true,
    aboutTable: ['patient', 'cvd'],
    notAboutTable: ['address', 'phone', 'contact'],
    phrases: phrases(
      'height, weight, temperature, pulse, score, score value, risk score, identifier, reason, symptom, result',
    ),
    kinds: ['text', 'integer', 'numeric'],
  },
  {
    class: 'health',
    phrases:
      phrases(`bps, bpd, sbp, dbp, systolic, diastolic, resp rate, o2 sat, o2sat, oxygen sat, sao2, fio2, etco2, gcs, hba1c, creatinine, hemoglobin, haemoglobin, patient weight, patient height, icd title, icd description, diagnosis title, diagnosis name, diagnosis description, heartrate, resprate, systolic pressure, diastolic pressure, respiration, respiratory rate, oxygen saturation, spo2, waist circumference, deceased reason, special needs, diagnosis, diagnosis code, diagnosis text, primary diagnosis, diagnose, diag, diagnose, icd, icd10, icd9, icd code, icd10 code, blood type, blood group, blood pressure, blood sugar, glucose, glucose level, cholesterol, heart rate, pulse, bmi, body mass index, allergy, allergen patient, medication, medicine taken, prescription, prescription text, drug name patient, dosage patient, medical history, medical record, medical record number, medical record no, mrn, medical condition, medical note, medical info, medical information, medical data, health condition, health info, health data, health record, health note, health answer, health insurance, health insurance number, health insurance id, insurance number, insurance no, insurance policy number, insurance member id, insurance id, nhs number, nhs no, medicare number, medicare no, medicaid number, medicaid id, health card, health card number, patient number, patient no, patient id number, patient identifier, disability, disability status, disability type, disabled person, handicap, pregnancy, pregnant, is pregnant, pregnancy status, hiv status, hiv, std status, vaccination, vaccination status, vaccine, vaccinated, immunization, immunisation, covid status, covid test result, symptom, treatment, treatment plan, treatment note, therapy, therapy note, surgery, surgical history, clinical note, clinical finding, clinical summary, lab result, test result medical, genetic data, genome, dna, dna sequence, mental health, psychiatric note, smoker, is smoker, smoking status, alcohol use, drug use, substance use, addiction, dietary restriction, dietary requirement, diet restriction, food allergy, sick leave reason, cause of death, death cause, special need, body weight, body height, chief complaint, family history, organ donor, pain level, menstrual, contraception, chronic disease, chronic condition, disease, illness, impairment,
      diagnose text, krankheit, krankenkasse, krankenversicherung, krankenversicherungsnummer, kvnr, versichertennummer, versicherten nr, blutgruppe, allergie, medikament, behinderung, schwerbehinderung, grad der behinderung, schwanger, bloedgroep, ziekte, ziektekosten, blodgrupp, grupa krwi, choroba, kan grubu, hastalik, gruppa krovi, diagnoz, bolezn, zabolevanie, ketsuekigata, xuexing, byoreki, 血液型, 血型, 诊断, 病歴`),
    kinds: ['text', 'bytes', 'json', 'integer', 'numeric', 'enum', 'other', 'xml', 'composite', 'boolean'],
    notTopics: ['thing'],
  },
  {
    class: 'health',
    phrases: phrases(
      'death date, death datetime, date of death, deceased date, deceased on, deceased at, died on, died at, death time, dod, todesdatum, sterbedatum, fecha defuncion, fecha fallecimiento, data obito, date deces',
    ),
    kinds: ['date', 'timestamp', 'text'],
  },
  // Of people; machines have one too.
  {
    class: 'health',
    topics: ['person', 'health'],
    phrases: ['health status', 'health state'],
    kinds: ['text', 'integer', 'enum', 'json'],
  },
  {
    class: 'health',
    topics: ['person', 'health'],
    phrases: phrases(
      'health id, present health, current health, disease status, vaccine name, number of dose, dose count',
    ),
    kinds: ['text', 'integer', 'enum', 'json'],
  },
  {
    class: 'health',
    phrases: phrases(
      'last menstruation, last menstruation start, last menstrual period, date of delivery, last vaccinated, vaccinated on, vaccination date',
    ),
    topics: ['person', 'health'],
    kinds: ['date', 'timestamp', 'text'],
  },
  {
    class: 'health',
    alone: true,
    beside: ['subscriber', 'insured', 'beneficiary', 'copay', 'insurer', 'insurance'],
    phrases: phrases('policy number, policy no, group number, member number, member id, policy id'),
    kinds: ['text', 'integer'],
  },
  // What tables about illness hold.
  {
    class: 'health',
    topics: ['health'],
    phrases: phrases(
      'answer, value, value text, value numeric, value coded, value string, result, result value, result text, finding, description, coded, non coded, reaction, instruction, allergen, condition, diagnosis, dose, dosage, detail, additional detail, severity, interpretation, substance, outcome, impression, assessment, objective, subjective, plan, clinical impression, examination, abnormal, complaint, dictation, codetext, code text, clinical hx, bmi status, complication, reaction detail, manifestation',
    ),
    kinds: ['text', 'integer', 'numeric', 'json', 'bytes'],
  },
  {
    class: 'health',
    alone: true,
    topics: ['health'],
    phrases: phrases('name, code, title'),
    kinds: ['text', 'json', 'bytes'],
  },
  {
    class: 'health',
    topics: ['health'],
    phrases: phrases('text, content, summary, reason'),
    kinds: ['text', 'json', 'bytes'],
  },
  {
    class: 'health',
    phrases: phrases(
      'allergy status, clinical history, coded allergen, non coded allergen, clinical data, health history, clinical detail, clinical information',
    ),
  },
  {
    class: 'health',
    headFirst: true,
    phrases: phrases(
      'diagnostico, diagnostico medico, enfermedad, tipo sangre, tipo sangre rh, tipo sanguineo, grupo sanguineo, alergia, alergia, medicacion, medicamento, discapacidad, doenca, deficiencia, cartao sus, cns sus, prontuario, maladie, groupe sanguin, traitement medical, handicape, mutuelle, numero mutuelle, malattia, gruppo sanguigno, disabilita, tessera sanitaria, tarjeta sanitaria, embarazada, gravida, historia clinica, antecedentes',
    ),
  },
  {
    class: 'health',
    alone: true,
    topics: ['person'],
    phrases: [
      'height',
      'weight',
      'temperature',
      'oxygen',
      'finding',
      'complaint',
      'procedure',
      'gewicht',
      'groesse',
      'peso',
      'taille',
      'poids',
      'altura',
    ],
    kinds: ['text', 'integer', 'numeric'],
  },
  // What is measured of somebody, a table for each.
  {
    class: 'health',
    sole: true,
    besideName: ['child id', 'patient id', 'person id', 'user id', 'baby id', 'member id', 'subject id'],
    aboutTable: ['height', 'weight', 'temperature', 'bmi', 'circumference', 'blood', 'heart rate', 'glucose', 'vital'],
    phrases: ['height', 'weight', 'temperature', 'bmi', 'head circumference'],
    kinds: ['integer', 'numeric'],
  },
  { class: 'health', phrases: ['head circumference', 'waist circumference'], kinds: ['integer', 'numeric'] },
  // Of somebody; elsewhere those of a rule.
  {
    class: 'health',
    sole: true,
    topics: ['person'],
    notBeside: ['rule', 'operator', 'action', 'trigger'],
    phrases: ['condition'],
    kinds: ['text'],
  },
  {
    class: 'health',
    alone: true,
    topics: ['health'],
    phrases: phrases(
      'temperature, pain, rhythm, height, weight, drug, medicine, medication name, drug name, dose given, dose value, valuenum, value num, oxygen, comment, note',
    ),
    kinds: ['text', 'integer', 'numeric', 'json'],
  },
  {
    class: 'health',
    topics: ['health'],
    phrases: ['strength'],
    kinds: ['text', 'integer', 'numeric'],
  },
];
