/**
 * For `node --import`: notes in $DBGATE_TEST_SYNCED how far each segment of the record is on stable storage, so that a test
 * can take away what a power cut would: a killed process alone leaves everything that it has written.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { fdatasync, fdatasyncSync, readlinkSync, writeSync } = fs;
const notes = fs.openSync(process.env.DBGATE_TEST_SYNCED!, 'a');
/** The end of what was written, by file; zeros in advance are no writing. */
const writtenEnds = new Map<string, number>();

function segmentOf(fd: number): string | undefined {
  const name = readlinkSync(`/proc/self/fd/${fd}`);
  return name.includes('/audit/') ? name : undefined;
}

/** Everything before its first write here was there when it was opened. */
function written(name: string, from: number, to: number): void {
  if (!writtenEnds.has(name)) writeSync(notes, `${from} ${name}\n`);
  writtenEnds.set(name, Math.max(to, writtenEnds.get(name) ?? 0));
}

function noted(fd: number, bytes: Uint8Array, length: number, at: number | null | undefined): void {
  const name = typeof at === 'number' && !bytes.every((byte) => byte === 0) ? segmentOf(fd) : undefined;
  if (name !== undefined) written(name, at!, at! + length);
}

Object.assign(fs, {
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number, at: number) {
    if (typeof bytes !== 'string') noted(fd, bytes, length, at);
    return writeSync(fd, bytes, offset, length, at);
  },
  write: new Proxy(fs.write, {
    apply(write, self, args: [number, Uint8Array, number, number, number]) {
      if (typeof args[1] !== 'string') noted(args[0], args[1], args[3], args[4]);
      return Reflect.apply(write, self, args) as unknown;
    },
  }),
  fdatasync(fd: number, done: (error: Error | null) => void) {
    const name = segmentOf(fd);
    const end = name === undefined ? undefined : writtenEnds.get(name);
    fdatasync(fd, (error) => {
      if (error === null && end !== undefined) writeSync(notes, `${end} ${name}\n`);
      done(error);
    });
  },
  fdatasyncSync(fd: number) {
    fdatasyncSync(fd);
    const name = segmentOf(fd);
    const end = name === undefined ? undefined : writtenEnds.get(name);
    if (end !== undefined) writeSync(notes, `${end} ${name}\n`);
  },
});
syncBuiltinESMExports();
