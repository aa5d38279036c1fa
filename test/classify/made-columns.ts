/** Columns without a telling name, by what they hold: sensitive ones with their class, and clear ones. */
import type { ColumnSubject } from '../../src/classify/classes.ts';

/** Numerical Recipes' generator: the same columns in every run. */
export function random(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const pick = <T>(list: readonly T[]): T => list[int(0, list.length - 1)]!;
  const string = (n: number, alphabet: string): string =>
    Array.from({ length: n }, () => alphabet[int(0, alphabet.length - 1)]).join('');
  const digits = (n: number): string => string(n, '0123456789');
  return { int, pick, string, digits };
}
export type R = ReturnType<typeof random>;

export const FIRST =
  'Agnes,Bilal,Chiara,Dorota,Emeka,Freja,Giovanni,Hana,Imran,Jutta,Kwame,Lucía,Mehmet,Niamh,Oksana,Pekka,Rania,Søren,Tomás,Yuki'.split(
    ',',
  );
export const LAST =
  'Smith,Kowalski,Okafor,García,Nguyen,Müller,Rossi,Van den Berg,Ivanova,Yilmaz,Haddad,Brown,Tanaka,Silva'.split(',');
const luhnDigit = (body: string): string => {
  for (let digit = 0; digit < 10; digit++) {
    const sum = [...`${body}${digit}`].reverse().reduce((total, char, i) => {
      const value = Number(char) * (i % 2 === 0 ? 1 : 2);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
    if (sum % 10 === 0) return String(digit);
  }
  throw new Error('unreachable');
};
export const card = (r: R): string => {
  const body = r.pick(['4', '52', '2300']) + r.digits(15);
  return body.slice(0, 15) + luhnDigit(body.slice(0, 15));
};
const iban = (r: R): string => {
  const body = r.digits(18);
  return `DE${String(98n - (BigInt(`${body}131400`) % 97n)).padStart(2, '0')}${body}`;
};
const day = (r: R, from: number, to: number): string =>
  `${r.int(from, to)}-${String(r.int(1, 12)).padStart(2, '0')}-${String(r.int(1, 28)).padStart(2, '0')}`;
const hex = '0123456789abcdef';
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const uuid = (r: R): string =>
  `${r.string(8, hex)}-${r.string(4, hex)}-4${r.string(3, hex)}-a${r.string(3, hex)}-${r.string(12, hex)}`;
export const word = (r: R): string => r.string(r.int(4, 9), 'abcdefghijklmnoprstuvwz');
const cap = (text: string): string => text.replace(/^./, (c) => c.toUpperCase());
const base64 = (text: string): string => Buffer.from(text).toString('base64url');
const cpf = (r: R): string => {
  let digits = r.digits(9);
  for (let weight = 10; weight <= 11; weight++) {
    const sum = [...digits].reduce((total, char, i) => total + Number(char) * (weight - i), 0);
    digits += String(((sum * 10) % 11) % 10);
  }
  return digits;
};
const dni = (r: R): string => {
  const number = r.digits(8);
  return number + 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23];
};
const bsn = (r: R): string => {
  for (;;) {
    const d = r.digits(9);
    if ([9, 8, 7, 6, 5, 4, 3, 2, -1].reduce((sum, weight, i) => sum + weight * Number(d[i]), 0) % 11 === 0) return d;
  }
};
const publicIp = (r: R): string => `${r.int(31, 99)}.${r.int(1, 250)}.${r.int(1, 250)}.${r.int(1, 250)}`;

const two = (n: number): string => String(n).padStart(2, '0');
const birth = (r: R, order: 'dmy' | 'ymd'): string => {
  const [d, m, y] = [two(r.int(1, 28)), two(r.int(1, 12)), two(r.int(40, 99))];
  return order === 'dmy' ? d + m + y : y + m + d;
};
const withLuhn = (body: string): string => body + luhnDigit(body);
const weigh = (digits: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, i) => sum + weight * Number(digits[i]), 0);
const singapore = (r: R): string => {
  const digits = r.digits(7);
  return `S${digits}${'JZIHGFEDCBA'[weigh(digits, [2, 7, 6, 5, 4, 3, 2]) % 11]}`;
};
const thailand = (r: R): string => {
  const digits = `${r.int(1, 8)}${r.digits(11)}`;
  return digits + String((11 - (weigh(digits, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 10);
};

export const column = (make: (r: R, i: number) => string, type = 'text', n = 200): ColumnSubject => {
  const r = random(n + 17);
  return {
    schema: 'public',
    table: 'zq_17',
    column: 'f_3',
    type,
    siblings: ['id', 'f_1', 'f_2'],
    values: Array.from({ length: n }, (_, i) => make(r, i)),
  };
};

type Row = [expected: string, what: string, make: (r: R, i: number) => string, type?: string];
export const SENSITIVE: Row[] = [
  ['national_id', 'of Uruguay', (r) => uruguay(r)],
  ['national_id', 'of Sri Lanka', (r) => `${r.int(60, 99)}${String(r.int(1, 366)).padStart(3, '0')}${r.digits(4)}V`],
  [
    'national_id',
    'plates',
    (r) =>
      `${r.string(2, 'ABCDEFGHJKLMNOPRSTUVWXY')}${r.pick(['12', '19', '67'])} ${r.string(3, 'ABCDEFGHJKLMNOPRSTUVWXYZ')}`,
  ],
  [
    'national_id',
    'lines of passports',
    (r) =>
      `P<UTO${r
        .pick(LAST)
        .toUpperCase()
        .replace(/[^A-Z]/g, '<')}<<${r.pick(['ANNA', 'BILAL'])}`.padEnd(44, '<'),
  ],
  ['bank_account', 'of Mexico', (r) => clabe(r)],
  ['bank_account', 'codes of banks of India', (r) => `${r.pick(['HDFC', 'ICIC', 'SBIN'])}0${r.digits(6)}`],
  ['device_id', 'SIM cards', (r) => withLuhn(`8944${r.digits(14)}`)],
  ['geo', 'degrees with letters', (r) => `${r.int(36, 59)}.${r.digits(4)}° N, ${r.int(2, 30)}.${r.digits(4)}° E`],
  ['geo', 'three words', (r) => `///${word(r)}.${word(r)}.${word(r)}`],
  ['username', 'at a domain', (r) => `CORP\\${r.pick(['a', 'b'])}${word(r)}`],
  ['username', 'in a directory', (r) => `CN=${r.pick(FIRST)} ${r.pick(LAST)},OU=Staff,DC=corp,DC=example`],
  [
    'health',
    'from a laboratory',
    (r) => `${r.pick(['HbA1c', 'LDL', 'TSH'])} ${r.int(1, 20)}.${r.int(0, 9)} ${r.pick(['%', 'mmol/L'])}`,
  ],
  ['health', 'what is taken', (r) => r.pick(['Metformin', 'Lisinopril', 'Atorvastatin', 'Sertraline', 'Losartan'])],
  ['payment_card', 'what it ends in', (r) => `${r.pick(['Visa', 'Mastercard'])} ending in ${r.digits(4)}`],
  [
    'person_name',
    'Ukrainian, family first',
    (r) => `${r.pick(['Шевченко', 'Коваленко'])} ${r.pick(['Олена', 'Тарас'])} ${r.pick(['Іванівна', 'Петрович'])}`,
  ],
  [
    'person_name',
    'families and initials',
    (r) => `${r.pick(['Berg, van den', 'Vries, de', 'Bakker'])}, ${r.pick(['A', 'J'])}.${r.pick(['B', 'P'])}.`,
  ],
  [
    'secret',
    'keys of three more vendors',
    (r) =>
      r.pick([
        `dckr_pat_${r.string(27, base62)}`,
        `rzp_live_${r.string(14, base62)}`,
        `NRAK-${r.string(27, 'ABCDEFGHJK0123456789')}`,
      ]),
  ],
  [
    'postal_address',
    'Greek and Vietnamese',
    (r) =>
      r.pick([
        `Ερμού ${r.int(1, 99)}, Αθήνα ${r.int(100, 199)} ${r.digits(2)}`,
        `${r.int(1, 99)} Lê Lợi, Quận ${r.int(1, 12)}, TP.HCM`,
      ]),
  ],
  [
    'health',
    'notes of a ward',
    (r) =>
      `Patient ${r.pick(['complains of', 'reports', 'denies'])} ${r.pick(['chest pain', 'dizziness', 'nausea'])} for ${r.int(2, 9)} days`,
  ],
  ['health', 'allergies', (r) => r.pick(['Penicillin', 'Peanuts', 'Latex', 'Pollen', 'Shellfish', 'None known'])],
  ['health', 'vaccines', (r) => r.pick(['Pfizer-BioNTech', 'Moderna', 'MMR', 'Hepatitis B', 'Tetanus'])],
  ['bank_account', 'British accounts', (r) => `${r.digits(2)}-${r.digits(2)}-${r.digits(2)} ${r.digits(8)}`],
  [
    'person_name',
    'couples',
    (r) => `${r.pick(['James', 'Emma', 'David'])} & ${r.pick(['Mary', 'Oliver'])} ${r.pick(['Smith', 'Brown'])}`,
  ],
  ['demographic', 'three words of French', (r) => r.pick(['Homme', 'Femme', 'Autre'])],
  [
    'free_text',
    'prose about somebody with a title',
    (r) =>
      `Habe mit ${r.pick(['Frau', 'Herrn'])} ${cap(word(r))} telefoniert, die Sache ist ${r.pick(['morgen', 'am Montag'])} erledigt.`,
  ],
  [
    'free_text',
    'prose of people who say who they are',
    (r) =>
      `My name is ${cap(word(r))} and I cannot ${r.pick(['log in', 'pay my bill'])} since ${r.pick(['Monday', 'June'])}.`,
  ],
  [
    'free_text',
    'prose about one by name',
    (r) =>
      `${r.pick(['Emma', 'Oliver', 'Bilal'])} ${r.pick(['was late again', 'asked for a raise'])} on day ${r.int(1, 30)}.`,
  ],
  [
    'device_id',
    'user agents',
    (r) => `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/1${r.digits(2)}.0.0.0 Safari/537.36`,
  ],
  ['device_id', 'numbers of vehicles', (r) => `WVWZZZ${r.string(6, 'ABCDEFGHJKLMNPR0123456789')}${r.digits(5)}`],
  ['national_id', 'of Denmark', (r) => `${birth(r, 'dmy')}-${r.digits(4)}`],
  ['national_id', 'of Malaysia', (r) => `${birth(r, 'ymd')}-14-${r.digits(4)}`],
  ['national_id', 'of South Africa', (r) => withLuhn(`${birth(r, 'ymd')}${r.digits(4)}08`)],
  ['national_id', 'of Singapore', (r) => singapore(r)],
  ['national_id', 'of Thailand', (r) => thailand(r)],
  ['tax_id', 'GST numbers', (r) => `27${r.string(5, 'ABCDEFGH')}${r.digits(4)}K1Z${r.digits(1)}`],
  [
    'bank_account',
    'codes of banks',
    (r) => `${r.string(4, 'ABCDEFGHKL')}${r.pick(['DE', 'FR', 'NL'])}${r.string(2, 'FM2L')}`,
  ],
  ['health', 'blood pressures', (r) => `${r.int(105, 180)}/${r.int(60, 94)}`],
  [
    'health',
    'diagnoses',
    (r) =>
      `${r.pick(['Acute', 'Chronic', 'Recurrent', 'Mild'])} ${r.pick(['bronchitis', 'asthma', 'migraine', 'gastritis'])}`,
  ],
  ['demographic', 'two letters', (r) => r.pick(['M', 'F'])],
  [
    'person_name',
    'Arabic',
    (r) => `${r.pick(['محمد', 'فاطمة', 'خالد', 'مريم'])} ${r.pick(['العلي', 'حداد', 'النجار'])}`,
  ],
  [
    'person_name',
    'Greek',
    (r) => `${r.pick(['Γιώργος', 'Ελένη', 'Νίκος'])} ${r.pick(['Παπαδόπουλος', 'Γεωργίου', 'Αντωνίου', 'Νικολάου'])}`,
  ],
  ['username', 'pages at social networks', (r) => `https://github.com/${word(r)}${r.int(1, 99)}`],
  [
    'postal_address',
    'Dutch postcodes',
    (r) => `${r.int(1011, 9999)} ${r.string(2, 'ABCDEGHJKLMNPRSTVWXZ')}`.replace(/S[ADS]$/, 'SB'),
  ],
  [
    'geo',
    'degrees and minutes',
    (r) => `${r.int(40, 55)}°${r.int(0, 59)}'${r.int(0, 59)}"N ${r.int(1, 20)}°${r.int(0, 59)}'${r.int(0, 59)}"E`,
  ],
  [
    'date_of_birth',
    'with the month as a word',
    (r) => `${r.int(1, 28)} ${r.pick(['Jan', 'Apr', 'Oct'])} ${r.int(1940, 2003)}`,
  ],
  ['bank_account', 'addresses of Ethereum', (r) => `0x${r.string(40, hex)}`],
  [
    'geo',
    'pins on a map',
    (r) => `https://www.google.com/maps?q=${r.int(-80, 80)}.${r.digits(6)},${r.int(1, 170)}.${r.digits(6)}`,
  ],
  ['photo', 'pictures of accounts', (r) => `https://lh3.googleusercontent.com/a/${r.string(40, base62)}=s96-c`],
  [
    'health',
    'codes of which half are categories',
    (r, i) => `${r.pick([...'EFIJKM'])}${r.digits(2)}${i % 2 ? `.${r.digits(1)}` : ''}`,
  ],
  ['health', 'doses', (r) => `${r.pick(['Metformin', 'Lisinopril', 'Amoxicillin'])} ${r.pick(['5', '10', '500'])} mg`],
  ['username', 'of Matrix', (r) => `@${word(r)}:matrix.example.org`],
  [
    'person_name',
    'Thai',
    (r) => `${r.pick(['สมชาย', 'สมหญิง', 'ประเสริฐ'])} ${r.pick(['ใจดี', 'ศรีสุข', 'แสงทอง', 'บุญมา'])}`,
  ],
  ['demographic', 'origins', (r) => r.pick(['White British', 'Black African', 'Asian Indian', 'Mixed', 'Chinese'])],
  [
    'free_text',
    'greetings',
    (r) => `Hi ${r.pick(['Anna', 'Peter', 'Maria'])}, your parcel ${r.int(1, 99)} is on its way and comes soon.`,
  ],
  [
    'tax_id',
    'NIF of Portugal',
    (r) => {
      const body = r.pick(['1', '2']) + r.digits(7);
      const rest = 11 - (weigh(body, [9, 8, 7, 6, 5, 4, 3, 2]) % 11);
      return body + String(rest > 9 ? 0 : rest);
    },
  ],
  ['phone', 'of Russia', (r) => `8 (9${r.digits(2)}) ${r.digits(3)}-${r.digits(2)}-${r.digits(2)}`],
  ['email', 'addresses', (r) => `${word(r)}.${word(r)}@${word(r)}.example`],
  ['email', 'addresses with a name', (r) => `${r.pick(FIRST)} ${r.pick(LAST)} <${word(r)}@${word(r)}.org>`],
  ['email', 'addresses backwards', (r) => [...`${word(r)}@${word(r)}.example`].reverse().join('')],
  ['email', 'capitals', (r) => `${word(r)}@${word(r)}.example`.toUpperCase()],
  ['email', 'an array', (r) => `{${word(r)}@${word(r)}.example,"${word(r)}@${word(r)}.example"}`, 'text[]'],
  ['phone', 'E.164', (r) => `+4915${r.int(1, 7)}${r.digits(8)}`],
  ['phone', 'American', (r) => `(${r.int(212, 989)}) 555-${r.digits(4)}`],
  [
    'phone',
    'several forms',
    (r) =>
      r.pick([
        `+1 ${r.int(201, 989)} 555 ${r.digits(4)}`,
        `${r.int(201, 989)}-555-${r.digits(4)}`,
        `+44 20 7946 0${r.digits(3)}`,
      ]),
  ],
  [
    'phone',
    'French, national',
    (r) => `0${r.pick(['6', '7'])} ${r.digits(2)} ${r.digits(2)} ${r.digits(2)} ${r.digits(2)}`,
  ],
  ['phone', 'Polish, in groups', (r) => `${r.int(5, 7)}${r.digits(2)} ${r.digits(3)} ${r.digits(3)}`],
  ['phone', 'Indian', (r) => `${r.int(70, 99)}${r.digits(3)} ${r.digits(5)}`],
  ['payment_card', 'hidden but for the last digits', (r) => `**** **** **** ${r.digits(4)}`],
  ['username', 'handles', (r) => `@${word(r)}${r.int(1, 99)}`],
  ['secret', 'base32 keys', (r) => r.string(32, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')],
  ['person_name', 'whole names', (r) => `${r.pick(FIRST)} ${r.pick(LAST)}`],
  [
    'person_name',
    'given names and families nobody has heard of',
    (r) => `${r.pick(FIRST)} ${word(r).replace(/^./, (c) => c.toUpperCase())}`,
  ],
  ['person_name', 'family first', (r) => `${r.pick(LAST)}, ${r.pick(FIRST)}`],
  ['person_name', 'capitals', (r) => `${r.pick(FIRST)} ${r.pick(LAST)}`.toUpperCase()],
  ['person_name', 'given names', (r) => r.pick(FIRST)],
  ['person_name', 'family names', (r) => r.pick(LAST)],
  [
    'person_name',
    'Cyrillic',
    (r) => `${r.pick(['Сергей', 'Ольга', 'Дмитрий', 'Анна'])} ${r.pick(['Иванов', 'Петрова', 'Мельник'])}`,
  ],
  ['person_name', 'Chinese', (r) => `${r.pick([...'王李张刘陈杨'])}${r.pick(['伟', '秀英', '建国', '敏'])}`],
  [
    'postal_address',
    'English',
    (r) =>
      `${r.int(1, 9899)} ${word(r).replace(/^./, (c) => c.toUpperCase())} ${r.pick(['Street', 'Ave', 'Rd.', 'Lane', 'Court'])}, ${word(r)}`,
  ],
  [
    'postal_address',
    'German',
    (r) => `${r.pick(['Linden', 'Haupt', 'Schiller'])}${r.pick(['straße', 'weg', 'str.', 'platz'])} ${r.int(1, 150)}`,
  ],
  [
    'postal_address',
    'French',
    (r) =>
      `${r.int(1, 150)} ${r.pick(['rue', 'avenue', 'chemin'])} ${r.pick(['de la Paix', 'Victor Hugo', 'du Moulin'])}, ${r.int(10000, 95999)} ${r.pick(['Lyon', 'Nantes'])}`,
  ],
  [
    'postal_address',
    'Spanish',
    (r) =>
      `${r.pick(['Calle', 'Avenida', 'Paseo'])} ${r.pick(['Mayor', 'del Sol', 'Colón'])} ${r.int(1, 150)}, ${r.int(1, 9)}º ${r.pick(['A', 'B'])}`,
  ],
  [
    'postal_address',
    'Italian and Polish',
    (r) =>
      r.pick([
        `Via ${r.pick(['Roma', 'Garibaldi'])}, ${r.int(1, 150)}`,
        `ul. ${r.pick(['Długa', 'Krótka'])} ${r.int(1, 99)}/${r.int(1, 20)}`,
      ]),
  ],
  [
    'postal_address',
    'Dutch and Swedish',
    (r) =>
      r.pick([
        `${r.pick(['Prinsen', 'Heren'])}gracht ${r.int(1, 300)}`,
        `${r.pick(['Drottning', 'Kungs'])}gatan ${r.int(1, 90)}`,
      ]),
  ],
  ['geo', 'plus codes', (r) => `8F${r.digits(3).replace(/[01]/gu, 'V')}HMP+${r.digits(2).replace(/[01]/gu, 'Q')}`],
  ['geo', 'pairs', (r) => `${r.int(-80, 80)}.${r.digits(6)}, ${r.int(-170, 170)}.${r.digits(6)}`],
  ['date_of_birth', 'days', (r) => day(r, 1944, 2004), 'date'],
  [
    'date_of_birth',
    'days as text',
    (r) => `${String(r.int(1, 28)).padStart(2, '0')}.${String(r.int(1, 12)).padStart(2, '0')}.${r.int(1944, 2004)}`,
  ],
  ['national_id', 'social security numbers', (r) => `${r.int(700, 899)}-${r.int(10, 99)}-${r.int(1000, 9999)}`],
  [
    'national_id',
    'social security numbers as integers',
    (r) => `${r.int(700, 899)}${r.int(10, 99)}${r.int(1000, 9999)}`,
    'integer',
  ],
  ['national_id', 'CPF', (r) => cpf(r).replace(/(...)(...)(...)(..)/, '$1.$2.$3-$4')],
  ['national_id', 'DNI', dni],
  ['national_id', 'BSN', bsn],
  ['national_id', 'NINO', (r) => `${r.pick(['AB', 'CE', 'JK'])}${r.digits(6)}${r.pick(['A', 'B', 'C', 'D'])}`],
  ['tax_id', 'employers', (r) => `${r.int(20, 27)}-${r.digits(7)}`],
  ['tax_id', 'VAT', (r) => r.pick([`DE${r.digits(9)}`, `NL${r.digits(9)}B0${r.int(1, 9)}`, `IT${r.digits(11)}`])],
  ['ip_address', 'v4', publicIp],
  ['ip_address', 'v6', (r) => `2a02:${r.string(3, hex)}1:${r.string(3, hex)}2::${r.string(3, hex)}3`],
  ['ip_address', 'inet', publicIp, 'inet'],
  ['device_id', 'MAC', (r) => Array.from({ length: 6 }, () => r.string(2, hex)).join(':')],
  ['device_id', 'IMEI', (r) => ((body) => body + luhnDigit(body))(`35${r.digits(12)}`)],
  ['payment_card', 'text', card],
  ['payment_card', 'grouped', (r) => card(r).replace(/(....)(?=.)/g, '$1 ')],
  ['payment_card', 'integers', card, 'bigint'],
  ['payment_card', 'half of them IBANs', (r, i) => (i % 3 === 0 ? iban(r) : card(r))],
  ['bank_account', 'IBAN', iban],
  [
    'bank_account',
    'IBAN in groups',
    (r) =>
      iban(r)
        .replace(/(....)/g, '$1 ')
        .trim(),
  ],
  ['password_hash', 'bcrypt', (r) => `$2b$12$${r.string(53, base62)}`],
  ['password_hash', 'Django', (r) => `pbkdf2_sha256$600000$${r.string(22, base62)}$${r.string(43, base62)}=`],
  ['password_hash', 'argon2', (r) => `$argon2id$v=19$m=65536,t=3,p=4$${r.string(22, base62)}$${r.string(43, base62)}`],
  ['secret', 'live keys', (r) => `sk_live_${r.string(24, base62)}`],
  [
    'secret',
    'several vendors',
    (r) =>
      r.pick([
        `ghp_${r.string(36, base62)}`,
        `AKIA${r.string(16, 'ABCDEFGHJKMNPQRST234567')}`,
        `xoxb-${r.digits(11)}-${r.string(24, base62)}`,
      ]),
  ],
  [
    'secret',
    'JWT',
    (r) => `${base64('{"alg":"HS256","typ":"JWT"}')}.${base64(`{"sub":"${word(r)}"}`)}.${r.string(43, base62)}`,
  ],
  ['secret', 'random tokens', (r) => r.string(40, base62)],
  ['secret', 'random tokens of one case', (r) => r.string(40, 'bcdfghjkmnpqrstvwxz23456789')],
  ['secret', 'URLs with a password', (r) => `amqp://${word(r)}:${word(r)}@queue.internal:5672/${word(r)}`],
  ['secret', 'bytes', (r) => `\\x${Buffer.from(`sk_test_${r.string(20, base62)}`).toString('hex')}`, 'bytea'],
  ['photo', 'pictures of people', (r) => `https://cdn.example/avatars/${word(r)}.png`],
  ['health', 'diagnoses', (r) => `${r.pick([...'EFIJKM'])}${r.digits(2)}.${r.digits(1)}`],
  ['demographic', 'genders', (r) => r.pick(['male', 'female', 'non-binary'])],
  [
    'free_text',
    'prose with addresses',
    (r) => r.pick([`Please write to ${word(r)}@${word(r)}.example about the order`, 'Nothing to say about this one']),
  ],
  [
    'free_text',
    'prose with names',
    (r) =>
      `Spoke with ${r.pick(FIRST.filter((name) => /^[A-Za-z]+$/.test(name)))} ${word(r).replace(/^./, (c) => c.toUpperCase())} about the late delivery`,
  ],
];

const uruguay = (r: R): string => {
  const body = String(r.int(1_000_000, 5_999_999));
  const check = (10 - (weigh(body, [2, 9, 8, 7, 6, 3, 4]) % 10)) % 10;
  return `${body[0]}.${body.slice(1, 4)}.${body.slice(4)}-${check}`;
};
const clabe = (r: R): string => {
  const body = r.pick(['002', '012', '072']) + r.digits(14);
  const sum = [...body].reduce((total, char, i) => total + ((Number(char) * [3, 7, 1][i % 3]!) % 10), 0);
  return body + String((10 - (sum % 10)) % 10);
};
export const CLEAR: [what: string, make: (r: R, i: number) => string, type?: string][] = [
  ['what is in a dish', (r) => r.pick(['Peanuts', 'Milk', 'Eggs', 'Wheat', 'Shellfish', 'Soy'])],
  [
    'firms of two',
    (r) => r.pick(['Johnson & Johnson', 'Ernst & Young', 'Bang & Olufsen', 'Ben & Jerry', 'Marks & Spencer']),
  ],
  ['substances', (r) => `${r.int(50, 9_999_999)}-${r.digits(2)}-${r.digits(1)}`],
  ['numbers of books', (r) => `0-${r.digits(3)}-${r.digits(5)}-${r.digits(1)}`],
  ['packages', (r) => `@${word(r)}/${word(r)}@${r.int(1, 9)}.${r.int(0, 9)}.0`],
  [
    'parts',
    (r) => `${r.string(2, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')}-${r.digits(3)}-${r.string(2, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')}`,
  ],
  ['keys of a registry', (r) => `HKLM\\${word(r)}`],
  ['random numbers of eighteen digits', (r) => `5${r.digits(17)}`],
  ['readings of two sensors', (r) => `${r.int(18, 27)}.${r.digits(1)}, ${r.int(30, 60)}.${r.digits(1)}`],
  ['UUIDs', uuid],
  ['dimensions', (r) => `${r.int(10, 200)}x${r.int(10, 200)} cm`],
  ['rooms', (r) => `${r.pick([...'ABC'])}${r.int(1, 4)}.${r.int(10, 30)}`],
  ['git hashes', (r) => r.string(40, hex)],
  ['etags', (r) => r.string(32, hex)],
  ['short hashes', (r) => r.string(7, hex)],
  ['order numbers with a letter prefix', (r) => `ORD-2024-${r.digits(6)}`],
  ['random numbers of sixteen digits', (r) => `7${r.digits(15)}`],
  ['random numbers of sixteen digits that could be Visa', (r) => `4${r.digits(15)}`],
  ['epoch milliseconds', (r) => String(1_700_000_000_000 + r.int(0, 9e9)), 'bigint'],
  ['epoch milliseconds as text', (r) => String(1_700_000_000_000 + r.int(0, 9e9))],
  ['epoch seconds', (r) => String(1_600_000_000 + r.int(0, 1e8)), 'integer'],
  ['nine-digit ids, one after another', (_r, i) => String(400_000_000 + i * 3), 'integer'],
  ['random integers', (r) => String(r.int(0, 2 ** 31 - 1)), 'integer'],
  ['snowflakes', (r) => `1${r.digits(17)}`, 'bigint'],
  ['order numbers with the year in front', (r) => `2024${r.digits(6)}`],
  ['versions', (r) => `${r.int(1, 12)}.${r.int(0, 9)}.${r.int(0, 30)}`],
  ['versions of four parts', (r) => `${r.int(1, 9)}.${r.int(0, 9)}.${r.int(0, 9)}.${r.int(0, 9)}`],
  [
    'product names',
    (r) => `${r.pick(['Nordic', 'Compact', 'Ultra'])} ${r.pick(['Desk Lamp', 'Key Ring', 'Notebook', 'Phone Case'])}`,
  ],
  [
    'cities',
    (r) =>
      r.pick('Springfield,Rivertown,Lakeview,Lyon,Hamburg,Oslo,San Francisco,Charlotte,Sydney,Kraków,Porto'.split(',')),
  ],
  ['countries', (r) => r.pick(['Germany', 'France', 'Georgia', 'Japan', 'Brazil', 'Chad', 'Jordan'])],
  ['states', (r) => r.pick(['active', 'closed', 'pending'])],
  ['package names', (r) => `left-pad@${r.int(1, 9)}.${r.int(0, 9)}.0`],
  ['SKUs', (r) => `${r.pick(['AB', 'QX'])}-${r.digits(3)}-${r.digits(2)}-${r.digits(3)}`],
  ['barcodes', (r) => r.digits(13)],
  ['ISBNs', (r) => `978-3-${r.digits(2)}-${r.digits(6)}-${r.digits(1)}`],
  ['paths', (r) => `/docs/${word(r)}/${r.int(1, 40)}`],
  ['URLs', (r) => `https://shop.example/p/${word(r)}-${word(r)}?page=${r.int(1, 9)}`],
  ['mime types', (r) => r.pick(['image/png', 'text/html', 'application/vnd.ms-excel'])],
  ['templates', (r) => `${r.pick(['welcome', 'reset', 'receipt'])}_mail_v${r.int(1, 4)}`],
  ['colours', (r) => `#${r.string(6, hex)}`],
  ['locales', (r) => r.pick(['en_US', 'de_DE', 'fr_FR'])],
  ['time zones', (r) => r.pick(['Europe/Berlin', 'America/New_York', 'Asia/Tokyo'])],
  ['hiring days', (r) => day(r, 2015, 2024), 'date'],
  ['due days', (r) => day(r, 2024, 2025), 'date'],
  ['timestamps as text', (r) => `${day(r, 2021, 2024)} 10:2${r.int(0, 9)}:31`],
  ['times', (r) => `${r.int(10, 23)}:${r.int(10, 59)}:${r.int(10, 59)}`],
  ['ULIDs', (r) => `01HZ${r.string(22, '0123456789ABCDEFGHJKMNPQRSTVWXYZ')}`],
  ['object ids', (r) => `cus_${r.string(14, base62)}`],
  ['KSUIDs', (r) => `2aB${r.string(24, base62)}`],
  ['base64 of a text', (r) => Buffer.from(`template ${word(r)} ${word(r)} ${word(r)}`).toString('base64')],
  ['integrity hashes', (r) => `sha512-${r.string(86, base62)}==`],
  ['money', (r) => `${r.int(1, 9999)}.${r.digits(2)}`],
  ['cost centres', (r) => `CC-${r.digits(3)}-${r.digits(2)}`],
  ['bytes of a picture', (r) => `\\x89504e47${r.string(40, hex)}ff`, 'bytea'],
  ['departments', (r) => r.pick(['Engineering', 'Sales', 'Support', 'People', 'Legal'])],
  ['plans', (r) => r.pick(['Basic', 'Pro', 'Enterprise', 'Grace period'])],
  ['documents of a day', (r) => `24${two(r.int(1, 12))}${two(r.int(1, 28))}-${r.digits(4)}`],
  ['documents of a year', (r) => `${two(r.int(1, 28))}${two(r.int(1, 12))}24-${r.digits(4)}`],
  ['versions of four parts', (r) => `${r.int(1, 9)}.${r.int(0, 9)}.${r.int(0, 30)}.${r.int(0, 60)}`],
  ['names of pods', (r) => `api-${r.string(10, 'abcdef0123456789')}-${r.string(5, 'abcdef0123456789')}`],
  ['words in Greek', (r) => r.pick(['Νέα παραγγελία', 'Σε εξέλιξη', 'Ολοκληρώθηκε', 'Σε αναμονή'])],
  ['words in Arabic', (r) => r.pick(['طلب جديد', 'قيد التنفيذ', 'تم التسليم', 'تم الإلغاء'])],
  ['barcodes with a leading zero', (r) => `0${r.digits(11)}`],
  ['places in a warehouse', (r) => `${r.int(1000, 9999)} ${r.string(2, 'ABCD')}`],
  [
    'software',
    (r) => r.pick('Photoshop,Excel,Slack,Jira,Jenkins,Kafka,Grafana,Docker,Oracle,Cassandra,Athena,Aurora'.split(',')),
  ],
  [
    'states that are words of eight letters',
    (r) => r.pick(['ACCEPTED', 'REJECTED', 'COMPLETE', 'SHIPPING', 'RETURNED', 'INACTIVE']),
  ],
  ['months', (r) => r.pick('January,February,March,April,May,June,July,August'.split(','))],
  [
    'all months',
    (r) => r.pick('January,February,March,April,May,June,July,August,September,October,November,December'.split(',')),
  ],
  ['colours by name', (r) => r.pick('Red,Blue,Green,Amber,Olive,Violet,White,Black,Teal'.split(','))],
  [
    'firms',
    (r) =>
      r.pick(['Hugo Boss AG', 'Johnson & Johnson', 'Acme Inc', 'Northwind Traders', 'Bauer Logistics GmbH', 'Initech']),
  ],
  [
    'cities of America',
    (r) => r.pick('Austin,Dallas,Houston,Chicago,Charlotte,Denver,Phoenix,Boston,Seattle,Portland,Memphis'.split(',')),
  ],
  [
    'job titles',
    (r) => r.pick(['Sales Manager', 'Software Engineer', 'Account Executive', 'Data Analyst', 'Team Lead']),
  ],
  ['nine-digit order numbers', (r) => `4${r.digits(8)}`],
  ['nine-digit order numbers as integers', (r) => `4${r.digits(8)}`, 'integer'],
  ['invoice numbers with dashes', (r) => `${r.digits(4)}-${r.digits(6)}`],
  [
    'SQL in a log',
    (r) => `SELECT count(*) FROM t${r.int(1, 9)} WHERE id = ${r.int(1, 9999)} -- took ${r.int(1, 90)} ms`,
  ],
  ['part numbers in groups', (r) => `${r.digits(3)}-${r.digits(4)}-${r.digits(2)}`],
  ['versions of four parts', (r) => `${r.int(1, 9)}.${r.int(0, 30)}.${r.int(0, 99)}.${r.int(0, 400)}`],
  ['networks', (r) => `10.${r.int(0, 255)}.${r.int(0, 255)}.0/24`],
  ['nanoids', (r) => r.string(21, `${base62}_-`)],
  ['months', (r) => r.pick(['January', 'April', 'May', 'June', 'August'])],
  ['file names', (r) => `${word(r)}_${r.int(1, 99)}.pdf`],
  ['CUIDs', (r) => `cld${r.string(22, 'abcdefghijklmnopqrstuvwxyz0123456789')}`],
  ['UUIDs without dashes', (r) => r.string(32, hex)],
  ['tracking numbers', (r) => `1Z${r.string(6, '0123456789ABCDEFGHJKLMN')}${r.digits(10)}`],
  ['flags', (r) => r.pick(['true', 'false'])],
  [
    'json settings',
    (r) => JSON.stringify({ theme: r.pick(['dark', 'light']), size: r.int(1, 90), tags: ['a', 'b'] }),
    'jsonb',
  ],
  [
    'titles of chapters',
    (r) => `The ${r.pick(['Lost', 'Hidden'])} ${r.pick(['Garden', 'Summer', 'Road'])} ${r.int(1, 30)}`,
  ],
];
