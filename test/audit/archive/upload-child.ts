/** Archives a state directory as a gateway does, and is killed at it. argv: state directory, S3Settings as JSON. */
import { join } from 'node:path';
import { Archive } from '../../../src/audit/archive/archive.ts';
import { openS3 } from '../../../src/audit/s3/s3-client.ts';
import { openAuditTree } from '../../../src/audit/tree/tree.ts';
import type { S3Settings } from '../../../src/config/audit-settings.ts';
import { compressSegment } from '../../../src/store/segment-compression.ts';
import { listSegments } from '../../../src/store/segment-directory.ts';
import { openSegmentLog } from '../../../src/store/segment-log.ts';

const stateDir = process.argv[2]!;
const settings = JSON.parse(process.argv[3]!) as S3Settings;
const dir = join(stateDir, 'audit');
const limits = { segmentBytes: 20_000, durability: 'sync', maxQueuedBytes: 1 << 20 } as const;
const log = await openSegmentLog({ dir, gatewayId: 'gw', ...limits, now: Date.now });
const tree = await openAuditTree(log, {
  ...{ stateDir, gatewayId: 'gw', settings: undefined, acceptRewritten: false },
  onWarning: () => undefined,
  onRotated: () => undefined,
});
for (const segment of (await listSegments(dir)).slice(0, -1)) await compressSegment(dir, segment);
process.stdout.write('begin\n');
const copies = new Archive({
  ...{ stateDir, dir, client: openS3(settings), origin: tree.status!.origin },
  now: () => Date.now() + 7_200_000,
  logLine: (line) => process.stderr.write(`${line}\n`),
  settings: { afterMs: 3_600_000, keepLocalMs: undefined },
  checkpointOf: (size) => tree.ask({ kind: 'checkpoint-of', size }),
  cosigned: () => tree.cosigned(),
  removable: () => Promise.resolve([]),
  record: () => Promise.resolve(),
  exclusively: (task) => task(),
});
await copies.run();
await tree.close();
await log.close();
process.stdout.write('done\n');
