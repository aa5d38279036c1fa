/** A real browser, driven over the DevTools protocol; nothing but what a person could see and press. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Undefined: this machine has none. */
export const CHROMIUM = [process.env.CHROMIUM ?? '', ...CANDIDATES].find((file) => file !== '' && existsSync(file));

type Message = { id?: number; method?: string; result?: Record<string, unknown>; error?: { message: string } };

type Send = (method: string, params?: object, session?: string) => Promise<Record<string, unknown>>;

export class Chromium {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #session: string;
  readonly #send: Send;

  private constructor(child: ChildProcess, profile: string, socket: WebSocket, session: string, send: Send) {
    this.#child = child;
    this.#profile = profile;
    this.#socket = socket;
    this.#session = session;
    this.#send = send;
  }

  static async open(): Promise<Chromium> {
    const profile = mkdtempSync(path.join(tmpdir(), 'dbgate-chromium-'));
    const child = spawn(
      CHROMIUM!,
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--no-first-run',
        '--ignore-certificate-errors',
        '--window-size=390,844',
        '--remote-debugging-port=0',
        `--user-data-dir=${profile}`,
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr!.on('data', (chunk: Buffer) => {
        said += String(chunk);
        const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', (code) => reject(new Error(`the browser ended with ${code}: ${said}`)));
    });
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    const waiting = new Map<number, (message: Message) => void>();
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.id !== undefined) waiting.get(message.id)?.(message);
    });
    let last = 0;
    const send = (method: string, params: object = {}, sessionId?: string) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const id = ++last;
        waiting.set(id, ({ result, error }) => {
          waiting.delete(id);
          if (error === undefined) resolve(result!);
          else reject(new Error(`${method}: ${error.message}`));
        });
        socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
      });
    const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
    await send('Page.enable', {}, sessionId as string);
    return new Chromium(child, profile, socket, sessionId as string, send);
  }

  async goto(url: string): Promise<void> {
    await this.#send('Page.navigate', { url }, this.#session);
  }

  /** The value of an expression in the page, by the debugger: pages that allow no script have none of their own. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.#send('Runtime.evaluate', { expression, returnByValue: true }, this.#session);
    return (result as { value: T }).value;
  }

  /** Waits until the page is whole and an expression is true in it. */
  async until(expression: string): Promise<void> {
    for (;;) {
      const seen = await this.evaluate<boolean>(`document.readyState === 'complete' && !!(${expression})`).catch(
        () => false,
      );
      if (seen) return;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  /** With the mouse, where the element is. */
  async press(selector: string): Promise<void> {
    const spot = await this.evaluate<{ x: number; y: number }>(
      `(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: 'center' }); const { x, y, width, height } = e.getBoundingClientRect(); return { x: x + width / 2, y: y + height / 2 }; })()`,
    );
    for (const type of ['mousePressed', 'mouseReleased']) {
      await this.#send('Input.dispatchMouseEvent', { type, ...spot, button: 'left', clickCount: 1 }, this.#session);
    }
  }

  async type(selector: string, text: string): Promise<void> {
    await this.press(selector);
    await this.#send('Input.insertText', { text }, this.#session);
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' }, this.#session);
    return Buffer.from(data as string, 'base64');
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#socket.close();
    this.#child.kill('SIGTERM');
    await gone;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
