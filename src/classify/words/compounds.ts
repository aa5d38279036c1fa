/**
 * Words that mean something only together: what a thing is for (`reset`, `invite`) and what carries it (`uuid`, `hash`).
 * Any of one list before any of the other, so that `recover_guid` is known without being listed.
 */
import type { ColumnClass } from '../classes.ts';
import type { TypeKind } from '../name-type.ts';
import type { TableTopic } from './name-rule.ts';
import { phrases } from './name-rule.ts';

export interface Compound {
  readonly class: ColumnClass;
  /** The last word, qualifiers aside. */
  readonly carriers: ReadonlySet<string>;
  /** One of these stands right before it. */
  readonly purposes: ReadonlySet<string>;
  readonly kinds: readonly TypeKind[];
  readonly notTopics?: readonly TableTopic[];
}

const words = (text: string): ReadonlySet<string> => new Set(phrases(text));

/** Whoever shows it is taken for somebody, or may do something. */
const ENTRY =
  'activation, activate, validation, verification, verify, confirmation, confirm, otp, totp, mfa, tfa, twofa, twofactor, invitation, invite, reset, recovery, recover, unsubscribe, unlock, magic, passwordless, signin, signup, pairing, impersonation, enrollment, enrolment, obfuscator, obfuscation';
const SIGN_IN =
  'login, logon, access, auth, authentication, authorization, oauth, session, remember, security, secret, pin, passcode, api, cookie';

/** Who hands out keys for what they sell: `mapbox_key`. */
const KEY_VENDORS =
  'google, map, mapbox, bing, here, stripe, paypal, sendgrid, mailgun, mailchimp, mandrill, postmark, twilio, nexmo, vonage, plivo, openai, anthropic, gemini, mistral, deepl, algolia, akismet, cloudflare, aws, azure, gcp, datadog, sentry, pusher, segment, intercom, hubspot, salesforce, slack, telegram, discord, facebook, twitter, github, gitlab, razorpay, braintree, adyen, square, mollie, klarna, shippo, easypost, unsplash, giphy, tmdb, omdb, lastfm, youtube, vimeo, weather, exchange, pushover, onesignal, firebase, fcm, gcm, apns, vapid, smtp, ldap, minio, backblaze, wasabi';

