/**
 * The declared list of commands. Names and summaries are static, a command's file is imported when it is used:
 * `dbgate --help` must cost hardly more than starting node. A new command = its file + one line here + its test.
 */
import type { CommandDefinition } from './context.ts';

export interface RegistryEntry {
  readonly name: string;
  /** One line, lower case, no period. */
  readonly summary: string;
  readonly group: CommandGroup;
  load(): Promise<CommandDefinition>;
}

export type CommandGroup =
  | 'Connect'
  | 'Access'
  | 'Data'
  | 'Account'
  | 'Record'
  | 'Policy'
  | 'Server'
  | 'More'
  | 'Hidden';

const entry = (
  group: CommandGroup,
  name: string,
  summary: string,
  load: () => Promise<CommandDefinition>,
): RegistryEntry => ({ group, name, summary, load });

export const COMMANDS: readonly RegistryEntry[] = [
  entry('Connect', 'ls', 'databases that you may reach', async () => (await import('./ls.ts')).lsCommand),
  entry(
    'Connect',
    'connect',
    'open a tunnel to a database, or run a command through it',
    async () => (await import('./connect.ts')).connectCommand,
  ),
  entry('Connect', 'env', 'variables of an open tunnel', async () => (await import('./env.ts')).envCommand),
  entry('Connect', 'token', 'password for the native listener', async () => (await import('./token.ts')).tokenCommand),
  entry(
    'Access',
    'request',
    'ask for more than you may, for a while',
    async () => (await import('./request.ts')).requestCommand,
  ),
  entry('Access', 'wait', 'wait until a request is decided', async () => (await import('./wait.ts')).waitCommand),
  entry(
    'Access',
    'requests',
    'requests: yours, and those that you may decide',
    async () => (await import('./requests.ts')).requestsCommand,
  ),
  entry('Access', 'cancel', 'withdraw a request of yours', async () => (await import('./cancel.ts')).cancelCommand),
  entry('Access', 'review', 'say yes or no to requests', async () => (await import('./review.ts')).reviewCommand),
  entry(
    'Access',
    'revoke',
    'take access back: a request, a session, a person',
    async () => (await import('./revoke.ts')).revokeCommand,
  ),
  entry(
    'Data',
    'classify',
    'what the columns of a database hold, and why',
    async () => (await import('./classify.ts')).classifyCommand,
  ),
  entry(
    'Data',
    'explain',
    'how a statement of yours would be answered: lineage and masks',
    async () => (await import('./explain.ts')).explainCommand,
  ),
  entry('Account', 'login', 'log in to a gateway', async () => (await import('./login.ts')).loginCommand),
  entry('Account', 'logout', 'log out and forget the login', async () => (await import('./logout.ts')).logoutCommand),
  entry('Account', 'whoami', 'who you are to the gateway', async () => (await import('./whoami.ts')).whoamiCommand),
  entry(
    'Record',
    'history',
    'what was run: list, search, show',
    async () => (await import('./history.ts')).historyCommand,
  ),
  entry(
    'Record',
    'sessions',
    'sessions that were, and are',
    async () => (await import('./sessions.ts')).sessionsCommand,
  ),
  entry(
    'Record',
    'replay',
    'a session as it was: watch it, judge it again, run it again',
    async () => (await import('./replay.ts')).replayCommand,
  ),
  entry('Record', 'watch', 'what is being run now', async () => (await import('./watch.ts')).watchCommand),
  entry(
    'Record',
    'evidence',
    'evidence for the controls of a framework',
    async () => (await import('./evidence.ts')).evidenceCommand,
  ),
  entry(
    'Record',
    'access-review',
    'who could reach which database, and who did',
    async () => (await import('./access-review.ts')).accessReviewCommand,
  ),
  entry('Record', 'verify', 'is the record what was signed', async () => (await import('./verify.ts')).verifyCommand),
  entry(
    'Record',
    'audit',
    'keys, erasure and index of the record',
    async () => (await import('./audit.ts')).auditCommand,
  ),
  entry(
    'Policy',
    'policy',
    'check, show, explain, test and simulate a policy',
    async () => (await import('./policy.ts')).policyCommand,
  ),
  entry(
    'Policy',
    'check',
    'what a gateway would say to the statements of SQL files',
    async () => (await import('./check.ts')).checkCommand,
  ),
  entry('Server', 'gateway', 'run the gateway', async () => (await import('./gateway.ts')).gatewayCommand),
  entry(
    'Server',
    'demo',
    'see it work: a Postgres, a login and a gateway on this machine',
    async () => (await import('./demo.ts')).demoCommand,
  ),
  entry(
    'More',
    'doctor',
    'check everything that a connection needs',
    async () => (await import('./doctor.ts')).doctorCommand,
  ),
  entry(
    'More',
    'completion',
    'completion script of a shell',
    async () => (await import('./completion.ts')).completionCommand,
  ),
  entry(
    'Hidden',
    '__complete',
    'candidates for completion scripts',
    async () => (await import('./complete.ts')).completeCommand,
  ),
];
