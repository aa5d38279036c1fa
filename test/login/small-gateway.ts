/** The two answers of the gateway's API that a login needs, behind the real verifier, on loopback. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IssuerSettings } from '../../src/config/gateway-settings.ts';
import { DbgateError } from '../../src/errors.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { createVerifier } from '../../src/identity/verifier.ts';

export interface SmallGateway {
  readonly url: string;
  /** What verified requests came, newest last. */
  readonly seen: Principal[];
  /** Answers a request itself; false: the usual answer. */
  answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Changes of the discovery document. */
  discovery: Record<string, unknown>;
  close(): Promise<void>;
}

export async function startSmallGateway(settings: IssuerSettings): Promise<SmallGateway> {
  const server = createServer((request, response) => {
    if (gateway.answer?.(request, response)) return;
    void handle(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const verifier = createVerifier({ issuers: [settings], publicUrl: url, now: Date.now });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/.well-known/dbgate') {
      const { issuer, clientId, scopes, audience, token, dpop } = settings;
      const issuers = [{ issuer, client_id: clientId, scopes, audience, token, dpop, device: true }];
      return json(response, 200, { version: 1, gateway: 'test', public_url: url, issuers, ...gateway.discovery });
    }
    try {
      const { authorization, dpop } = request.headers as Record<string, string | undefined>;
      const { method = '', url: target = '' } = request;
      const principal = await verifier.verify({ authorization, dpop, method, url: target });
      gateway.seen.push(principal);
      const { issuer, subject, email, name, groups, kind, actor, expiresAt } = principal;
      const expires_at = new Date(expiresAt).toISOString();
      json(response, 200, { issuer, subject, email, name, groups, kind, actor, expires_at });
    } catch (error) {
      const { code, message, hint } = error as DbgateError;
      json(response, error instanceof DbgateError ? 401 : 500, { error: { code, message, hint } });
    }
  }

  const gateway: SmallGateway = {
    url,
    seen: [],
    answer: undefined,
    discovery: {},
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return gateway;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
