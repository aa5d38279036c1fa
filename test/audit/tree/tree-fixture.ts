import { join } from 'node:path';
import { type AuditTree, type OpenTreeOptions, openAuditTree } from '../../../src/audit/tree/tree.ts';
import type { TreeSettings } from '../../../src/config/audit-settings.ts';
import type { SegmentLog } from '../../../src/store/segment-log.ts';
import { cleanUp, openLog } from '../../store/log-fixture.ts';

export interface OpenedTree {
  readonly log: SegmentLog;
  readonly tree: AuditTree;
  readonly warnings: string[];
  readonly rotated: string[];
  close(): Promise<void>;
}

/** A log in `dir`/audit with its tree, as the gateway opens them. */
export async function openTree(
  dir: string,
  options: Partial<OpenTreeOptions> & { segmentBytes?: number; tree?: Partial<TreeSettings> } = {},
): Promise<OpenedTree> {
  const { segmentBytes = 64 << 20, tree: settings, ...rest } = options;
  const log = await openLog(join(dir, 'audit'), { segmentBytes });
  const warnings: string[] = [];
  const rotated: string[] = [];
  const tree = await openAuditTree(log, {
    stateDir: dir,
    gatewayId: 'gw',
    settings: { origin: undefined, signer: undefined, witnesses: [], ...settings },
    acceptRewritten: false,
    onWarning: (message) => warnings.push(message),
    onRotated: (vkey) => rotated.push(vkey),
    ...rest,
  }).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    await tree.close();
    await log.close();
  };
  cleanUp(close);
  return { log, tree, warnings, rotated, close };
}

/** `count` records with bodies. */
export async function fill(log: SegmentLog, count: number, session = 's'): Promise<void> {
  for (let n = 1; n <= count; n++) {
    log.enqueue(
      'audit',
      `{"v":2,"kind":"statement.intent","session":"${session}","n":${n},"x":1,"body":{"salt":"a","sql":"SELECT ${n}"}}`,
    );
    // So that segments end in between.
    if (n % 50 === 0) await log.flush();
  }
  await log.flush();
}
