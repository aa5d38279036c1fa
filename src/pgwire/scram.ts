/**
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, both sides, and the older md5 answer. Names as in RFC 5802 and RFC 7677.
 * In: the peer's message, the nonce, the keys. Out: the message to send, and what the next step needs. Deriving keys is
 * apart from the exchange, because it is slow and its result can be kept for a salt.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { ProtocolError } from './protocol-error.ts';
import { saslprep } from './saslprep.ts';

export const SCRAM_SHA_256 = 'SCRAM-SHA-256';
export const SCRAM_SHA_256_PLUS = 'SCRAM-SHA-256-PLUS';

const minIterations = 4096;
/** A peer's count: more would let it buy CPU time here. */
const maxIterations = 1_000_000;

/** Made from a password once for a salt. */
export interface ScramKeys {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly clientKey: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** What a server keeps: no way back to the password, nor to answering as a client. */
export type ScramVerifier = Omit<ScramKeys, 'clientKey'>;

/**
 * `unused`: the client could bind, the server offers no -PLUS (GS2 flag y); `none`: the client cannot (n); else the
 * tls-server-end-point data (RFC 5929).
 */
export type ChannelBinding = 'none' | 'unused' | { readonly tlsServerEndPoint: Buffer };

export function scramKeys(password: string, salt: Buffer, iterations: number): ScramKeys {
  return scramKeysOf(pbkdf2Sync(saslprep(password), salt, iterations, 32, 'sha256'), salt, iterations);
}

/** From SaltedPassword, for callers that ran PBKDF2 elsewhere over `saslprep(password)`. */
export function scramKeysOf(saltedPassword: Buffer, salt: Buffer, iterations: number): ScramKeys {
  const clientKey = hmac(saltedPassword, 'Client Key');
  return { salt, iterations, clientKey, storedKey: sha256(clientKey), serverKey: hmac(saltedPassword, 'Server Key') };
}

export interface ScramClientFirst {
  readonly message: Buffer;
  readonly bare: string;
  readonly nonce: string;
  readonly gs2Header: string;
  readonly binding: Buffer;
}

/** `nonce`: printable ASCII without a comma. PostgreSQL takes the user from StartupMessage, so `n=` stays empty. */
export function clientFirst(nonce: string, channelBinding: ChannelBinding): ScramClientFirst {
  const binding = typeof channelBinding === 'string' ? Buffer.alloc(0) : channelBinding.tlsServerEndPoint;
  const flag = typeof channelBinding !== 'string' ? 'p=tls-server-end-point' : channelBinding === 'none' ? 'n' : 'y';
  const gs2Header = `${flag},,`;
  const bare = `n=,r=${nonce}`;
  return { message: Buffer.from(gs2Header + bare), bare, nonce, gs2Header, binding };
}

export interface ScramChallenge {
  readonly text: string;
  readonly nonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
}

/** Checks a server-first-message before any key is derived. */
export function readServerFirst(first: ScramClientFirst, data: Buffer): ScramChallenge {
  const text = data.toString('utf8');
  const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]{0,9})$/.exec(text);
  if (match === null) throw new ProtocolError('invalid SCRAM server-first-message');
  const [, nonce = '', salt = '', count = ''] = match;
  if (!nonce.startsWith(first.nonce) || nonce.length === first.nonce.length) {
    throw new ProtocolError('invalid SCRAM server-first-message: the nonce does not extend the client nonce');
  }
  const iterations = Number(count);
  if (iterations < minIterations || iterations > maxIterations) {
    throw new ProtocolError(
      `refused SCRAM iteration count: expected ${minIterations} to ${maxIterations}, got ${iterations}`,
    );
  }
  return { text, nonce, salt: Buffer.from(salt, 'base64'), iterations };
}

export interface ScramClientFinal {
  readonly message: Buffer;
  readonly serverSignature: Buffer;
}

