import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const SCRIPT = `
  trap '' HUP INT TERM
  read -r word && exit 0
  pid=$1; file=$2/postmaster.pid; shift 2
  mine() { [ "$(head -n 1 "$file" 2>/dev/null)" = "$pid" ] && kill -0 "$pid" 2>/dev/null; }
  mine && kill -INT "$pid"
  i=0; while mine && [ $i -lt 50 ]; do sleep 0.1; i=$((i+1)); done
  mine && kill -QUIT "$pid"
  i=0; while mine && [ $i -lt 30 ]; do sleep 0.1; i=$((i+1)); done
  [ $# -eq 0 ] || rm -rf -- "$@"`;

/**
 * Removes folders, and ends a PostgreSQL, once this process is gone, however it ended (a shell waits on a pipe that
 * only this process holds). `dismiss` when both have been done in good order.
 */
export function watchParent(
  folders: readonly string[],
  server?: { readonly pid: number; readonly data: string },
): { dismiss(): void } {
  if (process.platform === 'win32') {
    const clean = () => {
      if (server) process.kill(server.pid);
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    };
    process.once('exit', clean);
    return { dismiss: () => void process.removeListener('exit', clean) };
  }
  const args = [String(server?.pid ?? ''), server?.data ?? '/nonexistent', ...folders];
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'dbgate-watch', ...args], {
    // Ctrl-C on a terminal reaches the whole foreground group; this must go on.
    detached: true,
    cwd: '/',
    env: { PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin` },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return { dismiss: () => void shell.stdin.end('done\n') };
}
