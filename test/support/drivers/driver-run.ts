import { execFile } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';

/** Named checks of one driver, run in this order on one connection. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** Name of the check to `ok` or what went wrong. */
export type Outcome = Record<string, string>;

export async function runChecks(checks: Checks): Promise<Outcome> {
  const outcome: Outcome = {};
  for (const [name, check] of Object.entries(checks)) {
    const timer = new AbortController();
    outcome[name] = await Promise.race([
      check().then(
        () => 'ok',
        (error: Error & { code?: string }) => `${error.code ?? ''} ${error.stack}`.slice(0, 600),
      ),
      new Promise<string>((resolve) => {
        const handle = setTimeout(() => resolve('no end within 200 s'), 200_000);
        timer.signal.addEventListener('abort', () => clearTimeout(handle));
      }),
    ]);
    timer.abort();
    if (outcome[name]?.startsWith('no end')) break;
  }
  return outcome;
}

export function same(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const show = (value: unknown) => JSON.stringify(value)?.slice(0, 200);
  throw new Error(`expected ${show(expected)}, got ${show(actual)}`);
}

/** Waits for an error with this SQLSTATE. */
export async function state(expected: string, failing: PromiseLike<unknown>): Promise<void> {
  let error: { code?: string; message?: string };
  try {
    await failing;
  } catch (thrown) {
    error = thrown as typeof error;
    if (error.code === expected) return;
    throw new Error(`expected SQLSTATE ${expected}, got ${error.code}: ${error.message}`, { cause: thrown });
  }
  throw new Error(`no error, expected SQLSTATE ${expected}`);
}

/** A statement that is cancelled; once more, later, if that came before the statement was under way: it does nothing then. */
export async function cancelled(run: () => PromiseLike<unknown>, cancel: () => unknown): Promise<void> {
  const sleep = async (waitMs: number) => {
    const asked = new Promise((resolve) => setTimeout(resolve, waitMs)).then(cancel);
    try {
      await run();
    } finally {
      await asked;
    }
  };
  await state(
    '57014',
    sleep(300).then(() => sleep(10_000)),
  );
}

/** Runs a driver in another language; it prints its outcome as one JSON object. */
export async function runProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  const { stdout, stderr } = await run(command, args, env);
  const line = stdout.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as Outcome;
  } catch {
    throw new Error(`${command} gave no outcome: ${stdout.slice(-1000)} ${stderr.slice(-2000)}`);
  }
}

export interface ProgramResult {
  readonly exitCode: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input?: string,
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      { env, timeout: 240_000, maxBuffer: 64 << 20 },
      (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : ((error.code ?? error.signal) as number | string), stdout, stderr }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}
