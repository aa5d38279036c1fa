/**
 * Lists of approvers that live outside the configuration: a file of the on-call team, or a program that prints it. Read
 * anew for each decision; what fails, says nothing or takes too long names nobody, and is told to the operator.
 */
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import type { Approver } from '../config/approval-settings.ts';
import { type Listed, namesIn } from './deciders.ts';

type ListApprover = Parameters<Listed>[0];

const COMMAND_TIMEOUT_MS = 5_000;
const MAX_BYTES = 65_536;
/** For showing who may decide; a decision itself reads anew. */
const FRESH_MS = 15_000;

interface List {
  names: readonly string[] | undefined;
  readAt: number;
  reading: Promise<void> | undefined;
}

export class ApproverLists {
  readonly #lists = new Map<string, List>();
  readonly #now: () => number;
  readonly #logLine: (line: string) => void;

  constructor(now: () => number, logLine: (line: string) => void) {
    this.#now = now;
    this.#logLine = logLine;
  }

  /** As it was read last; read again in the background when that was long ago. */
  readonly listed: Listed = (approver) => {
    const list = this.#listOf(approver);
    if (Math.abs(this.#now() - list.readAt) > FRESH_MS) void this.#read(approver, list);
    return list.names;
  };

  /** Reads those of these approvers that are lists; never rejects. */
  async refresh(approvers: readonly Approver[]): Promise<void> {
    await Promise.all(
      approvers.filter(isList).map(async (approver) => {
        const list = this.#listOf(approver);
        // One that was begun before this decision may be out of date.
        await list.reading;
        await this.#read(approver, list);
      }),
    );
  }

  #listOf(approver: ListApprover): List {
    const key = JSON.stringify('file' in approver ? approver.file : approver.command);
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = { names: undefined, readAt: Number.NEGATIVE_INFINITY, reading: undefined };
      this.#lists.set(key, list);
    }
    return list;
  }

  #read(approver: ListApprover, list: List): Promise<void> {
    list.reading ??= (async () => {
      try {
        list.names = namesIn('file' in approver ? await textOf(approver.file) : await outputOf(approver.command));
        if (list.names === undefined) this.#logLine(`approvals: ${nameOf(approver)} names nobody`);
      } catch (error) {
        list.names = undefined;
        this.#logLine(`approvals: ${nameOf(approver)} names nobody: ${(error as Error).message.split('\n', 1)[0]}`);
      } finally {
        list.readAt = this.#now();
        list.reading = undefined;
      }
    })();
    return list.reading;
  }
}

function isList(approver: Approver): approver is ListApprover {
  return 'file' in approver || 'command' in approver;
}

function nameOf(approver: ListApprover): string {
  return 'file' in approver ? approver.file : approver.command.join(' ');
}

async function textOf(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (length > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
      if (bytesRead === 0) return buffer.toString('utf8', 0, length);
    }
  } finally {
    await handle.close();
  }
}

function outputOf([program = '', ...args]: readonly string[]): Promise<string> {
  // The gateway's environment may hold passwords of databases: the program gets none of it but where things are.
  const env = Object.fromEntries(
    ['PATH', 'HOME', 'LANG', 'TZ'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_BYTES, killSignal: 'SIGKILL', env, shell: false, encoding: 'utf8' },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(new Error(error.killed === true ? 'it took too long, or said too much' : error.message));
      },
    );
    child.stdin?.end();
  });
}
