/** The pages behind the links: a login first, then what `dbgate review` shows; only a form of the page itself decides. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { html } from '../../src/api/web/html.ts';
import { STYLE } from '../../src/api/web/layout.ts';
import { type RequestView, requestBody } from '../../src/api/web/request-page.ts';
import type { RequestState } from '../../src/approvals/request.ts';
import { pending, statement } from '../approvals/notify/samples.ts';
import { type Json, withRig } from '../gateway/gateway-rig.ts';
import { approvalSettings } from '../support/approvals.ts';
import { WEB_CLIENT } from '../support/oidc.ts';
import { hiddenFields, Visitor } from '../support/visitor.ts';

const rule = approvalSettings().rules[0]!;
const rig = withRig({
  tune: (settings) => ({
    ...settings,
    approvals: approvalSettings({
      rules: [{ ...rule, approvers: [{ user: 'rosa@example.test' }, { user: 'dana@example.test' }] }],
    }),
    web: { issuer: settings.issuers[0]!.issuer, clientId: WEB_CLIENT.id, clientSecret: WEB_CLIENT.secret },
  }),
});

const visitors: Visitor[] = [];
afterAll(() => Promise.all(visitors.map((visitor) => visitor.close())));

function somebody(): Visitor {
  const visitor = new Visitor(rig.certificates.ca);
  visitors.push(visitor);
  return visitor;
}

const url = (path: string) => `${rig.settings.publicUrl}${path}`;

async function ask(changes: object = {}): Promise<string> {
  const body = { database: 'app', access: 'ddl', duration_ms: 3_600_000, reason: `INC-${Math.random()}`, ...changes };
  const json = { 'content-type': 'application/json' };
  const answer = await rig.api('POST', '/v1/requests', await rig.tokenOf('dana'), json, JSON.stringify(body));
  expect(answer.body.error).toBeUndefined();
  return answer.body.id;
}

async function stateOf(id: string): Promise<Json> {
  return (await rig.api('GET', `/v1/requests/${id}`, await rig.tokenOf('dana'))).body;
}

describe('the login', () => {
  it('leads to the issuer and back to the page that was asked for, with PKCE, state and nonce', async () => {
    const id = await ask();
    const rosa = somebody();
    const first = await rosa.send(url(`/requests/${id}`));
    expect(first.status).toBe(303);
    const to = new URL(String(first.headers.location));
    expect(to.origin).toBe(rig.oidc.issuer);
    expect(Object.fromEntries(to.searchParams)).toMatchObject({
      client_id: WEB_CLIENT.id,
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: url('/login/callback'),
    });
    expect(to.searchParams.get('state')).toMatch(/.{20}/);
    expect(to.searchParams.get('nonce')).toMatch(/.{20}/);
    const cookie = String(first.headers['set-cookie']);
    expect(cookie).toMatch(/^__Host-dbgate-login=[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/);
    const page = await rosa.logIn(url(`/requests/${id}`), 'rosa');
    expect(page).toMatchObject({ status: 200, url: url(`/requests/${id}`) });
    expect(page.html).toContain('dana@example.test asks for ddl on app');
    expect([...rosa.cookies(rig.settings.publicUrl).keys()]).toEqual(['__Host-dbgate']);
  });

  it('an answer of another browser, a changed state, a code twice: no session', async () => {
    const id = await ask();
    const [mine, theirs] = [somebody(), somebody()];
    const first = await mine.send(url(`/requests/${id}`));
    // Everything up to the callback, which is not followed.
    let at = await mine.send(String(first.headers.location));
    for (let i = 0; i < 10; i++) {
      const location = at.headers.location;
      const next = location === undefined ? undefined : new URL(String(location), at.url).href;
      if (next?.startsWith(url('/login/callback'))) break;
      if (next !== undefined) at = await mine.send(next);
      else {
        const fields = hiddenFields(at.html);
        fields.set('login', 'rosa');
        fields.set('password', 'any');
        at = await mine.send(new URL(/action="([^"]*)"/.exec(at.html)![1]!, at.url).href, fields);
      }
    }
    const callback = String(at.headers.location);
    const changed = new URL(callback);
    changed.searchParams.set('state', 'another');
    expect((await theirs.send(callback)).status).toBe(401);
    await theirs.send(url(`/requests/${id}`));
    expect((await theirs.send(callback)).status).not.toBe(303);
    expect((await mine.send(changed.href)).status).not.toBe(303);
    expect((await mine.send(callback)).status).toBe(303);
    expect((await mine.send(callback)).status).toBe(401);
    for (const text of [...theirs.cookies(rig.settings.publicUrl).keys()]) expect(text).not.toBe('__Host-dbgate');
  });

  it.each([
    '//evil.test/',
    'https://evil.test/',
    '/\\evil.test',
    '/requests/../v1/whoami',
    '/requests/r-00000000/approve',
  ])('does not lead to %s afterwards', async (to) => {
    const page = await somebody().logIn(url(`/login?to=${encodeURIComponent(to)}`), 'rosa');
    expect(page.url).toBe(url('/requests'));
  });

  it('a session that was made up, one that was closed, one whose person was cut off', async () => {
    const id = await ask();
    const rosa = somebody();
    await rosa.logIn(url(`/requests/${id}`), 'rosa');
    expect((await rosa.send(url(`/requests/${id}`))).status).toBe(200);
    rig.gateway.revocations.revokeSubject({ issuer: rig.oidc.issuer, subject: 'rosa', reason: 'admin' });
    expect((await rosa.send(url(`/requests/${id}`))).status).toBe(303);
    rig.gateway.revocations.restoreSubject({ issuer: rig.oidc.issuer, subject: 'rosa' });
    const other = somebody();
    const page = await other.logIn(url('/requests'), 'rosa');
    const kept = other.cookies(rig.settings.publicUrl).get('__Host-dbgate')!;
    expect((await other.send(url('/logout'), hiddenFields(page.html))).html).toContain('You are logged out');
    other.cookies(rig.settings.publicUrl).set('__Host-dbgate', kept);
    expect((await other.send(url('/requests'))).status).toBe(303);
    other.cookies(rig.settings.publicUrl).set('__Host-dbgate', 'made-up');
    expect((await other.send(url('/requests'))).status).toBe(303);
  });
});

describe('the page of a request', () => {
  it('shows what is asked, and decides by its form', async () => {
    const id = await ask({ tables: ['a', 'b'] });
    const rosa = somebody();
    const page = await rosa.logIn(url(`/requests/${id}`), 'rosa');
    for (const text of ['Waits for a decision', 'a, b', '1 h', 'What happened', 'requested by dana', 'Risk']) {
      expect(page.html).toContain(text);
    }
    const form = hiddenFields(page.html);
    form.set('reason', 'fine by me');
    form.set('duration', '30m');
    form.set('tables', 'a');
    const sent = await rosa.send(url(`/requests/${id}/approve`), form);
    expect(sent).toMatchObject({ status: 303 });
    expect(sent.headers.location).toBe(`/requests/${id}`);
    expect(await stateOf(id)).toMatchObject({
      status: 'approved',
      terms: { duration_ms: 1_800_000, tables: ['a'] },
      approvals: [{ via: 'web', reason: 'fine by me', by: { email: 'rosa@example.test' } }],
    });
    const after = await rosa.send(url(`/requests/${id}`));
    expect(after.html).toContain('Approved, until');
    expect(after.html).not.toContain('/approve"');
    // Who comes second is told.
    const late = await rosa.send(url(`/requests/${id}/deny`), form);
    expect(late.status).toBe(400);
    expect(late.html).toMatch(/class="error"[^>]*>[^<]+/);
  });

  it('a form that asked another question than is asked now decides nothing', async () => {
    const id = await ask();
    const rosa = somebody();
    const form = hiddenFields((await rosa.logIn(url(`/requests/${id}`), 'rosa')).html);
    form.set('tried', '17');
    const sent = await rosa.send(url(`/requests/${id}/approve`), form);
    expect(sent.status).toBe(400);
    expect(sent.html).toContain('it is another question now');
    expect(await stateOf(id)).toMatchObject({ status: 'pending' });
  });

  it('denies', async () => {
    const id = await ask();
    const rosa = somebody();
    const form = hiddenFields((await rosa.logIn(url(`/requests/${id}`), 'rosa')).html);
    form.set('reason', 'not today');
    await rosa.send(url(`/requests/${id}/deny`), form);
    expect(await stateOf(id)).toMatchObject({ status: 'denied' });
  });

  it('the requester sees it, without a form, and cannot make one work', async () => {
    const id = await ask();
    const dana = somebody();
    const page = await dana.logIn(url(`/requests/${id}`), 'dana');
    expect(page.html).toContain('Waits for a decision');
    expect(page.html).not.toContain('/approve"');
    const sent = await dana.send(url(`/requests/${id}/approve`), hiddenFields(page.html));
    expect(sent.status).toBe(403);
    expect((await stateOf(id)).status).toBe('pending');
  });

  it('another’s request and none look the same', async () => {
    const id = await ask();
    const otto = somebody();
    const there = await otto.logIn(url(`/requests/${id}`), 'otto');
    const none = await otto.send(url('/requests/r-00000000'));
    expect([there.status, none.status]).toEqual([404, 404]);
    expect(there.html).toBe(none.html);
    const form = hiddenFields(there.html);
    expect((await otto.send(url(`/requests/${id}/approve`), form)).status).toBe(404);
    expect((await stateOf(id)).status).toBe('pending');
  });

  it('a GET decides nothing, whatever the query says', async () => {
    const id = await ask();
    const rosa = somebody();
    const { html: page } = await rosa.logIn(url(`/requests/${id}`), 'rosa');
    const csrf = hiddenFields(page).get('csrf');
    for (const path of [`/requests/${id}/approve?csrf=${csrf}`, `/requests/${id}?decision=approve&csrf=${csrf}`]) {
      await rosa.send(url(path));
    }
    expect((await stateOf(id)).status).toBe('pending');
  });

  it('a form of another site does nothing: no token, another’s token, another origin', async () => {
    const id = await ask();
    const [rosa, eve] = [somebody(), somebody()];
    const own = hiddenFields((await rosa.logIn(url(`/requests/${id}`), 'rosa')).html);
    const foreign = hiddenFields((await eve.logIn(url('/requests'), 'eve')).html);
    const path = url(`/requests/${id}/approve`);
    expect((await rosa.send(path, new URLSearchParams())).status).toBe(403);
    expect((await rosa.send(path, foreign)).status).toBe(403);
    expect((await rosa.send(path, own, { origin: 'https://evil.test' })).status).toBe(403);
    expect((await rosa.send(path, own, { origin: 'null' })).status).toBe(403);
    expect((await rosa.send(path, own, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await rosa.send(path, own, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await somebody().send(path, own)).status).toBe(401);
    expect((await stateOf(id)).status).toBe('pending');
  });

  it.each([
    ['duration', 'forever'],
    ['duration', '10h'],
    ['times', '-1'],
    ['unmask', 'nonsense'],
    ['max_rows', '1e3'],
    ['reason', 'x'.repeat(3000)],
    ['reason', 'x'.repeat(40_000)],
  ])('%s that is senseless is refused, and the page says so', async (name, value) => {
    const id = await ask();
    const rosa = somebody();
    const form = hiddenFields((await rosa.logIn(url(`/requests/${id}`), 'rosa')).html);
    form.set(name, value);
    const sent = await rosa.send(url(`/requests/${id}/approve`), form);
    expect(sent.status).toBe(400);
    expect(sent.html).toContain('class="error"');
    expect((await stateOf(id)).status).toBe('pending');
  });

  it('what people wrote is text', async () => {
    const id = await ask({ reason: `"><script>alert(1)</script><img src=x onerror='alert(1)'>\`&amp;` });
    const page = await somebody().logIn(url(`/requests/${id}`), 'rosa');
    expect(page.html).toContain('&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;');
    expect(page.html).not.toMatch(/<script|<img|onerror='/);
  });

  it('runs no script, is shown in no frame, is kept in no cache', async () => {
    const id = await ask();
    const page = await somebody().logIn(url(`/requests/${id}`), 'rosa');
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(page.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
    });
    expect(page.html).not.toMatch(/<script|\son\w+=|style="|javascript:/i);
  });
});

describe('the page of a statement', () => {
  const shown = (changes: Partial<RequestState>, seen: Partial<RequestView> = {}) => {
    const { state, event } = pending(statement("DELETE FROM orders -- all\nWHERE a < '<b>'"));
    const risk = { level: 'high' as const, reasons: ['deletes all rows'] };
    const view = { events: [event], risk, recent: [], shown: undefined, ...seen };
    return requestBody({ ...view, state: { ...state, ...changes }, mayDecide: true, csrf: 'c', problem: undefined })
      .text;
  };

  it('shows its text with its lines, what it does, and how its effect can be bounded', () => {
    const page = shown({ waiting: ['s-1'] });
    expect(page).toContain('<pre>DELETE FROM orders -- all\nWHERE a &#60; &#39;&#60;b&#62;&#39;</pre>');
    for (const text of ['public.order_items', '1200', 'deletes all rows', 'name="max_rows"', 'name="try"']) {
      expect(page).toContain(text);
    }
    // Nobody waits on the wire: there is nothing to try.
    expect(shown({})).not.toContain('name="try"');
  });

  it('shows the text and bind values that this visitor may see, or why not', () => {
    const sql = "SELECT '<i>' FROM t WHERE a = $1";
    const none = { others: [], unseen: 0, clear: [], masked: [] };
    const own = { by: 'rights' as const, sql, values: ['<u>', null] };
    const rights = { ...none, own, clear: ['email', '?'], masked: ['phone'] };
    const page = shown({}, { shown: rights });
    for (const text of [
      '&#60;i&#62;',
      '<code>&#60;u&#62;</code>',
      '<em>NULL</em>',
      'email, of no known class',
      'phone',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).not.toContain('FROM orders');
    const record = { by: 'record' as const, why: 'it is <over>' };
    expect(shown({}, { shown: { ...none, own: record } })).toMatch(/FROM orders[\s\S]*it is &#60;over&#62;/);
    const others = [
      { sql, values: ['<b>', null], waiting: 3 },
      { sql: 'SELECT <2>', values: [], waiting: 1 },
    ];
    const batch = shown({}, { shown: { ...rights, others, unseen: 4 } });
    for (const text of ['<code>&#60;b&#62;</code>', '3 times', 'SELECT &#60;2&#62;', '4 more that wait']) {
      expect(batch).toContain(text);
    }
    // Its own text once, not again with each of the others.
    expect(batch.split('&#60;i&#62;')).toHaveLength(2);
    expect(shown({}, { shown: { ...rights, own: record, others } })).toMatch(/over&#62;[\s\S]*&#60;b&#62;[\s\S]*phone/);
  });

  it('that was tried asks whether to keep its rows', () => {
    const effect = { table: 'public.<orders>', inserted: 0, updated: 2, deleted: 15, truncated: 0 };
    const page = shown({ waiting: ['s-1'], triedRows: 17, triedEffects: [effect] });
    for (const text of [
      'public.&#60;orders&#62;: 2 updated, 15 deleted',
      'changed 17 rows',
      'name="tried" value="17"',
      '>Keep<',
      '>Roll back<',
    ])
      expect(page).toContain(text);
    expect(page).not.toContain('name="max_rows"');
  });
});

it('who looks at what somebody else did is on the record', async () => {
  const id = await ask();
  await somebody().logIn(url(`/requests/${id}`), 'rosa');
  const read = (await rig.records()).filter((one) => one.kind === 'history.read' && one.detail.request === id);
  expect(read).toMatchObject([{ by: `${rig.oidc.issuer}|rosa`, database: 'app' }]);
});

it('the list shows what waits for the visitor, and nothing else', async () => {
  const id = await ask();
  const list = await somebody().logIn(url('/requests'), 'rosa');
  expect(list.html).toContain(`href="/requests/${id}"`);
  const otto = await somebody().logIn(url('/requests'), 'otto');
  expect(otto.html).toContain('Nothing waits for your decision');
  expect(otto.html).not.toContain(id);
});

it('without `web:` the link says which command to type, needs no login and tells nothing', async () => {
  const id = await ask();
  const { web, ...without } = rig.settings;
  rig.gateway.reload(without);
  const [there, none] = [
    await somebody().send(url(`/requests/${id}`)),
    await somebody().send(url('/requests/r-00000000')),
  ];
  const login = await somebody().send(url('/login'));
  const post = await somebody().send(url(`/requests/${id}/approve`), new URLSearchParams({ csrf: 'x' }));
  rig.gateway.reload({ ...without, web });
  expect(there).toMatchObject({ status: 200 });
  expect(there.html).toContain(`dbgate review ${id}`);
  expect(there.html.replaceAll(id, 'r-00000000')).toBe(none.html);
  expect(there.html).not.toMatch(/dana|INC-/);
  expect(login.headers.location).toBeUndefined();
  expect(post.status).toBe(404);
});

describe('html', () => {
  it('escapes whatever is put into it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`<>"'&\`a= \n\0`, '\ud800', '😀') }), (text) => {
        const { text: made } = html`<p title="${text}">${text}</p>`;
        expect(made).toMatch(/^<p title="[^"<>']*">[^"<>']*<\/p>$/s);
      }),
    );
  });

  it('leaves out what is not there, and takes HTML as it is', () => {
    expect(html`a${undefined}${false}${html`<b>${'<'}</b>`}${['&', html`<i></i>`]}`.text).toBe(
      'a<b>&#60;</b>&#38;<i></i>',
    );
  });
});

describe('colours', () => {
  const luminance = (hex: string): number => {
    const full = hex.length === 4 ? [...hex.slice(1)].map((one) => one + one).join('') : hex.slice(1);
    const [r, g, b] = [0, 2, 4].map((at) => {
      const value = Number.parseInt(full.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string): number => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
    return (light + 0.05) / (dark + 0.05);
  };
  const schemes = [...STYLE.matchAll(/:root\{([^}]*)\}/g)].map(([, block = '']) =>
    Object.fromEntries([...block.matchAll(/--(\w+):(#[0-9a-f]{3,6})/g)].map(([, name, value]) => [name, value])),
  ) as Record<string, string>[];

  it.each([0, 1])('scheme %i can be read: 4.5 to 1 (WCAG 2.2, 1.4.3)', (n) => {
    const scheme = schemes[n]!;
    for (const back of ['back', 'panel']) {
      for (const fore of ['text', 'soft', 'link', 'no']) {
        expect(contrast(scheme[fore]!, scheme[back]!), `${fore} on ${back}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    for (const button of ['yes', 'no']) expect(contrast(scheme.on!, scheme[button]!)).toBeGreaterThanOrEqual(4.5);
  });
});
