import { readFileSync } from 'node:fs';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { AuditAction } from './audit.ts';
import { sanitise } from './sanitise.ts';

/** `dbgate audit rotate-key`: checkpoints are signed with a new key from here on; the old one says so. */
export const auditRotateKeyAction: AuditAction = {
  name: 'rotate-key',
  summary:
    'sign checkpoints with a new key; the old one signs the change (on the machine of the gateway, running or not)',
  configure(command) {
    command.option('--public-key <file>', 'of `rotate-key`: the new key is elsewhere (KMS), this is its public half');
  },
  async run(context, options) {
    const { loadGatewaySettings } = await import('../config/gateway-schema.ts');
    const { openSigner, rotateKey } = await import('../audit/tree/signer.ts');
    const settings = loadGatewaySettings(options.config as string, context.env);
    const { stateDir, gatewayId, audit } = settings;
    const path = options.publicKey as string | undefined;
    if (path === undefined && audit.tree?.signer !== undefined) {
      throw new DbgateError(ErrorCode.usage, 'audit.signer signs with a key that is elsewhere', {
        hint: 'make the new key there, and give its public half: --public-key FILE',
      });
    }
    const { now } = Date;
    const { signer } = openSigner({
      stateDir,
      origin: audit.tree?.origin,
      defaultOrigin: `dbgate/${gatewayId}`,
      command: audit.tree?.signer,
      now,
    });
    const publicKey = path === undefined ? undefined : readKey(path);
    const { vkey } = await rotateKey(stateDir, { signer, publicKey, now });
    context.print({ vkey, before: signer.key.vkey }, () => sanitise(vkey));
    context.note(
      path === undefined
        ? 'a running gateway takes it up with its next checkpoint; witnesses must be told of it'
        : 'now let audit.signer in the configuration sign with it, and start the gateway again; witnesses must be told of it',
    );
  },
};

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DbgateError(ErrorCode.usage, `cannot read ${path}`, { cause: error });
  }
}
