/** What is said, in each format: everything that is needed, nothing that people wrote as anything but text. */

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { announcementOf } from '../../../src/approvals/notify/announcement.ts';
import { mailOf } from '../../../src/approvals/notify/mail.ts';
import { slackMessage, slackText } from '../../../src/approvals/notify/slack-message.ts';
import { signSlack, verifySlack } from '../../../src/approvals/notify/slack-signature.ts';
import { signWebhook, verifyWebhook } from '../../../src/approvals/notify/standard-webhooks.ts';
import { teamsMarkdown, teamsMessage } from '../../../src/approvals/notify/teams-message.ts';
import { webhookBody } from '../../../src/approvals/notify/webhook.ts';
import { elevation, pending, statement } from './samples.ts';

const LINK = 'https://db.example.test/requests/r-0abc1234';
const RISK = { level: 'high', reasons: ['may change and drop tables', 'all tables'] };
const HOSTILE =
  '<!channel> <https://evil.test|Approve> & *bold* `x` [Approve](https://evil.test) <img src=x onerror=alert(1)>\r\nBcc: victim@example.test\u202e\u0007';

function announced(request = elevation()) {
  const { state, event } = pending(request);
  return announcementOf(state, event, RISK)!;
}

describe('an announcement', () => {
  it('says who, what, why, until when, and how much care it deserves', () => {
    const { title, facts, id } = announced();
    expect(id).toBe('msg_r-0abc1234_1');
    expect(title).toBe('dana@example.test asks for ddl on shop');
    expect(Object.fromEntries(facts.map(({ label, value }) => [label, value]))).toEqual({
      Request: 'r-0abc1234',
      Who: 'dana@example.test',
      What: 'ddl on shop',
      Environment: 'production',
      Why: 'INC-123 fix the totals',
      For: '1 h',
      Risk: 'high: may change and drop tables, all tables',
      'Who decides': 'group reviewers',
      Until: '2026-11-21 12:00 UTC',
    });
  });

  it('of a statement holds its recorded text, with its lines, and no bind value', () => {
    const { sql, data } = announced(statement('DELETE FROM orders -- all\nWHERE true'));
    expect(sql).toBe('DELETE FROM orders -- all\nWHERE true');
    expect(JSON.stringify(data)).not.toMatch(/hash|shape|"binds"/);
  });

  it('is not made of what nobody is told', () => {
    const { state } = pending(elevation());
    expect(announcementOf(state, { type: 'unattended', at: 1, session: 's' }, undefined)).toBeUndefined();
  });

  it('is bounded, whatever people wrote', () => {
    const request = elevation({ reason: 'x'.repeat(100_000), by: { ...elevation().by, email: 'e'.repeat(5_000) } });
    const text = JSON.stringify({ ...announced(request), data: {} });
    expect(text.length).toBeLessThan(6_000);
  });

  it('is for people to decide only while they can', () => {
    expect(announced().decidable).toBe(true);
    expect(announced(elevation({ external: 'okta' })).decidable).toBe(false);
  });
});

