/**
 * Columns called `col1` or `x17` as real tables have them: with gaps, `n/a` and blanks. Labelled before they were
 * measured; `-` is clear.
 */
import type { ColumnClass, ColumnSubject } from '../../src/classify/classes.ts';
import { type R, random } from './made-columns.ts';

type Unnamed = readonly [ColumnClass | '-', string, (r: R, i: number) => string, string?];

const list = (text: string): readonly string[] => text.split(',');
const HEX = '0123456789abcdef';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const BASE62 = `0123456789${UPPER}${LOWER}`;
const BASE64 = `${BASE62}+/`;
const two = (n: number): string => String(n).padStart(2, '0');

const EN_FIRST = list(
  'James,Mary,Robert,Patricia,Linda,Michael,Barbara,William,Susan,Richard,Jessica,Thomas,Karen,Charles,Nancy,Daniel,Betty,Matthew,Sandra,Anthony,Ashley,Mark,Kimberly,Steven,Donna,Paul,Emily,Andrew,Carol,Joshua,Michelle,Kenneth,Amanda',
);
const EN_LAST = list(
  'Johnson,Williams,Jones,Davis,Miller,Wilson,Moore,Taylor,Anderson,Jackson,White,Harris,Martin,Thompson,Robinson,Clark,Lewis,Lee,Walker,Hall,Allen,Young,King,Wright,Hill,Scott,Green,Adams,Baker,Nelson,Carter,Mitchell,Roberts',
);
const DE_FIRST = list(
  'Hans,Uwe,Sabine,Jürgen,Petra,Heike,Klaus,Monika,Stefan,Birgit,Wolfgang,Ursula,Dieter,Gabriele,Andreas',
);
const DE_LAST = list(
  'Schmidt,Schneider,Fischer,Weber,Meyer,Wagner,Becker,Schulz,Hoffmann,Schäfer,Koch,Bauer,Richter,Klein,Wolf',
);
const FR_FIRST = list(
  'Jean,Marie,Pierre,Nathalie,Philippe,Isabelle,Michel,Sylvie,Alain,Catherine,Thierry,Camille,Léa,Hugo,Chloé',
);
const FR_LAST = list(
  'Dubois,Durand,Leroy,Moreau,Simon,Laurent,Lefebvre,Michel,Garcia,David,Bertrand,Roux,Vincent,Fournier,Morel',
);
const PL_FIRST = list(
  'Piotr,Krzysztof,Agnieszka,Małgorzata,Tomasz,Katarzyna,Paweł,Joanna,Marcin,Magdalena,Grzegorz,Ewa',
);
const PL_LAST = list(
  'Nowak,Kowalczyk,Wiśniewski,Wójcik,Kamiński,Lewandowski,Zieliński,Szymański,Woźniak,Dąbrowski,Kozłowski',
);
const ES_FIRST = list('José,Antonio,María,Carmen,Francisco,Ana,Manuel,Isabel,David,Laura,Javier,Cristina,Carlos,Pilar');
const ES_LAST = list(
  'García,Rodríguez,González,Fernández,López,Martínez,Sánchez,Pérez,Gómez,Martín,Jiménez,Ruiz,Hernández,Díaz',
);
const IT_FIRST = list('Marco,Giuseppe,Francesca,Giulia,Alessandro,Chiara,Luca,Elena,Matteo,Sara,Davide,Valentina');
const IT_LAST = list('Ferrari,Esposito,Bianchi,Romano,Colombo,Ricci,Marino,Greco,Bruno,Gallo,Conti,De Luca,Mancini');
const IN_FIRST = list('Rahul,Priya,Amit,Sunita,Vikram,Anjali,Sanjay,Pooja,Rajesh,Neha,Arjun,Kavita,Deepak,Meera');
const IN_LAST = list('Sharma,Verma,Gupta,Singh,Kumar,Patel,Reddy,Iyer,Nair,Mehta,Joshi,Desai,Agarwal,Chopra');
const ascii = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[^A-Za-z]/gu, '')
    .toLowerCase();
const en = (r: R) => `${r.pick(EN_FIRST)} ${r.pick(EN_LAST)}`;

