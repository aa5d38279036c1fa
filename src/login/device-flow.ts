import { setTimeout as sleepFor } from 'node:timers/promises';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { IssuerClient, TokenResponse } from './issuer-client.ts';
import { issuerError, isTransient } from './issuer-client.ts';
import { isLoopback } from './profiles.ts';

/** What the person needs to see; from RFC 8628 §3.2, lifetimes bounded. */
export interface DevicePrompt {
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string | undefined;
  /** Seconds. */
  readonly expires_in: number;
}

export interface DeviceFlowOptions {
  readonly issuer: IssuerClient;
  readonly signal: AbortSignal;
  /** Called once, before the first poll. */
  onPrompt(prompt: DevicePrompt): void;
  /** The issuer cannot be reached at the moment (with the reason), or can again (undefined). */
  onInterrupted?(error: unknown): void;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const maxLifetimeSeconds = 1800;
const maxIntervalMs = 30_000;

/**
 * The OAuth 2.0 device flow. Polls with the same device_code through network errors and answers of 5xx until it expires.
 * Throws `request_denied` when the person says no, `expired` when nobody says anything, the signal's reason on abort.
 * @see RFC 8628
 */
export async function runDeviceFlow(options: DeviceFlowOptions): Promise<TokenResponse> {
  const { issuer, signal, now = Date.now, sleep = defaultSleep } = options;
  const client = await import('openid-client');
  const device = await client
    .initiateDeviceAuthorization(issuer.config, issuer.authorizationParameters)
    .catch((error: unknown) => {
      throw issuerError(issuer.settings.issuer, error);
    });
  const lifetimeSeconds = Math.min(device.expires_in, maxLifetimeSeconds);
  const expiresAt = now() + lifetimeSeconds * 1000;
  options.onPrompt({
    user_code: device.user_code,
    verification_uri: checkUri(issuer, device.verification_uri),
    verification_uri_complete: device.verification_uri_complete && checkUri(issuer, device.verification_uri_complete),
    expires_in: lifetimeSeconds,
  });

  let intervalMs = Math.min(Math.max(device.interval ?? 5, 1) * 1000, maxIntervalMs);
  let interrupted = false;
  for (;;) {
    await sleep(Math.min(intervalMs, Math.max(0, expiresAt - now())), signal);
    signal.throwIfAborted();
    if (now() >= expiresAt) throw expired();
    try {
      return await client.genericGrantRequest(
        issuer.config,
        deviceGrant,
        { device_code: device.device_code },
        issuer.dpop ? { DPoP: issuer.dpop } : {},
      );
    } catch (error) {
      signal.throwIfAborted();
      const { error: code } = error as { error?: unknown };
      if (code === 'access_denied') throw denied();
      if (code === 'expired_token') throw expired(error);
      if (code === 'slow_down') intervalMs = Math.min(intervalMs + 5_000, maxIntervalMs);
      else if (isTransient(error)) {
        interrupted = true;
        options.onInterrupted?.(error);
        continue;
      } else if (code !== 'authorization_pending') throw issuerError(issuer.settings.issuer, error);
      if (interrupted) {
        interrupted = false;
        options.onInterrupted?.(undefined);
      }
    }
  }
}

/** It is shown to a person and opened in a browser: a web page, and one that nobody on the way can replace. */
function checkUri(issuer: IssuerClient, text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return url.href;
  throw new DbgateError(
    ErrorCode.tokenInvalid,
    `issuer ${issuer.settings.issuer} sends people to a page that is not https`,
    { hint: 'tell whoever administers the issuer' },
  );
}

/** Without the cause: all that it adds is that the issuer said so in JSON. */
function denied(): DbgateError {
  return new DbgateError(ErrorCode.requestDenied, 'the login was denied in the browser', { hint: 'dbgate login' });
}

function expired(cause?: unknown): DbgateError {
  return new DbgateError(ErrorCode.expired, 'the code expired before the login was approved', {
    cause,
    hint: 'dbgate login',
  });
}

async function defaultSleep(ms: number, signal: AbortSignal): Promise<void> {
  await sleepFor(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
