import { DEMO_PEOPLE } from './people.ts';

/** Text as HTML text or as a quoted attribute's value. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** `body` is HTML already. */
export function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
code { font-size: 1.6rem; letter-spacing: .1em; }
button, input { font: inherit; padding: .5rem .8rem; }
input[type=text] { text-transform: uppercase; letter-spacing: .1em; }
.people button { display: block; width: 100%; margin: .4rem 0; text-align: left; }
.note { font-size: .85rem; opacity: .75; }
.error { color: #c22; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
<p class="note">This is the identity provider of a dbgate demo on this machine: its people are made up, and nobody has a password.</p>
</body>
</html>`;
}

/** @param form the provider's own form `op.deviceInputForm`. */
export function userCodePage(form: string, problem: string | undefined): string {
  const line = problem
    ? `<p class="error">${escapeHtml(problem)}</p>`
    : '<p>Enter the code that your terminal shows.</p>';
  return page(
    'Connect a device',
    `${line}${form}<p><button type="submit" form="op.deviceInputForm">Continue</button></p>`,
  );
}

/** @param form the provider's own form `op.deviceConfirmForm`. */
export function confirmPage(form: string, client: string, userCode: string): string {
  return page(
    'Is this your code?',
    `<p><strong>${escapeHtml(client)}</strong> asks to log in. Your terminal must show this code:</p>
<p><code>${escapeHtml(userCode)}</code></p>
${form}
<p><button type="submit" form="op.deviceConfirmForm" autofocus>Yes, continue</button>
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">No, stop</button></p>`,
  );
}

export function donePage(): string {
  return page('You are logged in', '<p>You may close this page and go back to your terminal.</p>');
}

/** Who to be: choosing is logging in and agreeing at once. */
export function personPage(action: string, client: string): string {
  const people = DEMO_PEOPLE.map(
    (person) =>
      `<button type="submit" name="person" value="${escapeHtml(person.email)}">${escapeHtml(person.name)} ` +
      `<span class="note">${escapeHtml(person.email)}, ${escapeHtml(person.role)}</span></button>`,
  );
  return page(
    'Who are you today?',
    `<p><strong>${escapeHtml(client)}</strong> will know this person's name, email and groups.</p>
<form class="people" method="post" action="${escapeHtml(action)}">
${people.join('\n')}
<button type="submit" name="abort" value="yes">Nobody: refuse</button>
</form>`,
  );
}

export function errorPage(message: string): string {
  return page('That did not work', `<p class="error">${escapeHtml(message)}</p>`);
}