const CITIES_DE = list('Berlin,Hamburg,München,Köln,Frankfurt am Main,Stuttgart,Leipzig,Dresden,Hannover,Bremen,Essen');
const CITIES_FR = list('Paris,Lyon,Marseille,Toulouse,Nantes,Lille,Bordeaux,Rennes,Strasbourg,Montpellier');
const FIRMS = list('Globex,Initech,Umbrella,Stark,Wayne,Hooli,Vandelay,Soylent,Cyberdyne,Tyrell,Wonka,Aperture');

const luhn = (body: string): string => {
  const sum = [...body].reverse().reduce((total, char, i) => {
    const value = Number(char) * (i % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return body + ((10 - (sum % 10)) % 10);
};
const pesel = (r: R): string => {
  const body = `${two(r.int(45, 99))}${two(r.int(1, 12))}${two(r.int(1, 28))}${r.digits(4)}`;
  const sum = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3].reduce((total, weight, i) => total + weight * Number(body[i]), 0);
  return body + ((10 - (sum % 10)) % 10);
};
const frenchNir = (r: R): string => {
  const body = `${r.int(1, 2)}${two(r.int(45, 99))}${two(r.int(1, 12))}${two(r.int(1, 95))}${r.digits(6)}`;
  return `${body}${two(97 - Number(BigInt(body) % 97n))}`;
};
const ibanOf = (country: string, body: string): string => {
  const numbers = [...`${body}${country}00`].map((char) => Number.parseInt(char, 36)).join('');
  return `${country}${two(98 - Number(BigInt(numbers) % 97n))}${body}`;
};

export const UNNAMED: readonly Unnamed[] = [
  // People
  ['person_name', 'English names', en],
  [
    'person_name',
    'English names with a middle initial',
    (r) => `${r.pick(EN_FIRST)} ${r.pick([...UPPER])}. ${r.pick(EN_LAST)}`,
  ],
  ['person_name', 'German names', (r) => `${r.pick(DE_FIRST)} ${r.pick(DE_LAST)}`],
  [
    'person_name',
    'German names with Herr and Frau',
    (r) => `${r.pick(['Herr', 'Frau', 'Frau Dr.'])} ${r.pick(DE_LAST)}`,
  ],
  [
    'person_name',
    'French names, the family in capitals',
    (r) => `${r.pick(FR_LAST).toUpperCase()} ${r.pick(FR_FIRST)}`,
  ],
  ['person_name', 'Polish names with Pan and Pani', (r) => `${r.pick(['Pan', 'Pani'])} ${r.pick(PL_LAST)}`],
  ['person_name', 'Polish names', (r) => `${r.pick(PL_FIRST)} ${r.pick(PL_LAST)}`],
  ['person_name', 'Spanish names of both parents', (r) => `${r.pick(ES_FIRST)} ${r.pick(ES_LAST)} ${r.pick(ES_LAST)}`],
  ['person_name', 'Italian names, family first', (r) => `${r.pick(IT_LAST)} ${r.pick(IT_FIRST)}`],
  ['person_name', 'Indian names', (r) => `${r.pick(IN_FIRST)} ${r.pick(IN_LAST)}`],
  ['person_name', 'given names in capitals', (r) => r.pick(EN_FIRST).toUpperCase()],
  ['person_name', 'given names in small letters', (r) => r.pick(EN_FIRST).toLowerCase()],
  ['person_name', 'family names in capitals', (r) => r.pick(EN_LAST).toUpperCase()],
  ['person_name', 'initials and a family name', (r) => `${r.pick([...UPPER])}. ${r.pick(EN_LAST)}`],
  ['person_name', 'a family name and initials', (r) => `${r.pick(EN_LAST)} ${r.pick([...UPPER])}${r.pick([...UPPER])}`],
  ['person_name', 'titles', (r) => `${r.pick(['Dr', 'Prof.', 'Mr', 'Mrs', 'Ms'])} ${en(r)}`],
  ['person_name', 'two people', (r) => `${en(r)}; ${en(r)}`],
  ['person_name', 'names and what they are', (r) => `${en(r)} (${r.pick(['owner', 'guest', 'admin'])})`],
  [
    'email',
    'of a firm',
    (r) => `${ascii(r.pick(EN_FIRST))}.${ascii(r.pick(EN_LAST))}@${r.pick(['acme', 'globex'])}.com`,
  ],
  ['email', 'with mailto', (r) => `mailto:${ascii(r.pick(DE_FIRST))}${r.int(1, 99)}@gmx.de`],
  ['email', 'several', (r) => `${ascii(r.pick(EN_FIRST))}@mail.com, ${ascii(r.pick(EN_FIRST))}@mail.com`],
  ['email', 'in angles', (r) => `<${ascii(r.pick(FR_FIRST))}.${ascii(r.pick(FR_LAST))}@orange.fr>`],
  ['email', 'with a tag', (r) => `${ascii(r.pick(EN_LAST))}+${r.pick(['news', 'shop'])}@gmail.com`],
  ['phone', 'German mobiles', (r) => `01${r.pick(['51', '60', '70', '72', '76'])} ${r.digits(8)}`],
  ['phone', 'German landlines', (r) => `0${r.pick(['30', '40', '89', '221', '69'])}/${r.digits(7)}`],
  ['phone', 'French in pairs', (r) => `0${r.int(1, 7)} ${r.digits(2)} ${r.digits(2)} ${r.digits(2)} ${r.digits(2)}`],
  ['phone', 'French with points', (r) => `06.${r.digits(2)}.${r.digits(2)}.${r.digits(2)}.${r.digits(2)}`],
  ['phone', 'American with points', (r) => `${r.int(212, 989)}.${r.int(200, 999)}.${r.digits(4)}`],
  [
    'phone',
    'American with extensions',
    (r) => `(${r.int(212, 989)}) ${r.int(200, 999)}-${r.digits(4)} x${r.int(10, 999)}`,
  ],
  ['phone', 'British mobiles', (r) => `07${r.int(4, 9)}${r.digits(2)} ${r.digits(6)}`],
  ['phone', 'with two noughts', (r) => `0049${r.pick(['151', '160', '30', '89'])}${r.digits(8)}`],
  ['phone', 'Spanish', (r) => `+34 6${r.digits(2)} ${r.digits(3)} ${r.digits(3)}`],
  ['phone', 'tel links', (r) => `tel:+1${r.int(212, 989)}${r.int(200, 999)}${r.digits(4)}`],
  [
    'postal_address',
    'American lines',
    (r) =>
      `${r.int(1, 9999)} ${r.pick(['Oak', 'Maple', 'Elm', 'Cedar'])} ${r.pick(['St', 'Ave', 'Rd', 'Blvd'])}${r.pick(['', ' Apt 4', ' #12'])}`,
  ],
  [
    'postal_address',
    'whole American',
    (r) =>
      `${r.int(1, 999)} Main Street, ${r.pick(['Springfield', 'Austin', 'Salem'])}, ${r.pick(['IL', 'TX', 'OR'])} ${r.digits(5)}`,
  ],
  [
    'postal_address',
    'German streets',
    (r) => `${r.pick(['Haupt', 'Bahnhof', 'Garten', 'Schul', 'Dorf'])}str. ${r.int(1, 120)}${r.pick(['', 'a', 'b'])}`,
  ],
  ['postal_address', 'German places with postcodes', (r) => `${r.int(10000, 99999)} ${r.pick(CITIES_DE)}`],
  [
    'postal_address',
    'French streets',
    (r) =>
      `${r.int(1, 120)} ${r.pick(['rue', 'avenue', 'boulevard'])} ${r.pick(['Victor Hugo', 'de la République', 'Pasteur', 'Jean Jaurès'])}`,
  ],
  [
    'postal_address',
    'French places with postcodes',
    (r) => `${two(r.int(1, 95))}${r.pick(['000', '100', '200', '300'])} ${r.pick(CITIES_FR).toUpperCase()}`,
  ],
  [
    'postal_address',
    'Italian streets',
    (r) => `Via ${r.pick(['Roma', 'Garibaldi', 'Dante', 'Mazzini'])}, ${r.int(1, 90)}`,
  ],
  [
    'postal_address',
    'Spanish streets',
    (r) => `C/ ${r.pick(['Mayor', 'Real', 'Nueva', 'Sol'])}, ${r.int(1, 90)}, ${r.int(1, 9)}º ${r.pick([...'ABCD'])}`,
  ],
  [
    'postal_address',
    'Polish streets',
    (r) => `ul. ${r.pick(['Polna', 'Leśna', 'Słoneczna', 'Krótka'])} ${r.int(1, 90)}/${r.int(1, 40)}`,
  ],
  [
    'postal_address',
    'British postcodes',
    (r) =>
      `${r.pick(['SW', 'NW', 'SE', 'LS', 'EH', 'CF', 'BT', 'GL', 'PO', 'KT', 'DH'])}${r.int(1, 19)} ${r.int(1, 9)}${r.pick([...'ABDEFGHJ'])}${r.pick([...'LNPQRSTUWXYZ'])}`,
  ],
  ['postal_address', 'post boxes', (r) => `P.O. Box ${r.int(10, 9999)}`],
  ['geo', 'pairs in parentheses', (r) => `(${r.int(36, 59)}.${r.digits(5)},${r.int(-9, 30)}.${r.digits(5)})`],
  ['geo', 'points as text', (r) => `POINT(${r.int(-9, 30)}.${r.digits(6)} ${r.int(36, 59)}.${r.digits(6)})`],
  [
    'geo',
    'GeoJSON',
    (r) => JSON.stringify({ type: 'Point', coordinates: [r.int(-9, 30) + 0.12345, r.int(36, 59) + 0.54321] }),
    'jsonb',
  ],
  [
    'geo',
    'links to a map',
    (r) => `https://maps.google.com/?q=${r.int(36, 59)}.${r.digits(6)},${r.int(2, 30)}.${r.digits(6)}`,
  ],
  ['date_of_birth', 'German days', (r) => `${two(r.int(1, 28))}.${two(r.int(1, 12))}.${r.int(1942, 2005)}`],
  ['date_of_birth', 'American days', (r) => `${r.int(1, 12)}/${r.int(1, 28)}/${r.int(1942, 2005)}`],
  ['date_of_birth', 'days without separators', (r) => `${r.int(1942, 2005)}${two(r.int(1, 12))}${two(r.int(1, 28))}`],
  ['national_id', 'PESEL', pesel],
  ['national_id', 'of France', frenchNir],
  [
    'national_id',
    'of France in groups',
    (r) => frenchNir(r).replace(/(.)(..)(..)(..)(...)(...)(..)/u, '$1 $2 $3 $4 $5 $6 $7'),
  ],
  ['national_id', 'SSN, hidden', (r) => `***-**-${r.digits(4)}`],
  ['tax_id', 'Polish with dashes and PL', (r) => `PL${r.digits(10)}`],
  [
    'ip_address',
    'with ports',
    (r) => `${r.int(31, 99)}.${r.int(1, 250)}.${r.int(1, 250)}.${r.int(1, 250)}:${r.int(1024, 65000)}`,
  ],
  [
    'ip_address',
    'forwarded',
    (r) => `${r.int(31, 99)}.${r.int(1, 250)}.${r.int(1, 250)}.${r.int(1, 250)}, 10.0.0.${r.int(1, 250)}`,
  ],
  ['ip_address', 'v4 in v6', (r) => `::ffff:${r.int(31, 99)}.${r.int(1, 250)}.${r.int(1, 250)}.${r.int(1, 250)}`],
  [
    'device_id',
    'user agents of programs',
    (r) =>
      `${r.pick(['okhttp/4', 'Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)', 'MyApp/3.2 CFNetwork/1410 Darwin/22.6.0', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605'])}.${r.int(1, 40)}`,
  ],
  ['device_id', 'MAC with dashes', (r) => Array.from({ length: 6 }, () => r.string(2, HEX).toUpperCase()).join('-')],
  ['device_id', 'MAC of Cisco', (r) => `${r.string(4, HEX)}.${r.string(4, HEX)}.${r.string(4, HEX)}`],
  ['username', 'given name and number', (r) => `${ascii(r.pick(EN_FIRST))}${ascii(r.pick(EN_LAST))}${r.int(1, 99)}`],
  ['username', 'given name, point, family name', (r) => `${ascii(r.pick(DE_FIRST))}.${ascii(r.pick(DE_LAST))}`],
  [
    'username',
    'pages of LinkedIn',
    (r) => `https://www.linkedin.com/in/${ascii(r.pick(EN_FIRST))}-${ascii(r.pick(EN_LAST))}-${r.string(6, HEX)}`,
  ],
  ['username', 'at Mastodon', (r) => `@${ascii(r.pick(EN_FIRST))}${r.int(1, 99)}@mastodon.social`],
  ['password_hash', 'crypt of SHA-512', (r) => `$6$${r.string(16, BASE62)}$${r.string(86, BASE62)}`],
  ['password_hash', 'of phpass', (r) => `$P$B${r.string(30, BASE62)}`],
  ['password_hash', 'of LDAP', (r) => `{SSHA}${r.string(32, BASE64)}`],
  ['password_hash', 'of Werkzeug', (r) => `scrypt:32768:8:1$${r.string(16, BASE62)}$${r.string(128, HEX)}`],
  ['secret', 'JSON Web Tokens', (r) => `eyJhbGciOiJIUzI1NiJ9.eyJ${r.string(40, BASE62)}.${r.string(43, BASE62)}`],
  ['secret', 'tokens of GitHub', (r) => `ghp_${r.string(36, BASE62)}`],
  ['secret', 'keys of AWS', (r) => `AKIA${r.string(16, `${UPPER}234567`)}`],
  ['secret', 'secrets of AWS', (r) => r.string(40, BASE64)],
  [
    'secret',
    'private keys',
    (r) => `-----BEGIN RSA PRIVATE KEY-----\n${r.string(64, BASE64)}\n-----END RSA PRIVATE KEY-----`,
  ],
  [
    'secret',
    'webhooks of Slack',
    (r) => `https://hooks.slack.com/services/T${r.string(8, UPPER)}/B${r.string(8, UPPER)}/${r.string(24, BASE62)}`,
  ],
  [
    'secret',
    'strings of connections',
    (r) => `postgres://app:${r.string(14, BASE62)}@db${r.int(1, 9)}.internal:5432/app`,
  ],
  ['secret', 'with Bearer', (r) => `Bearer ${r.string(40, BASE62)}`],
  ['payment_card', 'with dashes', (r) => luhn(`4${r.digits(14)}`).replace(/(....)(?=.)/gu, '$1-')],
  ['payment_card', 'of American Express', (r) => luhn(`37${r.digits(12)}`)],
  ['payment_card', 'first six and last four', (r) => `4${r.digits(5)}******${r.digits(4)}`],
  ['bank_account', 'Dutch IBANs in groups', (r) => ibanOf('NL', `ABNA${r.digits(10)}`).replace(/(....)(?=.)/gu, '$1 ')],
  ['bank_account', 'Polish IBANs', (r) => ibanOf('PL', r.digits(24))],
  [
    'bank_account',
    'BICs',
    (r) =>
      `${r.pick(['DEUT', 'COBA', 'BNPA', 'INGB', 'BARC', 'CHAS', 'UBSW', 'ABNA', 'BCIT', 'CAIX'])}${r.pick(['DE', 'FR', 'NL', 'GB', 'US', 'CH', 'IT', 'ES'])}${r.string(2, UPPER)}${r.pick(['', 'XXX'])}`,
  ],
  ['bank_account', 'of Bitcoin', (r) => `bc1q${r.string(38, 'qpzry9x8gf2tvdw0s3jn54khce6mua7l')}`],
  [
    'health',
    'diagnoses in words',
    (r) =>
      r.pick(
        list(
          'Type 2 diabetes,Hypertension,Asthma,Major depression,Migraine,Osteoarthritis,Epilepsy,COPD,Anemia,Hypothyroidism',
        ),
      ),
  ],
  [
    'health',
    'codes with words',
    (r) =>
      r.pick(['E11.9 Type 2 diabetes', 'I10 Hypertension', 'J45.909 Asthma', 'F32.1 Depression', 'M17.0 Gonarthrosis']),
  ],
  [
    'health',
    'results of a laboratory',
    (r) =>
      `${r.pick(['HbA1c', 'Glucose', 'LDL', 'Creatinine'])} ${r.int(1, 190)}.${r.int(0, 9)} ${r.pick(['mg/dL', 'mmol/L', '%'])}`,
  ],
  ['health', 'blood groups', (r) => r.pick(['A+', 'A-', 'B+', 'B-', 'AB+', '0+', 'O-', 'O+'])],
  ['demographic', 'marital states', (r) => r.pick(['single', 'married', 'divorced', 'widowed'])],
  ['demographic', 'religions', (r) => r.pick(['Catholic', 'Protestant', 'Muslim', 'Hindu', 'Jewish', 'None'])],
  ['demographic', 'words of German', (r) => r.pick(['männlich', 'weiblich', 'divers'])],
  ['photo', 'of Gravatar', (r) => `https://www.gravatar.com/avatar/${r.string(32, HEX)}?s=80`],
  ['photo', 'files of profiles', (r) => `/uploads/profile_pictures/${r.int(1, 9999)}.jpg`],

  // What only looks like it
  ['-', 'order numbers', (r) => `${r.pick(['SO', 'PO'])}${r.int(100000, 999999)}`],
  ['-', 'order numbers with a check digit', (r) => luhn(`1${r.digits(8)}`)],
  ['-', 'hashes of commits, short', (r) => r.string(8, HEX)],
  ['-', 'SHA-256', (r) => r.string(64, HEX)],
  ['-', 'digests of images', (r) => `sha256:${r.string(64, HEX)}`],
  [
    '-',
    'SKUs of sizes',
    (r) => `${r.pick(['TSHIRT', 'JEANS', 'SOCK'])}-${r.pick(['RED', 'BLU', 'BLK'])}-${r.pick(['S', 'M', 'L', 'XL'])}`,
  ],
  [
    '-',
    'products',
    (r) =>
      `${r.pick(['Aurora', 'Nordic', 'Classic', 'Urban'])} ${r.pick(['Desk Lamp', 'Office Chair', 'Coffee Mug', 'Backpack'])}`,
  ],
  [
    '-',
    'products called like people',
    (r) =>
      `${r.pick(['Billy', 'Malm', 'Henrik', 'Stefan', 'Ingo', 'Poäng'])} ${r.pick(['Bookcase', 'Bed Frame', 'Chair', 'Table'])}`,
  ],
  ['-', 'countries by code', (r) => r.pick(list('DE,FR,US,GB,PL,IT,ES,NL,SE,NO,DK,FI'))],
  ['-', 'countries by three letters', (r) => r.pick(list('DEU,FRA,USA,GBR,POL,ITA,ESP,NLD,SWE'))],
  ['-', 'currencies', (r) => r.pick(list('EUR,USD,GBP,PLN,CHF,SEK,JPY,INR'))],
  ['-', 'enums in capitals', (r) => r.pick(list('NEW,IN_PROGRESS,ON_HOLD,DONE,CANCELLED,FAILED'))],
  ['-', 'enums in German', (r) => r.pick(list('offen,bezahlt,storniert,in Bearbeitung,versendet'))],
  ['-', 'enums in French', (r) => r.pick(list('en attente,payé,annulé,expédié,remboursé'))],
  [
    '-',
    'lorem ipsum',
    (r) =>
      Array.from({ length: r.int(5, 12) }, () =>
        r.pick(list('lorem,ipsum,dolor,sit,amet,consectetur,adipiscing,elit,sed,do,eiusmod,tempor,incididunt')),
      ).join(' '),
  ],
  [
    '-',
    'ISO timestamps',
    (r) =>
      `202${r.int(0, 5)}-${two(r.int(1, 12))}-${two(r.int(1, 28))}T${two(r.int(0, 23))}:${two(r.int(0, 59))}:${two(r.int(0, 59))}Z`,
  ],
  [
    '-',
    'American timestamps',
    (r) => `${r.int(1, 12)}/${r.int(1, 28)}/202${r.int(1, 5)} ${r.int(1, 12)}:${two(r.int(0, 59))} PM`,
  ],
  ['-', 'days of invoices in German', (r) => `${two(r.int(1, 28))}.${two(r.int(1, 12))}.202${r.int(1, 5)}`],
  ['-', 'quarters', (r) => `Q${r.int(1, 4)} 202${r.int(0, 5)}`],
  ['-', 'serial numbers like telephones', (r) => `${r.digits(3)}-${r.digits(3)}-${r.digits(4)}-${r.pick(['A', 'B'])}`],
  ['-', 'serial numbers', (r) => `SN${r.digits(10)}`],
  ['-', 'firms of law', (r) => `${r.pick(EN_LAST)} & ${r.pick(EN_LAST)} LLP`],
  [
    '-',
    'firms with legal forms',
    (r) => `${r.pick(FIRMS)} ${r.pick(['GmbH', 'AG', 'Ltd', 'Inc.', 'S.A.', 'Sp. z o.o.', 'B.V.'])}`,
  ],
  [
    '-',
    'firms of families',
    (r) => `${r.pick(DE_LAST)} ${r.pick(['Maschinenbau', 'Logistik', 'Bäckerei', 'Elektro'])} GmbH & Co. KG`,
  ],
  ['-', 'brands', (r) => r.pick(list('Sony,Samsung,Bosch,Siemens,Philips,Lenovo,Canon,Nikon,Garmin,Fossil'))],
  ['-', 'cities', (r) => r.pick(CITIES_DE)],
  [
    '-',
    'cities of America called like people',
    (r) => r.pick(list('Madison,Jackson,Lincoln,Columbus,Houston,Aurora,Savannah,Florence,Charlotte,Orlando')),
  ],
  ['-', 'teams', (r) => `Team ${r.pick(['Alpha', 'Falcon', 'Phoenix', 'Blue'])}`],
  ['-', 'projects', (r) => `Project ${r.pick(['Mercury', 'Apollo', 'Athena', 'Juno'])} ${r.int(1, 9)}`],
  [
    '-',
    'courses',
    (r) =>
      `${r.pick(['Introduction to', 'Advanced'])} ${r.pick(['Statistics', 'Chemistry', 'Databases', 'Economics'])}`,
  ],
  [
    '-',
    'books with their kinds',
    (r) => `${r.pick(['The', 'A'])} ${r.pick(['Silent', 'Golden', 'Broken'])} ${r.pick(['River', 'Crown', 'Mirror'])}`,
  ],
  ['-', 'kinds of wine', (r) => r.pick(list('Merlot,Chardonnay,Riesling,Pinot Noir,Malbec,Syrah,Shiraz,Barolo'))],
  ['-', 'kinds of apples', (r) => r.pick(list('Granny Smith,Pink Lady,Fuji,Gala,Braeburn,Jonagold,Golden Delicious'))],
  ['-', 'fonts', (r) => r.pick(list('Helvetica,Georgia,Verdana,Roboto,Lato,Open Sans,Calibri,Cambria'))],
  ['-', 'months in German', (r) => r.pick(list('Januar,Februar,März,April,Mai,Juni,Juli,August,September'))],
  ['-', 'days of the week', (r) => r.pick(list('Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday'))],
  ['-', 'prices', (r) => `€${r.int(1, 999)},${r.digits(2)}`],
  ['-', 'shares', (r) => `${r.int(0, 100)}.${r.int(0, 9)}%`],
  ['-', 'scores', (r) => `${r.int(0, 7)}:${r.int(0, 7)}`],
  ['-', 'ratios like pressures', (r) => `${r.int(16, 21)}/${r.int(9, 10)}`],
  ['-', 'sizes of files', (r) => `${r.int(1, 999)} ${r.pick(['KB', 'MB', 'GB'])}`],
  ['-', 'durations', (r) => `PT${r.int(1, 9)}H${r.int(1, 59)}M`],
  ['-', 'cron', (r) => `${r.int(0, 59)} ${r.int(0, 23)} * * ${r.pick(['*', '1-5'])}`],
  ['-', 'paths of files', (r) => `/var/lib/${r.pick(['app', 'data'])}/${r.string(6, LOWER)}/${r.int(1, 99)}.log`],
  [
    '-',
    'buckets',
    (r) => `s3://exports-${r.pick(['eu', 'us'])}/${r.int(2020, 2025)}/${two(r.int(1, 12))}/part-${r.digits(5)}.parquet`,
  ],
  [
    '-',
    'names of hosts',
    (r) => `${r.pick(['web', 'db', 'cache'])}-${two(r.int(1, 20))}.${r.pick(['eu', 'us'])}-west-1.internal`,
  ],
  ['-', 'private networks', (r) => `192.168.${r.int(0, 255)}.0/24`],
  [
    '-',
    'topics of queues',
    (r) => `${r.pick(['orders', 'users', 'billing'])}.${r.pick(['created', 'updated', 'deleted'])}.v${r.int(1, 3)}`,
  ],
  ['-', 'features that are switched', (r) => `enable_${r.pick(['dark_mode', 'beta_search', 'new_checkout'])}`],
  ['-', 'ids of Stripe', (r) => `${r.pick(['pi', 'ch', 'in'])}_${r.string(24, BASE62)}`],
  ['-', 'ids of objects', (r) => `${r.pick(['prod', 'price', 'sub'])}_${r.string(14, BASE62)}`],
  [
    '-',
    'slugs',
    (r) => `${r.pick(['how-to', 'why-we', 'ten'])}-${r.pick(['bake-bread', 'love-sql', 'tips'])}-${r.int(1, 99)}`,
  ],
  [
    '-',
    'slugs of two words',
    (r) => `${r.pick(['red', 'blue', 'fast', 'new'])}-${r.pick(['lamp', 'shoe', 'car', 'phone'])}`,
  ],
  ['-', 'titles of pages', (r) => `${r.pick(['About', 'Contact', 'Pricing', 'Terms of Service'])} | ${r.pick(FIRMS)}`],
  ['-', 'messages of errors', (r) => `timeout after ${r.int(1, 90)}s on worker ${r.int(1, 9)}: connection reset`],
  [
    '-',
    'messages of commits',
    (r) =>
      `${r.pick(['fix', 'feat', 'chore'])}: ${r.pick(['bump deps', 'add retry', 'remove dead code'])} (#${r.int(1, 9999)})`,
  ],
  ['-', 'DOIs', (r) => `10.${r.int(1000, 9999)}/${r.string(6, LOWER)}.${r.digits(4)}`],
  ['-', 'ISBNs without dashes', (r) => `9783${r.digits(9)}`],
  ['-', 'ISINs', (r) => `${r.pick(['US', 'DE', 'FR'])}${r.digits(10)}`],
  ['-', 'symbols of stocks', (r) => r.pick(list('AAPL,MSFT,GOOG,AMZN,TSLA,NVDA,META,SAP'))],
  ['-', 'flights', (r) => `${r.pick(['LH', 'BA', 'AF', 'UA'])}${r.int(100, 9999)}`],
  ['-', 'airports', (r) => r.pick(list('FRA,MUC,CDG,LHR,JFK,SFO,AMS,MAD'))],
  ['-', 'coordinates on a screen', (r) => `${r.int(0, 1920)},${r.int(0, 1080)}`],
  ['-', 'versions with dates', (r) => `20${r.int(20, 25)}.${two(r.int(1, 12))}.${r.int(0, 9)}`],
  ['-', 'numbers of tickets', (r) => `${r.pick(['OPS', 'WEB', 'CORE'])}-${r.int(1, 9999)}`],
  ['-', 'licences', (r) => r.pick(list('MIT,Apache-2.0,GPL-3.0-only,BSD-3-Clause,ISC,MPL-2.0'))],
  [
    '-',
    'classes of programs',
    (r) => `com.example.${r.pick(['billing', 'search'])}.${r.pick(['OrderService', 'UserFactory', 'RetryPolicy'])}`,
  ],
  [
    '-',
    'questions of a form',
    (r) =>
      r.pick([
        'How did you hear about us?',
        'Which plan fits you best?',
        'What should we build next?',
        'How many people work here?',
      ]),
  ],
];

const NAMES = ['col1', 'a', 'x17', 'c2', 'f', 'val3', 'field_9', 'attr4'];

/** One in twenty has nothing, one in thirty says so, one in thirty has blanks around it. */
export function unnamedColumn(at: number, rows: number): ColumnSubject {
  const [, , make, type = 'text'] = UNNAMED[at]!;
  const r = random(991 + at * 31 + rows);
  const values: string[] = [];
  for (let i = 0; i < rows; i++) {
    const luck = type === 'text' ? r.int(1, 100) : 100;
    if (luck <= 6) continue;
    if (luck <= 9) values.push(r.pick(['n/a', '-', '', 'unknown', '?']));
    else values.push(luck <= 12 ? ` ${make(r, i)} ` : make(r, i));
  }
  return { schema: 'public', table: 't1', column: NAMES[at % NAMES.length]!, type, siblings: ['id'], values };
}
