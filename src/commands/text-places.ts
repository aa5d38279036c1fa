/** Lines and columns of one text, both 1-based, columns counted in characters as editors do. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

export class TextPlaces {
  readonly #text: string;
  /** Where each line begins, in UTF-16 units. */
  readonly #lines: number[] = [0];
  /** No surrogate pair: a unit is a character. */
  readonly #plain: boolean;

  constructor(text: string) {
    this.#text = text;
    this.#plain = !/[\ud800-\udbff]/.test(text);
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.push(at + 1);
  }

  /** Of an index into the string. */
  ofUnit(unit: number): TextPlace {
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#lines[middle]! <= unit) low = middle;
      else high = middle - 1;
    }
    const start = this.#lines[low]!;
    const column = this.#plain ? unit - start : [...this.#text.slice(start, unit)].length;
    return { line: low + 1, column: column + 1 };
  }

  /** Of a position as ErrorResponse counts: characters from 1, behind `fromUnit`. */
  ofPosition(position: number, fromUnit = 0): TextPlace {
    if (this.#plain) return this.ofUnit(Math.min(fromUnit + position - 1, this.#text.length));
    let unit = fromUnit;
    for (let left = position - 1; left > 0 && unit < this.#text.length; left--) {
      unit += this.#text.codePointAt(unit)! > 0xffff ? 2 : 1;
    }
    return this.ofUnit(unit);
  }
}