export function clientFinal(first: ScramClientFirst, challenge: ScramChallenge, keys: ScramKeys): ScramClientFinal {
  const cbindInput = Buffer.concat([Buffer.from(first.gs2Header), first.binding]).toString('base64');
  const withoutProof = `c=${cbindInput},r=${challenge.nonce}`;
  const authMessage = `${first.bare},${challenge.text},${withoutProof}`;
  const proof = xor(keys.clientKey, hmac(keys.storedKey, authMessage));
  return {
    message: Buffer.from(`${withoutProof},p=${proof.toString('base64')}`),
    serverSignature: hmac(keys.serverKey, authMessage),
  };
}

/** Throws unless the server proved that it knows the password's keys. */
export function verifyServerFinal(final: ScramClientFinal, data: Buffer): void {
  const match = /^v=([A-Za-z0-9+/]+={0,2})$/.exec(data.toString('utf8'));
  if (match === null) throw new ProtocolError('invalid SCRAM server-final-message');
  if (!equal(Buffer.from(match[1]!, 'base64'), final.serverSignature)) {
    throw new ProtocolError('wrong SCRAM server signature: the server does not know the password');
  }
}

export interface ScramServerFirst {
  readonly message: Buffer;
  readonly clientFirstBare: string;
  readonly nonce: string;
  readonly cbindInput: string;
}

/**
 * A server's answer to client-first-message, for SCRAM-SHA-256 without channel binding. With `offersPlus` a client
 * that could bind but saw no offer was led astray, and is refused (RFC 5802, section 6).
 */
export function serverFirst(
  data: Buffer,
  serverNonce: string,
  verifier: ScramVerifier,
  offersPlus = false,
): ScramServerFirst {
  const match = /^([nyp])(?:=[^,]*)?,,(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(data.toString('utf8'));
  if (match === null) throw new ProtocolError('invalid SCRAM client-first-message');
  const [, flag = '', bare = '', clientNonce = ''] = match;
  if (flag === 'p') throw new ProtocolError('SCRAM channel binding asked for without SCRAM-SHA-256-PLUS');
  if (flag === 'y' && offersPlus) throw new ProtocolError('SCRAM channel binding was offered and not seen');
  const nonce = clientNonce + serverNonce;
  const message = Buffer.from(`r=${nonce},s=${verifier.salt.toString('base64')},i=${verifier.iterations}`);
  return { message, clientFirstBare: bare, nonce, cbindInput: Buffer.from(`${flag},,`).toString('base64') };
}

/** The server-final-message, or undefined for a wrong password. */
export function serverFinal(first: ScramServerFirst, data: Buffer, verifier: ScramVerifier): Buffer | undefined {
  const match = /^(c=([A-Za-z0-9+/]+={0,2}),r=([^,]+)(?:,.*)?),p=([A-Za-z0-9+/]+={0,2})$/s.exec(data.toString('utf8'));
  if (match === null) throw new ProtocolError('invalid SCRAM client-final-message');
  const [, withoutProof = '', cbindInput = '', nonce = '', proof = ''] = match;
  if (cbindInput !== first.cbindInput) throw new ProtocolError('SCRAM channel binding data does not match');
  if (!equal(Buffer.from(nonce), Buffer.from(first.nonce))) throw new ProtocolError('SCRAM nonce does not match');
  const authMessage = `${first.clientFirstBare},${first.message.toString('utf8')},${withoutProof}`;
  const clientProof = Buffer.from(proof, 'base64');
  if (clientProof.length !== 32)
    throw new ProtocolError(`invalid SCRAM proof: expected 32 bytes, got ${clientProof.length}`);
  const clientKey = xor(clientProof, hmac(verifier.storedKey, authMessage));
  if (!equal(sha256(clientKey), verifier.storedKey)) return undefined;
  return Buffer.from(`v=${hmac(verifier.serverKey, authMessage).toString('base64')}`);
}

/** The answer to AuthenticationMD5Password. */
export function md5Response(user: string, password: string, salt: Buffer): string {
  const inner = createHash('md5').update(password).update(user).digest('hex');
  return `md5${createHash('md5').update(inner).update(salt).digest('hex')}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  const result = Buffer.alloc(left.length);
  for (let i = 0; i < left.length; i++) result[i] = left[i]! ^ right[i]!;
  return result;
}

function equal(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
