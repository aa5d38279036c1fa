/**
 * The demo's story: what a developer does on a first day with dbgate, played with the real CLI as child processes
 * against the running demo, and checked. In: a demo. Out: a line for each step; it throws at the first that did not
 * show what it should, with what it showed instead.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { DbgateError, ErrorCode } from '../errors.ts';
import { type CliResult, cliEnvironment, runCli } from './cli-process.ts';
import type { Demo } from './demo.ts';
import { DEMO_PEOPLE } from './people.ts';
import { approveLogin } from './scripted-person.ts';
import { shopRows } from './shop-data.ts';
import { findSqlClient, type SqlClient } from './sql-client.ts';

const STEP_TIMEOUT_MS = 60_000;
const PEOPLE = String(shopRows().people.length);
const PAYMENTS = String(shopRows().payments.length);
const PERSON = 'dev@demo.test';
const REVIEWER = DEMO_PEOPLE.find(({ role }) => role === 'reviewer')!;
const TOKEN_SECONDS = 600;

export interface StoryStep {
  /** What was typed, or done. */
  readonly did: string;
  /** What it showed, in short. */
  readonly showed: string;
  /** Lines worth showing as they came. */
  readonly quote?: readonly string[];
}

interface Stage {
  readonly demo: Demo;
  readonly client: SqlClient;
  readonly dbgate: (args: readonly string[], onStderr?: (soFar: string) => void) => Promise<CliResult>;
  /** The same CLI on the machine of whoever reviews. */
  readonly reviewer: (args: readonly string[]) => Promise<CliResult>;
  /** What one step leaves to the next. */
  readonly notes: {
    /** Words of the command that the refused DROP told to type. */
    hint?: readonly string[];
    request?: string;
  };
}

const STEPS: readonly ((stage: Stage) => Promise<StoryStep>)[] = [
  login,
  whoami,
  list,
  read,
  masked,
  guess,
  update,
  deniedDrop,
  stillThere,
  ask,
  approve,
  allowedDrop,
  revoke,
  deniedAgain,
  history,
  logout,
];

/** @param only names of the steps to play; default: all. */
export async function playStory(
  demo: Demo,
  signal: AbortSignal,
  onStep: (step: StoryStep) => void,
  only?: readonly string[],
): Promise<void> {
  const env = cliEnvironment(demo.dir, demo.caFile);
  await mkdir(path.join(demo.dir, 'home'), { recursive: true, mode: 0o700 });
  const token = await demo.identity.mintToken(REVIEWER, TOKEN_SECONDS);
  const stage: Stage = {
    demo,
    notes: {},
    reviewer: (args) =>
      runCli(args, {
        env: {
          ...env,
          DBGATE_CONFIG_DIR: path.join(demo.dir, 'reviewer'),
          DBGATE_GATEWAY: demo.gateway.url,
          DBGATE_TOKEN: token,
        },
        cwd: demo.dir,
        timeoutMs: STEP_TIMEOUT_MS,
        signal,
      }),
    client: await findSqlClient(env.PATH ?? ''),
    dbgate: (args, onStderr) =>
      runCli(args, {
        env,
        cwd: demo.dir,
        timeoutMs: STEP_TIMEOUT_MS,
        signal,
        ...(onStderr === undefined ? {} : { onStderr }),
      }),
  };
  onStep({
    did: 'start',
    showed: `PostgreSQL ${demo.postgres!.version} with a shop of ${PEOPLE} people, an OpenID provider, a gateway`,
  });
  for (const step of STEPS) {
    if (only && !only.includes(step.name)) continue;
    signal.throwIfAborted();
    onStep(await step(stage));
  }
}

