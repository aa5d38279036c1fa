/** `notify:` and `web:` of gateway.yaml: where people are told of requests, and the page on which they decide. */
import * as z from 'zod';
import { NOTIFY_EVENTS, type NotifySettings } from './approval-settings.ts';
import { field, LINE_EXPECTS, line, SECRET_EXPECTS, secretReference } from './fields.ts';
import type { WebSettings } from './gateway-settings.ts';

const KINDS = ['webhook', 'slack', 'teams', 'mail', 'external'] as const;
type Kind = (typeof KINDS)[number];

/** What each kind needs, and what else it may have. */
const KEYS: Readonly<Record<Kind, { readonly needs: readonly string[]; readonly may: readonly string[] }>> = {
  webhook: { needs: ['url', 'secret'], may: [] },
  slack: { needs: ['url'], may: ['signing_secret', 'people'] },
  teams: { needs: ['url'], may: [] },
  mail: { needs: ['server', 'from', 'to'], may: [] },
  external: { needs: ['url', 'secret'], may: [] },
};
const OF_A_KIND = ['url', 'secret', 'signing_secret', 'people', 'server', 'from', 'to'] as const;

const address = z
  .string()
  .max(254)
  .regex(/^[^\s<>@,;:"()[\]\\\u0000-\u001f\u007f]+@[^\s<>@,;:"()[\]\\\u0000-\u001f\u007f]+$/);
const ADDRESS_EXPECTS = 'an address such as `dbgate@example.com`';

const target = z
  .strictObject({
    kind: field(
      z.enum(KINDS),
      '`webhook`: signed by Standard Webhooks; `slack`, `teams`: their message by an incoming webhook; `mail`: SMTP; `external`: asks a decider outside, which answers by a callback',
      KINDS.map((kind) => `\`${kind}\``).join(', '),
    ),
    events: field(
      z.array(z.enum(NOTIFY_EVENTS)).min(1).optional(),
      'what is told; everything if not given',
      `a list of ${NOTIFY_EVENTS.map((event) => `\`${event}\``).join(', ')}`,
    ),
    url: field(
      z.string().min(1).max(4096).optional(),
      'where it is sent. That of Slack or Teams is a secret, so only a reference to it stands here',
      'an https URL (http on loopback only), or `env:NAME` or `file:PATH` of one',
      { secret: true, reference: 'endpoint' },
    ),
    secret: field(
      secretReference.optional(),
      'of `webhook` and `external`: signs what is sent, and for `external` what comes back; `whsec_` and base64',
      SECRET_EXPECTS,
      { secret: true, reference: 'webhook-secret' },
    ),
    signing_secret: field(
      secretReference.optional(),
      "of `slack`: the app's signing secret; with it messages have buttons. Their callback is `/v1/callbacks/slack/NAME`",
      SECRET_EXPECTS,
      { secret: true, reference: 'password' },
    ),
    people: field(
      z
        .record(
          z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
          field(line, 'who that is, by email or subject', 'an email or subject'),
        )
        .optional(),
      'of `slack`: whose member ID is whom; who is not here is asked to log in',
      'a mapping such as `{ U012AB3CD: ada@example.com }`',
    ),
    server: field(
      z.string().min(1).max(1024).optional(),
      'of `mail`: the server that takes the mail; `smtp` means STARTTLS, without which nothing is sent but on loopback',
      '`smtps://host:465` or `smtp://host:587`, or `env:NAME` or `file:PATH` of one with user and password in it',
      { secret: true, reference: 'mail-server' },
    ),
    from: field(address.optional(), 'of `mail`: the sender', ADDRESS_EXPECTS),
    to: field(z.array(address).min(1).max(50).optional(), 'of `mail`: who gets it', 'a list of addresses'),
  })
  .check(({ value, issues }) => {
    const fault = (key: string, message: string) => issues.push({ code: 'custom', path: [key], input: '', message });
    const { needs, may } = KEYS[value.kind];
    for (const key of needs) {
      if (value[key as (typeof OF_A_KIND)[number]] === undefined)
        fault(key, `missing; \`kind: ${value.kind}\` needs it`);
    }
    for (const key of OF_A_KIND) {
      if (value[key] !== undefined && !needs.includes(key) && !may.includes(key)) {
        fault(key, `is not for \`kind: ${value.kind}\``);
      }
    }
    const secretUrl = value.kind === 'slack' || value.kind === 'teams';
    if (secretUrl && value.url !== undefined && !/^(env|file):/.test(value.url)) {
      fault('url', 'is a secret and does not stand in this file; expected `file:PATH` or `env:NAME`');
    }
    if (value.people !== undefined && value.signing_secret === undefined) {
      fault('people', 'needs `signing_secret`; without it there are no buttons to press');
    }
  });

export const notifySection = field(
  z
    .record(
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
      field(target, 'one place where people are told', 'a mapping'),
    )
    .optional(),
  'where people are told of requests, by a name of yours, see [notifications.md](notifications.md); nowhere without it',
  'a mapping of names (letters, digits, `.`, `_`, `-`) to targets',
);

export const webSection = field(
  z
    .strictObject({
      issuer: field(line, 'who logs people in: one of `issuers`', 'the `issuer` of an entry in `issuers`'),
      client_id: field(
        line,
        "the page's client at that issuer, with the redirect URI `<public_url>/login/callback`",
        LINE_EXPECTS,
      ),
      client_secret: field(
        secretReference.optional(),
        "that client's secret; a public client (PKCE alone) without it",
        SECRET_EXPECTS,
        { secret: true, reference: 'password' },
      ),
    })
    .optional(),
  'the page on which people look at requests and decide, `<public_url>/requests/ID`; without it the link only says which command to type',
  'a mapping',
);

type Lookup = (path: readonly (string | number)[]) => string | undefined;

export function toNotify(notify: z.output<typeof notifySection>, referenced: Lookup): NotifySettings {
  return Object.entries(notify ?? {}).map(([name, one]): NotifySettings[number] => {
    const at = (key: string) => referenced(['notify', name, key])!;
    const { kind, events } = one;
    switch (kind) {
      case 'webhook':
      case 'external':
        return { name, events, kind, url: at('url'), secret: at('secret') };
      case 'slack': {
        const signingSecret = one.signing_secret === undefined ? undefined : at('signing_secret');
        return { name, events, kind, url: at('url'), signingSecret, people: one.people ?? {} };
      }
      case 'teams':
        return { name, events, kind, url: at('url') };
      case 'mail':
        return { name, events, kind, server: at('server'), from: one.from!, to: one.to! };
      default:
        return kind satisfies never;
    }
  });
}

export function toWeb(web: z.output<typeof webSection>, referenced: Lookup): WebSettings | undefined {
  if (web === undefined) return undefined;
  return { issuer: web.issuer, clientId: web.client_id, clientSecret: referenced(['web', 'client_secret']) };
}
