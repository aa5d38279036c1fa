import { Option } from 'commander';
import { parseDurationMs } from '../config/units.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import type { GatewayClient } from '../login/gateway-client.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { readAnswer } from './gateway-answers.ts';
import { type TranscriptAnswer, type TranscriptStep, transcriptAnswer } from './history-answers.ts';
import { GRAMMARS } from './offline-policy.ts';

const PAGE = 500;

export const replayCommand: CommandDefinition = {
  name: 'replay',
  configure(command) {
    command
      .description(
        'Shows what was done in a recorded session, in its own time on a terminal. Nothing is run without --execute.',
      )
      .argument('<session>', 'its id; `dbgate sessions` lists them')
      .option('--speed <factor>', 'how fast: 2, 0.5, or `max` for all at once', '1')
      .option('--idle-limit <time>', 'cut pauses to this', '2s')
      .option('--step', 'wait for a key before each statement')
      .option('--plain', 'the transcript at once, on a terminal too')
      .option('--export <file>', 'write FILE.sql, to read and run again, or FILE.cast for asciinema')
      .option(
        '--under-policy <policy>',
        'say what would be decided today, by the gateway (`current`) or by a gateway.yaml; runs nothing',
      )
      .option('--execute', 'run it again: reads in one read-only transaction; of the rest you are asked one by one')
      .option('--db <database>', 'of --execute: on another database')
      .addOption(
        new Option('--pg <major>', 'of --under-policy FILE: version of PostgreSQL').choices(GRAMMARS).default('18'),
      );
  },
  async run(context, options, [session]) {
    const ways = [options.export, options.underPolicy, options.execute].filter((way) => way !== undefined);
    if (ways.length > 1) {
      throw new DbgateError(ErrorCode.usage, '--export, --under-policy and --execute exclude one another');
    }
    const pace = readPace(options);
    const { openGatewayClient } = await import('../login/gateway-client.ts');
    const client = await openGatewayClient({ env: context.env, signal: context.signal });
    try {
      const transcript = await readTranscript(client, session!);
      if (options.underPolicy !== undefined) {
        const { judgeAgain } = await import('./replay-policy.ts');
        return await judgeAgain(context, client, transcript, options);
      }
      if (options.execute === true) {
        const { executeAgain } = await import('./replay-execute.ts');
        return await executeAgain(context, transcript, options.db as string | undefined);
      }
      if (options.export !== undefined) return await exportTo(context, transcript, options.export as string, pace);
      await show(context, transcript, pace, options);
    } finally {
      await client.close();
    }
  },
};

interface Pace {
  /** Infinity: all at once. */
  readonly speed: number;
  readonly idleLimitMs: number;
}

function readPace(options: CommandOptions): Pace {
  const speed = options.speed === 'max' ? Number.POSITIVE_INFINITY : Number(options.speed);
  if (!(speed > 0)) throw new DbgateError(ErrorCode.usage, `--speed '${options.speed}' is no number above 0, nor max`);
  const idleLimitMs = parseDurationMs(options.idleLimit as string);
  if (idleLimitMs === undefined) {
    throw new DbgateError(ErrorCode.usage, `--idle-limit '${options.idleLimit}' is no time`, {
      hint: 'such as 500ms or 2s',
    });
  }
  return { speed, idleLimitMs };
}

/** The whole session, page by page. */
async function readTranscript(client: GatewayClient, session: string): Promise<TranscriptAnswer> {
  const steps: TranscriptStep[] = [];
  let after = 0;
  for (;;) {
    const path = `/v1/history/sessions/${encodeURIComponent(session)}?after=${after}&limit=${PAGE}`;
    const page = readAnswer(transcriptAnswer, await client.request('GET', path), `GET ${path}`);
    steps.push(...page.steps);
    if (page.next_after == null) return { ...page, steps };
    after = page.next_after;
  }
}

async function show(
  context: CommandContext,
  transcript: TranscriptAnswer,
  { speed, idleLimitMs }: Pace,
  options: CommandOptions,
): Promise<void> {
  if (context.json) {
    for (const step of transcript.steps) context.print(step, () => '');
    return;
  }
  const { filmOf } = await import('./replay-frames.ts');
  const film = await filmOf(transcript, idleLimitMs);
  const isTerminal = context.isTerminal && context.live && context.stdout.isTTY === true;
  if (isTerminal && options.plain !== true && Number.isFinite(speed) && film.frames.length > 0) {
    const { playSession } = await import('./replay-live.ts');
    await playSession(context, film, { speed, steps: options.step === true });
    return;
  }
  context.print(transcript, () => [film.title, '', ...film.frames.flatMap(({ lines }) => lines)].join('\n'));
}

async function exportTo(
  context: CommandContext,
  transcript: TranscriptAnswer,
  file: string,
  { idleLimitMs, speed }: Pace,
): Promise<void> {
  const { asciicast, sqlScript } = await import('./replay-export.ts');
  let text: string;
  if (file.endsWith('.sql')) text = sqlScript(transcript);
  else if (file.endsWith('.cast')) {
    const { filmOf } = await import('./replay-frames.ts');
    const film = await filmOf(transcript, idleLimitMs);
    const frames = film.frames.map((frame) => ({ ...frame, atMs: frame.atMs / speed }));
    text = asciicast({ ...film, frames }, transcript.session.at);
  } else throw new DbgateError(ErrorCode.usage, `--export '${file}' is neither a .sql nor a .cast`);
  const { writeFile } = await import('node:fs/promises');
  try {
    // What was run is nobody else's; what is there already is not ours to replace.
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new DbgateError(ErrorCode.usage, `cannot write ${file}: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
  context.print({ file, statements: transcript.steps.length }, () => file);
}
