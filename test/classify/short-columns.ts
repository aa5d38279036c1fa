/**
 * Columns called `c3` of a table with ten to twenty rows, one in five of which says nothing: further languages, numbers
 * and look-alikes. Labelled before they were measured; `-` is clear.
 */
import type { ColumnClass, ColumnSubject } from '../../src/classify/classes.ts';
import { type R, random } from './made-columns.ts';

type Short = readonly [ColumnClass | '-', string, (r: R, i: number) => string];

const list = (text: string): readonly string[] => text.split(',');
const HEX = '0123456789abcdef';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const BASE62 = `0123456789${UPPER}${UPPER.toLowerCase()}`;
const two = (n: number): string => String(n).padStart(2, '0');
const both =
  (first: string, last: string, between = ' ') =>
  (r: R): string =>
    `${r.pick(list(first))}${between}${r.pick(list(last))}`;
const one = (text: string) => (r: R) => r.pick(list(text));
const GREEK = both('Γιώργος,Μαρία,Δημήτρης,Ελένη,Κώστας,Κατερίνα', 'Παπαδόπουλος,Γεωργίου,Νικολάου,Ιωάννου');
const ENGLISH = both('James,Mary,Robert,Linda,Susan,Thomas,Karen', 'Johnson,Miller,Wilson,Moore,Taylor,Clark');

