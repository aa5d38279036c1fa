/** What lets somebody in: passwords, tokens, keys, codes. */
import { type NameRule, phrases } from './name-rule.ts';

export const CREDENTIAL_RULES: readonly NameRule[] = [
  {
    class: 'password_hash',
    phrases:
      phrases(`password, passwd, passwrd, pwd, pword, pw, user pass, pass, passphrase, pass phrase, password hash, pass hash, passhash, passwd hash, pwd hash, pw hash, password digest, crypted password, encrypted password, hashed password, password salt, password encrypted, password sha, password md5, password bcrypt, password crypt, passw, psw, pswd, user password, admin password, old password, password history, previous password, legacy password, password scrypt, hash password, password hint, password plain, password clear, temp password, temporary password, initial password, bcrypt hash, argon2 hash, scrypt hash, salted hash, crypt pass, salted password, db password, database password, smtp password, ldap password, proxy password, auth password, bind password, ha1, ha1b, ha2, a1 hash, imap password, account password, ftp password, http password, wifi password, basic auth password, master password, master password hash, unlock password,
      passwort, kennwort, passwort hash, kennwort hash, wachtwoord, losenord, losen, passord, adgangskode, haslo, haslo hash, parola, sifre, parol, parol hash, pasuwado, mima, miyao mima, heslo, salasana, jelszo, 密码, パスワード, 비밀번호, пароль`),
  },
  {
    class: 'password_hash',
    headFirst: true,
    phrases: phrases(
      'contrasena, contrasenya, clave acceso, clave usuario, palabra clave, senha, senha hash, mot passe, mot de passe, mdp, parola chiave, parola accesso',
    ),
  },
  {
    class: 'password_hash',
    alone: true,
    exact: true,
    topics: ['person', 'credential'],
    phrases: phrases('hash, salt, digest, hashed, secret hash, clave, hash value'),
    beside: ['salt', 'iteration', 'algorithm', 'password', 'passwd'],
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    phrases:
      phrases(`access token, refresh token, auth token, authentication token, authenticity token, api token, apitoken, bearer token, id token, session token, csrf token, xsrf token, reset token, reset password token, password reset token, confirmation token, verification token, activation token, invitation token, invite token, remember token, remember me token, unlock token, unsubscribe token, email token, magic link token, login token, persistence token, single access token, perishable token, registration token, runner token, deploy token, personal access token, webhook token, bot token, feed token, static object token, token digest, token hash, hashed token, token encrypted, encrypted token, access token digest, token value, token secret, token ciphertext, tok, jwt, jwt token, oauth token, oauth token secret, oauth access token, push token, device token, fcm token, apns token, gcm token, registration id token, expo push token, pubsub token, verify token, page access token, user access token, remember digest, reset digest, activation digest, stripe token, payment token, card token,
      secret, secret key, secret key base, secret token, client secret, app secret, shared secret, consumer secret, api secret, api secret key, webhook secret, signing secret, hmac secret, totp secret, otp secret, otp secret key, mfa secret, two factor secret, tfa secret, google secret, google authenticator secret, authenticator secret, secret value, secret data, secret text, secret hash, secret digest, secret encrypted, secret ciphertext, secret access key, secret question, secret answer, security question, security answer, google2fa secret, secret answer hash,
      api key, apikey, api key hash, api key encrypted, api key digest, access key, access key id, access key secret, auth key, authentication key, authorization key, private key, privatekey, priv key, privkey, private key pem, private pem, private exponent, rsa key, rsa private key, ssh private key, ssh key private, ed25519 key, signing key, signature key, encryption key, encrypted key, decryption key, cipher key, crypto key, symmetric key, hmac key, master key, encryption secret, session key, recovery key, backup key, reset key, reset password key, activation key, confirmation key, verification key, invitation key, invite key, service service key, server key, license key, licence key, product license key, consumer key, merchant key, feed key, atom key, rss key, secret api key, storage key secret, registration key, app key secret, user key, akey, stream key, pgp private key, gpg private key, tls key, ssl key, cert key, wireguard private key, preshared key, pre shared key, psk, keystore, key store data, keystore password, jks, pkcs12, p12, pfx, seed phrase, mnemonic, mnemonic phrase, wallet seed, wallet private key, keypair, key pair, vapid private key, p256dh key, key p256dh, auth key push, p256dh, key auth, auth secret, 
      otp, otp code, scratch hash, scratch salt, join code, registration code, sign up code, signup code, sign in code, signin code, init code, return to code, exchange code, magic link code, secret code, oauth code, last used code, secret share identifier, secret identifier, share token, secret url, secret link, display key, invitation code, invitation request code, invite request code, invite code, twofa key, twofa secret, twofa code, twofa token, twofa backup code, twofactor secret, twofactor key, tfa key, mfa token, otp key, otp seed, otp token, two factor key, two factor token, mfa secret key, invite hash, invitation hash, login hash, access hash, persist code, persistence code, reset password code, password code, twofactor remember, two factor remember, remember, totp recover, key encrypted, key enc, enc key, auth response, auth challenge response, auth challenge, current challenge, webauthn challenge, webpush subscription, web push subscription, push subscription, developer key, developer token, grant code, private token, private token encrypted,  one time password, one time code, onetime code, totp, totp key, totp seed, totp recovery code, hotp, mfa code, mfa key, two factor code, twofactor code, tfa code, authentication code, access code, security code, verification code, verify code, verification pin, confirmation code, confirm code, activation code, reset code, password reset code, recovery code, recover code, backup code, backup twofa code, push key, pushkey, otp backup code, two factor backup code, two factor recovery code, scratch code, scratch token, login code, magic code, magic link, sms code, email code, device code, user code grant, unlock code, pairing code, pin, pin hash, pin number, pin encrypted, user pin, card pin, door code, gate code, alarm code, passcode, pass code, code verifier, code challenge value, oauth verifier, login link, reset link, invite secret, recovery, recovery token, recovery secret, verification secret, confirmation hash, activation hash, verification hash, reset hash, password reset hash, forgotten password code, forgotten password key, activation secret,
      credential, credential data, encrypted credential, access credential, authorization header, auth header, authorization, auth string, cookie, session cookie, auth cookie, cookie value, connection string, connection url, connection uri, database url, database uri, db url, redis url, amqp url, broker url, dsn, webhook url, webhook uri, slack webhook, slack webhook url, hook url, incoming webhook url, discord webhook, presigned url, signed url, salt, password key, secret salt, encryption iv, nonce secret, sessid, user sess, sess id, session identifier, session hash, session secret, session nonce, session ticket, ticket granting ticket, sasl, kerberos keytab, keytab, ssh private, encrypted client credential, access grant, encrypted value, encrypted secret, encrypted key, ciphertext, passkey, webauthn id, webauthn public key raw, aws secret, aws access key, aws key, gcp key, azure key, sso secret, saml key, recaptcha secret, stripe secret, stripe key, stripe secret key, twilio auth token, sendgrid key, smtp pass, mailgun key, app password, application password, sudo password, bing key, map key, google map key, google key, geocoder key, token for password reset, token for reset, provision device key, provisioning key, provision key, device key, git credential, vault secret, service account json, service account, basic auth, authdata, auth data, auth info, oauth data, oauth credential, user secret, db credential,
      sicherheitsfrage, sicherheitsantwort, geheimnis, schluessel privat, zugangscode, zugriffstoken, geheime sleutel, jeton, cle privee, cle api, cle secrete, clave privada, clave api, clave secreta, chave privada, chave api, chave secreta, chiave privata, chiave api, chiave segreta, codigo verificacion, codigo verificacao, code secret, codice segreto, pin kod, klucz api, klucz prywatny, nyckel hemlig, 密钥, 令牌, トークン, токен`),
    notTopics: [],
  },
  {
    class: 'secret',
    alone: true,
    exact: true,
    topics: ['credential'],
    notBeside: ['value'],
    // Whose values stand elsewhere.
    notAboutTable: ['variable', 'reference'],
    phrases: ['key'],
    kinds: ['text', 'bytes', 'json'],
  },
  {
    class: 'secret',
    alone: true,
    topics: ['credential', 'person'],
    phrases: ['key hash', 'hashed key', 'key digest', 'sha256', 'sha1', 'sha512', 'md5'],
    kinds: ['text', 'bytes'],
  },
  // What its makers encrypted was not for everybody's eyes.
  {
    class: 'secret',
    phrases: phrases(
      'encrypted dek, wrapped key, encrypted data key, encrypted config, encrypted setting, encrypted payload',
    ),
    kinds: ['text', 'bytes', 'json'],
  },
  {
    class: 'secret',
    alone: true,
    topics: ['credential'],
    beside: ['ciphertext', 'encrypted'],
    phrases: ['iv', 'auth tag', 'tag'],
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    sole: true,
    tables: ['key', 'license key', 'licence key', 'product key', 'share link', 'shared link', 'public link', 'share'],
    notBeside: ['fingerprint', 'value', 'locale', 'translation'],
    phrases: ['key'],
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    topics: ['credential'],
    beside: ['device'],
    phrases: ['user code'],
    kinds: ['text'],
  },
  // Things, messages and events have public identifiers of that name, unless they expire.
  {
    class: 'secret',
    sole: true,
    topics: ['thing', 'message', 'log', 'media', 'place'],
    beside: [
      'expiry',
      'expires',
      'expire',
      'expiration',
      'expired',
      'secret',
      'password',
      'auth',
      'oauth',
      'device',
      'webhook',
      'email',
      'ip',
    ],
    phrases: ['token'],
  },
  {
    class: 'secret',
    sole: true,
    aboutTable: phrases(
      'password, reset, verification, confirmation, invitation, invite, api, key, login, access, payment, transaction, checkout, ticket, share, calendar, feed, email',
    ),
    phrases: ['token'],
  },
  {
    class: 'secret',
    notSole: ['thing', 'message', 'log', 'media', 'place'],
    phrases: ['token'],
  },
  // Codes of digits.
  {
    class: 'secret',
    phrases: phrases(
      'otp, otp code, backup code, otp backup code, recovery code, verification code, confirmation code, pin code hash, passcode, login code, sms code',
    ),
    kinds: ['integer', 'numeric'],
  },
  {
    class: 'secret',
    phrases: phrases(
      'mfa verification, mfa factor, mfa credential, mfa setting, totp setting, twofactor setting, two fa setting, two factor setting',
    ),
    topics: ['person', 'credential', 'unknown'],
    kinds: ['json', 'text'],
  },
  {
    class: 'secret',
    sole: true,
    aboutTable: ['device credential', 'credential'],
    besideHead: ['value'],
    phrases: ['credential id'],
    kinds: ['text'],
  },
  { class: 'secret', phrases: ['two fa setting', 'twofa setting'], kinds: ['text', 'json'] },
  { class: 'secret', phrases: ['webhook'], kinds: ['text', 'bytes', 'json'] },
  { class: 'secret', alone: true, topics: ['hook'], phrases: ['key'], kinds: ['text', 'bytes'] },
  { class: 'secret', sole: true, beside: ['driver'], notBeside: ['value'], phrases: ['key'], kinds: ['text', 'bytes'] },
  {
    class: 'secret',
    sole: true,
    topics: ['person'],
    beside: ['password'],
    phrases: ['reset', 'activation', 'sess'],
    kinds: ['text'],
  },
  // A key beside its certificate is the private one.
  {
    class: 'secret',
    alone: true,
    exact: true,
    beside: ['certificate', 'cert', 'crt'],
    phrases: ['key'],
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    sole: true,
    notTopics: ['credential'],
    phrases: ['session id', 'session uuid', 'sessionid'],
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    phrases: phrases(
      'rails session id, php session id, unique session id, web session id, login session id, php sess id',
    ),
    kinds: ['text', 'bytes'],
  },
  // Of a subscription to push messages.
  { class: 'secret', beside: ['p256dh'], phrases: ['auth'], kinds: ['text', 'bytes'] },
  {
    class: 'secret',
    notTopics: ['credential'],
    phrases: ['session data'],
    kinds: ['text', 'bytes'],
  },
  { class: 'secret', notTopics: ['money', 'log'], phrases: ['authorization code', 'auth code'] },
  {
    class: 'secret',
    // `sessions.id` is what its holder shows; ids of other things that happen in a session are not.
    sole: true,
    topics: ['session'],
    tables: ['session', 'sess', 'user session', 'web session', 'http session', 'login session', 'admin session'],
    notBeside: ['token', 'envelope'],
    beside: ['expires', 'expire', 'expiry', 'expiration', 'expired', 'data', 'payload', 'ip', 'agent', 'activity'],
    phrases: ['id'],
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    sole: true,
    tables: ['session', 'http session', 'web session'],
    phrases: ['value'],
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    phrases: ['credential id', 'cred id', 'webauthn credential', 'credentialid'],
    beside: ['counter', 'clone', 'handle', 'transport', 'webauthn', 'passkey', 'attestation', 'aaguid'],
    kinds: ['text', 'bytes'],
  },
  {
    class: 'secret',
    sole: true,
    besideName: ['secret', 'signing secret', 'webhook secret'],
    notBeside: ['redirect', 'scope', 'client'],
    notTopics: ['company', 'person', 'thing'],
    phrases: ['url', 'uri', 'endpoint'],
    kinds: ['text'],
  },
  {
    class: 'secret',
    alone: true,
    topics: ['hook'],
    phrases: phrases('url, uri, target, target url, outgoing url, endpoint, hook url, address'),
    kinds: ['text'],
  },
  {
    class: 'secret',
    exact: true,
    alone: true,
    topics: ['credential'],
    phrases: phrases(
      'value, hash, lookup hash, digest, access, sid, secret value, password value, encrypted, data, content, code, token value, plaintext, payload, identifier secret, body, private, auth, signature',
    ),
    kinds: ['text', 'bytes', 'json'],
  },
  {
    class: 'secret',
    exact: true,
    alone: true,
    topics: ['credential'],
    notBeside: ['secret', 'token', 'key'],
    phrases: ['config'],
    kinds: ['text', 'bytes', 'json'],
  },
  {
    class: 'secret',
    exact: true,
    alone: true,
    topics: ['session'],
    phrases: phrases(
      'data, vars, variable, payload, session, sid, sess, session key, session value, sesskey, session body, refresh, auth, identifier',
    ),
    kinds: ['text', 'bytes', 'json'],
  },
];
