/** Made-up rows of the demo's shop: the same on every run; numbers that have check digits have right ones. */
export interface ShopRows {
  readonly people: readonly Row[];
  readonly payments: readonly Row[];
  readonly staff: readonly Row[];
  readonly products: readonly Row[];
  readonly orders: readonly Row[];
}
export type Row = Readonly<Record<string, string | number | null>>;

const FIRST = 'Alma Bruno Carla David Elif Farid Greta Hugo Ines Jonas Kira Leo Mina Nils Olga Pavel'.split(' ');
const LAST = 'Abbott Berger Castillo Dubois Eriksen Fischer Garcia Haddad Ivanova Jansen Kowalski Lindt'.split(' ');
const STREETS = 'Mill Lane,Station Road,Harbour Street,Elm Avenue,Castle Hill'.split(',');
const CITIES = 'Lisbon PT,Utrecht NL,Leipzig DE,Ghent BE,Tampere FI'.split(',');
const THINGS = 'Kettle,Lamp,Teapot,Blanket,Notebook,Backpack,Headphones,Desk,Chair,Bicycle bell,Umbrella,Clock'.split(
  ',',
);
const STATUS = ['new', 'paid', 'shipped', 'returned'];

/** Numerical Recipes' linear congruential generator: repeatable, good enough for made-up rows. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Appends the check digit of ISO/IEC 7812 (Luhn). */
export function withLuhn(digits: string): string {
  let sum = 0;
  for (let i = digits.length - 1, double = true; i >= 0; i--, double = !double) {
    const value = Number(digits[i]) * (double ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return digits + String((10 - (sum % 10)) % 10);
}

/** A German IBAN with its check digits of ISO 7064 (mod 97-10) for an 18-digit account. */
export function germanIban(account: string): string {
  const check = 98n - (BigInt(`${account}131400`) % 97n);
  return `DE${String(check).padStart(2, '0')}${account}`;
}

const pad = (value: number, width: number) => String(value).padStart(width, '0');
const day = (year: number, dayOfYear: number) => new Date(Date.UTC(year, 0, 1 + dayOfYear)).toISOString().slice(0, 10);
const hour = (hours: number) => new Date(Date.UTC(2026, 0, 1, hours)).toISOString();

export function shopRows(): ShopRows {
  const random = generator(2026);
  const digits = (count: number) => Array.from({ length: count }, () => random(10)).join('');
  const pick = (list: readonly string[]) => list[random(list.length)]!;
  const name = () => `${pick(FIRST)} ${pick(LAST)}`;
  const people = Array.from({ length: 240 }, (_, index) => {
    const full = name();
    return {
      id: index + 1,
      name: full,
      email: `${full.toLowerCase().replace(' ', '.')}.${index + 1}@example.com`,
      phone: `+1-202-555-01${pad(random(100), 2)}`,
      dob: day(1948 + random(58), random(365)),
      address: `${1 + random(180)} ${pick(STREETS)}, ${pick(CITIES)}`,
      created_at: hour(index * 3),
    };
  });
  const payments = Array.from({ length: 300 }, (_, index) => {
    const person = people[random(people.length)]!;
    const byCard = random(3) > 0;
    return {
      id: index + 1,
      person_id: person.id,
      card_number: byCard ? withLuhn(`400000${digits(9)}`) : null,
      iban: byCard ? null : germanIban(digits(18)),
      holder: person.name,
      amount: `${5 + random(400)}.${pad(random(100), 2)}`,
      paid_at: hour(index * 5),
    };
  });
  const staff = Array.from({ length: 24 }, (_, index) => ({
    id: index + 1,
    name: name(),
    ssn: `${pad(100 + random(560), 3)}-${pad(10 + random(89), 2)}-${pad(1000 + random(8999), 4)}`,
    salary: 38_000 + random(90) * 1000,
    hired_on: day(2012 + random(13), random(365)),
    manager_id: index < 3 ? null : 1 + random(3),
  }));
  const products = THINGS.map((thing, index) => ({
    id: index + 1,
    name: thing,
    price: `${4 + random(160)}.90`,
    stock: 10 + random(200),
  }));
  const orders = Array.from({ length: 400 }, (_, index) => ({
    id: index + 1,
    person_id: 1 + random(people.length),
    product_id: 1 + random(products.length),
    quantity: 1 + random(4),
    status: pick(STATUS),
    ordered_at: hour(index * 4),
  }));
  return { people, payments, staff, products, orders };
}
