import type { Readable, Writable } from 'node:stream';
import { type DevicePrompt, runDeviceFlow } from './device-flow.ts';
import { networkReason } from './http-client.ts';
import type { IssuerClient, TokenResponse } from './issuer-client.ts';
import { openBrowser } from './open-browser.ts';

/** What of a command's context a login needs to talk to the person. */
export interface PromptContext {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly isTerminal: boolean;
  readonly live: boolean;
  readonly unicode: boolean;
  readonly columns: number;
  readonly signal: AbortSignal;
  note(line: string): void;
}

/** Device flow as a person sees it: code and origin first, then how to get there, then the time that is left. */
export async function deviceLogin(
  context: PromptContext,
  issuer: IssuerClient,
  mayOpenBrowser: boolean,
): Promise<TokenResponse> {
  let display: Display | undefined;
  try {
    const tokens = await runDeviceFlow({
      issuer,
      signal: context.signal,
      onPrompt(prompt) {
        if (context.json) writeEvent(context, { event: 'device_code', ...prompt });
        display = showPrompt(context, prompt, mayOpenBrowser);
      },
      onInterrupted: (error) => display?.interrupted(error),
    });
    return tokens;
  } finally {
    display?.end();
  }
}

/** Authorization code flow: opens the page, or shows its address. */
export async function browserLogin(
  context: PromptContext,
  issuer: IssuerClient,
  mayOpenBrowser: boolean,
): Promise<TokenResponse> {
  const { runBrowserFlow } = await import('./browser-flow.ts');
  return runBrowserFlow({
    issuer,
    signal: context.signal,
    onUrl(url) {
      if (context.json) writeEvent(context, { event: 'authorization_url', authorization_url: url });
      context.note('log in with a browser on this machine:');
      context.note(`  ${url}`);
      // Off a terminal somebody else drives the login: starting programs on a desktop is not asked for.
      if (!mayOpenBrowser || !context.isTerminal) return;
      void open(context, url);
    },
  });
}

interface Display {
  interrupted(error: unknown): void;
  end(): void;
}

/** RFC 8628 §3.3.1 and §5.4: code and address are always shown, so that the person can compare them with the page. */
function showPrompt(context: PromptContext, prompt: DevicePrompt, mayOpenBrowser: boolean): Display {
  // In `prompt` the addresses are in the URL's normal form, which has no control characters.
  const target = prompt.verification_uri_complete ?? prompt.verification_uri;
  context.note(`code:  ${printable(prompt.user_code)}`);
  context.note(`at:    ${prompt.verification_uri}`);
  if (!context.isTerminal) {
    if (prompt.verification_uri_complete !== undefined) context.note(`or:    ${prompt.verification_uri_complete}`);
    context.note(`waiting for approval, ${clock(prompt.expires_in)} left`);
    return { interrupted: (error) => noteInterruption(context, error), end() {} };
  }
  void showQr(context, target).then(() => {
    context.note(mayOpenBrowser ? 'Enter opens a browser here, Ctrl-C gives up' : 'Ctrl-C gives up');
  });
  const stopKeys = mayOpenBrowser ? onEnter(context.stdin, () => void open(context, target)) : () => {};
  const expiresAt = Date.now() + prompt.expires_in * 1000;
  let state = 'waiting for approval';
  const draw = (): void => {
    const left = Math.max(0, Math.round((expiresAt - Date.now()) / 1000));
    context.stderr.write(`\r\u001b[K${`${state}, ${clock(left)} left`.slice(0, context.columns - 1)}`);
  };
  const timer = context.live ? setInterval(draw, 1_000) : undefined;
  return {
    interrupted(error) {
      state = error === undefined ? 'waiting for approval' : 'the identity provider cannot be reached, trying again';
      if (!context.live) noteInterruption(context, error);
    },
    end() {
      clearInterval(timer);
      if (timer !== undefined) context.stderr.write('\r\u001b[K');
      stopKeys();
    },
  };
}

async function open(context: PromptContext, url: string): Promise<void> {
  if (await openBrowser(url, context.env)) return;
  // Over the line that counts down.
  if (context.live) context.stderr.write('\r\u001b[K');
  context.note('no browser could be started: open the address yourself');
}

function noteInterruption(context: PromptContext, error: unknown): void {
  context.note(
    error === undefined
      ? 'the identity provider answers again'
      : `the identity provider cannot be reached (${printable(networkReason(error))}), trying again`,
  );
}

/** Only where it can be drawn: a terminal that speaks Unicode and is wide enough. */
async function showQr(context: PromptContext, text: string): Promise<void> {
  if (!context.unicode || !context.live) return;
  const { renderUnicodeCompact } = await import('uqr');
  const lines = renderUnicodeCompact(text, { border: 1 }).split('\n');
  if (lines.every((line) => line.length <= context.columns)) for (const line of lines) context.note(line);
}

/** Line by line, without raw mode, so that Ctrl-C stays the terminal's own. */
function onEnter(stdin: Readable, action: () => void): () => void {
  const listener = (): void => action();
  stdin.on('data', listener);
  stdin.resume();
  return () => {
    stdin.off('data', listener);
    stdin.pause();
    // A terminal's handle would keep the process alive.
    (stdin as { unref?: () => void }).unref?.();
  };
}

function writeEvent(context: PromptContext, event: object): void {
  context.stdout.write(`${JSON.stringify(event)}\n`);
}

/** RFC 8628 codes are letters, digits and separators; anything else did not come from a sane issuer. */
function printable(text: string): string {
  return text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?').slice(0, 200);
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
