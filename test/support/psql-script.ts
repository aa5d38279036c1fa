/**
 * The statements of a psql script, as psql would send them: quotes, dollar quotes, nested comments, parentheses and
 * BEGIN ATOMIC bodies hold semicolons; backslash commands and COPY data are left out. Good enough for Postgres' own
 * regression files, which lean on psql heavily; variables (`:x`) are left as they are.
 */
export function psqlStatements(script: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let depth = 0;
  let atomic = 0;
  let at = 0;
  const take = (end: number): void => {
    const sql = script.slice(start, end).trim();
    if (sql !== '' && sql !== ';') statements.push(sql);
    depth = 0;
    atomic = 0;
  };
  while (at < script.length) {
    const c = script[at]!;
    const two = script.slice(at, at + 2);
    if (two === '--') at = endOfLine(script, at);
    else if (two === '/*') at = endOfComment(script, at);
    else if (c === "'")
      at = endOfQuote(script, at, /[eE]/.test(script[at - 1] ?? '') && !/\w/.test(script[at - 2] ?? ''));
    else if (c === '"') at = endOfQuote(script, at, false);
    else if (c === '$') at = endOfDollarQuote(script, at);
    else if (c === '\\') {
      const command = /^\\[^\n]*/.exec(script.slice(at, at + 2000))![0];
      // \; keeps the statement open, \g and its kin end it, the others are psql's own.
      if (two === '\\;') {
        at += 2;
        continue;
      }
      if (/^\\(?:g|gx|gset|gexec|gdesc|crosstabview|bind|parse)\b/.test(command)) take(at);
      at += command.length;
      if (script.slice(start, at - command.length).trim() === '' || /^\\g/.test(command)) start = at;
    } else if (c === '(') {
      depth++;
      at++;
    } else if (c === ')') {
      depth = Math.max(0, depth - 1);
      at++;
    } else if (c === ';' && depth === 0 && atomic === 0) {
      at++;
      const sql = script.slice(start, at);
      take(at);
      start = at;
      if (/^\s*copy\b[\s\S]*\bfrom\s+stdin\b/i.test(sql)) {
        const data = /^\\\.$/m.exec(script.slice(at));
        at = start = data === null ? script.length : at + data.index + 2;
      }
    } else if (/[A-Za-z_]/.test(c)) {
      const word = /^\w+/.exec(script.slice(at, at + 70))![0];
      if (/^atomic$/i.test(word) && /\bbegin\s+$/i.test(script.slice(start, at))) atomic = 1;
      else if (atomic > 0 && /^case$/i.test(word)) atomic++;
      else if (atomic > 0 && /^end$/i.test(word)) atomic--;
      at += word.length;
    } else at++;
  }
  take(script.length);
  return statements;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

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

function endOfQuote(text: string, at: number, escapes: boolean): number {
  const quote = text[at]!;
  for (let i = at + 1; i < text.length; i++) {
    if (escapes && text[i] === '\\') i++;
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return text.length;
}

function endOfDollarQuote(text: string, at: number): number {
  const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(text.slice(at, at + 70))?.[0];
  if (tag === undefined || /\w/.test(text[at - 1] ?? '')) return at + 1;
  const end = text.indexOf(tag, at + tag.length);
  return end < 0 ? text.length : end + tag.length;
}