export const COMPOUNDS: readonly Compound[] = [
  {
    class: 'secret',
    carriers: words('key'),
    purposes: words(
      `${ENTRY.replace('verify, ', '')}, cancel, cancellation, deletion, delete, revoke, manage, ${SIGN_IN}, ${KEY_VENDORS}, private, priv, secure, enc, encryption, encrypted, decryption, transaction, portal, hmac, signing, sign, license, licence, registration, reply, developer, consumer, merchant, provision, provisioning, creation, stream, streaming, jwt, token, webhook, hook, client, service, user, contact, refresh, master, backup, wallet, vault, cipher, crypto, symmetric, shared, ssh, tls, ssl, ca, host, bot, app, gateway, push, share, wireguard, vpn, wifi, deploy, runner, device, join, ping, webhook signing`,
    ),
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    carriers: words('pin'),
    purposes: words(
      'host, guest, conference, meeting, room, attendee, moderator, dial in, participant, voicemail, card, access',
    ),
    kinds: ['text', 'bytes', 'integer'],
  },
  {
    class: 'secret',
    carriers: words('code, pin'),
    purposes: words(
      `${ENTRY}, login, security, secret, passcode, claim, sharing, share, persist, persistence, unlock, door, gate, alarm, remote access, sms verification`,
    ),
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    carriers: words('hash, digest, sha256, sha1, hmac'),
    purposes: words(`${ENTRY}, ${SIGN_IN}, token, share, sharing`),
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    carriers: words('nonce'),
    purposes: words(`${ENTRY}, login, oauth, csrf, xsrf`),
    kinds: ['text', 'bytes', 'uuid'],
  },
  {
    class: 'secret',
    carriers: words('uuid, guid, seed'),
    purposes: words(`${ENTRY}, login, oauth, secret, csrf, xsrf`),
    kinds: ['text', 'bytes', 'uuid'],
  },
  // `validation_id`: shown by whoever was sent it.
  {
    class: 'secret',
    carriers: words('id'),
    purposes: words(
      'activation, validate, verify, confirm, validation, verification, confirmation, reset, recovery, unsubscribe, unlock, magic, autologin, auto login, remember',
    ),
    kinds: ['text'],
  },
  {
    class: 'secret',
    carriers: words('state, nonce, verifier, cookie, ticket, assertion'),
    purposes: words('oauth, oidc, openid, saml, sso, pkce, csrf, xsrf, auth, login, session, remember, cas, kerberos'),
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    carriers: words('link, url, uri'),
    purposes: words(
      'magic, reset, invitation, invite, join, unsubscribe, activation, presigned, signed, passwordless, recovery, impersonation',
    ),
    kinds: ['text'],
  },
  {
    class: 'secret',
    carriers: words('answer, question, phrase'),
    purposes: words('security, secret, recovery, seed, mnemonic'),
    kinds: ['text', 'bytes'],
  },
  // How something is reached, with what it asks for.
  {
    class: 'secret',
    carriers: words('config, configuration, setting, credential, cred'),
    purposes: words(
      'secure, oidc, saml, ldap, sso, oauth, smtp, imap, encrypted, connection, connector, credential, two fa, twofa',
    ),
    kinds: ['text', 'bytes', 'json'],
  },
  {
    class: 'secret',
    carriers: words('parameter, param'),
    purposes: words('access, connection, login'),
    kinds: ['json'],
  },
  // Kept apart from what everybody may see: `secure_json_data`.
  { class: 'secret', carriers: words('json'), purposes: words('secure, secret, encrypted'), kinds: ['text', 'json'] },
  { class: 'secret', carriers: words('uuid, guid'), purposes: words('token, secret'), kinds: ['text'] },
  // What somebody proves with that they have the second factor.
  {
    class: 'secret',
    carriers: words(
      'verification, recover, recovery, backup, seed, hash, data, credential, provisioning, fingerprint, url, uri, qr, provider, authenticator, device, factor',
    ),
    purposes: words('totp, otp, mfa, tfa, twofa, twofactor, factor, hotp, webauthn, passkey, fido, fido2, u2f'),
    kinds: ['text', 'bytes', 'json'],
  },
  // `smtp_from_address`
  {
    class: 'email',
    carriers: words('address'),
    purposes: words('from'),
    kinds: ['text'],
    notTopics: ['money', 'place'],
  },
  {
    class: 'email',
    carriers: words('recipient, addressee, cc, bcc'),
    purposes: words('notification, mail, email, smtp, alert, reminder, digest, mailing, summary'),
    kinds: ['text'],
  },
  {
    class: 'national_id',
    carriers: words('no, number, num, nr'),
    purposes: words(
      'identification, identity, passport, visa, permit, citizen, citizenship, resident, nhs, medicare, driver, driving, voter, elector, alien, military, refugee, tribal, affiliation, pension, prisoner, inmate, pesel, cedula, dni, aadhaar',
    ),
    kinds: ['text', 'integer', 'numeric'],
    notTopics: ['thing', 'company'],
  },
  {
    class: 'phone',
    carriers: words('no, number, num, nr'),
    purposes: words(
      'home, mobile, cell, contact, emergency, caller, callee, called, calling, recipient, receiver, whatsapp, sms, alert, viber, signal, landline, hotline, helpline, callback, dialed, dialled, officer, doctor, guardian, parent, father, mother, spouse, relative, kin, evening, daytime',
    ),
    kinds: ['text'],
    notTopics: ['thing'],
  },
  {
    class: 'bank_account',
    carriers: words('no, number, num, nr, code'),
    purposes: words('clearing, giro, transit, routing, aba, ach, beneficiary, creditor, debtor, wire'),
    kinds: ['text'],
    notTopics: ['thing'],
  },
  {
    class: 'financial',
    carriers: words('pay, salary, wage, income, compensation, remuneration, stipend, ctc'),
    purposes: words(
      'basic, gross, net, monthly, weekly, annual, yearly, hourly, current, desired, expected, proposed, revised, previous, final, base, overtime, severance, guardian, spouse, household, family, personal',
    ),
    kinds: ['text', 'numeric'],
    notTopics: ['thing', 'place', 'company'],
  },
  {
    class: 'free_text',
    carriers: words('text'),
    purposes: words('ban, banned, suspension, rejection, refusal, complaint, appeal, apology, dismissal'),
    kinds: ['text', 'bytes'],
    notTopics: ['thing'],
  },
  {
    class: 'free_text',
    carriers: words('info, information, detail, particular'),
    purposes: words(
      'patient, student, pupil, employee, guest, passenger, member, donor, beneficiary, parent, guardian, applicant, candidate, tenant, claimant, visitor, attendee, participant, victim, witness, traveller, traveler, deceased, next of kin, kin, insured, personal, family, medical, health',
    ),
    kinds: ['text', 'bytes', 'json'],
    notTopics: ['thing'],
  },
  {
    class: 'free_text',
    carriers: words('response, answer, reply'),
    purposes: words(
      'moderation, moderator, admin, staff, doctor, physician, patient, customer, parent, guardian, owner, seller, buyer, host, manager, reviewer, agent, supervisor, teacher, student, employee, applicant, tenant, appeal, complaint, grievance',
    ),
    kinds: ['text', 'bytes'],
    notTopics: ['thing'],
  },
  {
    class: 'free_text',
    carriers: words('reason, message, note, comment, explanation, remark, statement, justification, motivation'),
    purposes: words(
      'revocation, registration, lost, resolved, resolve, delegate, officer, lawyer, judge, tutor, coach, mentor, trainer, supervisor, approver, assessor, examiner, organizer, reassign, reassignment, reschedule, ban, banned, blocked, deny, denied, decline, declined, reject, rejected, rejection, refuse, refused, refusal, suspend, suspended, suspension, appeal, complaint, apology, review, gift, donation, join, leave, leaving, departure, termination, dismissal, resignation, absence, attendance, tardy, excuse, away, revoke, revoked, personal, private, moderator, moderation, customer, client, patient, buyer, seller, guest, applicant, candidate, donor, member, employee, doctor, nurse, driver, admin, staff, escalation, discharge, consultation, delivery, greeting, condolence, motivation, application, waiting, refund, receive, received, handling, dispute, grievance, disciplinary, interview, visit, feedback, sender, recipient',
    ),
    kinds: ['text', 'bytes'],
    notTopics: ['thing'],
  },
];