async function login({ demo, dbgate }: Stage): Promise<StoryStep> {
  let approval: Promise<void> | undefined;
  let code = '';
  const command = ['login', demo.gateway.url, '--no-browser', '--insecure-storage'];
  const result = await dbgate(command, (soFar) => {
    const url = /http:\/\/127\.0\.0\.1:\d+\/device\?user_code=([\w-]+)/.exec(soFar);
    if (!url || approval) return;
    code = url[1]!;
    approval = approveLogin(url[0], PERSON);
    // Looked at below; until then it must not count as unhandled.
    approval.catch(() => {});
  });
  await approval;
  expectExit(command, result, 0);
  expect(command, result, approval !== undefined, 'a link with a code');
  return {
    did: `dbgate login ${demo.gateway.url}`,
    showed: `code ${code}, approved in the provider's pages by ${PERSON}`,
  };
}

async function whoami({ dbgate }: Stage): Promise<StoryStep> {
  const command = ['whoami', '--json'];
  const result = await dbgate(command);
  expectExit(command, result, 0);
  const said = parseJson(command, result) as { email?: string; groups?: string[] };
  expect(command, result, said.email === PERSON && said.groups?.join() === 'developers', `${PERSON} of developers`);
  return { did: 'dbgate whoami', showed: `${said.email}, of ${said.groups}` };
}

async function list({ demo, dbgate }: Stage): Promise<StoryStep> {
  const command = ['ls'];
  const result = await dbgate(command);
  expectExit(command, result, 0);
  const line = result.stdout.split('\n').find((text) => text.includes(demo.database)) ?? '';
  expect(command, result, /production/.test(line) && /write/.test(line), `${demo.database}, production, write`);
  return { did: 'dbgate ls', showed: squeeze(line) };
}

async function read({ demo, client, dbgate }: Stage): Promise<StoryStep> {
  const sql = 'SELECT count(*) FROM people';
  const command = ['connect', demo.database, '--purpose', 'a look around', '--', ...client.command([sql])];
  const result = await dbgate(command);
  expectExit(command, result, 0);
  expect(command, result, result.stdout.trim() === PEOPLE, PEOPLE);
  return { did: typed(demo, client, sql), showed: result.stdout.trim() };
}

/** The same question past the gateway shows what is not told here. */
async function masked({ demo, client, dbgate }: Stage): Promise<StoryStep> {
  const sql = 'SELECT email FROM people WHERE id = 7';
  const command = ['connect', demo.database, '--', ...client.command([sql])];
  const result = await dbgate(command);
  expectExit(command, result, 0);
  const told = result.stdout.trim();
  const upstream = await openUpstream(demo);
  try {
    const { rows } = await upstream.query(sql);
    const held = String(rows[0]?.email);
    expect(
      command,
      result,
      /^.\*\*\*@.*\*\*\*/.test(told) && held.startsWith(told[0]!) && told !== held,
      'a masked address',
    );
  } finally {
    await upstream.end();
  }
  return {
    did: typed(demo, client, sql),
    showed: `${told} (classified as email by name and values, no configuration)`,
  };
}

/** What is masked cannot be found out by asking for it in another way. */
async function guess({ demo, client, dbgate }: Stage): Promise<StoryStep> {
  const sql = "SELECT count(*) FROM people WHERE email LIKE 'a%'";
  const command = ['connect', demo.database, '--', ...client.command([sql])];
  const result = await dbgate(command);
  const quote = result.stderr.split('\n').filter((line) => /^(ERROR|DETAIL): /.test(line));
  expect(command, result, /^ERROR: +42501: /.test(quote[0] ?? ''), 'ERROR: 42501');
  return { did: typed(demo, client, sql), showed: 'refused', quote: quote.map(squeeze) };
}

async function update({ demo, client, dbgate }: Stage): Promise<StoryStep> {
  const sql = 'UPDATE products SET stock = stock + 5 WHERE id = 1';
  const command = ['connect', demo.database, '--', ...client.command([sql])];
  const result = await dbgate(command);
  expectExit(command, result, 0);
  expect(command, result, result.stdout.trim() === 'UPDATE 1', 'UPDATE 1');
  return { did: typed(demo, client, sql), showed: 'UPDATE 1' };
}

