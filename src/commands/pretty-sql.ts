/**
 * SQL for people: one line, or laid out by clauses. Only blanks and the case of keywords change, never a token, so that
 * nothing can be hidden from whoever reads it; what has comments or quotes that lexers disagree on stays as it is.
 * `pgsql-ast-parser` says whether the layout is the same statement. Nothing is ever decided on what comes out of here.
 */

interface Token {
  readonly text: string;
  /** Blanks stood before it. */
  readonly gap: boolean;
  readonly kind: 'word' | 'other';
}

const TOKEN =
  /(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<other>\$\d+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|'(?:[^']|'')*'|"(?:[^"]|"")+"|::|[-+*/<>=~!@#%^&|`?:]+|[()[\],.;])/uy;
/** Strings that are read by other rules: E'', B'', X'', N'', U&''. */
const PREFIXED = /^[ebxnu]$/i;

/** Undefined: something in it is better left as it is. */
function tokensOf(sql: string): readonly Token[] | undefined {
  if (/[\\$](?!\d)|--|\/\*/.test(sql)) return undefined;
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const blanks = /[ \t\r\n]*/y;
    blanks.lastIndex = at;
    const gap = blanks.exec(sql)![0].length > 0;
    at = blanks.lastIndex;
    if (at >= sql.length) break;
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(sql);
    if (match === null) return undefined;
    const text = match[0];
    const before = tokens.at(-1);
    const touching = !gap && before !== undefined;
    if (touching && /^['"]/.test(text) && (PREFIXED.test(before.text) || /^[&'"]|[&'"]$/.test(before.text)))
      return undefined;
    tokens.push({ text, gap: gap || before === undefined, kind: match.groups!.word === undefined ? 'other' : 'word' });
    at = TOKEN.lastIndex;
  }
  return tokens;
}

/** Of longer texts a list shows the beginning at most: a page of them is not taken apart for that. */
const MAX_TAKEN_APART = 2_000;

/** The text on one line, for lists: blanks outside of quotes become one; of long texts all blanks. */
export function oneLine(sql: string): string {
  const tokens = sql.length > MAX_TAKEN_APART ? undefined : tokensOf(sql);
  if (tokens === undefined) return sql.trim().replace(/\s+/g, ' ');
  return tokens.map(({ text, gap }, i) => (i > 0 && gap ? ` ${text}` : text)).join('');
}

const KEYWORDS = new Set(
  `select from where group by having order limit offset values set returning union intersect except all distinct insert into
   update delete join inner left right full outer cross natural on using as and or not in is null like ilike between exists
   case when then else end asc desc with recursive default primary key table create alter drop index view begin commit
   rollback for fetch window over partition nulls first last conflict do nothing truncate true false cast`.split(/\s+/),
);
/** Begin a line of their own; two words where one alone would say too little. */
const CLAUSES =
  /^(?:select|from|where|group by|having|order by|limit|offset|fetch|values|set|returning|union|intersect|except|window|on conflict|for update|for share)\b/;
const JOINS = /^(?:(?:inner|left|right|full|cross|natural)\b.{0,20}\bjoin|join)\b/;
/** Shorter statements stay on one line. */
const SHORT = 60;
const STEP = '  ';

/** Laid out, or as it came where that would not surely be the same statement. */
export async function prettySql(sql: string): Promise<string> {
  const raw = sql.trim();
  const tokens = tokensOf(raw);
  if (tokens === undefined || tokens.length === 0) return raw;
  const pretty = layOut(tokens);
  return (await isSame(raw, pretty)) ? pretty : raw;
}

function layOut(tokens: readonly Token[]): string {
  const flat = tokens.map(({ text, gap }, i) => (i > 0 && gap ? ` ${cased(text)}` : cased(text))).join('');
  if (flat.length <= SHORT) return flat;
  let out = '';
  /** For each open parenthesis: does a query stand in it? */
  const open: boolean[] = [];
  const depth = (): number => open.filter(Boolean).length;
  tokens.forEach(({ text, gap, kind }, i) => {
    const previous = tokens[i - 1];
    if (text === ')') {
      if (open.pop() === true) {
        out += `\n${STEP.repeat(depth())})`;
        return;
      }
    }
    const inQuery = open.length === 0 || open.at(-1) === true;
    if (kind === 'word' && i > 0 && inQuery) {
      const ahead = tokens
        .slice(i, i + 3)
        .map((token) => token.text.toLowerCase())
        .join(' ');
      const continued = /^(?:left|right|full|inner|outer|cross|natural)$/i.test(previous!.text);
      const isJoin = JOINS.test(ahead) && !continued;
      // INSERT … SELECT, DELETE FROM and IS DISTINCT FROM: not each of these words is the begin of a clause.
      const isClause = CLAUSES.test(ahead) && !/^(?:distinct|delete)$/i.test(previous!.text);
      if (isJoin || isClause) {
        out += `\n${STEP.repeat(depth() + (isJoin ? 1 : 0))}${cased(text)}`;
        return;
      }
    }
    out += (i > 0 && gap && !out.endsWith('\n') ? ' ' : '') + cased(text);
    if (text === '(') open.push(/^(?:select|with|values)$/i.test(tokens[i + 1]?.text ?? ''));
  });
  return out;
}

function cased(text: string): string {
  const lower = text.toLowerCase();
  return KEYWORDS.has(lower) ? lower.toUpperCase() : text;
}

async function isSame(one: string, other: string): Promise<boolean> {
  const { parse } = await import('pgsql-ast-parser');
  try {
    const trees = parse(one);
    return trees.length > 0 && JSON.stringify(trees) === JSON.stringify(parse(other));
  } catch {
    return false;
  }
}
