/**
 * Looks for canaries in everything that a connection received. In: messages as received, and what an attack decoded of
 * them. Out: the first secret that shows, and in which view. Eight characters of a canary in a row, forwards or
 * backwards, are taken as seen; of a number nine digits; dates and addresses only as a whole, and two of them.
 */

import type { Secret } from './seed.ts';
import type { Received } from './wire.ts';

export interface Leak {
  readonly of: string;
  readonly view: string;
  readonly sample: string;
}

const TEXT_RUN = 8;
const DIGIT_RUN = 9;

export class LeakDetector {
  private readonly texts = new Map<string, Secret>();
  private readonly digits = new Map<string, Secret>();
  private readonly exact = new Map<string, Secret>();

  constructor(secrets: readonly Secret[]) {
    for (const secret of secrets) {
      if (secret.kind === 'exact') this.exact.set(secret.core, secret);
      const into = secret.kind === 'text' ? this.texts : this.digits;
      const run = secret.kind === 'text' ? TEXT_RUN : DIGIT_RUN;
      if (secret.kind === 'exact') continue;
      for (const core of [secret.core.toLowerCase(), [...secret.core.toLowerCase()].reverse().join('')]) {
        for (let i = 0; i + run <= core.length; i++) into.set(core.slice(i, i + run), secret);
      }
    }
  }

  /** What shows in any view of the answer. */
  find(received: readonly Received[], decoded: readonly string[] = []): Leak | undefined {
    for (const [view, text] of viewsOf(received, decoded)) {
      const leak = this.findIn(view, text);
      if (leak) return leak;
    }
    return undefined;
  }

  /** In this very text. */
  findIn(view: string, text: string): Leak | undefined {
    return (
      this.runs(view, text.toLowerCase(), /[a-z0-9]{8,}/g, TEXT_RUN, this.texts) ??
      this.runs(view, text.replace(/(?<=\d)[-. ()/](?=\d)/g, ''), /\d{9,}/g, DIGIT_RUN, this.digits) ??
      this.whole(view, text)
    );
  }

  private runs(
    view: string,
    text: string,
    words: RegExp,
    run: number,
    known: ReadonlyMap<string, Secret>,
  ): Leak | undefined {
    for (const [word] of text.matchAll(words)) {
      for (let i = 0; i + run <= word.length; i++) {
        const secret = known.get(word.slice(i, i + run));
        if (secret) return { of: secret.of, view, sample: word.slice(Math.max(0, i - 8), i + run + 8) };
      }
    }
    return undefined;
  }

  /** Two, since one may be another row's mask by chance. */
  private whole(view: string, text: string): Leak | undefined {
    const seen = new Set<string>();
    for (const [value] of text.matchAll(/\d{4}-\d\d-\d\d|\d{1,3}(?:\.\d{1,3}){3}/g))
      if (this.exact.has(value)) seen.add(value);
    const [first] = seen;
    return seen.size >= 2 && first ? { of: this.exact.get(first)!.of, view, sample: first } : undefined;
  }
}

function* viewsOf(received: readonly Received[], decoded: readonly string[]): Generator<[string, string]> {
  for (const text of decoded) {
    yield ['decoded by the attack', text];
    yield ['decoded by the attack, stripped', strip(text)];
  }
  const bodies = received.map(({ body }) => body.toString('latin1')).join('\n');
  yield ['bytes', bodies];
  yield ['wide bytes', bodies.replaceAll('\0', '')];
  const sets = received.filter(({ cells }) => cells !== undefined).map(({ cells }) => cells!);
  const rows = sets.map((cells) => cells.map((cell) => cell ?? '').join(''));
  yield ['rows', rows.join('\n')];
  const width = Math.max(0, ...sets.map((cells) => cells.length));
  for (let i = 0; i < Math.min(width, 40); i++) {
    const column = sets.map((cells) => cells[i] ?? '');
    yield [`column ${i + 1}`, column.join('')];
    yield [`codes of column ${i + 1}`, codes(column.join(' '))];
  }
  const all = [...rows, ...received.flatMap(({ text }) => (text === undefined ? [] : [text]))].join('\n');
  yield ['whole answer', all];
  yield ['whole answer, stripped', strip(all)];
  yield ['codes', codes(sets.map((cells) => cells.join(' ')).join('\n') + all)];
  yield ['codes of messages', codes(received.map(({ text }) => text ?? '').join('\n'))];
  for (const [encoding, pattern] of [
    ['hex', /[0-9a-fA-F]{16,}/g],
    ['base64', /[A-Za-z0-9+/_-]{16,}={0,2}/g],
  ] as const) {
    for (const text of [all, strip(all), all.replaceAll('\n', '')]) {
      const found = [...text.matchAll(pattern)].flatMap(([word]) => {
        const bytes = Buffer.from(word, encoding);
        return [bytes.toString('latin1'), bytes.toString('latin1').replaceAll('\0', '')];
      });
      yield [encoding, found.join('\n')];
    }
  }
  yield [
    'percent',
    all.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  ];
  yield [
    'entities',
    all.replace(/&#(x?)([0-9a-fA-F]+);/g, (_, x: string, n: string) =>
      String.fromCharCode(Number.parseInt(n, x ? 16 : 10)),
    ),
  ];
  yield [
    'escapes',
    all.replace(/\\+(?:u00|x)([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  ];
  yield ['octal', all.replace(/\\+([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))];
  yield [
    'bits',
    [...all.replace(/\s/g, '').matchAll(/[01]{64,}/g)]
      .map(([bits]) => bits.replace(/[01]{8}/g, (eight) => String.fromCharCode(Number.parseInt(eight, 2))))
      .join('\n'),
  ];
}

const strip = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '');

/** Numbers in a row that are printable characters. */
function codes(text: string): string {
  return [...text.matchAll(/\d+/g)]
    .map(([number]) => (Number(number) > 31 && Number(number) < 127 ? String.fromCharCode(Number(number)) : '\n'))
    .join('');
}
