import { existsSync, statSync } from 'node:fs';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { AuditAction } from './audit.ts';
import { progressBar } from './progress-bar.ts';
import { sanitise } from './sanitise.ts';

/** `dbgate audit restore`: the record comes back out of its archive, to be verified, read, or gone on from. */
export const auditRestoreAction: AuditAction = {
  name: 'restore',
  summary: 'bring the record back out of its archive: --from s3 (as in --config) or a copy of it, --to a state_dir',
  configure(command) {
    command.option('--from <source>', 'of `restore`: `s3`, or a directory with a copy of the archive');
    const to = 'of `restore`: a state_dir; what is in it already stays as it is';
    const shared = command.options.find(({ long }) => long === '--to');
    // `export` has one of its own.
    if (shared === undefined) command.option('--to <place>', to);
    else shared.description += `; ${to}`;
  },
  async run(context, options) {
    const { from, to } = options as { from?: string; to?: string; config: string };
    // `-` is what `export` has if nothing is said.
    if (from === undefined || to === undefined || to === '-') {
      throw new DbgateError(ErrorCode.usage, 'say from where and to where: --from s3|DIR --to STATE_DIR');
    }
    const { openDirectoryArchive, restoreArchive } = await import('../audit/archive/restore.ts');
    const source =
      from === 's3' ? await archiveOf(options.config as string, context.env) : openDirectoryArchive(directory(from));
    const bar = progressBar(context);
    const restored = await restoreArchive(source, to, bar.show, context.signal).finally(() => bar.end());
    for (const problem of restored.problems) context.note(sanitise(`missing: ${problem}`));
    context.print(restored, () => {
      const { segments, records, firstLeaf } = restored;
      const before = firstLeaf === 0 ? '' : `, without the first ${firstLeaf}, which are not in the archive`;
      return `${segments} segments are restored; there are ${records} records in ${sanitise(to)}${before}\ndbgate verify ${sanitise(to)} --key KEY says whether they are what was signed`;
    });
    return restored.problems.length === 0 ? 0 : 1;
  },
};

async function archiveOf(config: string, env: NodeJS.ProcessEnv) {
  const { loadGatewayConfig } = await import('../config/gateway-schema.ts');
  const { openS3 } = await import('../audit/s3/s3-client.ts');
  const { archive } = loadGatewayConfig(config, env).settings.audit;
  if (archive === undefined) {
    throw new DbgateError(ErrorCode.config, `there is no audit.archive in ${config}`, {
      hint: '--from DIR restores from a copy of an archive',
    });
  }
  return openS3(archive.s3);
}

function directory(path: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  throw new DbgateError(ErrorCode.usage, `${path} is not a directory`, {
    hint: 'a bucket is named in --config: --from s3',
  });
}
