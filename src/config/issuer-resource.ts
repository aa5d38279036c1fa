import type { IssuerSettings } from './gateway-settings.ts';

/** RFC 8707 wants an absolute URI; Entra's v2 endpoints refuse the parameter (AADSTS901002). */
export function takesResource(settings: Pick<IssuerSettings, 'issuer' | 'audience' | 'token'>): boolean {
  return (
    settings.token === 'access' &&
    URL.canParse(settings.audience) &&
    new URL(settings.issuer).hostname !== 'login.microsoftonline.com'
  );
}
