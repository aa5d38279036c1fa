import { CLI_SETTINGS } from '../config/cli-settings.ts';
import { ExitCode } from '../errors.ts';
import type { TreeCommand } from './command-tree.ts';

const EXIT_CODES: Readonly<Record<keyof typeof ExitCode, string>> = {
  ok: 'it worked',
  failure: 'it failed for a reason that has no code of its own',
  usage: 'bad flags or arguments, or a faulty configuration file',
  loginRequired: 'login required: no login, or one that has ended',
  denied: 'denied by policy',
  requestDenied: 'a request was denied',
  expiredOrCancelled: 'expired or cancelled',
  pending: 'a request is pending',
  gatewayUnreachable: 'the gateway cannot be reached',
  waitTimedOut: 'waiting took too long',
  childSetupFailed: '`connect -- command`: the tunnel could not be set up, for a reason that has no code of its own',
  childNotExecutable: '`connect -- command`: the command cannot be run',
  childNotFound: '`connect -- command`: the command is not found',
  hungUp: 'hung up: the terminal was closed (SIGHUP)',
  interrupted: 'interrupted (SIGINT)',
  readerGone: 'the reader of the output left (SIGPIPE)',
  terminated: 'terminated (SIGTERM)',
};

/** `docs/cli.md`, made from the command tree and the settings table by `npm run reference`. */
export function cliReference(tree: readonly TreeCommand[]): string {
  const lines = [
    '# The dbgate command',
    '',
    '<!-- Generated from src/commands/ and src/config/cli-settings.ts by "npm run reference"; do not edit. -->',
    '',
    '- stdout is data, stderr is everything else. With `--json` stdout carries JSON only: one object, or one a line;',
    '  a failure is `{"error":{"code","message","hint","cause"}}`.',
    '- Nothing is ever asked without a terminal.',
    '- A command that a reader of its output left (`dbgate history | head`) ends quietly with 141.',
    '',
    '## Settings',
    '',
    'A flag wins over the environment, the environment over the stored profile, that over the default.',
    '',
    '| flag | environment | profile | value | default | what it is |',
    '|---|---|---|---|---|---|',
    ...CLI_SETTINGS.map(
      (setting) =>
        `| ${code(setting.flag)} | ${code(setting.env)} | ${code(setting.profileKey)} | ${setting.unit} | ${setting.default ?? ''} | ${setting.description} |`,
    ),
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(EXIT_CODES).map(([name, text]) => `| ${ExitCode[name as keyof typeof ExitCode]} | ${text} |`),
    '',
    '## Commands',
    '',
    ...tree.map(({ name, summary }) => `- [\`dbgate ${name}\`](#dbgate-${name}): ${summary}`),
    '',
  ];
  for (const command of tree) lines.push(...commandSection(command), '');
  return `${lines.join('\n').trimEnd()}\n`;
}

function commandSection({ name, usage, description, args, options }: TreeCommand): string[] {
  const own = options.filter((option) => option.own);
  const rows = [
    ...args.map((arg) => `| \`${arg.name}\` | ${cell(arg.description)} | |`),
    ...own.map((option) => `| \`${cell(option.flags)}\` | ${cell(option.description)} | ${option.default ?? ''} |`),
  ];
  const table = rows.length === 0 ? [] : ['', '| argument, option | what it is | default |', '|---|---|---|', ...rows];
  return [`### dbgate ${name}`, '', `\`${usage}\``, '', description, ...table];
}

function code(text: string | undefined): string {
  return text === undefined ? '' : `\`${text.replaceAll(', ', '`, `')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
