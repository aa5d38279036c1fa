/** Who a person is: names, log-in names, birth, traits, likeness. */
import { type NameRule, phrases } from './name-rule.ts';

export const PERSON_RULES: readonly NameRule[] = [
  {
    class: 'person_name',
    phrases:
      phrases(`first name, firstname, fname, f name, given name, givenname, forename, middle name, mname, middlename, middle initials, last name, lastname, lname, initials,
      surname, middle initial, middle init, sname, second name, pat name, next kin, family name, familyname, maiden name, mother maiden name, birth name, fio, case manager, account manager, project manager, sales rep, agency rep, sales representative, executive director, social worker, pick up name, pickup name, submitted by, sent by, licensee name, mp name, fio, by name, typed signature, name keyword, name search vector, name tsvector, from name, person name, real name, realname, contact name, contact person,
      customer name, patient name, employee name, emp name, user full name, owner name, holder name, card holder, cardholder, card holder name, cardholder name, name on card, account holder,
      account holder name, account owner name, beneficiary name, payee name, payer name, author name, recipient name, receiver name, guest name, member name, student name, teacher name, doctor name, physician name,
      father name, mother name, spouse name, investor name, shareholder name, share holder name, stockholder name, pay to name, confirmed doctor, supporter name, support name, guardian name, emergency contact, emergency contact name, next of kin, kin name, manager name, driver name, passenger name, attendee name,
      participant name, applicant name, candidate name, buyer name, seller name, donor name, tenant name, voter name, witness name, signer name, signatory, signatory name, subscriber name, assignee name, creator name, committer name, reporter name, reviewer name, commenter name,
      actor name, visitor name, person full name, staff name, contact full name, customer full name, cust name, lead name, pet owner name, nurse name, worker name, player name, inviter name, invitee name, requester name, caller name, borrower name, lender name, insured name, instructor name, speaker name, approver name, updated by name, created by name, billing name, shipping name, bill to name, ship to name, delivery name, consignee, consignee name, addressee, attn, attention to, cc name, reply to name, reply name, name on account, bank account name, 
      vorname, nachname, familienname, geburtsname, ansprechpartner, kontaktperson, kontoinhaber, karteninhaber, voornaam, achternaam, tussenvoegsel, geboortenaam, voorletter, fornamn, efternamn, fornavn, etternavn, efternavn, mellannamn,
      imie, nazwisko, imie nazwisko, adi soyadi, ad soyad, soyad, soyadi, adi, imya, familiya, otchestvo, namn, seimei, shimei, sei, mei, namae, xingming, mingzi, etunimi, sukunimi, jmeno, prijmeni, first name kana, last name kana, name kana, furigana, kana,
      氏名, 姓名, 名前, 姓, 真实姓名, 이름, 성명, имя, фамилия, отчество, фио, given name kanji, sir name, lastname1, first name phonetic, last name phonetic, name phonetic, who`),
  },
  {
    class: 'person_name',
    notTopics: ['thing', 'place', 'company'],
    besideHead: ['email', 'phone', 'birth', 'name', 'f', 'fname'],
    notAboutTable: ['lang', 'language', 'country'],
    phrases: ['l name'],
  },
  // Of a mail.
  {
    class: 'person_name',
    beside: ['email', 'mail', 'recipient', 'sender', 'subject'],
    phrases: ['to name', 'email to name', 'from full name'],
    kinds: ['text'],
  },
  // Not of a program that acts.
  {
    class: 'person_name',
    notTopics: ['thing', 'company', 'place', 'credential'],
    notBeside: ['metric', 'prompt', 'llm', 'span', 'trace', 'browser', 'hostname'],
    phrases: ['agent name'],
  },
  {
    class: 'person_name',
    notTopics: ['thing', 'company', 'place', 'credential'],
    phrases: phrases('client name, sender name, signed name'),
  },
  {
    class: 'person_name',
    notTopics: ['thing', 'place', 'company'],
    phrases: ['full name', 'fullname'],
  },
  // A husband or wife; elsewhere a company.
  { class: 'person_name', topics: ['person', 'health', 'message'], phrases: ['partner name'] },
  // Of trees and versions there are parents and children too.
  {
    class: 'person_name',
    notTopics: ['thing'],
    notBeside: ['version', 'node', 'path', 'rank', 'taxon', 'depth', 'ancestry'],
    phrases: ['child name', 'parent name'],
  },
  // Of a card or an account.
  {
    class: 'person_name',
    alone: true,
    topics: ['money'],
    besideHead: ['digit', 'last4', 'cvv', 'cvc', 'iban', 'expiry', 'expiration'],
    phrases: ['name', 'account name'],
  },
  {
    class: 'person_name',
    alone: true,
    aboutTable: ['card', 'creditcard', 'payment source', 'payment method'],
    besideHead: ['month'],
    phrases: ['name', 'account name'],
  },
  {
    class: 'person_name',
    phrases: [
      'invoicing contact',
      'billing contact',
      'primary contact',
      'technical contact',
      'main contact',
      'sales contact',
      'finance contact',
      'commercial contact',
    ],
    kinds: ['text'],
  },
  // Of who said it, and from where.
  {
    class: 'person_name',
    sole: true,
    topics: ['message'],
    notBeside: ['email', 'subject', 'smtp'],
    beside: ['address', 'anonymous', 'phone'],
    besideName: ['text', 'body', 'comment', 'message', 'content', 'detail'],
    phrases: ['name'],
    kinds: ['text'],
  },
  // A name beside the address of the one who has it.
  {
    class: 'person_name',
    alone: true,
    topics: ['message', 'unknown', 'credential', 'session', 'money'],
    besideName: ['email', 'mail', 'email address', 'e mail', 'mail address'],
    notBeside: ['legal', 'vat', 'query', 'sql'],
    phrases: ['usr', 'author', 'name', 'external name', 'email name', 'nome', 'nom', 'nombre', 'naam'],
    kinds: ['text'],
  },
  {
    class: 'person_name',
    sole: true,
    topics: ['log'],
    besideName: ['email', 'mail', 'email address'],
    notBeside: ['slug'],
    phrases: ['name'],
    kinds: ['text'],
  },
  {
    class: 'person_name',
    alone: true,
    topics: ['person', 'session', 'message'],
    phrases: phrases(
      'display name, alt name, alternate name, other name, former name, previous name, alias name, legal name, preferred name, nick, person',
    ),
  },
  {
    class: 'person_name',
    headFirst: true,
    phrases:
      phrases(`apellido, primer apellido, segundo apellido, apellido paterno, apellido materno, primer nombre, segundo nombre, nombre completo, nombre cliente, nombre persona, nombre titular, nombre contacto, nombre usuario completo, nombre empleado, nombre paciente,
      sobrenome, nome completo, primeiro nome, ultimo nome, nome mae, nome pai, nome cliente, nome contato, nome titular, nome social, nome usuario completo, nome paciente, nome funcionario, apelido, cognome, nome cognome, prenom, nom famille, nom de famille, nom complet, nom client, nom patient, nom naissance, nom usage, nom jeune fille, nom contact, nom titulaire, nom salarie,
      titular, titulaire, intestatario, nominativo, name first, name last, name middle, name family, name given, name full`),
    notTopics: ['thing'],
  },
  {
    class: 'person_name',
    alone: true,
    topics: ['person'],
    // A lead, say, that has a contact's name has its own besides.
    notNames: ['contact name'],
    phrases: phrases(
      `name, nombre, nome, nom, naam, navn, nazwa, ad, isim, sort name, search name, complete name, sorted name, name search, name sort, normalized name, sortable name, fn, ln, nm, title name, alias, suffix name`,
    ),
    kinds: ['text', 'json', 'bytes'],
  },
  {
    class: 'person_name',
    sole: true,
    topics: ['person'],
    besideName: ['sortable name', 'sort name', 'first name', 'last name'],
    phrases: ['short name'],
    kinds: ['text'],
  },
  // A customer beside the company and whom to ask there.
  {
    class: 'person_name',
    sole: true,
    topics: ['person'],
    besideName: ['company name'],
    phrases: ['name'],
    kinds: ['text'],
  },
  {
    class: 'person_name',
    alone: true,
    phrases: phrases(
      'raised by, comment by, person to be contacted, person to contact, certified by, inspected by, interviewed by, administered by, prescribed by, examined by, witnessed by, vaccinated by, diagnosed by, treated by, referred by name, attended by, committer, assignee, patient, employee, cardholder, beneficiary, payee, recipient, visitor, guest, attendee, participant, passenger, signer, signed by, signature name, doctor, physician, prescriber, nurse, teacher, student, spouse, guardian, consignee, borrower, witness, party, ansprechpartner, patronymic, kunde, mitarbeiter, cliente, paciente, empleado, requester, requested by, caller, reporter, referrer name, nominee, invitee, appointee, mentee, trustee',
    ),
    notNamedBeside: true,
    notTopics: ['thing', 'log', 'company'],
    kinds: ['text'],
  },
  // As it stands on a card or at a bank.
  { class: 'person_name', phrases: ['cc owner', 'cc ss owner', 'cc holder'], kinds: ['text'] },
  {
    class: 'person_name',
    beside: ['routing', 'iban', 'swift', 'bic'],
    notTopics: ['thing', 'company'],
    phrases: ['account name'],
    kinds: ['text'],
  },
  // Whatever stands before: `destroy_witness`, `referring_physician`.
  {
    class: 'person_name',
    notNamedBeside: true,
    notTopics: ['thing', 'log', 'company', 'place'],
    phrases: phrases(
      'pessoa contato, pessoa de contato, persona contacto, persona de contacto, personne contact, personne a contacter, kontaktperson, contactpersoon, persona di contatto, witness, investigator, psychologist, therapist, prescriber, physician, surgeon, anesthetist, anaesthetist, midwife, pharmacist, interpreter name, signing person, visiting person, contact person, responsible person, clinician, prescribing clinician, executing clinician, visitante, declarant, referring doctor, attending doctor, family doctor, doctor in charge, teacher in charge, person in charge',
    ),
    kinds: ['text'],
  },
  // Not of a program.
  {
    class: 'person_name',
    alone: true,
    notNamedBeside: true,
    notBeside: ['version', 'plugin', 'extension'],
    notTopics: ['thing', 'log', 'company'],
    phrases: ['author'],
    kinds: ['text'],
  },
  // Beside the marks of a telephone call it is an address of the protocol.
  {
    class: 'person_name',
    alone: true,
    notTopics: ['thing', 'log'],
    notBeside: ['callid', 'cseq', 'socket'],
    phrases: ['contact'],
    kinds: ['text'],
  },
  { class: 'person_name', alone: true, topics: ['message'], phrases: ['poster'], kinds: ['text'] },
  { class: 'person_name', sole: true, aboutTable: ['school'], phrases: ['principal'], kinds: ['text'] },
  {
    class: 'username',
    phrases: phrases(
      'username, user name, user login, login, login name, jabber id, googleplus, google plus, youtube, pinterest, tumblr, flickr, vimeo, soundcloud, matrix user id, smtp user, imap user, db user, database user, ldap user, ftp user, proxy user, sftp user, ssh user, share with, shared with, login id, social profile, social media, social link, social account, federated username, openid identifier, from user, to user, watcher username, sip username',
    ),
  },
  {
    class: 'username',
    phrases: phrases(
      'open id sub, openid sub, provided user id, member nickname, user nickname, customer nickname, oidc sub, connect sub, operate man, handle man, receive man, operator name, oper name, oauth user id, oauth uid, auth uid, auth identifier, login identifier, provider uid, provider user id, provider account id, external uid, user identity, ldap uid, saml name id, federated user id, federated identity id, saml identifier, sso identifier, oauth identifier, openid identifier url',
    ),
  },
  {
    class: 'username',
    alone: true,
    beside: ['password', 'passwd', 'pwd', 'pass', 'passwort', 'contrasena', 'senha'],
    phrases: ['account', 'user', 'user identifier', 'usr', 'usuario', 'utilisateur', 'benutzer'],
    kinds: ['text'],
  },
  {
    class: 'username',
    topics: ['person', 'unknown'],
    phrases: ['ldap path', 'ldap dn', 'user dn', 'distinguished name'],
    kinds: ['text'],
  },
  { class: 'username', topics: ['person', 'credential', 'session', 'log'], phrases: ['admin name'], kinds: ['text'] },
  // Of Jabber; that of a job elsewhere.
  {
    class: 'username',
    notBeside: ['status', 'error', 'retry', 'worker', 'job', 'queue'],
    sole: true,
    phrases: ['jid', 'bare jid', 'user jid', 'member jid'],
  },
  {
    class: 'username',
    sole: true,
    beside: ['jid', 'stanza'],
    phrases: ['owner', 'publisher', 'sender'],
    kinds: ['text'],
  },
  // Who it is that a token is for.
  {
    class: 'username',
    sole: true,
    besideName: ['claim', 'connector', 'issuer', 'iss', 'username'],
    phrases: ['sub'],
    kinds: ['text'],
  },
  { class: 'username', topics: ['person'], phrases: ['fxa uid', 'fxa id', 'gluu uid'], kinds: ['text'] },
  // As cards of people have it.
  {
    class: 'person_name',
    sole: true,
    besideName: ['given', 'family', 'given name', 'family name'],
    phrases: ['fn', 'family', 'given', 'middle'],
    kinds: ['text'],
  },
  // On a card that pays.
  {
    class: 'person_name',
    sole: true,
    topics: ['money'],
    besideName: ['expiry date', 'expiration date', 'card type', 'expiry month', 'exp month', 'cvv'],
    besideHead: ['number', 'last4', 'pan'],
    phrases: ['name'],
    kinds: ['text'],
  },
  // Who did it, by name: `modified_name` beside `modified_time`.
  {
    class: 'username',
    sole: true,
    topics: ['message', 'session'],
    phrases: ['modified name', 'edited name', 'posted name', 'deleted name', 'changed name', 'closed name'],
    kinds: ['text'],
  },
  {
    class: 'username',
    sole: true,
    topics: ['person'],
    beside: ['twitter', 'facebook', 'instagram', 'linkedin', 'github'],
    phrases: phrases(
      'threads, thread, line, signal, steam, twitch, youtube, snapchat, pinterest, tumblr, reddit, vimeo, flickr, soundcloud, spotify, x, gitlab, behance, dribbble, medium, quora, patreon, xbox, psn, weibo, vk, ok, strava, orcid, researchgate, kaggle, codepen, devto, hackernews',
    ),
    kinds: ['text'],
  },
  {
    class: 'username',
    alone: true,
    topics: ['person', 'credential', 'unknown'],
    beside: ['password', 'login', 'verification', 'verified'],
    notNames: ['username', 'user name', 'email'],
    phrases: ['identifier', 'pending identifier', 'user identifier'],
    kinds: ['text'],
  },
  {
    class: 'username',
    notTopics: ['thing'],
    phrases: phrases(
      'last editor, last edit editor, last author, last modifier, last updater, last poster, last commenter',
    ),
    kinds: ['text'],
  },
  { class: 'username', sole: true, topics: ['person'], phrases: ['url name', 'url username'], kinds: ['text'] },
  { class: 'username', sole: true, phrases: ['creator', 'creator username', 'creator login'], kinds: ['text'] },
  {
    class: 'person_name',
    topics: ['person'],
    phrases: ['common name', 'official name', 'name in character', 'native name'],
    kinds: ['text'],
  },
  {
    class: 'person_name',
    topics: ['money', 'unknown', 'log', 'message'],
    beside: ['amount', 'account', 'iban', 'invoice'],
    phrases: ['partner name', 'partner display name', 'counterparty name', 'counterpart name', 'counterparty'],
    kinds: ['text'],
  },
  {
    class: 'username',
    notTopics: ['thing', 'place', 'company', 'credential'],
    notNames: ['plan amount'],
    phrases: ['nickname', 'nick name'],
  },
  { class: 'username', alone: true, beside: ['token', 'uid'], phrases: ['nickname', 'nick name'] },
  { class: 'username', notTopics: ['thing', 'place', 'company', 'media', 'log'], phrases: ['handle'] },
  {
    class: 'username',
    sole: true,
    topics: ['person'],
    beside: ['skype', 'aim', 'msn', 'icq', 'jabber', 'facebook', 'twitter'],
    phrases: ['yahoo', 'google', 'whatsapp', 'hangout', 'apple'],
    kinds: ['text'],
  },
  // Identifiers at other services.
  {
    class: 'username',
    topics: ['person', 'session', 'credential'],
    phrases:
      phrases(`google oauth id, facebook oauth id, oauth id, facebook id, facebook uid, twitter id, twitter uid, twitter user id, google id, google uid, google user id, github id, github uid, github user id,
      instagram user id, discord id, discord user id, slack id, slack user id, telegram id, telegram user id, telegram chat id, vk id, line user id, wechat id, apple id, apple user id, microsoft id, steam id,
      social id, provider uid, provider user id, provider account id, oauth uid, oauth user id, linkedin id, skype id, twitch id, external uid, user identity, sso id, sso profile id, sso user id, sso idp id, oidc uid, sso uid, idp uid, oidc sub, oidc subject, saml id, saml subject, idp user id, idp id, openid sub, auth0 id, firebase uid, cognito sub, external auth id, external login id, third party id, third party uid, third party user id`),
  },
  // Who wrote what was built.
  {
    class: 'username',
    sole: true,
    topics: ['log', 'unknown'],
    beside: ['commit'],
    phrases: ['author', 'committer', 'sender', 'reviewer'],
    kinds: ['text'],
  },
  { class: 'username', topics: ['message'], phrases: ['twitter uid', 'facebook uid', 'google uid'], kinds: ['text'] },
  { class: 'username', phrases: ['entry staff', 'entry user', 'entry clerk'], kinds: ['text'] },
  {
    class: 'username',
    sole: true,
    topics: ['person'],
    phrases: ['identity'],
    kinds: ['json'],
  },
  {
    class: 'username',
    sole: true,
    aboutTable: ['credential identifier', 'login identifier'],
    phrases: ['identifier'],
    kinds: ['text'],
  },
  // The names of a table that is about names of people: `user_name_changes.old_name`.
  {
    class: 'username',
    aboutTable: ['user name', 'username'],
    phrases: ['name', 'old', 'new', 'previous', 'original', 'desired'],
    kinds: ['text'],
  },
  {
    class: 'username',
    sole: true,
    notTopics: ['thing'],
    besideName: ['uid'],
    beside: ['provider'],
    phrases: ['name'],
    kinds: ['text'],
  },
  {
    class: 'username',
    sole: true,
    beside: ['provider', 'issuer', 'bio'],
    phrases: ['uid', 'extern uid'],
    kinds: ['text'],
  },
  {
    class: 'username',
    sole: true,
    aboutTable: ['sso', 'single sign', 'identity'],
    besideName: ['email', 'username'],
    phrases: ['uid'],
    kinds: ['text'],
  },
  {
    class: 'username',
    sole: true,
    aboutTable: ['social', 'social network', 'social link', 'social profile'],
    notAboutTable: ['setting', 'login'],
    phrases: ['url', 'link', 'handle'],
    kinds: ['text'],
  },
  { class: 'person_name', phrases: ['name kw tsvector', 'name tsv', 'name search'], kinds: ['search'] },
  {
    class: 'username',
    sole: true,
    aboutTable: ['open id', 'openid'],
    phrases: ['uri', 'url', 'identifier'],
    kinds: ['text'],
  },
  // Who somebody is elsewhere, where nothing but the table says so.
  {
    class: 'username',
    sole: true,
    aboutTable: ['identity', 'event user', 'commit author'],
    notAboutTable: ['provider'],
    phrases: ['ident', 'external id'],
    kinds: ['text'],
  },
  { class: 'username', phrases: ['bind dn'], kinds: ['text'] },
  { class: 'username', sole: true, phrases: ['original author'], kinds: ['text'] },
  // Who did it, as text: elsewhere it is a key.
  {
    class: 'username',
    sole: true,
    notBeside: ['port', 'host', 'db', 'database', 'acl'],
    phrases: [
      'user',
      'usuario',
      'utilizador',
      'utente',
      'benutzer',
      'utilisateur',
      'gebruiker',
      'original user',
      'acting user',
      'logged in user',
      'entered user',
    ],
    kinds: ['text'],
  },
  { class: 'username', sole: true, besideName: ['provider'], phrases: ['identifier'], kinds: ['text'] },
  // Who somebody is elsewhere.
  {
    class: 'username',
    sole: true,
    aboutTable: phrases(
      'social account, social login, social identity, social user, external account, external id, user external, oauth account, linked account, user identity, sso identity, sso profile, saml identity',
    ),
    phrases: phrases('provider id, social id, external id, identifier, subject, sub, remote id'),
    kinds: ['text'],
  },
  {
    class: 'person_name',
    alone: true,
    topics: ['unknown', 'company'],
    besideName: ['avatar', 'avatar url', 'profile picture', 'profile image'],
    notBeside: ['slug', 'domain', 'website'],
    phrases: ['display name'],
    kinds: ['text'],
  },
  // Who is meant, by what they call themselves.
  {
    class: 'person_name',
    sole: true,
    topics: ['unknown', 'message', 'session'],
    besideName: ['username', 'nick', 'nickname', 'handle', 'screen name'],
    notBeside: ['slug', 'host', 'port', 'url'],
    phrases: ['name'],
    kinds: ['text'],
  },
  {
    class: 'photo',
    sole: true,
    topics: ['unknown', 'message', 'session', 'log'],
    besideName: ['username', 'nick', 'nickname', 'handle', 'screen name'],
    phrases: phrases('photo, picture, image, image url, photo url, picture url, pic, thumb'),
    kinds: ['text', 'bytes'],
  },
  {
    class: 'username',
    sole: true,
    besideName: ['access token', 'access secret', 'oauth token'],
    phrases: ['uid'],
    kinds: ['text'],
  },
  // Who reviewed.
  {
    class: 'person_name',
    sole: true,
    aboutTable: ['review', 'testimonial', 'guestbook'],
    besideHead: ['rating', 'comment', 'star'],
    phrases: ['name'],
    kinds: ['text'],
  },
  {
    class: 'username',
    phrases:
      phrases(`     user nicename, bind dn, loginname, logon, logon name, login id, user handle,    nick, screen name, screenname, screen id, gamertag, account login, loginid, userid text, user principal name, upn,
      samaccountname, sam account name, uname, usr name, member login, twitter, twitter name, twitter handle, twitter username, github, github username, github login, github handle, gitlab username, facebook, facebook username,   facebook url, facebook profile, instagram, instagram username, instagram handle, linkedin, linkedin url, linkedin profile,  linkedin username,
      skype,  skype name, telegram, telegram username,  telegram handle,  discord,  discord username, discord tag, slack username, slack handle,  wechat,  weixin, openid, open id, unionid,  icq, icq no, aim, jabber,  xmpp, matrix id, matrix user, mastodon, mastodon handle, mastodon url, mastodon username, tiktok, tiktok username, youtube channel, snapchat, qq, qq number, msn, yahoo id, irc, irc nick, im handle, reddit username,        ldap uid, ldap dn, ldap login, external username, extern uid, user dn, distinguished name,  vkontakte, xing, viber, signal number, orcid,      keybase, twitch url, twitch username,  stackoverflow url, gitlab url, github url, twitter url, instagram url, medium url, behance url, dribbble url, bluesky, bluesky handle, thread handle,
      benutzername, anmeldename, kurzname, gebruikersnaam, brukernavn, anvandarnamn, brugernavn, nazwa uzytkownika, uzytkownik login, kullanici adi, imya polzovatelya, yonghuming, yuzamei, 用户名, 昵称, ユーザー名, 登录名, логин, acct, webfinger`),
    notTopics: ['thing'],
  },
  {
    class: 'username',
    headFirst: true,
    phrases: phrases(
      'nombre usuario, usuario login, nome usuario, nome utente, nom utilisateur, identifiant connexion, pseudo, pseudonyme, apodo',
    ),
  },
  {
    class: 'username',
    alone: true,
    topics: ['person', 'session', 'log', 'credential'],
    phrases: phrases(
      'user, usr, pseudonym, identity, logged in user, remote user, principal name, lower name, username lower, owner name, also known as',
    ),
    kinds: ['text'],
  },
  {
    class: 'username',
    sole: true,
    topics: ['person'],
    besideName: ['issuer', 'iss'],
    phrases: ['subject', 'sub'],
    kinds: ['text'],
  },
  { class: 'username', sole: true, topics: ['person'], phrases: ['sub'], kinds: ['text'] },
  {
    class: 'person_name',
    sole: true,
    besideName: ['assistant phone', 'assistantphone', 'assistant email', 'assistant tel'],
    phrases: ['assistant'],
    kinds: ['text'],
  },
  // Who somebody is at another place, of which kind it is.
  {
    class: 'username',
    sole: true,
    besideName: ['account type', 'account domain', 'account provider'],
    aboutTable: ['external account', 'externalaccount', 'social account', 'linked account', 'connected account'],
    phrases: ['account id', 'account uid'],
    kinds: ['text'],
  },
  // What somebody logs in with, beside the password, where nothing else is.
  {
    class: 'username',
    sole: true,
    topics: ['person'],
    besideName: ['password', 'passwd', 'pwd', 'pass', 'password hash', 'user password'],
    notNames: ['username', 'user name', 'login', 'login name'],
    tables: ['user', 'admin', 'staff', 'operator'],
    phrases: ['user id', 'userid', 'usr id'],
    kinds: ['text'],
  },
  {
    class: 'username',
    sole: true,
    topics: ['person'],
    beside: ['password', 'passwd', 'pwd'],
    phrases: ['userid'],
    kinds: ['text'],
  },
  {
    class: 'person_name',
    sole: true,
    topics: ['money', 'person'],
    phrases: phrases(
      'proprio, titulaire, titulaire compte, nom titulaire, kontoinhaber, intestatario, titular, titular conta, titular cuenta, rekeninghouder',
    ),
    kinds: ['text'],
  },
  {
    class: 'username',
    topics: ['person'],
    phrases: phrases(
      'social network, socialnetwork, social link, social profile, social account, social, social handle',
    ),
    kinds: ['text', 'json'],
  },
  {
    class: 'username',
    sole: true,
    aboutTable: ['snmp', 'ldap'],
    phrases: ['security name', 'securityname', 'root dn', 'rootdn'],
    kinds: ['text'],
  },
  // Who agrees to it.
  {
    class: 'person_name',
    sole: true,
    aboutTable: ['agreement', 'consent', 'waiver', 'contract', 'declaration'],
    phrases: ['signature', 'signed name'],
    kinds: ['text'],
  },
  // A log-in name where there is one to log in with or to show; else just an identifier.
  {
    class: 'username',
    sole: true,
    topics: ['person', 'session', 'log', 'credential'],
    beside: ['password', 'passwd', 'provider', 'login', 'dn', 'data'],
    notBeside: ['title', 'slug', 'query'],
    notNames: ['login', 'username', 'user name'],
    phrases: ['uid'],
    kinds: ['text'],
  },
  {
    class: 'date_of_birth',
    phrases:
      phrases(`date of birth, birth datetime, birth date, birthdate, birthday, birth day, dob, d o b, born, born on, born at, born date, date birth, dateofbirth, birth, birth dt, birth year, year of birth, yob, birth month, birthday day, birthday month, birthday year, birthtime, birth time, month of birth, day of birth, child dob, dt birth, date born, bday,
      geburtsdatum, geburtstag, geb datum, gebdat, geburtsjahr, geb dat, geboortedatum, geb datum, fodselsdato, fodelsedatum, fodselsdag, fodelsedag, data urodzenia, rok urodzenia, dogum tarihi, data rozhdeniya, den rozhdeniya, seinengappi, tanjobi, shengri, chusheng riqi, syntymaaika, datum narozeni, urodzony, urodzona, geboren, geboren am, narozen, narozena, fodt, fodd, rozhdeniye, dogum, dogum gunu, syntynyt,
      生年月日, 誕生日, 生日, 出生日期, 생년월일, дата рождения`),
  },
  {
    class: 'date_of_birth',
    headFirst: true,
    phrases: phrases(
      'fecha nacimiento, fecha de nacimiento, fec nac, fec nacimiento, fch nac, f nacimiento, fecha nac, data nascimento, data de nascimento, dt nasc, dt nascimento, data nasc, nascimento, nacimiento, nascita, data nascita, data di nascita, dt nascita, date naissance, date de naissance, dt naissance, naissance, date nais, anniversaire, cumpleanos, aniversario nascimento, compleanno, ne le, nee le, nato il, nata il, nascido em, nascida em, nacido el, nacida el',
    ),
  },
  {
    class: 'demographic',
    phrases:
      phrases(`family situation, family status, household status, gender, sex, marital, nation, nation code, ethnic race, ethnoracial, name pronunciation, religion, religious belief, faith, ethnicity, ethnic group, ethnic background, ethnic background other, ethnic origin, race, racial origin, nationality, nationality code, citizenship, marital status, marital state, civil status, sexual orientation, sexuality, sexual preference, political opinion, political party, political affiliation, party affiliation, trade union, union membership, caste, tribe,
      immigration status, residency status, veteran status, birth place, birthplace, place of birth, country of birth, country of origin, birth country, citizenship country, citizenship country code, nationality country, country of citizenship, country of nationality, number of aged dependent, birth city, city of birth, mother tongue, native language, gender identity, pronoun, preferred pronoun, age group, age range, age band, salutation, honorific, gender code, sex code, birth city name, number of children, number of dependent, education level, criminal record, criminal history, conviction,
      geschlecht, religionszugehoerigkeit, konfession, staatsangehoerigkeit, staatsangehorigkeit, nationalitaet, nationalitat, familienstand, geburtsort, anrede, herkunft, geslacht, nationaliteit, burgerlijke staat, geboorteplaats, kon, kjonn, medborgarskap, plec, narodowosc, obywatelstwo, stan cywilny, miejsce urodzenia, wyznanie, cinsiyet, uyruk, medeni hal, medeni durum, dogum yeri, pol, natsionalnost, grazhdanstvo, mesto rozhdeniya, semeynoe polozhenie, seibetsu, kokuseki, xingbie, minzu, guoji, hunyin,
      性別, 性别, 国籍, 民族, 성별, пол`),
    kinds: ['text', 'bytes', 'json', 'integer', 'numeric', 'enum', 'other', 'xml', 'composite'],
    notTopics: ['thing', 'company', 'place'],
  },
  {
    class: 'demographic',
    alone: true,
    topics: ['person', 'health'],
    phrases: ['demographic', 'demographic data', 'demographic info', 'demographic detail'],
    kinds: ['text', 'json', 'xml'],
  },
  {
    class: 'demographic',
    alone: true,
    topics: ['person', 'health', 'unknown', 'session'],
    phrases: ['age', 'child', 'dependent', 'dependant'],
    kinds: ['text', 'integer', 'numeric', 'bytes'],
  },
  {
    class: 'demographic',
    topics: ['person', 'health', 'unknown'],
    phrases: phrases(
      'patient age, pat age, anchor age, current age, age year, age in year, age month, age in month, age in day, age unit, approximate age, estimated age',
    ),
    kinds: ['text', 'integer', 'numeric'],
  },
  // Of a person; of a tree it is how many stand below.
  {
    class: 'demographic',
    notBeside: ['parent', 'ancestry', 'depth', 'lft'],
    notTopics: ['thing', 'company', 'place'],
    phrases: ['children count'],
    kinds: ['text', 'integer'],
  },
  {
    class: 'demographic',
    sole: true,
    topics: ['person'],
    phrases: phrases('sexual, politic, politics, political, religious, political view, religious view, politics view'),
    kinds: ['text'],
  },
  // Age in Italian; in English when something arrives.
  {
    class: 'demographic',
    alone: true,
    topics: ['person', 'health'],
    phrases: ['eta'],
    kinds: ['text', 'integer', 'numeric', 'bytes'],
  },
  {
    class: 'demographic',
    headFirst: true,
    notTopics: ['thing', 'company', 'place'],
    phrases: phrases(
      'sexo, genero persona, estado civil, nacionalidad, nacionalidade, religiao, etnia, raca, raza, lugar nacimiento, lugar de nacimiento, pais nacimiento, naturalidade, local nascimento, orientacion sexual, orientacao sexual, sexe, genre personne, civilite, nationalite, situation familiale, situation matrimoniale, etat civil, lieu naissance, lieu de naissance, pays naissance, sesso, nazionalita, stato civile, luogo nascita, luogo di nascita, cittadinanza, religione, edad, idade',
    ),
  },
  {
    class: 'photo',
    notTopics: ['company', 'thing'],
    phrases:
      phrases(`gravatar id, gravatar hash, avatar, avatar url, avatar image, avatar path, avatar file, avatar file name, avatar key, profile picture, profile pic, profile photo, profile image, profile img, profile image url, profile pic url, profile picture url, user photo, user image, user picture, userpic, user pic, employee photo, customer photo, patient photo, face, face image, face photo, face encoding, face embedding, face id data, selfie, selfie url, headshot, headshot url, portrait, portrait url, mugshot, passport photo, id photo, photo id image, gravatar, gravatar email, gravatar url,
      signature image, signature img, signature data, signature png, id card image, id card front, id card back, id document image, id document scan, passport scan, license image, photo of person, avatar remote url, avatar source, avatar storage key, contact photo, uploaded avatar, foto perfil, foto usuario, passbild, profilbild, pasfoto, profielfoto, zdjecie profilowe, biometric, biometric data, caminho foto, foto caminho, ruta foto, chemin photo, fingerprint data, fingerprint image, fingerprint template data, iris scan, voice print, voiceprint, retina scan, 头像, 顔写真`),
    kinds: ['text', 'bytes', 'json', 'xml', 'other', 'vector'],
  },
  {
    class: 'photo',
    topics: ['portrait'],
    phrases: phrases('data, content, byte, image, file, base64, url, path, blob, picture, photo, key, filename'),
    kinds: ['text', 'bytes'],
  },
  {
    class: 'photo',
    alone: true,
    topics: ['person'],
    phrases: phrases(
      'img content, image content, photo content, picture content, image data, photo data, picture data, img name, photo name, photo, photo url, picture, picture url, pic, image, image url, img, img url, foto, foto url, bild, zdjecie, thumbnail, thumbnail url, thumb, mugshot, photo path, image path, photo file, icon, icon url, image 1920, signature, photo key',
    ),
    kinds: ['text', 'bytes', 'json'],
  },
  {
    class: 'photo',
    sole: true,
    topics: ['person'],
    phrases: phrases('large image, medium image, small image, original image, image large, image medium, image small'),
    kinds: ['text'],
  },
  // As libraries for uploads call what hangs at a person.
  {
    class: 'photo',
    topics: ['person', 'portrait'],
    phrases: phrases(
      'image file name, photo file name, picture file name, avatar file name, portrait file name, icon file name',
    ),
    kinds: ['text'],
  },
];