/** Who says who somebody is. */
export const IDENTITY_PROVIDERS = words(
  'broker, messenger, lti, oauth, oauth2, oidc, openid, saml, sso, ldap, idp, scim, cas, shibboleth, external, extern, federated, social, third party, google, facebook, twitter, github, gitlab, bitbucket, discord, slack, apple, microsoft, azure, linkedin, strava, wechat, weixin, kakao, naver, vk, telegram, steam, twitch, spotify, okta, auth0, keycloak, cognito, firebase, clerk, kinde, yahoo, amazon, line, instagram, tiktok, paypal, dropbox, zoom, notion, franceconnect, eidas',
);
/** What people call themselves by at these stands in a column that is called as they are, where a row is somebody. */
export const NETWORKS = words(
  'github, gitlab, gitea, gitee, bitbucket, codeberg, google, facebook, twitter, instagram, threads, linkedin, xing, tiktok, snapchat, pinterest, tumblr, reddit, quora, youtube, vimeo, twitch, discord, slack, telegram, whatsapp, viber, wechat, weixin, weibo, qq, dingtalk, feishu, kakao, naver, vk, odnoklassniki, mastodon, bluesky, matrix, keybase, skype, icq, msn, aim, jabber, xmpp, steam, xbox, psn, playstation, nintendo, battlenet, epicgames, spotify, soundcloud, bandcamp, lastfm, deezer, strava, garmin, fitbit, goodreads, letterboxd, medium, devto, hashnode, substack, stackoverflow, hackernews, producthunt, yim, msnm, gtalk, kaggle, leetcode, codepen, behance, dribbble, deviantart, flickr, unsplash, patreon, kofi, opencollective, orcid, researchgate, dailymotion, viadeo, ldap, okta, auth0, openid, oidc, saml',
);
/** Behind one of them. */
export const NETWORK_HEADS = words(
  'messenger, username, name, handle, nick, login, user, profile, url, link, tag, page, account, address',
);

