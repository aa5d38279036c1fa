import { chmod, lstat, unlink } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { DbgateError, ErrorCode } from '../errors.ts';
import { makeDirectory } from '../make-directory.ts';

/** `sun_path` less its NUL, on the strictest system. */
const maxPathBytes = 103;

/**
 * Makes a socket's folder (0700) and its path free: a dead socket is removed, a live one or another file is refused.
 * The folder keeps others out between bind and `restrictSocket`.
 */
export async function prepareSocketPath(socketPath: string): Promise<void> {
  if (Buffer.byteLength(socketPath) > maxPathBytes) {
    throw new DbgateError(ErrorCode.usage, `the socket's path has more than ${maxPathBytes} bytes: ${socketPath}`);
  }
  const folder = path.dirname(path.resolve(socketPath));
  await makeDirectory(folder).catch((cause) => {
    throw new DbgateError(ErrorCode.usage, `cannot make the folder of the socket: ${folder}`, {
      cause,
      hint: 'choose another folder with --socket',
    });
  });
  const { uid, mode } = await lstat(folder);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new DbgateError(ErrorCode.usage, `the folder of the socket is open to other users: ${folder}`, {
      hint: `chmod 700 ${folder}, or choose another folder with --socket`,
    });
  }
  const existing = await lstat(socketPath).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (existing === undefined) return;
  if (!existing.isSocket())
    throw new DbgateError(ErrorCode.usage, `there is a file that is no socket at ${socketPath}`);
  if (await isAlive(socketPath)) {
    throw new DbgateError(ErrorCode.usage, `another tunnel listens on ${socketPath}`, {
      hint: 'end it, or choose another path with --socket',
    });
  }
  await unlink(socketPath);
}

export async function restrictSocket(socketPath: string): Promise<void> {
  await chmod(socketPath, 0o600);
}

function isAlive(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Only a refusal says that nobody listens.
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}