/** Denied, with a hint; and the same connection answers the next statement. */
async function deniedDrop({ demo, client, dbgate, notes }: Stage): Promise<StoryStep> {
  const statements = ['DROP TABLE payments', 'SELECT count(*) FROM payments'];
  const command = ['connect', demo.database, '--', ...client.command(statements)];
  const result = await dbgate(command);
  expectExit(command, result, 0);
  const quote = result.stderr.split('\n').filter((line) => /^(ERROR|DETAIL|HINT): /.test(line));
  expect(
    command,
    result,
    quote.some((line) => /^ERROR: +42501: /.test(line)),
    'ERROR: 42501',
  );
  const hint = quote.find((line) => line.startsWith('HINT: ')) ?? '';
  const line = /dbgate (request .*)/.exec(hint)?.[1];
  expect(command, result, line !== undefined, 'a hint with the command that asks for it');
  notes.hint = shellWords(line!);
  expect(command, result, result.stdout.trim() === PAYMENTS, `${PAYMENTS} from the next statement`);
  return {
    did: typed(demo, client, statements[0]!),
    showed: 'denied; the connection goes on',
    quote: quote.map(squeeze),
  };
}

/** The very line of the hint, with a reason in the place of its dots. */
async function ask({ dbgate, notes }: Stage): Promise<StoryStep> {
  const command = notes.hint!.map((word) => (/^(…|\.\.\.)$/.test(word) ? 'INC-42: payments moved to billing' : word));
  const result = await dbgate(command);
  expectExit(command, result, 8);
  notes.request = result.stdout.trim();
  expect(command, result, /^r-\w+$/.test(notes.request), 'the number of a request');
  const [pending = ''] = result.stderr.split('\n').filter((line) => line.startsWith('pending: '));
  return { did: shellLine(command), showed: `${notes.request}, ${pending}` };
}

async function approve({ reviewer, notes }: Stage): Promise<StoryStep> {
  const command = ['review', notes.request!, '--approve', '--reason', 'moved, as agreed'];
  const result = await reviewer(command);
  expectExit(command, result, 0);
  expect(command, result, /is approved until/.test(result.stdout), 'that it is approved');
  return { did: `${REVIEWER.email}: ${shellLine(command)}`, showed: result.stdout.trim() };
}

async function allowedDrop({ demo, client, dbgate }: Stage): Promise<StoryStep> {
  const sql = 'DROP TABLE payments';
  const command = ['connect', demo.database, '--', ...client.command([sql])];
  const result = await dbgate(command);
  expectExit(command, result, 0);
  // `pg` tells the first word of the tag.
  expect(command, result, /^DROP( TABLE)?$/.test(result.stdout.trim()), 'DROP TABLE');
  const there = await relationExists(demo, 'payments');
  expect(command, result, !there, 'that the table is gone in the database itself');
  return { did: typed(demo, client, sql), showed: 'DROP TABLE' };
}

async function revoke({ dbgate, notes }: Stage): Promise<StoryStep> {
  const command = ['revoke', notes.request!, '--reason', 'done'];
  const result = await dbgate(command);
  expectExit(command, result, 0);
  return { did: shellLine(command), showed: result.stdout.trim() };
}

async function deniedAgain({ demo, client, dbgate }: Stage): Promise<StoryStep> {
  const sql = 'DROP TABLE products';
  const command = ['connect', demo.database, '--', ...client.command([sql])];
  const result = await dbgate(command);
  const refused = /^ERROR: +42501: /m.test(result.stderr);
  expect(
    command,
    result,
    refused && (await relationExists(demo, 'products')),
    'ERROR: 42501, and the table still there',
  );
  return { did: typed(demo, client, sql), showed: 'denied as before' };
}

