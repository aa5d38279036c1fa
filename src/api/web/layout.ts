/** What all pages have in common: the frame, the style sheet, and headers under which no script can run. */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Html, html } from './html.ts';

/** Contrast of text and buttons is 4.5:1 or more, light and dark (WCAG 2.2, 1.4.3). */
export const STYLE = `:root{color-scheme:light dark;--text:#1b1b1f;--back:#fff;--soft:#55565e;--line:#c9cad1;--panel:#f4f4f7;--yes:#0b6b34;--no:#a8201a;--link:#0b4fb3;--on:#fff}
@media(prefers-color-scheme:dark){:root{--text:#eceef2;--back:#16171b;--soft:#b3b6c0;--line:#43454e;--panel:#22242a;--yes:#5fd08c;--no:#ff9a90;--link:#8fbaff;--on:#16171b}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--back);max-width:44rem;margin:0 auto;padding:1rem}
header{display:flex;flex-wrap:wrap;gap:.5rem 1rem;justify-content:space-between;align-items:center;border-bottom:1px solid var(--line);padding-bottom:.5rem}
header form{margin:0}
h1{font-size:1.3rem;line-height:1.3;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin-top:1.8rem}
a{color:var(--link)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.3rem 1rem;margin:1rem 0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
pre{background:var(--panel);border:1px solid var(--line);border-radius:.4rem;padding:.7rem;white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.45 ui-monospace,monospace}
ul{padding-left:1.2rem}
li{margin:.3rem 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}
.high,.error{color:var(--no);font-weight:600}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:.4rem;padding:1rem;margin:1rem 0}
label{display:block;margin:.6rem 0 .2rem}
input,textarea,button{font:inherit;color:var(--text);background:var(--back);border:1px solid var(--soft);border-radius:.3rem;padding:.55rem .7rem}
input[type=text],input[type=number],textarea{width:100%}
button{cursor:pointer;min-height:2.75rem;margin-top:.8rem}
button.yes{background:var(--yes);border-color:var(--yes);color:var(--on);font-weight:600}
button.no{background:var(--no);border-color:var(--no);color:var(--on);font-weight:600}
header button{margin:0}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
@media(max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}button.yes,button.no{width:100%}}
`;

const STYLE_VERSION = createHash('sha256').update(STYLE).digest('hex').slice(0, 12);

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  // Not `no-referrer`: a form's Origin would be null.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Strict-Transport-Security': 'max-age=31536000',
};

export interface Visitor {
  readonly name: string;
  readonly csrf: string;
}

export function page(title: string, body: Html, visitor?: Visitor): Html {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · dbgate</title>
<link rel="stylesheet" href="/web.css?v=${STYLE_VERSION}">
</head>
<body>
${
  visitor &&
  html`<header><span><a href="/requests">dbgate</a> <span class="soft">${visitor.name}</span></span>
<form method="post" action="/logout"><input type="hidden" name="csrf" value="${visitor.csrf}"><button type="submit">Log out</button></form></header>`
}
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}

export function sendPage(
  response: ServerResponse,
  status: number,
  content: Html,
  headers: Readonly<Record<string, string | string[]>> = {},
): void {
  send(response, status, 'text/html; charset=utf-8', content.text, headers);
}

export function sendStyle(response: ServerResponse): void {
  send(response, 200, 'text/css; charset=utf-8', STYLE, { 'Cache-Control': 'public, max-age=86400' });
}

/** After a POST, and into and out of the login: never to anywhere that a request named. */
export function redirect(
  response: ServerResponse,
  location: string,
  headers: Readonly<Record<string, string | string[]>> = {},
): void {
  send(response, 303, 'text/plain; charset=utf-8', '', { Location: location, ...headers });
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Readonly<Record<string, string | string[]>>,
): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    ...HEADERS,
    ...headers,
  });
  response.end(text);
}
