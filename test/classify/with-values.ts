/**
 * What values add to names: each sensitive column of the labelled applications with values made for its label. Of those
 * that the name does not tell, how many its values do, and of the rest what the scan of free text still takes out:
 * `node test/classify/with-values.ts [application …]`. Made values are cleaner than real ones: an upper bound.
 */
import type { ColumnClass, ColumnSubject } from '../../src/classify/classes.ts';
import { classifyTable } from '../../src/classify/classify-column.ts';
import { scanText } from '../../src/classify/scan-text.ts';
import { apps, type Judged, judge } from './measure-corpus.ts';

const ROWS = 120;

/** Numerical Recipes' generator. */
function random(seed: number) {
  let state = seed >>> 0;
  const int = (low: number, high: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + Math.floor((state / 2 ** 32) * (high - low + 1));
  };
  const pick = <T>(list: readonly T[]): T => list[int(0, list.length - 1)]!;
  const string = (length: number, alphabet: string) => Array.from({ length }, () => pick([...alphabet])).join('');
  return { int, pick, string };
}
type R = ReturnType<typeof random>;

const list = (text: string): readonly string[] => text.split(',');
const GIVEN = list(
  'Agnes,Bilal,Chiara,Dorota,Emeka,Freja,Giovanni,Hana,Imran,Jutta,Kwame,Lucía,Mehmet,Niamh,Oksana,Pekka,Rania,Tomás,James,Olivia',
);
const FAMILY = list(
  'Smith,Kowalski,Okafor,García,Nguyen,Müller,Rossi,Ivanova,Yilmaz,Haddad,Brown,Tanaka,Silva,Jones,Dubois',
);
const TOWNS = list('Leeds,Lyon,Hamburg,Oslo,Porto,Austin,Kraków,Utrecht,Ghent,Turin,Malmö,Boise');
const SENTENCES = list(
  'The heating in the flat has not worked since Monday,I am sorry that this took so long,She asked to be called in the evening,Could you please send the papers again,He was very upset about the last meeting,We agreed on a lower rent for two months,My knee still hurts when I climb stairs,They did not pay the last two bills,I would rather not say this in public,Thanks a lot for your kind help yesterday',
);
const FINDINGS = list(
  'normal,slightly swollen,mild asthma,clear,tender on the left,none reported,type 2 diabetes,reduced,hypertension,no change',
);
const HEX = '0123456789abcdef';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

const two = (n: number) => String(n).padStart(2, '0');
const login = (r: R) => `${r.pick(GIVEN).toLowerCase()}${r.int(1, 99)}`;
const email = (r: R) => `${login(r)}@${r.pick(['mail', 'post', 'web'])}.example`;
const uuid = (r: R) =>
  `${r.string(8, HEX)}-${r.string(4, HEX)}-4${r.string(3, HEX)}-a${r.string(3, HEX)}-${r.string(12, HEX)}`;

/** By label, and by what the name asks for: `city` is no street. */
const MAKERS: Readonly<Record<ColumnClass, (r: R, name: string) => string>> = {
  email,
  phone: (r) => `+4915${r.int(1, 7)}${r.string(8, DIGITS)}`,
  person_name: (r, name) =>
    /first|given|vorname|prenom/iu.test(name)
      ? r.pick(GIVEN)
      : /last|sur|family|nachname/iu.test(name)
        ? r.pick(FAMILY)
        : `${r.pick(GIVEN)} ${r.pick(FAMILY)}`,
  postal_address: (r, name) =>
    /city|town|ville|ort|region|state|county|province/iu.test(name)
      ? r.pick(TOWNS)
      : /zip|post|plz/iu.test(name)
        ? r.string(5, DIGITS)
        : `${r.int(1, 180)} ${r.pick(FAMILY)} ${r.pick(['Street', 'Road', 'Lane'])}`,
  geo: (r) => `${r.int(30, 60)}.${r.string(6, DIGITS)}, ${r.int(1, 20)}.${r.string(6, DIGITS)}`,
  date_of_birth: (r) => `${r.int(1940, 2004)}-${two(r.int(1, 12))}-${two(r.int(1, 28))}`,
  national_id: (r) => `${r.int(100, 665)}-${r.int(10, 99)}-${r.int(1000, 9999)}`,
  tax_id: (r) => `DE${r.string(9, DIGITS)}`,
  ip_address: (r) => `${r.int(31, 99)}.${r.int(1, 250)}.${r.int(1, 250)}.${r.int(1, 250)}`,
  device_id: (r) => `Mozilla/5.0 (X11; Linux x86_64) Chrome/1${r.string(2, DIGITS)}.0.0.0 Safari/537.36`,
  username: login,
  password_hash: (r) => `$2b$12$${r.string(53, BASE62)}`,
  secret: (r) => r.string(40, BASE62),
  payment_card: (r) => `**** **** **** ${r.string(4, DIGITS)}`,
  bank_account: (r) => r.string(10, DIGITS),
  health: (r) => r.pick(FINDINGS),
  demographic: (r) => r.pick(['female', 'male', 'other']),
  financial: (r) => `${r.int(24, 90)}000`,
  free_text: (r) =>
    `${r.pick(SENTENCES)}. ${r.int(0, 3) === 0 ? `You can reach ${r.pick(GIVEN)} ${r.pick(FAMILY)} at ${email(r)}.` : r.pick(SENTENCES)}`,
  photo: (r) => `https://cdn.example/avatars/${uuid(r)}.png`,
};