describe('Slack', () => {
  const text = (request = elevation({ reason: HOSTILE }), buttons = true) =>
    JSON.stringify(slackMessage(announced(request), LINK, { buttons }));

  it('shows what people wrote as text: no mentions, no links, no pictures', () => {
    const message = text();
    expect(message).toContain('&lt;!channel&gt; &lt;https://evil.test|Approve&gt; &amp;');
    expect(message).not.toMatch(/<(?!\/)/);
    expect(message.match(/"type":"mrkdwn"/g)?.length).toBe(message.match(/"verbatim":true/g)?.length);
  });

  it('keeps SQL in its box', () => {
    const message = text(statement('DELETE FROM a WHERE b = ```<!here>```'));
    expect(message.match(/```/g)).toHaveLength(2);
    expect(message).toContain('&lt;!here&gt;');
  });

  it('has buttons only where their callback can be verified, and people decide', () => {
    expect(text()).toContain('dbgate.approve');
    expect(text(elevation(), false)).not.toContain('dbgate.approve');
    expect(text(elevation({ external: 'okta' }))).not.toContain('dbgate.approve');
    expect(text(elevation(), false)).toContain(LINK);
  });

  it('leaves out nothing that a statement has to say', () => {
    const long = statement('DELETE FROM orders', { purpose: 'cleaning' });
    if (long.kind === 'statement') Object.assign(long.statement, { inTransaction: true });
    const message = text(long);
    for (const { label } of announced(long).facts) expect(message).toContain(`*${label}*`);
    expect(announced(long).facts.length).toBeGreaterThan(12);
  });

  it('cuts after an entity, never inside', () => {
    for (let max = 1; max < 30; max++) expect(slackText('<&>'.repeat(20), max)).toMatch(/^(&(lt|gt|amp);)*…$/);
  });

  it('stays below what Slack takes', () => {
    const message = slackMessage(announced(statement('&'.repeat(50_000), { reason: '<'.repeat(2_000) })), LINK, {
      buttons: true,
    });
    for (const block of message.blocks as { text?: { text: string }; fields?: { text: string }[] }[]) {
      expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3_000);
      expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10);
      for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2_000);
    }
  });
});

describe('Teams', () => {
  it('puts what people wrote into text runs, which know no Markdown', () => {
    const card = JSON.stringify(teamsMessage(announced(elevation({ reason: HOSTILE })), LINK));
    expect(card).not.toContain('"TextBlock"');
    expect(card).not.toContain('FactSet');
    expect(card).toContain('[Approve](https://evil.test)');
    expect(card).not.toContain('\\u202e');
  });

  it('escapes what stands where only Markdown is to be had', () => {
    expect(teamsMarkdown('[a](https://b) *c* <at>d</at>')).toBe('\\[a\\]\\(https\\://b\\) \\*c\\* \\<at\\>d\\</at\\>');
  });
});

describe('mail', () => {
  it('is plain text with a subject of one line', () => {
    const { subject, text } = mailOf(
      announced(elevation({ database: 'shop\r\nBcc: v@example.test', reason: HOSTILE })),
      LINK,
    );
    expect(subject).not.toMatch(/[\r\n]/);
    expect(text).not.toMatch(/^Bcc:/m);
    expect(text).toContain(LINK);
    expect(text).not.toMatch(/[\u0007\u202e\r]/);
  });
});

describe('a webhook', () => {
  const secret = `whsec_${Buffer.from('a secret of thirty-two bytes ....').toString('base64')}`;
  const body = webhookBody(announced(), LINK, undefined);
  const now = Date.now();
  const timestamp = Math.floor(now / 1000);
  const headers = (signature = signWebhook(secret, 'msg_1', timestamp, body), at = timestamp, id = 'msg_1') => ({
    id,
    timestamp: String(at),
    signature,
  });

  it('is signed as the specification says, and its own library agrees', () => {
    const signed = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(timestamp) };
    const library = new Webhook(secret);
    expect(library.verify(body, { ...signed, 'webhook-signature': headers().signature })).toMatchObject({
      type: 'dbgate.request.requested',
      data: { request: 'r-0abc1234', link: LINK, by: { email: 'dana@example.test' } },
    });
    const theirs = library.sign('msg_1', new Date(timestamp * 1000), body);
    expect(verifyWebhook(secret, headers(theirs), Buffer.from(body), now)).toMatchObject({ ok: true, id: 'msg_1' });
  });

  // The example of the specification's own tests.
  it('has the signature of the known vector', () => {
    const signature = signWebhook(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
    );
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it.each([
    ['another secret', headers(signWebhook(`whsec_${'A'.repeat(40)}`, 'msg_1', timestamp, body)), 'forged'],
    ['another body', headers(signWebhook(secret, 'msg_1', timestamp, `${body} `)), 'forged'],
    ['another id', headers(undefined, timestamp, 'msg_2'), 'forged'],
    ['another time', headers(undefined, timestamp + 1), 'forged'],
    ['another version', headers(headers().signature.replace('v1,', 'v1a,')), 'forged'],
    ['no signature', { ...headers(), signature: undefined }, 'unsigned'],
    ['an id with a newline', { ...headers(), id: 'a\nb' }, 'unsigned'],
    ['a time that is none', { ...headers(), timestamp: '1e9' }, 'unsigned'],
    ['an old one', headers(signWebhook(secret, 'msg_1', timestamp - 301, body), timestamp - 301), 'late'],
    ['one of the future', headers(signWebhook(secret, 'msg_1', timestamp + 302, body), timestamp + 302), 'late'],
  ])('%s is refused', (_name, given, why) => {
    expect(verifyWebhook(secret, given, Buffer.from(body), now)).toEqual({ ok: false, why });
  });

  it('one of several signatures is enough, while a secret is replaced', () => {
    const signature = `v1,${'A'.repeat(43)}= ${headers().signature}`;
    expect(verifyWebhook(secret, headers(signature), Buffer.from(body), now).ok).toBe(true);
  });
});

describe('a request of Slack', () => {
  const body = Buffer.from('payload=%7B%7D');
  const now = 1_531_420_618_000;
  const at = (shift: number) => String(now / 1000 + shift);

  // The example of Slack's documentation.
  it('has the signature of the known vector', () => {
    const example =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    expect(signSlack('8f742231b10e8888abcd99yyyzzz85a5', '1531420618', example)).toBe(
      'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    );
  });

  it.each([
    ['its own', at(0), signSlack('s3cret', at(0), body), 'ok'],
    ['another secret’s', at(0), signSlack('other', at(0), body), 'forged'],
    ['that of another time', at(1), signSlack('s3cret', at(0), body), 'forged'],
    ['an old one', at(-301), signSlack('s3cret', at(-301), body), 'late'],
    ['one of the future', at(301), signSlack('s3cret', at(301), body), 'late'],
    ['none', at(0), undefined, 'unsigned'],
  ])('with %s signature', (_name, timestamp, signature, verdict) => {
    expect(verifySlack('s3cret', { timestamp, signature }, body, now)).toBe(verdict);
  });
});
