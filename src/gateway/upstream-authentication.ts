/**
 * The frontend's side of authentication to the upstream, one Authentication request at a time. In: the request. Out: the
 * message to answer with, if any. It must never send a password in the clear over a network, and never take an
 * AuthenticationOk in place of the server's own proof once SCRAM has begun.
 */
import { pbkdf2, randomBytes } from 'node:crypto';
import type net from 'node:net';
import tls from 'node:tls';
import { promisify } from 'node:util';
import type { UpstreamSettings } from '../config/gateway-settings.ts';
import {
  type Authentication,
  encodePasswordMessage,
  encodeSASLInitialResponse,
  encodeSASLResponse,
} from '../pgwire/authentication.ts';
import { ProtocolError } from '../pgwire/protocol-error.ts';
import { saslprep } from '../pgwire/saslprep.ts';
import {
  type ChannelBinding,
  clientFinal,
  clientFirst,
  md5Response,
  readServerFirst,
  SCRAM_SHA_256,
  SCRAM_SHA_256_PLUS,
  type ScramChallenge,
  type ScramClientFinal,
  type ScramClientFirst,
  type ScramKeys,
  scramKeysOf,
  verifyServerFinal,
} from '../pgwire/scram.ts';
import { tlsServerEndPoint } from './tls-server-end-point.ts';
import { isUnixSocket, unavailable } from './upstream-socket.ts';

const pbkdf2Async = promisify(pbkdf2);

type Step =
  | { readonly at: 'start' }
  | { readonly at: 'password_sent' }
  | { readonly at: 'scram_first_sent'; readonly first: ScramClientFirst }
  | { readonly at: 'scram_final_sent'; readonly final: ScramClientFinal }
  | { readonly at: 'scram_verified' }
  | { readonly at: 'done' };

export class UpstreamAuthentication {
  readonly #settings: UpstreamSettings;
  readonly #socket: net.Socket;
  #step: Step = { at: 'start' };

  constructor(settings: UpstreamSettings, socket: net.Socket) {
    this.#settings = settings;
    this.#socket = socket;
  }

  get done(): boolean {
    return this.#step.at === 'done';
  }

  async answer(request: Authentication): Promise<Buffer | undefined> {
    const step = this.#step;
    switch (request.type) {
      case 'ok':
        if (step.at === 'start' || step.at === 'password_sent' || step.at === 'scram_verified') {
          this.#step = { at: 'done' };
          return undefined;
        }
        throw outOfOrder('AuthenticationOk', step);
      case 'cleartext':
        if (step.at !== 'start') throw outOfOrder('AuthenticationCleartextPassword', step);
        this.#requirePrivateChannel();
        this.#step = { at: 'password_sent' };
        return encodePasswordMessage(this.#password());
      case 'md5':
        if (step.at !== 'start') throw outOfOrder('AuthenticationMD5Password', step);
        this.#step = { at: 'password_sent' };
        return encodePasswordMessage(md5Response(this.#settings.user, this.#password(), request.salt));
      case 'sasl':
        if (step.at !== 'start') throw outOfOrder('AuthenticationSASL', step);
        return this.#startScram(request.mechanisms);
      case 'sasl_continue': {
        if (step.at !== 'scram_first_sent') throw outOfOrder('AuthenticationSASLContinue', step);
        const challenge = readServerFirst(step.first, request.data);
        const final = clientFinal(step.first, challenge, await this.#keys(challenge));
        this.#step = { at: 'scram_final_sent', final };
        return encodeSASLResponse(final.message);
      }
      case 'sasl_final':
        if (step.at !== 'scram_final_sent') throw outOfOrder('AuthenticationSASLFinal', step);
        verifyServerFinal(step.final, request.data);
        this.#step = { at: 'scram_verified' };
        return undefined;
      case 'other':
        throw unavailable(
          this.#settings,
          `asks for an authentication method that is not supported (code ${request.method})`,
          undefined,
          'use scram-sha-256, md5, password over TLS, or cert for this role in pg_hba.conf',
        );
      default:
        return request satisfies never;
    }
  }

  #startScram(mechanisms: readonly string[]): Buffer {
    const encrypted = this.#socket instanceof tls.TLSSocket;
    const offersPlus = mechanisms.includes(SCRAM_SHA_256_PLUS);
    if (offersPlus && !encrypted) {
      throw new ProtocolError('SCRAM-SHA-256-PLUS offered on a connection without TLS');
    }
    const bindingData = encrypted ? this.#endPoint() : undefined;
    let binding: ChannelBinding = 'none';
    if (bindingData !== undefined) binding = offersPlus ? { tlsServerEndPoint: bindingData } : 'unused';
    const mechanism = typeof binding === 'string' ? SCRAM_SHA_256 : SCRAM_SHA_256_PLUS;
    if (!mechanisms.includes(mechanism)) {
      throw unavailable(this.#settings, `offers no SASL mechanism that is supported: ${printable(mechanisms)}`);
    }
    this.#password();
    const first = clientFirst(randomBytes(18).toString('base64'), binding);
    this.#step = { at: 'scram_first_sent', first };
    return encodeSASLInitialResponse(mechanism, first.message);
  }

  #endPoint(): Buffer | undefined {
    const certificate = (this.#socket as tls.TLSSocket).getPeerCertificate();
    return certificate.raw === undefined ? undefined : tlsServerEndPoint(certificate.raw);
  }

  #password(): string {
    const { password, user } = this.#settings;
    if (password === undefined) {
      throw unavailable(
        this.#settings,
        `asks for a password of role "${user}", and none is configured`,
        undefined,
        'set upstream.password of this database in gateway.yaml',
      );
    }
    return password;
  }

  #requirePrivateChannel(): void {
    const peer = this.#socket.remoteAddress ?? '';
    const loopback = /^127\.|^::1$|^::ffff:127\./.test(peer);
    if (this.#socket instanceof tls.TLSSocket || isUnixSocket(this.#settings) || loopback) return;
    throw unavailable(this.#settings, 'asks for the password in the clear on a connection without TLS');
  }

  /** Off this thread, since the server chooses the cost, and kept, since the server chooses the salt once. */
  async #keys({ salt, iterations }: ScramChallenge): Promise<ScramKeys> {
    const kept = keptKeys.get(this.#settings);
    if (kept !== undefined && kept.iterations === iterations && kept.salt.equals(salt)) return kept;
    const keys = scramKeysOf(
      await pbkdf2Async(saslprep(this.#password()), salt, iterations, 32, 'sha256'),
      salt,
      iterations,
    );
    keptKeys.set(this.#settings, keys);
    return keys;
  }
}

/** The same settings object has the same password: what is kept is only what it costs to derive. */
const keptKeys = new WeakMap<UpstreamSettings, ScramKeys>();

function outOfOrder(message: string, step: Step): ProtocolError {
  return new ProtocolError(`unexpected ${message} message at ${step.at.replaceAll('_', ' ')}`);
}

function printable(mechanisms: readonly string[]): string {
  return (
    mechanisms
      .slice(0, 8)
      .map((name) => name.replace(/[^A-Za-z0-9_-]/g, '?').slice(0, 40))
      .join(', ') || 'none'
  );
}