export const SHORT: readonly Short[] = [
  ['person_name', 'Greek', GREEK],
  ['person_name', 'Korean', one('김민준,이서연,박지훈,최수빈,정예은,강도윤,조하은,윤시우,임지우')],
  ['person_name', 'Japanese', one('佐藤 太郎,鈴木 花子,高橋 健一,田中 美咲,伊藤 翔太,渡辺 さくら,山本 大輔')],
  ['person_name', 'Arabic', both('محمد,فاطمة,أحمد,عائشة,علي,مريم', 'الحسن,العلي,إبراهيم,السيد,منصور')],
  ['person_name', 'Hindi', both('राहुल,प्रिया,अमित,सुनीता,विकास', 'शर्मा,वर्मा,सिंह,गुप्ता,कुमार')],
  [
    'person_name',
    'Russian with a patronymic',
    one('Иванов Иван Иванович,Петрова Анна Сергеевна,Сидоров Олег Петрович'),
  ],
  ['person_name', 'Finnish', both('Matti,Liisa,Juha,Aino,Timo,Tuula', 'Virtanen,Korhonen,Mäkinen,Nieminen,Laine')],
  ['person_name', 'Norwegian', both('Ola,Kari,Nils,Ingrid,Bjørn,Solveig', 'Hansen,Olsen,Larsen,Berg,Haugen')],
  ['person_name', 'French', both('Jean,Marie,Pierre,Sophie,Luc,Claire', 'Dupont,Martin,Bernard,Dubois,Moreau,Laurent')],
  ['person_name', 'English, family first', both('Johnson,Miller,Wilson,Moore,Taylor', 'James,Mary,Robert,Linda', ', ')],
  ['person_name', 'with Mr and Mrs', (r) => `${r.pick(['Mr', 'Mrs', 'Ms'])} ${ENGLISH(r)}`],
  ['person_name', 'with a middle initial', (r) => ENGLISH(r).replace(' ', ` ${r.pick([...UPPER])}. `)],
  ['email', 'of one provider', (r) => `${r.string(7, HEX)}@gmail.com`],
  ['email', 'with points', (r) => `${ENGLISH(r).toLowerCase().replace(' ', '.')}@firma.de`],
  ['email', 'in Unicode domains', (r) => `info${r.int(1, 99)}@bücher-${r.pick(['nord', 'sued'])}.de`],
  ['phone', 'Swedish', (r) => `+46 70 ${r.digits(3)} ${r.digits(2)} ${r.digits(2)}`],
  ['phone', 'Danish', (r) => `+45 ${r.int(20, 61)} ${r.digits(2)} ${r.digits(2)} ${r.digits(2)}`],
  ['phone', 'Greek mobiles', (r) => `+30 69${r.digits(8)}`],
  ['phone', 'Israeli', (r) => `+972-5${r.int(0, 8)}-${r.digits(3)}-${r.digits(4)}`],
  ['phone', 'Nigerian', (r) => `+234 80${r.int(2, 9)} ${r.digits(3)} ${r.digits(4)}`],
  ['phone', 'American in parentheses', (r) => `(${r.int(201, 989)}) ${r.int(200, 999)}-${r.digits(4)}`],
  [
    'postal_address',
    'Italian',
    (r) => `Via ${r.pick(['Roma', 'Garibaldi', 'Verdi'])} ${r.int(1, 90)}, 20${r.digits(3)} Milano`,
  ],
  [
    'postal_address',
    'Dutch',
    (r) =>
      `${r.pick(['Kerkstraat', 'Dorpsstraat', 'Molenweg'])} ${r.int(1, 99)}, ${r.int(1000, 9999)} ${r.string(2, UPPER)} Utrecht`,
  ],
  [
    'postal_address',
    'Spanish',
    (r) => `Calle ${r.pick(['Mayor', 'Alcalá', 'del Sol'])} ${r.int(1, 90)}, 280${two(r.int(1, 50))} Madrid`,
  ],
  [
    'postal_address',
    'American',
    (r) =>
      `${r.int(10, 9999)} ${r.pick(['Oak', 'Maple', 'Main'])} ${r.pick(['St', 'Ave', 'Rd'])}, ${r.pick(['Austin, TX', 'Denver, CO', 'Miami, FL'])} ${r.int(10001, 98999)}`,
  ],
  [
    'postal_address',
    'French',
    (r) => `${r.int(1, 120)} rue ${r.pick(['de la Paix', 'Victor Hugo', 'des Lilas'])}, 750${two(r.int(1, 20))} Paris`,
  ],
  ['geo', 'pairs with a blank', (r) => `${r.int(40, 55)}.${r.digits(6)}, ${r.int(2, 20)}.${r.digits(6)}`],
  [
    'date_of_birth',
    'with the age',
    (r) => `${two(r.int(1, 28))}.${two(r.int(1, 12))}.19${r.int(40, 99)} (${r.int(25, 84)} J.)`,
  ],
  [
    'ip_address',
    'v4 with a network of one',
    (r) => `${r.int(11, 180)}.${r.int(1, 250)}.${r.int(1, 250)}.${r.int(1, 250)}/32`,
  ],
  [
    'device_id',
    'MAC with colons, large',
    (r) => Array.from({ length: 6 }, () => r.string(2, '0123456789ABCDEF')).join(':'),
  ],
  [
    'device_id',
    'browsers',
    (r) => `Mozilla/5.0 (X11; Linux x86_64; rv:${r.int(90, 140)}.0) Gecko/20100101 Firefox/${r.int(90, 140)}.0`,
  ],
  ['secret', 'of Stripe', (r) => `sk_live_${r.string(24, BASE62)}`],
  [
    'secret',
    'private keys',
    (r) => `-----BEGIN RSA PRIVATE KEY-----\n${r.string(64, BASE62)}\n-----END RSA PRIVATE KEY-----`,
  ],
  ['secret', 'of OpenAI', (r) => `sk-proj-${r.string(48, BASE62)}`],
  ['secret', 'of Discord hooks', (r) => `https://discord.com/api/webhooks/${r.digits(18)}/${r.string(68, BASE62)}`],
  [
    'secret',
    'with Basic',
    (r) => `Basic ${Buffer.from(`user${r.int(1, 99)}:${r.string(12, BASE62)}`).toString('base64')}`,
  ],
  ['password_hash', 'scrypt', (r) => `$scrypt$ln=16,r=8,p=1$${r.string(22, BASE62)}$${r.string(43, BASE62)}`],
  [
    'password_hash',
    'PostgreSQL',
    (r) => `SCRAM-SHA-256$4096:${r.string(22, BASE62)}==$${r.string(43, BASE62)}=:${r.string(43, BASE62)}=`,
  ],
  [
    'username',
    'with an underscore',
    (r) => `${r.pick(list('james,mary,robert,linda,susan'))}_${r.pick(list('miller,wilson,moore,clark'))}`,
  ],
  ['photo', 'avatars of GitHub', (r) => `https://avatars.githubusercontent.com/u/${r.digits(7)}?v=4`],
  ['health', 'codes of ICD', (r) => `${r.pick(['E', 'I', 'J', 'M', 'F'])}${r.int(10, 79)}.${r.int(0, 9)}`],
  [
    'health',
    'diagnoses in English',
    one('Type 2 diabetes,Hypertension,Asthma,Migraine,Major depression,Hypothyroidism'),
  ],
  [
    'health',
    'diagnoses in Spanish',
    one('Diabetes tipo 2,Hipertensión arterial,Asma bronquial,Migraña,Artritis reumatoide'),
  ],
  ['demographic', 'genders of Spanish', one('masculino,femenino,no binario')],
  ['demographic', 'marital states in English', one('single,married,divorced,widowed,separated')],
  [
    'free_text',
    'mail of customers',
    (r) => `Hi, this is ${ENGLISH(r)}, please call me at +1 212 555 ${r.digits(4)} about my order, thanks!`,
  ],
  ['-', 'products', one('Blue Widget,Steel Bolt M6,Oak Table,Desk Lamp,Garden Hose,Paper A4')],
  ['-', 'towns', one('Lyon,Porto,Graz,Malmö,Gdańsk,Bilbao,Aarhus')],
  ['-', 'states of work', one('open,in progress,blocked,done,cancelled')],
  ['-', 'branches of git', (r) => `feature/${r.pick(['login', 'search', 'export'])}-${r.int(1, 99)}`],
  [
    '-',
    'UUIDs',
    (r) => `${r.string(8, HEX)}-${r.string(4, HEX)}-4${r.string(3, HEX)}-a${r.string(3, HEX)}-${r.string(12, HEX)}`,
  ],
  ['-', 'amounts', (r) => `${r.int(1, 900)},${r.digits(2)} €`],
  [
    '-',
    'moments',
    (r) => `2025-${two(r.int(1, 12))}-${two(r.int(1, 28))}T${two(r.int(0, 23))}:${two(r.int(0, 59))}:00Z`,
  ],
  ['-', 'paths of routes', (r) => `/api/v1/${r.pick(['orders', 'items', 'users'])}/${r.int(1, 99)}`],
  ['-', 'versions', (r) => `v${r.int(1, 9)}.${r.int(0, 20)}.${r.int(0, 9)}`],
  ['-', 'departments', one('Sales,Marketing,Human Resources,Engineering,Legal,Finance')],
  ['-', 'languages', one('German,French,Spanish,Italian,Polish,Dutch')],
  ['-', 'barcodes', (r) => `40${r.digits(11)}`],
  [
    '-',
    'sentences of help',
    one('Click Save to continue,Choose a file to upload,Press Enter to search,Select at least one row'),
  ],
  ['-', 'digests', (r) => r.string(64, HEX)],
];

export function shortColumn(at: number, rows: number): ColumnSubject {
  const make = SHORT[at]![2];
  const r = random(7_919 + at * 31 + rows);
  const values: string[] = [];
  for (let i = 0; i < rows; i++) if (r.int(1, 5) > 1) values.push(make(r, i));
  return { schema: 'public', table: 't9', column: `c${(at % 9) + 1}`, type: 'text', siblings: ['id'], values };
}
