import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { SecureContext } from 'node:tls';
import { type PrivateAuthority, privateAuthority } from '../private-authority.ts';
import type { HttpAnswer, HttpRequest } from './http-client.ts';

/** As undici's defaults. */
const connectTimeoutMs = 10_000;
const headersTimeoutMs = 300_000;

/** HTTP without a proxy between, by node's own client: it follows no redirect and sends nothing before TLS stands. */
export class NodeRequester {
  readonly #authority: PrivateAuthority | undefined;
  #secure: https.Agent | undefined;
  #plain: http.Agent | undefined;

  /** @param ca PEM of a private authority, trusted beside the system's. */
  constructor(ca: string | undefined) {
    this.#authority = ca === undefined ? undefined : privateAuthority(ca);
  }

  async request(url: URL, sent: HttpRequest): Promise<HttpAnswer> {
    const context = url.protocol === 'https:' ? this.#authority?.secureContext : undefined;
    try {
      return await this.#once(url, sent, context);
    } catch (error) {
      // Refused while TLS was set up: nothing of the request has left.
      if (context !== undefined && this.#authority?.widen(context, error)) return this.request(url, sent);
      throw error;
    }
  }

  close(): void {
    this.#secure?.destroy();
    this.#plain?.destroy();
  }

  #once(url: URL, { method = 'GET', headers, body, signal }: HttpRequest, secureContext?: SecureContext) {
    const isSecure = url.protocol === 'https:';
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    // `secureContext` reaches tls.connect, though the types of https do not know it.
    const trust = secureContext === undefined ? {} : { secureContext };
    const options = { method, headers: { ...headers, ...length } };
    return new Promise<HttpAnswer>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let response: IncomingMessage | undefined;
      const request = isSecure
        ? https.request(url, { ...options, ...trust, agent: this.#secureAgent() })
        : http.request(url, { ...options, agent: this.#plainAgent() });
      const onAbort = () => {
        response?.destroy(signal?.reason as Error);
        request.destroy(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort);
      const timer = setTimeout(() => request.destroy(timedOut()), connectTimeoutMs);
      request.once('socket', (socket) => {
        const connected = () => {
          clearTimeout(timer);
          if (response === undefined && !request.destroyed) request.setTimeout(headersTimeoutMs, onSilence);
        };
        if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', connected);
        else connected();
      });
      const onSilence = () => {
        if (response === undefined) request.destroy(timedOut());
      };
      request.once('response', (answer) => {
        response = answer;
        request.setTimeout(0);
        // What the reader of the body does not see (it may have stopped) must not end the process.
        answer.on('error', () => {});
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
      });
      request.once('close', () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  #secureAgent(): https.Agent {
    this.#secure ??= new https.Agent({ keepAlive: true });
    return this.#secure;
  }

  #plainAgent(): http.Agent {
    this.#plain ??= new http.Agent({ keepAlive: true });
    return this.#plain;
  }
}

function timedOut(): Error {
  return Object.assign(new Error('connection timed out'), { code: 'ETIMEDOUT' });
}
