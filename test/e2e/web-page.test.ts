/** The page in a real browser, at the demo: log in at its provider, look, approve; a phone's width, and no script. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request as send } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, Chromium } from '../support/chromium.ts';
import { withGateway } from '../support/gateway.ts';

const HOSTILE = `INC-7 <script>document.title='owned'</script><img src=x onerror="document.title='owned'"> 'x"`;

describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
  const gateway = withGateway();
  let browser: Chromium;
  let agent: Agent;
  beforeAll(async () => {
    agent = new Agent({ connect: { ca: readFileSync(gateway.demo.caFile), servername: 'localhost' } });
    browser = await Chromium.open();
  });
  afterAll(async () => {
    await browser?.close();
    await agent?.destroy();
  });

  async function api(method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown>> {
    const answer = await send(`${gateway.demo.gateway.url}${path}`, {
      method,
      dispatcher: agent,
      headers: { authorization: `Bearer ${gateway.as('developer').token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await answer.body.json()) as Record<string, unknown>;
  }

  it('whoever reviews logs in, sees who asks and why as text, approves for less, and it is so', async () => {
    const { id, error } = await api('POST', '/v1/requests', {
      database: 'app',
      access: 'ddl',
      duration_ms: 3_600_000,
      reason: HOSTILE,
    });
    expect(error).toBeUndefined();
    await browser.goto(`${gateway.demo.gateway.url}/requests/${id}`);
    // The provider's page: who to be.
    await browser.until(`document.querySelector('button[value="reviewer@demo.test"]')`);
    await browser.press('button[value="reviewer@demo.test"]');
    await browser.until(`location.pathname === '/requests/${id}' && document.querySelector('button.yes')`);

    expect(await browser.evaluate('document.title')).toBe('dev@demo.test asks for ddl on app · dbgate');
    expect(await browser.evaluate('document.querySelector("dd").textContent')).toContain(
      `<script>document.title='owned'`,
    );
    expect(await browser.evaluate('document.images.length + document.scripts.length')).toBe(0);
    // The style sheet counts, and nothing is wider than a phone.
    expect(await browser.evaluate('getComputedStyle(document.querySelector("dl")).display')).toBe('grid');
    expect(await browser.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    if (process.env.DBGATE_SCREENSHOT !== undefined)
      writeFileSync(process.env.DBGATE_SCREENSHOT, await browser.screenshot());

    await browser.type('#approve-reason', 'seen in the browser');
    await browser.type('#duration', '20m');
    await browser.press('button.yes');
    await browser.until(`document.querySelector('main p strong')?.textContent.startsWith('Approved')`);
    expect(await api('GET', `/v1/requests/${id}`)).toMatchObject({
      status: 'approved',
      terms: { duration_ms: 1_200_000 },
      approvals: [{ via: 'web', reason: 'seen in the browser', by: { email: 'reviewer@demo.test' } }],
    });
  });

  it('logs out', async () => {
    await browser.press('header button');
    await browser.until(`document.querySelector('h1').textContent === 'You are logged out'`);
  });
});
