/** Where an export goes. In: lines, in batches. A batch is with the receiver when `write` resolves, or it throws. */
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import type { ExportedRecord, ExportFormat } from '../audit/export/exported-record.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { CommandContext } from './context.ts';

export interface ExportLine {
  /** Without its end. */
  readonly text: string;
  readonly one: ExportedRecord;
}

export interface ExportSink {
  /** `batchId`: the same for each try of a batch. */
  write(lines: readonly ExportLine[], batchId: string): Promise<void>;
  /** What the receiver could not take as long as it is. */
  shorten?(one: ExportedRecord): ExportedRecord;
  close(): Promise<void>;
}

export interface SinkOptions {
  readonly context: CommandContext;
  readonly format: ExportFormat;
  /** It goes on where an earlier one ended. */
  readonly goesOn: boolean;
  /** How often a batch is tried. */
  readonly giveUpAfter: number;
}

export async function openExportSink(to: string, options: SinkOptions): Promise<ExportSink> {
  if (to === '-') return stdoutSink(options);
  if (to.startsWith('syslog+tls://')) return (await import('./export-syslog.ts')).openSyslogSink(to, options);
  if (/^https?:\/\//.test(to)) return (await import('./export-http.ts')).openHttpSink(to, options);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(to)) {
    throw new DbgateError(ErrorCode.usage, `cannot export to ${to.split('://')[0]}://`, {
      hint: 'a file, -, https://… or syslog+tls://host[:port]',
    });
  }
  return await fileSink(to, options);
}

function stdoutSink({ context: { stdout }, format, goesOn }: SinkOptions): ExportSink {
  let header = goesOn ? undefined : format.header;
  return {
    async write(lines) {
      const text = [...(header === undefined ? [] : [header]), ...lines.map((line) => line.text)].join('\n');
      header = undefined;
      if (!stdout.write(`${text}\n`)) await once(stdout, 'drain');
    },
    close: async () => {},
  };
}

/** A file of its own, or one that a cursor goes on with: otherwise the same would stand in it twice. */
async function fileSink(path: string, { format, goesOn }: SinkOptions): Promise<ExportSink> {
  let file: FileHandle;
  try {
    file = await open(path, goesOn ? 'a' : 'ax', 0o600);
  } catch (error) {
    const there = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new DbgateError(ErrorCode.usage, there ? `${path} is there already` : `cannot write ${path}`, {
      hint: there ? 'name another, or go on with it by --cursor' : 'check the folder and its rights',
      cause: error,
    });
  }
  if ((await file.stat()).size === 0 && format.header !== undefined) await file.appendFile(`${format.header}\n`);
  return {
    async write(lines) {
      await file.appendFile(`${lines.map((line) => line.text).join('\n')}\n`);
      // The cursor moves behind it.
      await file.datasync();
    },
    close: () => file.close(),
  };
}
