/** Which proxies the environment names; undici's `EnvHttpProxyAgent` takes it as it is. */

/** As curl reads them, but loopback never goes through a proxy (as in Go's net/http). */
export function proxySettings(env: Readonly<Record<string, string | undefined>>): {
  httpProxy: string;
  httpsProxy: string;
  noProxy: string;
} {
  const httpProxy = env.http_proxy || env.HTTP_PROXY || '';
  const all = env.all_proxy || env.ALL_PROXY || '';
  // ALL_PROXY often names a SOCKS proxy, which is not for HTTP.
  const fallback = /^https?:/i.test(all) ? all : '';
  return {
    httpProxy: httpProxy || fallback,
    httpsProxy: env.https_proxy || env.HTTPS_PROXY || fallback,
    noProxy: [env.no_proxy || env.NO_PROXY || '', 'localhost,127.0.0.1,[::1]'].filter(Boolean).join(','),
  };
}
