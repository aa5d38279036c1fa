import { spawn } from 'node:child_process';
import { platform as osPlatform } from 'node:os';

/** The program that opens a URL, and its arguments; no shell sees the URL. */
export function browserCommand(url: string, platform: string = osPlatform()): readonly [string, ...string[]] {
  const { protocol, href } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') throw new TypeError(`not a web page: ${protocol}`);
  if (platform === 'darwin') return ['open', href];
  // `start` is a word of cmd.exe, which would read `&` in the URL as its own.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', href];
  return ['xdg-open', href];
}

/** Resolves to false when no browser could be started. The browser outlives us. */
export function openBrowser(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  platform?: string,
): Promise<boolean> {
  const [program, ...args] = browserCommand(url, platform);
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true, env: { ...env } });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