function values(one: Judged, seed: number): readonly string[] {
  const r = random(seed);
  const label = one.label!;
  return Array.from({ length: ROWS }, () => {
    if (/^(?:int|bigint|smallint|numeric|double|decimal)/u.test(one.type)) return String(r.int(1, 200));
    const text = MAKERS[label](r, one.column);
    return /^json/u.test(one.type) ? JSON.stringify({ value: text }) : text;
  });
}

/** A row of a column that the scan changes. */
const isTouched = (value: string) => scanText(value).length > 0;

interface Count {
  labelled: number;
  name: number;
  values: number;
  scanned: number;
  touched: number;
}

interface ValuedTable {
  readonly columns: readonly Judged[];
  readonly made: ReadonlyMap<Judged, readonly string[]>;
  /** Of the columns, those of `made` with values. */
  readonly subjects: readonly ColumnSubject[];
}

/** The applications' tables; the values of one depend on the tables before it. */
export function* valuedTables(names: readonly string[]): Generator<ValuedTable> {
  let seed = 1;
  for (const app of names)
    for (const columns of Map.groupBy(judge(app), ({ table }) => table).values()) {
      const untold = columns.filter(({ label, found }) => label !== undefined && found === undefined);
      const made = new Map(untold.map((one) => [one, values(one, seed++)]));
      const subjects = columns.map(
        (one): ColumnSubject => ({
          schema: 'public',
          table: one.table,
          column: one.column,
          type: one.type,
          siblings: columns.filter((other) => other !== one).map(({ column }) => column),
          ...(one.type === 'enum' ? { labels: [] } : {}),
          ...(made.has(one) ? { values: made.get(one)! } : {}),
        }),
      );
      yield { columns, made, subjects };
    }
}

export function withValues(names: readonly string[]): ReadonlyMap<ColumnClass, Count> {
  const counts = new Map<ColumnClass, Count>();
  for (const { columns, made, subjects } of valuedTables(names)) {
    const found = made.size === 0 ? [] : classifyTable(subjects);
    for (const [at, one] of columns.entries()) {
      if (one.label === undefined) continue;
      const count = counts.get(one.label) ?? { labelled: 0, name: 0, values: 0, scanned: 0, touched: 0 };
      counts.set(one.label, count);
      count.labelled++;
      if (one.found !== undefined) count.name++;
      else if (found[at]!.class !== undefined) count.values++;
      else if (found[at]!.scan) {
        count.scanned++;
        count.touched += made.get(one)!.filter(isTouched).length / ROWS;
      }
    }
  }
  return counts;
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const counts = withValues(asked.length > 0 ? asked : apps());
  const rows = [...counts].sort(([, a], [, b]) => b.labelled - a.labelled);
  const total = rows.reduce(
    (sum, [, one]) => ({
      labelled: sum.labelled + one.labelled,
      name: sum.name + one.name,
      values: sum.values + one.values,
      scanned: sum.scanned + one.scanned,
      touched: sum.touched + one.touched,
    }),
    { labelled: 0, name: 0, values: 0, scanned: 0, touched: 0 },
  );
  process.stdout.write(
    '| class | labelled | by name | by values besides | scanned | of their rows masked | neither |\n| --- | --: | --: | --: | --: | --: | --: |\n',
  );
  for (const [kind, one] of [...rows, ['all', total] as const])
    process.stdout.write(
      `| ${kind} | ${one.labelled} | ${one.name} | ${one.values} | ${one.scanned} | ${one.touched.toFixed(1)} | ${one.labelled - one.name - one.values - one.scanned} |\n`,
    );
}
