/** What `dbgate check` found, for people, for GitHub's annotations and as SARIF. */
import { sanitise } from './sanitise.ts';

export const CHECK_FORMATS = ['text', 'github', 'sarif'] as const;

export interface StatementReport {
  /** 1-based; of the danger if it was refused, else of the statement. Columns count characters. */
  readonly line: number;
  readonly column: number;
  /** Empty: it could not be read. */
  readonly command: string;
  readonly decision: 'allow' | 'deny' | 'hold';
  readonly rule?: string;
  readonly sqlstate?: string;
  readonly message?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Names whose owner decides, taken for others' as nobody was asked. */
  readonly unresolved?: readonly string[];
  /** What takes a catalog or the planner to tell, and what it is if it is met. */
  readonly untold?: string;
}

export interface FileReport {
  readonly file: string;
  readonly statements: readonly StatementReport[];
  readonly notChecked: readonly { readonly line: number; readonly column: number; readonly what: string }[];
  /** psql variables, taken for values that are not known. */
  readonly variables: readonly string[];
}

export function reportText(
  format: 'text' | 'github',
  files: readonly FileReport[],
  judgedAs: { readonly database: string; readonly access: string; readonly create: boolean },
): string {
  const lines = files.flatMap((file) => (format === 'github' ? annotations(file) : textLines(file)));
  const all = files.flatMap(({ statements }) => statements);
  const refused = all.filter(({ decision }) => decision !== 'allow').length;
  const summary = `${all.length} ${all.length === 1 ? 'statement' : 'statements'}, ${refused} refused on ${judgedAs.database} with access ${judgedAs.access}${judgedAs.create ? ' and create' : ''}`;
  return [...lines, sanitise(summary)].join('\n');
}

function textLines({ file, statements, notChecked, variables }: FileReport): string[] {
  const place = ({ line, column }: { line: number; column: number }) => `${file}:${line}:${column}`;
  const lines = statements.flatMap((one) => {
    const untold = one.untold === undefined ? [] : [`  ${one.untold}`];
    if (one.decision === 'allow') {
      return one.untold === undefined ? [] : [`${place(one)}: ${one.command}: ${one.untold}`];
    }
    return [
      `${place(one)}: ${one.decision}: ${one.message} [${one.rule}]`,
      ...(one.hint ? [`  fix: ${one.hint}`] : []),
      ...(one.unresolved === undefined ? [] : [`  not resolved, taken for others': ${one.unresolved.join(', ')}`]),
      ...untold,
    ];
  });
  for (const one of notChecked) lines.push(`${place(one)}: not checked: ${one.what}`);
  if (variables.length > 0) lines.push(`${file}: variables taken for unknown values: ${variables.join(', ')}`);
  return lines.map((line) => sanitise(line));
}

/** @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions */
function annotations({ file, statements, notChecked }: FileReport): string[] {
  const annotation = (level: string, at: { line: number; column: number }, title: string, message: string) =>
    `::${level} file=${property(file)},line=${at.line},col=${at.column},title=${property(title)}::${data(message)}`;
  return [
    ...statements
      .filter(({ decision }) => decision !== 'allow')
      .map((one) =>
        annotation('error', one, one.rule ?? '', one.hint ? `${one.message}\n${one.hint}` : (one.message ?? '')),
      ),
    ...statements.flatMap((one) =>
      one.untold === undefined ? [] : [annotation('notice', one, 'cannot be told here', one.untold)],
    ),
    ...notChecked.map((one) => annotation('notice', one, 'not checked', one.what)),
  ];
}

function data(text: string): string {
  return sanitise(text, { keepLayout: true }).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function sarif(files: readonly FileReport[]): object {
  const refused = files.flatMap(({ file, statements }) =>
    statements.filter(({ decision }) => decision !== 'allow').map((one) => ({ file, ...one })),
  );
  const rules = new Map(refused.map(({ rule = '', detail }) => [rule, detail ?? '']));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'dbgate check',
            rules: [...rules].map(([id, text]) => ({ id, shortDescription: { text: text || id } })),
          },
        },
        columnKind: 'unicodeCodePoints',
        results: refused.map((one) => ({
          ruleId: one.rule,
          level: one.decision === 'hold' ? 'warning' : 'error',
          message: { text: one.hint ? `${one.message}. ${one.hint}` : one.message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: one.file.split('/').map(encodeURIComponent).join('/') },
                region: { startLine: one.line, startColumn: one.column },
              },
            },
          ],
        })),
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: files.flatMap(({ file, statements, notChecked }) =>
              notes(statements, notChecked).map(({ line, column, text }) => ({
                level: 'note',
                message: { text },
                locations: [
                  {
                    physicalLocation: {
                      artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/') },
                      region: { startLine: line, startColumn: column },
                    },
                  },
                ],
              })),
            ),
          },
        ],
      },
    ],
  };
}

/** What was not checked, or not all of it. */
function notes(
  statements: FileReport['statements'],
  notChecked: FileReport['notChecked'],
): { line: number; column: number; text: string }[] {
  return [
    ...notChecked.map(({ line, column, what }) => ({ line, column, text: `not checked: ${what}` })),
    ...statements.flatMap(({ line, column, untold }) => (untold === undefined ? [] : [{ line, column, text: untold }])),
  ];
}
