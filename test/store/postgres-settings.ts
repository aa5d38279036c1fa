import type { UpstreamSettings } from '../../src/config/gateway-settings.ts';

/** Settings of a URL as `startPostgres` gives them. */
export function settingsOf(url: string): UpstreamSettings {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    tls: { mode: 'disable', ca: undefined, cert: undefined, key: undefined },
    connectTimeoutMs: 60_000,
  };
}
