/** The archive of this gateway's record: what `audit.archive` says, put together with the log and its tree. */
import path from 'node:path';
import { Archive } from '../audit/archive/archive.ts';
import type { Erasure } from '../audit/erasure.ts';
import type { Recorder } from '../audit/recorder.ts';
import { openS3 } from '../audit/s3/s3-client.ts';
import type { ArchiveSettings } from '../config/audit-settings.ts';
import { removableSegments } from './retention.ts';

export interface RecordArchiveParts {
  readonly stateDir: string;
  readonly settings: ArchiveSettings;
  readonly recorder: Recorder;
  readonly erasure: Erasure;
  /** Name of the tree. */
  readonly origin: string;
  checkpointOf(size: number): Promise<string>;
  cosigned(): Promise<string | undefined>;
  readonly now: () => number;
  readonly logLine: (line: string) => void;
}

export function openRecordArchive(parts: RecordArchiveParts): { readonly copies: Archive; readonly afterMs: number } {
  const { stateDir, settings, recorder, erasure, origin, checkpointOf, cosigned, now, logLine } = parts;
  const dir = path.join(stateDir, 'audit');
  const copies = new Archive({
    ...{ stateDir, dir, settings, origin, checkpointOf, cosigned, now, logLine },
    client: openS3(settings.s3),
    removable: async (before) => (await removableSegments(dir, before)).going,
    record: (kind, detail) => recorder.event({ kind, by: undefined, database: undefined, detail }),
    exclusively: (task) => erasure.exclusively(task),
  });
  return { copies, afterMs: settings.afterMs };
}
