import { DbgateError, ErrorCode } from '../errors.ts';

/**
 * Does what a person does in the browser with the demo's real pages: opens the link that the terminal showed, says
 * that the code is right, picks who to be. Follows forms and redirects with cookies, and leaves the provider never.
 */
export async function approveLogin(url: string, email: string): Promise<void> {
  await visit(url, (form, html) => {
    if (html.includes('name="person"')) form.set('person', email);
    return true;
  });
}

/** The same person, who says no as soon as a page lets them. */
export async function refuseLogin(url: string): Promise<void> {
  let refused = false;
  await visit(url, (form, html) => {
    if (refused) return false;
    refused = html.includes('name="abort"');
    if (refused) form.set('abort', 'yes');
    return true;
  });
}

/** @param answer fills in a page's form; false: the person leaves. */
async function visit(url: string, answer: (form: URLSearchParams, html: string) => boolean): Promise<void> {
  const cookies = new Map<string, string>();
  const { origin } = new URL(url);
  let next: { url: string; form?: URLSearchParams } | undefined = { url };
  for (let step = 0; next && step < 20; step++) {
    const current: { url: string; form?: URLSearchParams } = next;
    if (new URL(current.url).origin !== origin) throw failed('it left the provider');
    const response = await fetch(current.url, {
      method: current.form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(current.form ? { body: current.form } : {}),
    });
    keepCookies(cookies, response);
    const location = response.headers.get('location');
    const body = await response.text();
    if (location) next = { url: new URL(location, current.url).href };
    else if (!response.ok) throw failed(`a page answered ${response.status}`);
    else {
      next = formOf(body, current.url);
      if (next?.form && !answer(next.form, body)) return;
    }
  }
  if (next) throw failed('it never came to an end');
}

function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = '', ...attributes] = line.split(';');
    const at = pair.indexOf('=');
    const expired = attributes.some((text) => /^\s*expires=Thu, 01 Jan 1970/i.test(text));
    if (expired) cookies.delete(pair.slice(0, at));
    else cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** The form of a page with its hidden fields; undefined when there is none, which is the end. */
function formOf(html: string, url: string): { url: string; form: URLSearchParams } | undefined {
  const action = /<form[^>]*\baction="([^"]*)"/.exec(html)?.[1];
  if (action === undefined) {
    if (/class="error"/.test(html)) throw failed('a page said that it did not work');
    return undefined;
  }
  const form = new URLSearchParams();
  for (const [tag] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(tag)?.[1];
    if (name) form.set(unescapeHtml(name), unescapeHtml(/\bvalue="([^"]*)"/.exec(tag)?.[1] ?? ''));
  }
  return { url: new URL(unescapeHtml(action), url).href, form };
}

function unescapeHtml(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name: string | undefined) =>
    code ? String.fromCharCode(Number(code)) : (named[name ?? ''] ?? whole),
  );
}

function failed(why: string): DbgateError {
  return new DbgateError(ErrorCode.internal, `the scripted login did not go through: ${why}`);
}
