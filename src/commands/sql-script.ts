/**
 * A file for psql → text that PostgreSQL's grammar can read, every character in its place: meta-commands, data behind
 * `COPY … FROM stdin` and variables are taken out and named. Where a statement ends is the grammar's to say; the cuts
 * made here serve only a file that has a syntax error somewhere.
 *
 * @see https://www.postgresql.org/docs/current/app-psql.html
 */

export interface SqlScript {
  /** As long as the file, in UTF-16 units. */
  readonly sql: string;
  /** What is not judged: meta-commands, by offset in UTF-16 units. */
  readonly skipped: readonly { readonly offset: number; readonly text: string }[];
  /** Names of psql variables: judged as a value that is not known. */
  readonly variables: readonly string[];
  /** Ends of what looks like statements, behind the semicolon. */
  readonly cuts: readonly number[];
}

/** End the statement before them, as a semicolon does. */
const SENDS = /^\\(?:g|gx|gexec|gset|gdesc|bind|crosstabview|watch)\b/;
const COPY_FROM_STDIN = /^\s*copy\b[\s\S]*\bfrom\s+stdin\b/i;

export function readScript(text: string): SqlScript {
  const out = text.split('');
  const skipped: { offset: number; text: string }[] = [];
  const variables = new Set<string>();
  const cuts: number[] = [];
  const blank = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (out[i] !== '\n' && out[i] !== '\r') out[i] = ' ';
  };
  let start = 0;
  let i = 0;
  const endStatement = (): void => {
    const isCopy = COPY_FROM_STDIN.test(withoutComments(out.slice(start, i).join('')));
    cuts.push(i);
    if (isCopy) {
      const data = lineEnd(text, i);
      const end = endOfData(text, data);
      if (end !== undefined) {
        skipped.push({ offset: data, text: 'data of COPY' });
        blank(data, end);
        i = end;
      }
    }
    start = i;
  };
  while (i < text.length) {
    const quoted = endOfQuoted(text, i);
    if (quoted !== undefined) {
      i = quoted;
      continue;
    }
    const c = text[i]!;
    if (c === ';') {
      i++;
      endStatement();
    } else if (c === '\\') {
      if (text[i + 1] === ';') {
        out[i] = ' ';
        i += 2;
        endStatement();
        continue;
      }
      const end = lineEnd(text, i);
      const command = text.slice(i, end).trim();
      skipped.push({ offset: i, text: command });
      blank(i, end);
      if (SENDS.test(command)) {
        out[i] = ';';
        i++;
        endStatement();
      }
      i = Math.max(i, end);
    } else if (c === ':' && text[i - 1] !== ':' && text[i + 1] !== ':') {
      const variable = /^:(?:([A-Za-z_]\w*)|'([A-Za-z_]\w*)'|"([A-Za-z_]\w*)")/.exec(text.slice(i, i + 80));
      if (variable === null) {
        i++;
        continue;
      }
      variables.add((variable[1] ?? variable[2] ?? variable[3])!);
      const end = i + variable[0].length;
      if (variable[3] === undefined) {
        // A parameter: a value that the analysis knows nothing of.
        blank(i, end);
        out[i] = '$';
        out[i + 1] = '1';
      } else out[i] = ' ';
      i = end;
    } else i++;
  }
  if (withoutComments(out.slice(start).join('')).trim() !== '') cuts.push(text.length);
  return { sql: out.join(''), skipped, variables: [...variables], cuts };
}

/** Behind the string, quoted name, dollar quote or comment that begins at `at`; undefined: none does. */
function endOfQuoted(text: string, at: number): number | undefined {
  const c = text[at]!;
  if (c === "'") {
    const escapes = /[eE]/.test(text[at - 1] ?? '') && !/\w/.test(text[at - 2] ?? '');
    return endOfString(text, at, escapes);
  }
  if (c === '"') return behind(text, '"', at + 1);
  if (c === '-' && text[at + 1] === '-') return lineEnd(text, at);
  if (c === '/' && text[at + 1] === '*') return endOfComment(text, at);
  if (c === '$' && !/[\w$]/.test(text[at - 1] ?? '')) {
    const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(text.slice(at, at + 130))?.[0];
    return tag === undefined ? undefined : behind(text, tag, at + tag.length);
  }
  return undefined;
}

function endOfString(text: string, at: number, escapes: boolean): number {
  for (let i = at + 1; i < text.length; i++) {
    if (escapes && text[i] === '\\') i++;
    else if (text[i] === "'") {
      if (text[i + 1] !== "'") return i + 1;
      i++;
    }
  }
  return text.length;
}

/** Comments nest. */
function endOfComment(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if (text.startsWith('/*', i)) {
      depth++;
      i++;
    } else if (text.startsWith('*/', i)) {
      depth--;
      i++;
      if (depth === 0) return i + 1;
    }
  }
  return text.length;
}

function behind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}

/** Behind the line `\.`; undefined: there is none, so no data stands here. */
function endOfData(text: string, from: number): number | undefined {
  const end = /\n\\\.[ \t]*(?=\r?\n|$)/g;
  end.lastIndex = from;
  const found = end.exec(text);
  return found === null ? undefined : found.index + found[0].length;
}

function withoutComments(sql: string): string {
  return sql.replace(/--[^\n]*/g, ' ').replace(/\/\*[\s\S]*?\*\//g, ' ');
}
