/**
 * Columns called `c3` of further languages and kinds, with much that is missing and what is typed instead of it. Labelled
 * before they were measured; `-` is clear.
 */
import type { ColumnClass, ColumnSubject } from '../../src/classify/classes.ts';
import { type R, random } from './made-columns.ts';

type Dirty = readonly [ColumnClass | '-', string, (r: R, i: number) => string];

const list = (text: string): readonly string[] => text.split(',');
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = UPPER.toLowerCase();
const BASE62 = `0123456789${UPPER}${LOWER}`;
const two = (n: number): string => String(n).padStart(2, '0');
const of =
  (first: string, last: string, say = (a: string, b: string) => `${a} ${b}`) =>
  (r: R): string =>
    say(r.pick(list(first)), r.pick(list(last)));

const SV = [
  'Erik,Lars,Karin,Anna,Johan,Maria,Anders,Kristina,Per,Lena',
  'Andersson,Johansson,Karlsson,Nilsson,Eriksson',
];
const HU = ['István,Katalin,László,Erzsébet,József,Ilona,Zoltán,Éva', 'Nagy,Kovács,Tóth,Szabó,Horváth,Varga,Kiss'];
const CS = ['Jiří,Jana,Petr,Eva,Tomáš,Hana,Pavel,Lenka', 'Novák,Svoboda,Novotný,Dvořák,Černý,Procházka,Kučera'];
const RO = ['Andrei,Maria,Ion,Elena,Mihai,Ioana,Alexandru,Ana', 'Popescu,Ionescu,Popa,Radu,Dumitru,Stan,Stoica'];
const PT = ['João,Maria,Pedro,Ana,Tiago,Beatriz,Rafael,Mariana', 'Silva,Santos,Oliveira,Souza,Pereira,Costa,Almeida'];
const NL = ['Jan,Pieter,Anneke,Willem,Sanne,Daan,Lotte,Bram', 'de Vries,van der Meer,van Dijk,de Jong,Bakker,Visser'];
const UK = ['Олександр,Ірина,Андрій,Наталія,Сергій,Оксана', 'Шевченко,Коваленко,Бондаренко,Ткаченко,Кравченко'];
const HE = ['דוד,שרה,יוסף,רחל,משה,מרים,יעקב', 'כהן,לוי,מזרחי,פרץ,ביטון,דהן'];
const TR = ['MEHMET,AYŞE,MUSTAFA,FATMA,AHMET,EMİNE', 'YILMAZ,KAYA,DEMİR,ÇELİK,ŞAHİN,YILDIZ'];
const EN = ['James,Mary,Robert,Linda,Susan,Thomas,Karen,Daniel', 'Johnson,Miller,Wilson,Moore,Taylor,Clark,Walker'];
const VI = ['Văn Hùng,Thị Lan,Minh Tuấn,Thị Mai,Quốc Bảo', 'Nguyễn,Trần,Lê,Phạm,Hoàng,Vũ'];

