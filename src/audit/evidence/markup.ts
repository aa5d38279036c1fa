/** HTML in which everything that is put in is escaped, unless it is markup itself. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = string | number | Markup | readonly Markup[];

/** ``html`<td>${name}</td>` `` */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(strings.map((text, i) => (i === 0 ? text : pieceText(pieces[i - 1]!) + text)).join(''));
}

function pieceText(piece: Piece): string {
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'object') return piece.map(({ text }) => text).join('');
  return escapeHtml(String(piece));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
// Control characters, and those that turn the direction of what follows: a name must not look like another.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

export function escapeHtml(text: string): string {
  return text.replaceAll(HIDDEN, '\ufffd').replaceAll(/[&<>"']/g, (one) => ENTITIES[one]!);
}

const STYLE = `
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .3rem; border-top: 1px solid #bbb; padding-top: 1rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 .8rem; font-size: .87rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #ddd; overflow-wrap: break-word; }
th { background: #f3f3f3; white-space: nowrap; } td a { overflow-wrap: anywhere; } td.number, th.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
.gap { border-left: 4px solid #b00020; padding-left: .7rem; } .none { color: #555; } .quiet { color: #555; font-size: .87rem; }
@page { size: A4; margin: 16mm; }
@media print { body { max-width: none; margin: 0; padding: 0; font-size: 10.5pt; } tr, .gap { break-inside: avoid; } h2, h3 { break-after: avoid; }
  thead { display: table-header-group; } a { color: inherit; text-decoration: none; } }
`;

/** A whole page: no script, nothing from elsewhere. */
export function page(title: string, body: readonly Markup[]): string {
  const style = new Markup(STYLE);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

export interface TableColumn<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | number | Markup | readonly Markup[];
  readonly number?: true;
}

export function table<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): Markup {
  const head = columns.map(({ title, number }) =>
    number ? html`<th class="number">${title}</th>` : html`<th>${title}</th>`,
  );
  const lines = rows.map(
    (row) =>
      html`<tr>${columns.map(({ cell, number }) => (number ? html`<td class="number">${cell(row)}</td>` : html`<td>${cell(row)}</td>`))}</tr>\n`,
  );
  return html`<table><thead><tr>${head}</tr></thead><tbody>
${lines}</tbody></table>`;
}