async function history({ dbgate, demo, notes }: Stage): Promise<StoryStep> {
  const command = ['history', '--json', '--limit', '50'];
  const result = await dbgate(command);
  expectExit(command, result, 0);
  const entries = historyEntries(command, result).filter(({ database }) => database === demo.database);
  const find = (text: string, decision: string) =>
    entries.find((entry) => entry.sql.includes(text) && entry.decision === decision);
  const drop = find('DROP TABLE payments', 'deny');
  const approved = find('DROP TABLE payments', 'allow');
  expect(command, result, drop !== undefined, 'DROP TABLE as denied');
  expect(command, result, approved?.approval === notes.request, 'DROP TABLE as allowed by the request');
  expect(command, result, find('UPDATE products', 'allow') !== undefined, 'UPDATE as allowed');
  expect(command, result, find('SELECT count', 'allow') !== undefined, 'SELECT as allowed');
  return {
    did: 'dbgate history',
    showed: `${entries.length} statements; DROP TABLE payments: denied by ${drop?.rule ?? 'a rule'}, then allowed by ${notes.request}`,
  };
}

async function relationExists(demo: Stage['demo'], name: string): Promise<boolean> {
  const client = await openUpstream(demo);
  try {
    const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [name]);
    return rows[0]?.there === true;
  } finally {
    await client.end();
  }
}

async function openUpstream(demo: Stage['demo']): Promise<pg.Client> {
  const { host, port, user, password, database } = demo.upstream;
  const client = new pg.Client({ host, port, user, database, ...(password === undefined ? {} : { password }) });
  await client.connect();
  return client;
}

/** Past the gateway: what the server itself holds. */
async function stillThere({ demo }: Stage): Promise<StoryStep> {
  const client = await openUpstream(demo);
  try {
    const { rows } = await client.query('SELECT count(*) AS payments FROM payments');
    const showed = String(rows[0]?.payments);
    if (showed !== PAYMENTS) throw unexpected('the database itself', `${PAYMENTS} payments`, `${showed} payments`);
    return { did: 'the database itself', showed: `table payments is there, with ${showed} rows` };
  } finally {
    await client.end();
  }
}

async function logout({ dbgate }: Stage): Promise<StoryStep> {
  const command = ['logout'];
  expectExit(command, await dbgate(command), 0);
  const after = await dbgate(['ls']);
  expectExit(['ls'], after, 4);
  return { did: 'dbgate logout', showed: 'the login is revoked and forgotten' };
}

function typed(demo: Demo, client: SqlClient, sql: string): string {
  return client.name === 'psql'
    ? `dbgate connect ${demo.database} -- psql -c "${sql}"`
    : `dbgate connect ${demo.database}: ${sql}`;
}

/** `history --json` is one object with entries, or one entry a line. */
function historyEntries(command: readonly string[], result: CliResult): HistoryLine[] {
  const objects = result.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => parseJson(command, { ...result, stdout: line }) as HistoryLine | { entries: HistoryLine[] });
  return objects.flatMap((object) => ('entries' in object ? object.entries : 'sql' in object ? [object] : []));
}

interface HistoryLine {
  readonly sql: string;
  readonly database: string;
  readonly decision: string;
  readonly rule?: string | null;
  readonly approval?: string | null;
}

/** Words of a line that a hint told to type; what is between double quotes is one. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|([^\s"]+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

function shellLine(args: readonly string[]): string {
  return ['dbgate', ...args.map((word) => (/^[\w.=,:/-]+$/.test(word) ? word : `"${word}"`))].join(' ');
}

function parseJson(command: readonly string[], result: CliResult): unknown {
  try {
    return JSON.parse(result.stdout);
  } catch {
    return expect(command, result, false, 'JSON');
  }
}

function expectExit(command: readonly string[], result: CliResult, code: number): void {
  expect(command, result, result.exitCode === code, `exit code ${code}`);
}

function expect(command: readonly string[], result: CliResult, holds: boolean, wanted: string): void {
  if (holds) return;
  const saw = [`exit code ${result.exitCode}`, result.stdout.trim(), result.stderr.trim()].filter(Boolean).join('\n');
  throw unexpected(`dbgate ${command[0]}`, wanted, saw);
}

function unexpected(what: string, wanted: string, saw: string): DbgateError {
  const shown = saw.split('\n').slice(-20).join('\n  ');
  return new DbgateError(ErrorCode.internal, `${what} should have shown ${wanted}, but showed:\n  ${shown}`);
}

const squeeze = (line: string) => line.trim().replace(/\s+/g, ' ');