const weigh = (digits: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, at) => sum + Number(digits[at]) * weight, 0);
const luhn = (body: string): string => {
  const sum = [...body].reduce((total, digit, at) => {
    const value = Number(digit) * ((body.length - at) % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
};
const day = (r: R): string => `${two(r.int(1, 12))}${two(r.int(1, 28))}`;
const HETU = '0123456789ABCDEFHJKLMNPRSTUVWXY';
const hetu = (r: R): string => {
  const born = `${two(r.int(1, 28))}${two(r.int(1, 12))}${two(r.int(40, 99))}`;
  const number = String(r.int(2, 899)).padStart(3, '0');
  return `${born}-${number}${HETU[Number(born + number) % 31]}`;
};
const nie = (r: R): string => {
  const [first, digits] = [r.int(0, 2), r.digits(7)];
  return `${'XYZ'[first]}${digits}${'TRWAGMYFPDXBNJZSQVHLCKE'[Number(`${first}${digits}`) % 23]}`;
};
const cnp = (r: R): string => {
  const body = `${r.pick(['1', '2'])}${two(r.int(40, 99))}${day(r)}${two(r.int(1, 40))}${String(r.int(1, 999)).padStart(3, '0')}`;
  const rest = weigh(body, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
  return `${body}${rest === 10 ? 1 : rest}`;
};
const tckn = (r: R): string => {
  const d = [r.int(1, 9), ...Array.from({ length: 8 }, () => r.int(0, 9))];
  const odd = d[0]! + d[2]! + d[4]! + d[6]! + d[8]!;
  const even = d[1]! + d[3]! + d[5]! + d[7]!;
  const tenth = (((odd * 7 - even) % 10) + 10) % 10;
  return `${d.join('')}${tenth}${(odd + even + tenth) % 10}`;
};
const cnpj = (r: R): string => {
  const check = (body: string, weights: readonly number[]) => {
    const rest = weigh(body, weights) % 11;
    return rest < 2 ? 0 : 11 - rest;
  };
  const body = `${r.digits(8)}0001`;
  const one = check(body, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
  const all = `${body}${one}${check(`${body}${one}`, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])}`;
  return all.replace(/^(..)(...)(...)(....)(..)$/u, '$1.$2.$3/$4-$5');
};
const iban = (r: R): string => {
  const body = r.digits(18);
  const check = 98n - (BigInt(`${body}131400`) % 97n);
  return `DE${String(check).padStart(2, '0')}${body}`;
};
const chinese = (r: R): string => {
  const body = `${r.pick(['110101', '310104', '440305'])}${r.int(1950, 2003)}${day(r)}${r.digits(3)}`;
  return `${body}${'10X98765432'[weigh(body, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11]}`;
};
const CURP = '0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ';
const curp = (r: R): string => {
  const body = `${r.string(1, 'GLMPRS')}${r.string(1, 'AEO')}${r.string(2, 'GLMPRS')}${two(r.int(50, 99))}${day(r)}${r.pick(['H', 'M'])}${r.pick(['DF', 'JC', 'NL'])}${r.string(3, 'BCDFGLMN')}0`;
  const sum = [...body].reduce((total, sign, at) => total + CURP.indexOf(sign) * (18 - at), 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
};
const rut = (r: R): string => {
  const body = String(r.int(5_000_000, 24_999_999));
  const sum = [...body].reverse().reduce((total, digit, at) => total + Number(digit) * (2 + (at % 6)), 0);
  return `${body.replace(/(?<=\d)(?=(?:\d{3})+$)/gu, '.')}-${'0K987654321'[sum % 11]}`;
};
const belgian = (r: R): string => {
  const body = `${two(r.int(40, 99))}${day(r)}${String(r.int(1, 997)).padStart(3, '0')}`;
  return `${body}${two(97 - (Number(body) % 97))}`.replace(/^(..)(..)(..)(...)(..)$/u, '$1.$2.$3-$4.$5');
};
const public4 = (r: R): string => `${r.pick([34, 52, 81, 93, 185])}.${r.int(1, 254)}.${r.int(0, 254)}.${r.int(1, 254)}`;
const street = (r: R): number => r.int(1, 180);

export const DIRTY: readonly Dirty[] = [
  ['person_name', 'Swedish', of(SV[0]!, SV[1]!)],
  ['person_name', 'Hungarian, family first', of(HU[1]!, HU[0]!)],
  ['person_name', 'Czech', of(CS[0]!, CS[1]!)],
  ['person_name', 'Romanian', of(RO[0]!, RO[1]!)],
  ['person_name', 'Portuguese with both families', (r) => `${of(PT[0]!, PT[1]!)(r)} ${r.pick(list(PT[1]!))}`],
  ['person_name', 'Dutch with what stands between', of(NL[0]!, NL[1]!)],
  ['person_name', 'Ukrainian', of(UK[0]!, UK[1]!)],
  ['person_name', 'Hebrew', of(HE[0]!, HE[1]!)],
  ['person_name', 'Turkish in capitals', of(TR[0]!, TR[1]!)],
  ['person_name', 'Vietnamese', of(VI[1]!, VI[0]!)],
  [
    'person_name',
    'family, given and an initial',
    (r) => `${of(EN[0]!, EN[1]!, (a, b) => `${b}, ${a}`)(r)} ${r.pick([...UPPER])}.`,
  ],
  ['person_name', 'with a department', (r) => `${of(EN[0]!, EN[1]!)(r)} (${r.pick(['Sales', 'HR', 'Legal'])})`],
  [
    'email',
    'in capitals, with a semicolon',
    (r) => `${of(EN[0]!, EN[1]!, (a, b) => `${a}.${b}`)(r)}@EXAMPLE.COM;`.toUpperCase(),
  ],
  [
    'email',
    'two a line each',
    (r) => [1, 2].map(() => `${r.string(6, LOWER)}@${r.pick(['gmx.de', 'web.de'])}`).join('\n'),
  ],
  ['phone', 'Italian', (r) => `+39 3${r.int(20, 99)} ${r.digits(3)} ${r.digits(4)}`],
  ['phone', 'Brazilian', (r) => `(${r.pick([11, 21, 31, 41])}) 9${r.digits(4)}-${r.digits(4)}`],
  ['phone', 'Australian mobiles', (r) => `04${r.digits(2)} ${r.digits(3)} ${r.digits(3)}`],
  ['phone', 'Japanese mobiles', (r) => `0${r.pick([70, 80, 90])}-${r.digits(4)}-${r.digits(4)}`],
  ['phone', 'with an extension', (r) => `+1 212 55${r.int(2, 9)} ${r.digits(4)} x${r.int(10, 999)}`],
  ['phone', 'with 00 and +', (r) => `${r.pick(['00', '+'])}4${r.pick([1, 3, 4, 9])}${r.pick([7, 6, 1])}${r.digits(8)}`],
  [
    'postal_address',
    'British',
    (r) =>
      `${street(r)} ${r.pick(['High Street', 'Station Road', 'Church Lane'])}, Leeds LS${r.int(1, 9)} ${r.int(1, 9)}DY`,
  ],
  [
    'postal_address',
    'Spanish',
    (r) => `Calle ${r.pick(['Mayor', 'de Alcalá', 'Real'])} ${street(r)}, ${r.int(28001, 28055)} Madrid`,
  ],
  [
    'postal_address',
    'Italian',
    (r) => `Via ${r.pick(['Roma', 'Garibaldi', 'Dante'])} ${street(r)}, ${r.int(20121, 20162)} Milano`,
  ],
  [
    'postal_address',
    'American',
    (r) =>
      `${r.int(10, 9999)} ${r.pick(['Oak', 'Main', 'Maple'])} ${r.pick(['St', 'Ave', 'Rd'])}, Austin, TX 787${two(r.int(1, 59))}`,
  ],
  [
    'postal_address',
    'Polish',
    (r) =>
      `ul. ${r.pick(['Długa', 'Polna', 'Leśna'])} ${street(r)}/${r.int(1, 40)}, 0${r.int(0, 4)}-${r.digits(3)} Warszawa`,
  ],
  [
    'postal_address',
    'British postcodes',
    (r) => `${r.pick(['SW', 'LS', 'EH', 'BN'])}${r.int(1, 19)} ${r.int(1, 9)}${r.string(2, 'ABDEFGHJLNPQRSTUWXYZ')}`,
  ],
  [
    'postal_address',
    'Canadian postcodes',
    (r) =>
      `${r.pick([...'ABCEGHJKLMNPRSTVXY'])}${r.int(0, 9)}${r.pick([...'ABCEGHJKLMNPRSTV'])} ${r.int(0, 9)}${r.pick([...'ABCEGHJKLMNPRSTV'])}${r.int(0, 9)}`,
  ],
  ['date_of_birth', 'in words', (r) => `${r.pick(['Jan', 'Mar', 'Jul', 'Oct'])} ${r.int(1, 28)}, ${r.int(1940, 2004)}`],
  ['national_id', 'of Sweden', (r) => luhn(`${two(r.int(40, 99))}${day(r)}${r.digits(3)}`).replace(/(....)$/u, '-$1')],
  ['national_id', 'of Finland', hetu],
  ['national_id', 'of foreigners in Spain', nie],
  ['national_id', 'of Romania', cnp],
  ['national_id', 'of Turkey', tckn],
  ['tax_id', 'CNPJ', cnpj],
  ['ip_address', 'with a port', (r) => `${public4(r)}:${r.int(1024, 65000)}`],
  ['ip_address', 'through proxies', (r) => `${public4(r)}, ${public4(r)}`],
  [
    'device_id',
    'browsers',
    (r) => `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/${r.int(90, 140)}.0.0.0 Safari/537.36`,
  ],
  ['secret', 'of Slack', (r) => `xoxb-${r.digits(12)}-${r.digits(12)}-${r.string(24, BASE62)}`],
  ['secret', 'of Google', (r) => `AIza${r.string(35, `${BASE62}_-`)}`],
  ['secret', 'of npm', (r) => `npm_${r.string(36, BASE62)}`],
  [
    'secret',
    'private keys',
    (r) =>
      `-----BEGIN EC PRIVATE KEY-----\n${r.string(64, BASE62)}\n${r.string(40, BASE62)}==\n-----END EC PRIVATE KEY-----`,
  ],
  [
    'secret',
    'links of second factors',
    (r) =>
      `otpauth://totp/Acme:${r.string(5, LOWER)}?secret=${r.string(32, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}&issuer=Acme`,
  ],
  ['bank_account', 'in small letters', (r) => iban(r).toLowerCase()],
  ['bank_account', 'with the bank', (r) => `${iban(r)} / COBADEFFXXX`],
  [
    'health',
    'codes of illnesses with what they are',
    (r) =>
      r.pick([
        'J45.0 Asthma bronchiale',
        'E11.9 Diabetes mellitus Typ 2',
        'I10.0 Hypertonie',
        'F32.1 Depressive Episode',
        'M54.5 Kreuzschmerz',
        'K21.0 Refluxkrankheit',
        'N39.0 Harnwegsinfekt',
      ]),
  ],
  [
    '-',
    'species',
    (r) => r.pick(list('Quercus robur,Fagus sylvatica,Acer platanoides,Betula pendula,Pinus nigra,Tilia cordata')),
  ],
  ['-', 'Polish firms', (r) => `${r.pick(['Budimex', 'Stalprod', 'Agrobud', 'Transmax'])} sp. z o.o.`],
  ['-', 'Spanish firms', (r) => `${r.pick(['Construcciones Norte', 'Aceites del Sur', 'Textil Levante'])} S.L.`],
  [
    '-',
    'matches',
    (r) =>
      `${r.pick(['Arsenal', 'Ajax', 'Porto'])} - ${r.pick(['Benfica', 'Celtic', 'Lyon'])} ${r.int(0, 4)}:${r.int(0, 4)}`,
  ],
  ['-', 'models of telephones', (r) => `${r.pick(['Galaxy S', 'Pixel ', 'iPhone ', 'Redmi Note '])}${r.int(5, 16)}`],
  [
    '-',
    'zones of time',
    (r) => r.pick(list('Europe/Berlin,America/New_York,Asia/Tokyo,Australia/Sydney,Africa/Lagos')),
  ],
  ['-', 'branches', (r) => `${r.pick(['feature', 'fix', 'release'])}/${r.string(7, LOWER)}-${r.int(1, 999)}`],
  [
    '-',
    'pods',
    (r) => `${r.pick(['api', 'worker', 'web'])}-${r.string(9, '0123456789bcdf')}-${r.string(5, 'bcdfghjkmn')}`,
  ],
  [
    '-',
    'names at Amazon',
    (r) => `arn:aws:s3:::${r.pick(['logs', 'assets', 'backup'])}-${r.int(1, 99)}/2024/${two(r.int(1, 12))}`,
  ],
  ['-', 'measures', (r) => `${r.int(5, 90)} x ${r.int(5, 90)} x ${r.int(1, 30)} cm`],
  ['-', 'dishes', (r) => r.pick(list('Spaghetti Carbonara,Wiener Schnitzel,Pad Thai,Tarte Tatin,Gazpacho,Ramen'))],
  ['-', 'articles', (r) => `${r.string(2, UPPER)}-${r.digits(4)}-${r.pick(['S', 'M', 'L', 'XL'])}`],
  ['-', 'colours', (r) => `#${r.string(6, '0123456789abcdef')}`],
  ['-', 'states of orders in Spanish', (r) => r.pick(list('pendiente,enviado,entregado,cancelado,devuelto'))],
  [
    '-',
    'schools',
    (r) =>
      `${r.pick(['Lincoln', 'Washington', 'Roosevelt', 'Jefferson'])} ${r.pick(['High School', 'Elementary School'])}`,
  ],
  ['person_name', 'Georgian', of('გიორგი,ნინო,დავით,მარიამ,ლევან,თამარ', 'ბერიძე,კაპანაძე,გელაშვილი,მაისურაძე')],
  ['person_name', 'Thai', of('สมชาย,สมหญิง,ประเสริฐ,มาลี,วิชัย', 'ใจดี,แสงทอง,สุขสันต์,ทองดี')],
  ['person_name', 'whole names in small letters', of(EN[0]!.toLowerCase(), EN[1]!.toLowerCase())],
  ['person_name', 'Indonesian', of('Budi,Siti,Agus,Dewi,Eko,Sri', 'Santoso,Wijaya,Hidayat,Lestari,Susanto')],
  ['phone', 'Swiss mobiles', (r) => `07${r.pick([6, 7, 8, 9])} ${r.digits(3)} ${r.digits(2)} ${r.digits(2)}`],
  ['phone', 'Dutch mobiles', (r) => `06-${r.pick([1, 2, 3, 4, 5])}${r.digits(7)}`],
  ['phone', 'Korean', (r) => `010-${r.digits(4)}-${r.digits(4)}`],
  ['phone', 'Chinese', (r) => `1${r.pick([38, 39, 58, 86])}${r.digits(8)}`],
  ['phone', 'Turkish', (r) => `0 (5${r.pick([32, 42, 55])}) ${r.digits(3)} ${r.digits(2)} ${r.digits(2)}`],
  [
    'postal_address',
    'Dutch',
    (r) =>
      `${r.pick(['Kerkstraat', 'Dorpsstraat', 'Prinsengracht'])} ${street(r)}, ${r.int(1011, 1099)} ${r.string(2, 'ABCDEGH')} Amsterdam`,
  ],
  [
    'postal_address',
    'Swedish',
    (r) => `${r.pick(['Storgatan', 'Kungsgatan', 'Skolgatan'])} ${street(r)}, 411 ${r.int(10, 99)} Göteborg`,
  ],
  [
    'postal_address',
    'Brazilian',
    (r) => `Rua ${r.pick(['das Flores', 'XV de Novembro', 'São João'])}, ${street(r)} - São Paulo - SP`,
  ],
  ['postal_address', 'Turkish', (r) => `Atatürk Cad. No:${street(r)} D:${r.int(1, 20)} Kadıköy/İstanbul`],
  ['national_id', 'of China', (r) => chinese(r)],
  ['national_id', 'CURP', curp],
  ['national_id', 'RUT', rut],
  ['national_id', 'of Belgium', belgian],
  ['tax_id', 'PAN', (r) => `${r.string(3, UPPER)}P${r.string(1, UPPER)}${r.digits(4)}${r.string(1, UPPER)}`],
  ['secret', 'of SendGrid', (r) => `SG.${r.string(22, BASE62)}.${r.string(43, BASE62)}`],
  ['secret', 'of Telegram', (r) => `${r.digits(10)}:AA${r.string(33, BASE62)}`],
  ['secret', 'of GitLab', (r) => `glpat-${r.string(20, BASE62)}`],
  ['secret', 'of Shopify', (r) => `shpat_${r.string(32, '0123456789abcdef')}`],
  ['secret', 'of Hugging Face', (r) => `hf_${r.string(34, BASE62)}`],
  [
    'secret',
    'signed addresses of Azure',
    (r) => `https://acme.blob.core.windows.net/b?sv=2022-11-02&sp=r&sig=${r.string(43, BASE62)}%3D`,
  ],
  [
    'secret',
    'addresses of hooks',
    (r) => `https://hooks.slack.com/services/T${r.string(8, UPPER)}/B${r.string(8, UPPER)}/${r.string(24, BASE62)}`,
  ],
  [
    'health',
    'German blood groups',
    (r) => r.pick(['A Rh positiv', '0 Rh negativ', 'B Rh positiv', 'AB Rh positiv', '0 Rh positiv']),
  ],
  [
    'health',
    'findings',
    (r) =>
      r.pick([
        'Hypertonie, eingestellt',
        'Z.n. Appendektomie',
        'Penicillinallergie',
        'Asthma seit Kindheit',
        'Diabetes Typ 2',
      ]),
  ],
  ['-', 'novels', (r) => r.pick(list('War and Peace,The Trial,Moby Dick,Great Expectations,The Castle,Dead Souls'))],
  [
    '-',
    'clubs',
    (r) => r.pick(list('FC Bayern München,Real Madrid,Juventus Turin,Ajax Amsterdam,FC Porto,Celtic Glasgow')),
  ],
  [
    '-',
    'titles of jobs',
    (r) => r.pick(list('Senior Engineer,Head of Sales,Accountant,Office Manager,Data Analyst,Team Lead')),
  ],
  [
    '-',
    'universities',
    (r) => `${r.pick(['University of Leeds', 'Universität Wien', 'Université de Lyon', 'Lund University'])}`,
  ],
  ['-', 'hosts', (r) => `${r.pick(['db', 'web', 'cache'])}-${r.int(1, 40)}.${r.pick(['prod', 'stage'])}.internal`],
  [
    '-',
    'exceptions',
    (r) => `java.lang.${r.pick(['NullPointer', 'IllegalState', 'ClassCast'])}Exception at line ${r.int(1, 900)}`,
  ],
  ['-', 'orders like telephones', (r) => `20${r.int(20, 25)}-${r.digits(4)}-${r.digits(4)}`],
  ['-', 'containers', (r) => `MSKU ${r.digits(6)} ${r.int(0, 9)}`],
  ['-', 'parcels', (r) => `RR${r.digits(9)}DE`],
  [
    '-',
    'cars',
    (r) => `${r.pick(['VW Golf', 'Ford Focus', 'Audi A4', 'Fiat Panda'])} ${r.pick(['1.6', '2.0 TDI', 'GTI'])}`,
  ],
  ['-', 'kinds of files', (r) => r.pick(list('image/png,application/pdf,text/html,application/json,video/mp4'))],
  ['-', 'queries', (r) => `SELECT * FROM ${r.pick(['orders', 'items'])} WHERE id = ${r.int(1, 9999)}`],
  [
    '-',
    'streets without a number',
    (r) => r.pick(list('Hauptstraße,Bahnhofstraße,Gartenweg,Schulstraße,Am Markt,Lindenallee')),
  ],
  [
    '-',
    'stops',
    (r) => `${r.pick(['Alexanderplatz', 'Zoologischer Garten', 'Ostkreuz', 'Hermannplatz'])} (${r.pick(['U', 'S'])})`,
  ],
];

/** One in six has nothing, one in twelve what people type where they must. */
export function dirtyColumn(at: number, rows: number): ColumnSubject {
  const make = DIRTY[at]![2];
  const r = random(4_211 + at * 57 + rows);
  const values: string[] = [];
  for (let i = 0; i < rows; i++) {
    const luck = r.int(1, 24);
    if (luck <= 4) continue;
    if (luck <= 6) values.push(r.pick(['n/a', 'TBD', '.', 'k.A.', 'xxx', 'none', '--', 's/o']));
    else values.push(luck === 7 ? `${make(r, i)}  ` : make(r, i));
  }
  return { schema: 'public', table: 't9', column: `c${(at % 9) + 1}`, type: 'text', siblings: ['id'], values };
}
