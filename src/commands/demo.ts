import { constants } from 'node:os';
import type { Demo } from '../demo/demo.ts';
import type { StoryStep } from '../demo/story.ts';
import { DbgateError, ErrorCode, ExitCode } from '../errors.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { addFooter } from './help-footer.ts';
import { sanitise } from './sanitise.ts';

export const demoCommand: CommandDefinition = {
  name: 'demo',
  configure(command) {
    command
      .description(
        'Starts a real Postgres, an OpenID provider and a gateway on this machine, and shows what dbgate does; all of it is gone when it ends.',
      )
      .option('--script', 'play the story, check each step, and end; what happens anyway without a terminal')
      .option('--upstream <url>', 'put the demo around your own database; nothing is written to it by dbgate')
      .option('--database <name>', 'what it is called in dbgate; default: its own name')
      .option('--keep <dir>', 'keep everything in this folder, which must be new or empty')
      .addOption(hidden(command, '--durability <mode>', ['sync', 'async']))
      .addOption(hidden(command, '--state-dir <dir>'));
    addFooter(command, [
      'With --json, one line says when all is ready: the gateway, and for each demo person URLs and a token.',
    ]);
  },
  async run(context, options) {
    const script = options.script === true || (!context.isTerminal && !context.json && options.upstream === undefined);
    checkOptions(options, script);
    // From here on a signal means: put everything away, then end.
    const stop = new AbortController();
    let endedBy: NodeJS.Signals | undefined;
    const giveBack = context.interceptSignals((signal) => {
      endedBy ??= signal;
      stop.abort(new DbgateError(ErrorCode.cancelled, `interrupted by ${signal}`));
    });
    // A reader of stdout that has gone.
    context.signal.addEventListener('abort', () => stop.abort(context.signal.reason), { once: true });
    let demo: Demo | undefined;
    let served = false;
    try {
      const { startDemo } = await import('../demo/demo.ts');
      if (!context.json) context.note('starting ...');
      demo = await startDemo({ ...demoOptions(options), signal: stop.signal });
      if (script) {
        await play(context, demo, stop.signal);
        return ExitCode.ok;
      }
      await serve(context, demo, stop.signal);
      served = true;
    } catch (error) {
      if (endedBy === undefined) throw error;
    } finally {
      await demo?.close();
      giveBack();
    }
    // Being told to stop is how a demo that was up ends well.
    return served || endedBy === undefined ? ExitCode.ok : 128 + constants.signals[endedBy];
  },
};

function hidden(command: Parameters<CommandDefinition['configure']>[0], flags: string, choices?: readonly string[]) {
  const option = command.createOption(flags).hideHelp();
  return choices === undefined ? option : option.choices(choices);
}

function checkOptions(options: CommandOptions, script: boolean): void {
  if (script && options.upstream !== undefined) {
    throw new DbgateError(ErrorCode.usage, "the story of --script is about the demo's own shop, not about --upstream", {
      hint: 'leave one of the two out',
    });
  }
  const name = options.database;
  if (typeof name === 'string' && !/^[^\s/]{1,63}$/.test(name)) {
    throw new DbgateError(
      ErrorCode.usage,
      `--database ${JSON.stringify(name)}: 1 to 63 characters, no space, no slash`,
    );
  }
  if (script && name !== undefined) {
    throw new DbgateError(ErrorCode.usage, '--database names the database of --upstream', {
      hint: 'dbgate demo --help',
    });
  }
}

function demoOptions(options: CommandOptions) {
  const text = (name: string) => (typeof options[name] === 'string' ? (options[name] as string) : undefined);
  const given = {
    upstream: text('upstream'),
    database: text('database'),
    keep: text('keep'),
    stateDir: text('stateDir'),
    durability: text('durability') as 'sync' | 'async' | undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function play(context: CommandContext, demo: Demo, signal: AbortSignal): Promise<void> {
  const { playStory } = await import('../demo/story.ts');
  try {
    await playStory(demo, signal, (step) => showStep(context, step));
  } catch (error) {
    // The folder is about to go, and the gateway may have said why.
    if (!signal.aborted)
      for (const line of await demo.gateway.lastLogLines(20)) context.note(`gateway: ${sanitise(line)}`);
    throw error;
  }
}

/** Until a signal comes. */
async function serve(context: CommandContext, demo: Demo, signal: AbortSignal): Promise<void> {
  if (!context.json) {
    for (const line of await invitation(demo)) context.note(line);
    return untilAborted(signal);
  }
  const { openConnections } = await import('../demo/connections.ts');
  const { connections, close } = await openConnections(demo);
  try {
    const ready = { event: 'ready', gateway: demo.gateway.url, issuer: demo.identity.issuer, ca: demo.caFile };
    if (!signal.aborted) context.print({ ...ready, connections }, () => '');
    await untilAborted(signal);
  } finally {
    await close();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function invitation(demo: Demo): Promise<string[]> {
  const [{ launcherPath }, path] = await Promise.all([import('../demo/cli-process.ts'), import('node:path')]);
  const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
  const what = demo.postgres ? `PostgreSQL ${demo.postgres.version} with a small shop` : 'your database';
  return [
    `${what}, an OpenID provider and a gateway are up; Ctrl-C ends and removes them.`,
    '',
    'In another terminal, once:',
    '',
    `  alias dbgate=${quote(`node ${quote(launcherPath())}`)}`,
    `  export DBGATE_CONFIG_DIR=${quote(path.join(demo.dir, 'cli'))} DBGATE_CA_FILE=${quote(demo.caFile)}`,
    '',
    'Then try:',
    '',
    `  dbgate login ${demo.gateway.url} --insecure-storage`,
    `  dbgate connect ${quote(demo.database)} -- psql`,
    '  dbgate history',
    '',
    demo.postgres
      ? 'The shop has people, payments, staff, products and orders. Try to drop one.'
      : 'It counts as production: reads and writes pass, a DROP TABLE is denied.',
    'Log in as another person for other rights: the analyst only reads, the admin may do all.',
  ].map((line) => sanitise(line));
}

function showStep(context: CommandContext, step: StoryStep): void {
  const [mark, arrow] = context.unicode ? ['✓', '→'] : ['ok', '->'];
  context.print({ event: 'step', ok: true, ...step }, () => {
    const head = `${mark} ${sanitise(step.did)} ${arrow} ${sanitise(step.showed)}`;
    const text = [head, ...(step.quote ?? []).map((line) => `    ${sanitise(line)}`)].join('\n');
    return context.unicode ? text : text.replaceAll('…', '...');
  });
}
