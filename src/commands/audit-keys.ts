import { DbgateError, ErrorCode } from '../errors.ts';
import type { AuditAction } from './audit.ts';
import { sanitise } from './sanitise.ts';

/** `dbgate audit keys`: the public keys of the tree; the last one signs now. */
export const auditKeysAction: AuditAction = {
  name: 'keys',
  summary: 'the public keys that checkpoints are signed with, the last one is in use (on the machine of the gateway)',
  configure() {},
  async run(context, options) {
    const { loadPolicyConfig } = await import('../config/gateway-schema.ts');
    const { readKeyChain } = await import('../audit/tree/signer.ts');
    const { stateDir } = loadPolicyConfig(options.config as string);
    const chain = readKeyChain(stateDir);
    if (chain === undefined) {
      throw new DbgateError(ErrorCode.notFound, `there is no key in ${stateDir} yet`, {
        hint: 'the gateway makes it when it starts for the first time',
      });
    }
    for (const { vkey } of chain.keys) context.print({ vkey }, () => sanitise(vkey));
  },
};
