import { existsSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../audit/tree/checkpoint.ts';
import type { NoteKey } from '../audit/tree/note.ts';
import type { TrustedKeys } from '../audit/tree/trusted-keys.ts';
import type { Finding, Verdict } from '../audit/tree/verdict.ts';
import type { DirectoryVerdict } from '../audit/tree/verify-directory.ts';
import type { ProofVerdict } from '../audit/tree/verify-proof.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { makeDirectory } from '../make-directory.ts';
import type { CommandContext, CommandDefinition, CommandOptions } from './context.ts';
import { proofsAnswer, readAnswer } from './gateway-answers.ts';
import { addFooter } from './help-footer.ts';
import { sanitise } from './sanitise.ts';
import { STATEMENT_ID } from './statement-id.ts';

/** 0: it is as it was signed; 1: tampered with; 2: that cannot be told. */
const EXIT = { ok: 0, tampered: 1, unknown: 2 } as const;
const MAX_FILE_BYTES = 16 << 20;
/** Of a record in the text; `--json` has all of it. */
const MAX_RECORD_LINE = 400;
const WHERE_THE_KEY_IS = 'Its key is what "dbgate audit keys" prints on the machine of the gateway';

interface Trust {
  readonly keys: TrustedKeys;
  readonly witnesses: readonly NoteKey[];
  readonly known: Checkpoint | undefined;
}

export const verifyCommand: CommandDefinition = {
  name: 'verify',
  configure(command) {
    const collect = (value: string, before: string[]): string[] => [...before, value];
    command
      .description(
        'Checks that the record is what was signed: of a statement, of a proof, or of a whole state directory.',
      )
      .argument('<what...>', 'ids of statements (from the gateway), .tlog-proof files, or a state_dir or a copy of it')
      .option(
        '--key <key>',
        "the gateway's public key: a vkey, a PEM, or a file of them; may stand several times",
        collect,
        [],
      )
      .option('--witness <vkey>', 'a witness that must have cosigned; may stand several times', collect, [])
      .option('--checkpoint <file>', 'one that was seen elsewhere: the record must go on from it')
      .option('--save <dir>', 'of an id: keep its proofs there as .tlog-proof files');
    addFooter(command, [
      'Exits with 0 if everything is as it was signed, 1 if something was tampered with, 2 if that cannot be told: no key was given, there is no checkpoint, or something is newer than the newest checkpoint; of several, what is worst counts. But for an id no gateway is asked.',
      `${WHERE_THE_KEY_IS}; asked over the network the gateway could name any.`,
    ]);
  },
  async run(context, options, whats) {
    const trust = await readTrust(options);
    // What is no such thing is said before anything is checked: a finding must not be followed by exit code 2.
    const checks = whats.map((what) => checkOf(context, what, trust, options.save));
    const verdicts: Verdict['verdict'][] = [];
    for (const check of checks) verdicts.push(await check());
    if ((options.key as string[]).length === 0) {
      context.note(`fix: --key KEY. ${WHERE_THE_KEY_IS}: ask whoever runs it`);
    }
    return EXIT[worst(verdicts)];
  },
};

type Check = () => Promise<Verdict['verdict']>;

/** Throws `usage`. */
function checkOf(context: CommandContext, what: string, trust: Trust, save: unknown): Check {
  const stat = statSync(what, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return () => verifyDir(context, what, trust);
  if (stat !== undefined) {
    const text = readText(what);
    return () => verifyFile(context, what, text, trust);
  }
  const match = STATEMENT_ID.exec(what);
  if (match === null) {
    throw new DbgateError(
      ErrorCode.usage,
      `${JSON.stringify(what)} is no file, no directory and no id of a statement`,
      {
        hint: 'dbgate history --json shows ids',
      },
    );
  }
  return () => verifyStatement(context, what, { session: match[1]!, n: Number(match[2]) }, trust, save);
}

async function verifyFile(context: CommandContext, what: string, text: string, trust: Trust) {
  const { verifyProof } = await import('../audit/tree/verify-proof.ts');
  const verdict = verifyProof(text, trust);
  const record = verdict.verdict === 'ok' ? recordOf(verdict) : undefined;
  context.print({ what, ...verdict, record }, () => proofText(what, verdict, record));
  return verdict.verdict;
}

function worst(verdicts: readonly Verdict['verdict'][]): Verdict['verdict'] {
  return verdicts.includes('tampered') ? 'tampered' : verdicts.includes('unknown') ? 'unknown' : 'ok';
}

async function readTrust(options: CommandOptions): Promise<Trust> {
  const [{ trustedKeys }, { parseCheckpoint }] = await Promise.all([
    import('../audit/tree/trusted-keys.ts'),
    import('../audit/tree/checkpoint.ts'),
  ]);
  const textOf = (value: string): string => (existsSync(value) ? readText(value) : value);
  const keys = trustedKeys((options.key as string[]).map(textOf));
  const witnesses = trustedKeys((options.witness as string[]).map(textOf))('');
  if (witnesses.some(({ type }) => type !== 'cosignature')) {
    throw new DbgateError(ErrorCode.usage, '--witness is not the vkey of a witness (type 4, cosignature)');
  }
  let known: Checkpoint | undefined;
  if (typeof options.checkpoint === 'string') {
    // A witness' file has many of them, a blank line behind each: the last one counts.
    const text = readText(options.checkpoint);
    known = parseCheckpoint(text) ?? parseCheckpoint(lastNote(text));
    if (known === undefined) throw new DbgateError(ErrorCode.usage, `${options.checkpoint} is not a checkpoint`);
  }
  return { keys, witnesses, known };
}

/** Behind the last signature line but those of the last note. */
function lastNote(text: string): string {
  const notes = text.trimEnd().split(/(?<=^\u2014 .*)\n\n/m);
  return `${notes.at(-1)!.trim()}\n`;
}

function readText(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new DbgateError(ErrorCode.usage, `there is no file ${path}`);
  if (stat.size > MAX_FILE_BYTES) throw new DbgateError(ErrorCode.usage, `${path} is larger than 16 MiB`);
  return readFileSync(path, 'utf8');
}

async function verifyDir(context: CommandContext, dir: string, trust: Trust): Promise<Verdict['verdict']> {
  const { verifyDirectory } = await import('../audit/tree/verify-directory.ts');
  let told = 0;
  const verdict = await verifyDirectory(dir, {
    ...trust,
    onProgress(records) {
      if (!context.live || records - told < 100_000) return;
      told = records;
      context.note(`${records} records read`);
    },
  });
  context.print({ what: dir, ...verdict }, () => directoryText(dir, verdict));
  return verdict.verdict;
}

async function verifyStatement(
  context: CommandContext,
  id: string,
  { session, n }: { readonly session: string; readonly n: number },
  trust: Trust,
  save: unknown,
): Promise<Verdict['verdict']> {
  const [{ openGatewayClient }, { verifyProof }, { parseHash }] = await Promise.all([
    import('../login/gateway-client.ts'),
    import('../audit/tree/verify-proof.ts'),
    import('../audit/tree/checkpoint.ts'),
  ]);
  const client = await openGatewayClient({ env: context.env, signal: context.signal });
  const since = trust.known === undefined ? '' : `?since=${trust.known.size}`;
  const path = `/v1/proofs/${encodeURIComponent(id)}`;
  const answer = await client
    .request('GET', `${path}${since}`)
    .then((body) => readAnswer(proofsAnswer, body, `GET ${path}`))
    .finally(() => client.close());
  const parts: Record<string, ProofVerdict> = {};
  for (const kind of ['session', 'intent', 'outcome'] as const) {
    const part = answer[kind];
    // A statement that runs has no outcome yet.
    if (part === null) continue;
    if (part.proof === undefined) {
      const unproved = ['it is in no checkpoint yet'];
      const { index, record } = part;
      parts[kind] = { verdict: 'unknown', findings: [], unproved, checkpoints: [], index, record, erased: false };
      continue;
    }
    const consistency = part.consistency?.map((hash) => parseHash(hash) ?? Buffer.alloc(0));
    const verdict = verifyProof(part.proof, { ...trust, consistency });
    // The proof holds for the record that is in it; it has to be the one that was asked for.
    const findings = isAbout(verdict, kind, session, n) ? [] : [{ what: `the proof is of another record than ${id}` }];
    parts[kind] = {
      ...verdict,
      verdict: findings.length > 0 ? 'tampered' : verdict.verdict,
      findings: [...verdict.findings, ...findings],
    };
    if (typeof save === 'string') {
      await makeDirectory(save);
      await writeFile(join(save, `${id}.${kind}.tlog-proof`), part.proof);
    }
  }
  const verdict = worst(Object.values(parts).map((part) => part.verdict));
  const shown = Object.fromEntries(Object.entries(parts).map(([kind, part]) => [kind, { ...part, record: undefined }]));
  context.print({ what: id, verdict, ...shown }, () =>
    Object.entries(parts)
      .map(([kind, part]) => proofText(`${id} ${kind}`, part))
      .join('\n'),
  );
  return verdict;
}

const KINDS = { session: 'session.open', intent: 'statement.intent', outcome: 'statement.outcome' } as const;

function isAbout(verdict: ProofVerdict, kind: keyof typeof KINDS, session: string, n: number): boolean {
  const record = recordOf(verdict);
  return record?.kind === KINDS[kind] && record.session === session && (kind === 'session' || record.n === n);
}

/** What a proof is of, as it says itself. */
function recordOf({ record }: ProofVerdict): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(record ?? '');
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const HEADLINE = {
  ok: 'ok: as it was signed',
  tampered: 'TAMPERED WITH',
  unknown: 'cannot be told',
} as const;

function proofText(what: string, verdict: ProofVerdict, record?: Readonly<Record<string, unknown>>): string {
  const body = verdict.erased ? ', body erased' : '';
  const place = verdict.index === undefined ? '' : ` (leaf ${verdict.index}${body})`;
  const headline = `${sanitise(what)}: ${HEADLINE[verdict.verdict]}${place}`;
  return [headline, ...(record === undefined ? [] : [recordLine(record)]), ...detailLines(verdict)].join('\n');
}

function recordLine({ kind, at, session, n, body }: Readonly<Record<string, unknown>>): string {
  const words = [kind, at, session === undefined || n === undefined ? session : `${session}.${n}`];
  const sql = typeof body === 'object' && body !== null && 'sql' in body ? body.sql : undefined;
  const line = [...words, sql].filter((word) => typeof word === 'string').join('  ');
  return `  ${sanitise(line).slice(0, MAX_RECORD_LINE)}`;
}

function directoryText(dir: string, verdict: DirectoryVerdict): string {
  const { records, bodies, erased, retired, covered, witnessed, notes } = verdict;
  const counts = [`${records} records`, `${bodies} with a body`, `${erased} erased`];
  if (retired > 0) counts.push(`${retired} retired before them`);
  const lines = [
    `${sanitise(dir)}: ${HEADLINE[verdict.verdict]}`,
    `  ${counts.join(', ')}; ${covered} in a checkpoint that holds, ${witnessed} of them cosigned by a witness given`,
  ];
  return [...lines, ...detailLines(verdict), ...notes.map((note) => `  note: ${sanitise(note)}`)].join('\n');
}

function detailLines({ findings, unproved, checkpoints }: Verdict): string[] {
  return [
    ...findings.map((finding) => `  ${sanitise(findingText(finding))}`),
    ...unproved.map((reason) => `  ${sanitise(reason)}`),
    ...checkpoints.map(({ source, origin, size, signedBy, cosignedBy }) => {
      const by = [
        ...(signedBy.length > 0 ? ['the key given'] : []),
        ...cosignedBy.map(({ name, at }) => `${name} at ${at}`),
      ];
      return `  ${sanitise(`${source}: ${size} records of ${origin}, signed by ${by.length === 0 ? 'nobody who is known' : by.join(', ')}`)}`;
    }),
  ];
}

function findingText({ what, leaf, position, segment, byte }: Finding): string {
  const places: string[] = [];
  if (position !== undefined) places.push(`position ${position}`);
  else if (leaf !== undefined) places.push(`record ${leaf}`);
  if (segment !== undefined) places.push(`segment ${String(segment).padStart(16, '0')}.seg`);
  if (byte !== undefined) places.push(`byte ${byte}`);
  return places.length === 0 ? what : `${what}: ${places.join(', ')}`;
}
