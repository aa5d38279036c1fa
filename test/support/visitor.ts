import { Agent, request } from 'undici';

export interface Visited {
  readonly status: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly html: string;
}

/** Somebody with a browser, scripted: cookies by host, redirects and forms, but no script. */
export class Visitor {
  readonly #agent: Agent;
  readonly #jars = new Map<string, Map<string, string>>();

  constructor(ca: string) {
    this.#agent = new Agent({ connect: { ca, servername: 'localhost' } });
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  cookies(origin: string): Map<string, string> {
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    return jar;
  }

  /** One request, no redirect followed. */
  async send(url: string, form?: URLSearchParams, headers: Record<string, string> = {}): Promise<Visited> {
    const { origin } = new URL(url);
    const jar = this.cookies(origin);
    const answer = await request(url, {
      dispatcher: this.#agent,
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        ...(jar.size > 0 ? { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } : {}),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', origin }),
        ...headers,
      },
      ...(form === undefined ? {} : { body: form.toString() }),
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [pair = '', ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      const gone = attributes.some((one) => /^\s*(max-age=0|expires=Thu, 01 Jan 1970)/i.test(one));
      if (gone) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return { status: answer.statusCode, url, headers: answer.headers, html: await answer.body.text() };
  }

  async visit(url: string, form?: URLSearchParams): Promise<Visited> {
    let visited = await this.send(url, form);
    for (let i = 0; i < 20 && visited.headers.location !== undefined; i++) {
      visited = await this.send(new URL(String(visited.headers.location), visited.url).href);
    }
    return visited;
  }

  /** Goes to a page of `origin`, and through another's login and consent pages as `login` until it is back. */
  async logIn(url: string, login: string): Promise<Visited> {
    const { origin } = new URL(url);
    let visited = await this.visit(url);
    for (let i = 0; i < 10 && new URL(visited.url).origin !== origin; i++) {
      const fields = hiddenFields(visited.html);
      if (visited.html.includes('name="login"')) {
        fields.set('login', login);
        fields.set('password', 'any');
      }
      const action = /<form[^>]*\baction="([^"]*)"/.exec(visited.html)![1]!.replaceAll('&amp;', '&');
      visited = await this.visit(new URL(action, visited.url).href, fields);
    }
    return visited;
  }
}

export function hiddenFields(html: string): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [tag] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(tag)?.[1];
    if (name !== undefined) fields.set(name, /\bvalue="([^"]*)"/.exec(tag)?.[1] ?? '');
  }
  return fields;
}
