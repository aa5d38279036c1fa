import * as z from 'zod';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { HttpClient } from './http-client.ts';
import { readBounded, unreachable } from './http-client.ts';
import type { IssuerProfile } from './profiles.ts';
import { isLoopback, parseGatewayUrl } from './profiles.ts';

const wireSchema = z.object({
  version: z.literal(1),
  gateway: z.string().max(255),
  public_url: z.string().max(2048),
  issuers: z
    .array(
      z.object({
        issuer: z.string().max(2048),
        client_id: z.string().max(255),
        scopes: z.array(z.string().max(255)).max(64),
        audience: z.string().max(2048),
        token: z.enum(['access', 'id']),
        dpop: z.enum(['required', 'optional', 'off']),
        device: z.boolean().default(true),
      }),
    )
    .min(1)
    .max(32),
  native: z.object({ host: z.string().max(255), port: z.number().int() }).optional(),
});

/** `GET /.well-known/dbgate`. */
export interface Discovery {
  readonly gatewayId: string;
  readonly publicUrl: string;
  readonly issuers: readonly IssuerProfile[];
}

const maxBytes = 262_144;

/** Asks a gateway who it is and which issuers it trusts. It must call itself by the URL it was asked at. */
export async function discoverGateway(http: HttpClient, gateway: string, signal?: AbortSignal): Promise<Discovery> {
  const url = `${gateway}/.well-known/dbgate`;
  const timeout = AbortSignal.timeout(15_000);
  let status: number;
  let text: string;
  try {
    const response = await http.request(url, {
      headers: { accept: 'application/json' },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    status = response.status;
    text = await readBounded(response.body, maxBytes);
  } catch (error) {
    throw unreachable(gateway, error);
  }
  if (status !== 200) throw notAGateway(gateway, `it answered ${status} to ${url}`);
  const parsed = wireSchema.safeParse(parseJson(text));
  if (!parsed.success) throw notAGateway(gateway, z.prettifyError(parsed.error));
  const publicUrl = parseGatewayUrl(parsed.data.public_url);
  // A gateway that passes itself off as another one would collect proofs for that one.
  if (publicUrl !== gateway) {
    throw new DbgateError(ErrorCode.config, `the gateway at ${gateway} calls itself ${publicUrl}`, {
      hint: `if that is the one you mean: dbgate login ${publicUrl}`,
    });
  }
  const issuers = parsed.data.issuers.map(({ client_id, ...issuer }) => ({ ...issuer, clientId: client_id }));
  for (const { issuer } of issuers) assertIssuerUrl(issuer);
  return { gatewayId: parsed.data.gateway, publicUrl, issuers };
}

function assertIssuerUrl(issuer: string): void {
  const url = URL.parse(issuer);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return;
  throw new DbgateError(ErrorCode.config, `the gateway names an issuer that is not https: ${issuer}`, {
    hint: 'tell whoever administers the gateway',
  });
}

function notAGateway(gateway: string, reason: string): DbgateError {
  return new DbgateError(ErrorCode.gatewayUnreachable, `${gateway} does not answer like a dbgate gateway: ${reason}`, {
    hint: 'check the URL',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
