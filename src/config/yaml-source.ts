import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

export type KeyPath = readonly (string | number)[];

/** Where and what is wrong in a file. */
export interface Fault {
  /** 1-based; 0: the file as a whole. */
  readonly line: number;
  readonly column: number;
  /** `databases.prod.upstream.port`, `grants[0].to`; empty: the whole document. */
  readonly path: string;
  readonly message: string;
}

/** A parsed YAML file that can still say on which line a key stands. */
export interface YamlSource {
  readonly value: unknown;
  readonly faults: readonly Fault[];
  /** Of the key or list entry at the path, else of the nearest one around it. */
  positionOf(path: KeyPath): { line: number; column: number };
}

/** Parses YAML 1.2; duplicate keys, unknown tags and several documents are faults, never guesses. */
export function parseYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true, prettyErrors: false });
  const faults: Fault[] = [...document.errors, ...document.warnings].map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    if (error.code !== 'DUPLICATE_KEY') return { line, column: col, path: '', message: lowerFirst(error.message) };
    const key = /^["']?([^\s:"']+)/.exec(text.slice(error.pos[0]))?.[1] ?? '';
    return { line, column: col, path: key, message: 'this key stands here twice' };
  });
  let value: unknown;
  if (faults.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      faults.push({ line: 1, column: 1, path: '', message: (error as Error).message });
    }
  }
  return {
    value,
    faults,
    positionOf: (path) => {
      let node: Node | null = document.contents;
      let offset = node?.range?.[0] ?? 0;
      for (const key of path) {
        if (isAlias(node)) node = node.resolve(document) ?? null;
        if (isMap(node)) {
          const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
          if (pair === undefined) break;
          offset = (pair.key as Node).range?.[0] ?? offset;
          node = (pair.value as Node | null) ?? null;
        } else if (isSeq(node)) {
          const item = node.items[Number(key)] as Node | undefined;
          if (item === undefined) break;
          offset = item.range?.[0] ?? offset;
          node = item;
        } else break;
      }
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    },
  };
}

export function pathText(path: KeyPath): string {
  let text = '';
  for (const key of path) text += typeof key === 'number' ? `[${key}]` : text === '' ? key : `.${key}`;
  return text;
}

function lowerFirst(text: string): string {
  return `${text[0]?.toLowerCase() ?? ''}${text.slice(1)}`.replace(/\.$/, '');
}