/** What stands in such a name besides. */
export const IDENTITY_WORDS = words('user, account, profile, member, person, login, connect, open, unique, subject');
export const IDENTITY_HEADS = words('id, uid, uuid, sub, subject, identifier, guid');
/** Tables that keep who somebody is elsewhere. */
export const IDENTITY_TABLES = words(
  'identity, lti, social, sso, openid, oidc, saml, oauth, authentication, authorization, external, federated, login, associated, linked, broker',
);

/** Whose name it is: nouns for people as other tables and columns have them, beside the names of tables. */
export const ROLES = words(
  'investigator, researcher, notifier, informant, representative, appellant, responsible, trustee, executor, liaison, surveyor, appraiser, custodian, occupier, preparer, declarant, signee, assignor, interpreter, translator, narrator, curator, foreman, steward, chaplain, registrar, assistant, deponent, bailiff, referral person, investor, referrer, referee, licensee, licensor, receiver, prescriber, buyer, seller, lender, borrower, debtor, creditor, payer, payee, drawer, signer, signatory, cosigner, guarantor, beneficiary, insured, policyholder, claimant, complainant, plaintiff, defendant, respondent, petitioner, witness, lawyer, attorney, judge, notary, inspector, auditor, assessor, examiner, grader, invigilator, proctor, tutor, lecturer, professor, principal, headmaster, dean, classmate, alumnus, graduate, apprentice, trainee, intern, mentor, mentee, trainer, coach, athlete, player, captain, referee, umpire, pilot, passenger, traveler, traveller, tourist, chauffeur, courier, rider, carer, caregiver, caretaker, babysitter, nanny, midwife, surgeon, physician, dentist, pharmacist, therapist, psychologist, radiologist, anesthetist, pathologist, oncologist, pediatrician, specialist, clinician, practitioner, consultant, advisor, adviser, broker, realtor, landlord, tenant person, lessee, lessor, renter, occupant, resident, inhabitant, householder, neighbour, neighbor, husband, wife, partner person, fiance, brother, sister, sibling, son, daughter, uncle, aunt, cousin, nephew, niece, grandmother, grandfather, godfather, godmother, kin, heir, decedent, deceased, victim, suspect, offender, inmate, prisoner, officer, soldier, veteran, refugee, migrant, citizen, voter, elector, candidate, delegate, deputy, senator, mayor, minister, ambassador, priest, pastor, parishioner, imam, rabbi, baptizer, celebrant, bride, groom, organizer, organiser, host person, hostess, guest, invitee, inviter, attendee, participant, speaker, presenter, moderator, panelist, interviewer, interviewee, requester, requestor, court reporter, submitter, approver, reviewer, verifier, supervisor, manager, foreman, technician, mechanic, plumber, electrician, cleaner, janitor, cook, chef, waiter, waitress, bartender, cashier, clerk, receptionist, secretary, treasurer, chairman, chairperson, president, director, founder, shareholder, stakeholder, employer contact, colleague, coworker, subordinate, salesperson, salesman, shopper, recipient, consignee, consignor, shipper, addressee, cardholder, donor, donee, sponsor person, volunteer, activist, author, coauthor, writer, poet, composer, singer, musician, actor, actress, painter, photographer, journalist, correspondent, editor, commenter, poster, follower, subscriber, reader, viewer, visitor, caller, callee, operator, dispatcher, responder, nominee, nominator, endorser, adopter, breeder, keeper, farmer, fisherman, hunter, miner, worker, laborer, labourer, youth, minor, infant, newborn, child, father, mother, parent, guardian, spouse, head household',
);
