import { Argument, Option } from 'commander';
import { DbgateError, ErrorCode, ExitCode } from '../errors.ts';
import type { Circumstances } from '../policy/policy.ts';
import { analyse } from '../sql/analyse.ts';
import { ByteOffsets } from '../sql/byte-offsets.ts';
import type { Analysis, ObjectTarget } from '../sql/facts.ts';
import type { Grammar } from '../sql/grammar.ts';
import { bareName } from '../sql/names.ts';
import { type View, viewOf, withViews } from '../sql/shown-columns.ts';
import { CHECK_FORMATS, type FileReport, reportText, type StatementReport, sarif } from './check-report.ts';
import type { CommandDefinition } from './context.ts';
import {
  askerOf,
  askerOptions,
  circumstancesOf,
  configOption,
  effectOf,
  grammarOf,
  judgeOffline,
  openPolicy,
  type Stands,
  untoldInWords,
  untoldJson,
} from './offline-policy.ts';
import { sqlOfFile, sqlOfStream } from './sql-input.ts';
import { readScript, type SqlScript } from './sql-script.ts';
import { TextPlaces } from './text-places.ts';

export const checkCommand: CommandDefinition = {
  name: 'check',
  configure(command) {
    askerOptions(configOption(command))
      .description(
        'Says of each statement in SQL files what the gateway would: for CI and pre-commit. Nothing is run; exits with 5 if something would be denied or held.',
      )
      .addArgument(new Argument('<file...>', 'SQL files, `-` for stdin'))
      .addOption(new Option('--format <format>', 'of the report').choices(CHECK_FORMATS).default('text'));
  },
  async run(context, options, args) {
    const offline = openPolicy(options.config as string);
    const asker = askerOf(options, Date.now());
    const circumstances = circumstancesOf(offline, options.db as string | undefined, asker);
    if (typeof circumstances === 'string') throw new DbgateError(ErrorCode.denied, circumstances);
    const grammar = await grammarOf(options);
    const files: FileReport[] = [];
    for (const name of args) {
      const text = name === '-' ? await sqlOfStream(context.stdin) : sqlOfFile(name);
      files.push(checkText(name === '-' ? 'stdin' : name, text, circumstances, grammar));
    }
    const refused = files.some(({ statements }) => statements.some(({ decision }) => decision !== 'allow'));
    const judgedAs = { database: circumstances.database, access: circumstances.access, create: circumstances.create };
    if (options.format === 'sarif') {
      const report = sarif(files);
      context.print(report, () => JSON.stringify(report, undefined, 2));
    } else {
      context.print({ ...judgedAs, ok: !refused, files }, () =>
        reportText(options.format === 'github' ? 'github' : 'text', files, judgedAs),
      );
    }
    return refused ? ExitCode.denied : ExitCode.ok;
  },
};

/** Every statement of a file, judged by itself: objects that statements before it create are its author's own. */
export function checkText(file: string, text: string, circumstances: Circumstances, grammar: Grammar): FileReport {
  const script = readScript(text);
  const places = new TextPlaces(script.sql);
  const statements: StatementReport[] = [];
  const created = new Map<string, Stands>();
  const shown = new Map<string, View[]>();
  const views = new Set<string>();
  for (const { analysis, start } of piecesOf(script, grammar)) {
    // `start` is where the piece stands in the file, in UTF-16 units.
    const piece = start === 0 ? script.sql : script.sql.slice(start);
    const at = (position: number) => places.ofPosition(position, start);
    if (analysis.error !== undefined) {
      const { message, cursorPosition, sqlstate } = analysis.error;
      const { decision } = judgeOffline(analysis, circumstances);
      const rule = decision.effect === 'deny' ? decision.rule : 'sql.syntax';
      statements.push({ ...at(cursorPosition ?? 1), command: '', decision: 'deny', rule, sqlstate, message });
      continue;
    }
    const bytes = new ByteOffsets(piece);
    for (const written of analysis.statements) {
      const facts = withViews(written, (name) => shown.get(name) ?? []);
      const one: Analysis = { statements: [facts], error: undefined, recordedSql: piece, class: facts.class };
      const { decision, unresolved, untold } = judgeOffline(
        one,
        circumstances,
        // The rows that a view of one's own shows are those of others.
        (target) =>
          target.rows === true && views.has(keyOf(target)) ? 'others' : (created.get(keyOf(target)) ?? 'others'),
      );
      const place = places.ofUnit(start + bytes.toCharacters(bytes.skipBlank(facts.offset)));
      statements.push({
        ...place,
        command: facts.command,
        decision: effectOf(decision),
        ...(decision.effect === 'allow'
          ? {}
          : {
              ...(decision.position === undefined ? {} : at(decision.position)),
              rule: decision.rule,
              sqlstate: decision.sqlstate,
              message: decision.message,
              detail: decision.detail,
              hint: decision.hint,
            }),
        ...(unresolved.length > 0 ? { unresolved: unresolved.map(({ name }) => name) } : {}),
        ...(untold === undefined ? {} : { untold: untoldInWords(untold), ...untoldJson(untold) }),
      });
      for (const target of facts.targets) {
        if (target.label === 'view') views.add(keyOf(target));
        if (target.action === 'create') created.set(keyOf(target), target.temporary ? 'temporary' : 'own');
      }
      for (const one of facts.shows ?? []) {
        const bare = bareName(one.name);
        shown.set(bare, [...(shown.get(bare) ?? []), viewOf('', one)]);
      }
    }
  }
  const notChecked = script.skipped.map(({ offset, text: what }) => ({
    ...places.ofUnit(offset),
    what,
  }));
  return { file, statements, notChecked, variables: script.variables };
}

function keyOf({ kind, lookup, name }: ObjectTarget): string {
  return `${kind} ${lookup ?? name}`;
}

/** The whole file as one; where it cannot be read so, piece by piece. */
function piecesOf({ sql, cuts }: SqlScript, grammar: Grammar): { analysis: Analysis; start: number }[] {
  const whole = analyse(sql, grammar);
  if (whole.error === undefined) return [{ analysis: whole, start: 0 }];
  // A file may hold more than a query may.
  const inPieces = ['syntax', 'too_large', 'too_complex'].includes(whole.error.kind);
  if (!inPieces || cuts.length < 2) return [{ analysis: whole, start: 0 }];
  let start = 0;
  return cuts.map((end) => {
    const piece = { analysis: analyse(sql.slice(start, end), grammar), start };
    start = end;
    return piece;
  });
}
