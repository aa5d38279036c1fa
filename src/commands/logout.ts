import { DbgateError, ErrorCode } from '../errors.ts';
import type { CommandDefinition } from './context.ts';
import { sanitise } from './sanitise.ts';

export const logoutCommand: CommandDefinition = {
  name: 'logout',
  configure(command) {
    command
      .argument('[gateway]', 'which one, if you are logged in to several; default: the last login')
      .option('--all', 'log out of every gateway');
  },
  async run(context, options, [gateway]) {
    const [{ readProfiles, selectProfile }, { logOut }, { openHttpClient }] = await Promise.all([
      import('../login/profiles.ts'),
      import('../login/logout.ts'),
      import('../login/http-client.ts'),
    ]);
    const env = gateway === undefined ? context.env : { ...context.env, DBGATE_GATEWAY: gateway };
    const profiles = await readProfiles(env);
    const one = options.all === true ? undefined : selectProfile(profiles, env);
    const chosen = options.all === true ? profiles.all : one ? [one] : [];
    if (chosen.length === 0) {
      throw new DbgateError(ErrorCode.loginRequired, 'not logged in', { hint: 'nothing to do' });
    }
    const results: { gateway: string; profile: string; revoked: boolean; reason: string | null }[] = [];
    for (const profile of chosen) {
      const http = await openHttpClient(env, env.DBGATE_CA_FILE || profile.caFile);
      try {
        const { revoked, reason, tokenExpiresAt } = await logOut(env, profile, http);
        if (!revoked) {
          context.note(`could not revoke the tokens at the issuer: ${sanitise(reason ?? 'unknown')}`);
          if (tokenExpiresAt !== undefined) {
            context.note(`they are forgotten here; the access token ends at ${new Date(tokenExpiresAt).toISOString()}`);
          }
        }
        results.push({ gateway: profile.gateway, profile: profile.name, revoked, reason: reason ?? null });
      } finally {
        await http.close();
      }
    }
    context.print({ logged_out: results }, () =>
      results.map((result) => `logged out of ${sanitise(result.gateway)}`).join('\n'),
    );
  },
};
