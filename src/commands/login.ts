import { DbgateError, ErrorCode, ExitCode } from '../errors.ts';
import type { IssuerProfile, Profile } from '../login/profiles.ts';
import type { StoredLogin } from '../login/stored-login.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { sanitise } from './sanitise.ts';
import type { WhoAmI } from './whoami.ts';

export const loginCommand: CommandDefinition = {
  name: 'login',
  configure(command) {
    command
      .argument('[gateway]', 'https://host[:port]; default: the one of the last login')
      .option('--browser', 'log in with a browser on this machine (authorization code and PKCE), not with a code')
      .option('--no-browser', 'never open a browser, only show code and address')
      .option('--issuer <url>', 'which identity provider, if the gateway trusts several')
      .option('--insecure-storage', 'keep the login in a file that only you can read, not in the keychain');
  },
  async run(context, options, [gatewayArgument]) {
    try {
      await logIn(context, options, gatewayArgument);
      return ExitCode.ok;
    } catch (error) {
      // Ctrl-C is the person's own doing and needs no explanation.
      if (context.signal.aborted) return ExitCode.interrupted;
      throw error;
    }
  },
};

async function logIn(context: CommandContext, options: CommandOptions, argument: string | undefined): Promise<void> {
  const [{ openHttpClient }, { discoverGateway }, { loginFromTokens, openIssuer }, { openTokenStore }, profiles] =
    await Promise.all([
      import('../login/http-client.ts'),
      import('../login/discovery.ts'),
      import('../login/issuer-client.ts'),
      import('../login/token-store.ts'),
      import('../login/profiles.ts'),
    ]);
  const { gateway, previous } = await chooseGateway(context, profiles, argument);
  const caFile = context.env.DBGATE_CA_FILE || previous?.caFile;
  const http = await openHttpClient(context.env, caFile);
  try {
    const discovery = await discoverGateway(http, gateway, context.signal);
    const settings = chooseIssuer(discovery.issuers, options.issuer as string | undefined);
    const profile: Profile = {
      name: context.env.DBGATE_PROFILE || previous?.name || new URL(gateway).host,
      gateway,
      storage: options.insecureStorage === true ? 'file' : 'keychain',
      issuer: settings,
      ...(caFile ? { caFile: await absolute(caFile) } : {}),
    };
    // Before the person is sent to the browser: a login that cannot be kept is not worth asking for.
    const store = openTokenStore(context.env, profile);
    await store.prepare();

    const issuer = await openIssuer(settings, http);
    const { browserLogin, deviceLogin } = await import('../login/login-prompt.ts');
    const useBrowser = options.browser === true || !settings.device;
    const tokens = await (useBrowser ? browserLogin : deviceLogin)(context, issuer, options.browser !== false);
    const login = loginFromTokens(issuer, tokens, Date.now());
    // The gateway has its say first: a token that it refuses is noticed now, and a login that works is not lost to it.
    const who = await askGateway(context, profile, login);
    await store.save(login);
    if (previous !== undefined && previous.name === profile.name && previous.storage !== profile.storage) {
      await openTokenStore(context.env, previous)
        .remove()
        .catch(() => {});
    }
    await profiles.saveProfile(context.env, profile);
    report(context, profile, login, who);
  } finally {
    await http.close();
  }
}

/** The argument, else `--gateway`, else the one of the profile; with the profile that has it already. */
async function chooseGateway(
  context: CommandContext,
  { parseGatewayUrl, readProfiles, selectProfile }: typeof import('../login/profiles.ts'),
  argument: string | undefined,
): Promise<{ gateway: string; previous: Profile | undefined }> {
  const stored = await readProfiles(context.env);
  const given = argument ?? context.env.DBGATE_GATEWAY;
  const wanted = context.env.DBGATE_PROFILE;
  if (given !== undefined && given !== '') {
    const gateway = parseGatewayUrl(given);
    const previous = wanted
      ? stored.all.find((profile) => profile.name === wanted)
      : selectProfile(stored, { DBGATE_GATEWAY: gateway });
    return { gateway, previous };
  }
  const previous = selectProfile(stored, context.env);
  if (previous !== undefined) return { gateway: previous.gateway, previous };
  throw new DbgateError(ErrorCode.usage, 'which gateway?', { hint: 'dbgate login https://<gateway>' });
}

function chooseIssuer(issuers: readonly IssuerProfile[], wanted: string | undefined): IssuerProfile {
  const [first] = issuers;
  if (wanted === undefined && issuers.length === 1 && first !== undefined) return first;
  const found = issuers.find((settings) => settings.issuer === wanted);
  if (found !== undefined) return found;
  throw new DbgateError(
    ErrorCode.usage,
    wanted === undefined
      ? 'the gateway trusts several identity providers'
      : `the gateway does not trust the issuer ${wanted}`,
    { hint: `--issuer with one of: ${issuers.map((settings) => settings.issuer).join(', ')}` },
  );
}

async function askGateway(context: CommandContext, profile: Profile, login: StoredLogin): Promise<WhoAmI> {
  const [{ openGatewayClient }, { asWhoAmI }] = await Promise.all([
    import('../login/gateway-client.ts'),
    import('./whoami.ts'),
  ]);
  const client = await openGatewayClient({ env: context.env, signal: context.signal, newLogin: { profile, login } });
  try {
    return asWhoAmI(await client.request('GET', '/v1/whoami'));
  } finally {
    await client.close();
  }
}

function report(context: CommandContext, profile: Profile, login: StoredLogin, who: WhoAmI): void {
  const { gateway, name, storage } = profile;
  const data = { event: 'logged_in', gateway, profile: name, storage, dpop: login.tokenType === 'DPoP', ...who };
  context.print(data, () =>
    [
      `logged in to ${sanitise(gateway)} as ${sanitise(who.email ?? who.name ?? who.subject)}`,
      ...(who.groups.length > 0 ? [`groups: ${who.groups.map((group) => sanitise(group)).join(', ')}`] : []),
    ].join('\n'),
  );
  if (storage === 'file') context.note('the login is kept in a file that only you can read, not in the keychain');
  if (context.env.DBGATE_TOKEN || context.env.DBGATE_TOKEN_FILE) {
    context.note('DBGATE_TOKEN or DBGATE_TOKEN_FILE is set and is used instead of this login');
  }
}

async function absolute(path: string): Promise<string> {
  const { resolve } = await import('node:path');
  return resolve(path);
}
