/**
 * The one table of the CLI's settings: the global options, their help and `docs/cli.md` are made from it.
 * Precedence: flag, environment, the profile that `dbgate login` stored, default. main lays the flags over the
 * environment, so code reads `CommandContext.env` and nothing else. Pure data: no I/O here.
 */
export interface CliSetting {
  /** Commander's notation; undefined: no flag. */
  readonly flag: string | undefined;
  /** Environment variable; undefined: flag only. */
  readonly env: string | undefined;
  /** Where a stored profile can give it; undefined: not stored. */
  readonly profileKey: string | undefined;
  readonly default: string | undefined;
  /** What the value is: `URL`, `path`, `text`, `0 or 1`, `columns`. */
  readonly unit: string;
  readonly description: string;
  /** What to set the variable to when a flag without a value is given. */
  readonly flagValue?: string;
}

export const CLI_SETTINGS: readonly CliSetting[] = [
  {
    flag: '--gateway <url>',
    env: 'DBGATE_GATEWAY',
    profileKey: 'gateway',
    default: undefined,
    unit: 'URL',
    description: 'the gateway to talk to, https://host[:port]',
  },
  {
    flag: '--profile <name>',
    env: 'DBGATE_PROFILE',
    profileKey: undefined,
    default: 'the one of the last login',
    unit: 'text',
    description: 'which stored login to use, for people with several gateways',
  },
  {
    flag: undefined,
    env: 'DBGATE_TOKEN',
    profileKey: undefined,
    default: undefined,
    unit: 'text',
    description: 'access token to use instead of a login (CI, scripts); has no flag, so that it is in no process list',
  },
  {
    flag: '--token-file <path>',
    env: 'DBGATE_TOKEN_FILE',
    profileKey: undefined,
    default: undefined,
    unit: 'path',
    description: 'file with the access token, read again whenever one is needed; renew it by replacing the file',
  },
  {
    flag: '--ca-file <path>',
    env: 'DBGATE_CA_FILE',
    profileKey: 'caFile',
    default: "the system's",
    unit: 'path',
    description: 'PEM file of a private CA to trust for gateway and issuer',
  },
  {
    flag: undefined,
    env: 'DBGATE_CONFIG_DIR',
    profileKey: undefined,
    default: '$XDG_CONFIG_HOME/dbgate, else ~/.config/dbgate',
    unit: 'path',
    description: 'where profiles, kept ports and the completion cache are stored',
  },
  {
    flag: '--purpose <text>',
    env: 'DBGATE_PURPOSE',
    profileKey: undefined,
    default: undefined,
    unit: 'text',
    description: 'why you connect; recorded with every session',
  },
  {
    flag: '--json',
    env: undefined,
    profileKey: undefined,
    default: undefined,
    unit: '0 or 1',
    description: 'JSON on stdout, one object or one a line; errors too',
  },
  {
    flag: '--no-color',
    env: 'NO_COLOR',
    profileKey: undefined,
    default: undefined,
    unit: '0 or 1',
    description: 'no colour; any value of NO_COLOR but the empty one counts',
    flagValue: '1',
  },
  {
    flag: undefined,
    env: 'DBGATE_DEBUG',
    profileKey: undefined,
    default: undefined,
    unit: '0 or 1',
    description: 'print the stack of an unexpected error',
  },
  {
    flag: undefined,
    env: 'XDG_RUNTIME_DIR',
    profileKey: undefined,
    default: 'the folder `run` in DBGATE_CONFIG_DIR',
    unit: 'path',
    description: 'where sockets and the files about running tunnels go (in its folder `dbgate`)',
  },
  {
    flag: undefined,
    env: 'XDG_CACHE_HOME',
    profileKey: undefined,
    default: '~/.cache',
    unit: 'path',
    description:
      'where compiled code is kept, in a folder `dbgate` that only you can write; it may be removed any time',
  },
  {
    flag: undefined,
    env: 'HTTPS_PROXY, HTTP_PROXY, NO_PROXY',
    profileKey: undefined,
    default: undefined,
    unit: 'URL',
    description: 'proxy on the way to gateway and issuer, as curl reads them',
  },
  {
    flag: undefined,
    env: 'COLUMNS',
    profileKey: undefined,
    default: "the terminal's width, else 80",
    unit: 'columns',
    description: 'width to lay tables and help out for',
  },
];

/** `--gateway <url>` → `gateway`, `--no-color` → `color`: the name commander gives the value. */
export function optionName(flag: string): string {
  return flag
    .split(' ')[0]!
    .replace(/^--(no-)?/, '')
    .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `--gateway <url>` → `--gateway`. */
export function flagWord(flag: string): string {
  return flag.split(' ')[0]!;
}

export function takesValue(flag: string): boolean {
  return flag.includes('<');
}

/** The environment with the given global flags laid over it. */
export function layFlagsOverEnv(
  env: Readonly<Record<string, string | undefined>>,
  options: Readonly<Record<string, unknown>>,
): Record<string, string | undefined> {
  const merged = { ...env };
  for (const setting of CLI_SETTINGS) {
    if (setting.flag === undefined || setting.env === undefined) continue;
    const value = options[optionName(setting.flag)];
    if (typeof value === 'string') merged[setting.env] = value;
    else if (setting.flagValue !== undefined && value === false) merged[setting.env] = setting.flagValue;
  }
  // A token file that was named by flag is meant to win over a token in the environment.
  if (typeof options.tokenFile === 'string') merged.DBGATE_TOKEN = undefined;
  return merged;
}
