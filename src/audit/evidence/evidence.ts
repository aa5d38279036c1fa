/**
 * Evidence for the controls of a framework, out of the record of one gateway. In: what the record and the tree say, by
 * the interface below. Out: for each control its question, what was counted and how, samples, and the gaps found.
 * It says what the record shows, and never that a control is met.
 */
import { type Found, type Period, type Sample, SELECTIONS, type SelectionName } from '../../store/record-selections.ts';
import { type Control, controlsOf, FRAMEWORK_NAMES, type Framework, type GapName, type TreeGap } from './controls.ts';

export const SAMPLES = 5;

export interface EvidenceSource {
  select(names: readonly SelectionName[]): Promise<Partial<Readonly<Record<SelectionName, Found>>>>;
  tree(): Promise<TreeFacts>;
  /** The text of a `.tlog-proof` of the record at a position, without its body; undefined: it is in no checkpoint yet. */
  prove(position: number): Promise<string | undefined>;
  /** Outcomes that were lost because the log took no more. */
  recordsLost(): number;
  /** How often segments were retired since the period began: what went may have been of it. */
  retiredSince(): Promise<number>;
}

export interface TreeFacts {
  readonly state: 'ok' | 'late' | 'stopped' | 'starting';
  readonly origin: string | null;
  readonly vkey: string | null;
  readonly size: number;
  readonly checkpointSize: number | null;
  /** ISO 8601. */
  readonly checkpointAt: string | null;
  readonly cosignedSize: number | null;
  readonly witnesses: number;
  /** The largest checkpoint that a witness of any kind has. */
  readonly witnessedSize: number | null;
  /** ISO 8601, when one took a checkpoint last. */
  readonly witnessedAt: string | null;
  /** How often the one that is told most often is told. */
  readonly witnessEveryMs: number | null;
  readonly witnessConflicts: number;
}

export interface Counted {
  readonly name: SelectionName;
  readonly words: string;
  /** Over sessions, statements or events of the index: what a row must be. */
  readonly query: { readonly of: string; readonly where: string };
  readonly count: number;
  readonly samples: readonly ProvedSample[];
}

export type ProvedSample = Omit<Sample, 'records'> & {
  readonly proofs: readonly {
    readonly file: string;
    readonly position: number;
    readonly state: 'proved' | 'in no checkpoint yet';
  }[];
};

export interface Gap {
  readonly name: GapName;
  readonly words: string;
  /** Of what was found; for what is not counted: 1. */
  readonly count: number;
  readonly samples: readonly ProvedSample[];
}

export interface ControlEvidence extends Pick<Control, 'id' | 'title' | 'question'> {
  readonly shows: readonly Counted[];
  /** What was looked for, and found: none of them should be here. */
  readonly gaps: readonly Gap[];
  /** What was looked for and not found. */
  readonly lookedFor: readonly { readonly name: GapName; readonly words: string }[];
}

export interface Evidence {
  readonly version: 1;
  readonly framework: Framework;
  readonly frameworkName: string;
  readonly gateway: string;
  readonly database: string | null;
  /** ISO 8601; the end is not in it. */
  readonly since: string;
  readonly until: string;
  readonly madeAt: string;
  readonly tree: TreeFacts;
  readonly controls: readonly ControlEvidence[];
  /** What each of the files of `proofs/` holds. */
  readonly proofs: Readonly<Record<string, string>>;
}

export interface EvidenceQuestion extends Period {
  readonly framework: Framework;
  readonly gateway: string;
  readonly database: string | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A checkpoint is made every minute at least: twice that is late. */
const LATE_MS = 120_000;

const TREE_WORDS: Readonly<Record<TreeGap, string>> = {
  tree_stopped: 'the tree over the record is stopped: the log has a hole or is not what was signed',
  checkpoint_late: 'the newest checkpoint is more than two minutes old, or there is none',
  no_witness: 'no witness is configured: a rewrite by whoever holds the gateway’s key would not be found',
  witness_late: 'no witness has taken a checkpoint for two minutes longer than it should, and there is a newer one',
  witness_conflict: 'witnesses that hold another history of this log: it was rewritten, or an older copy put back',
  samples_unproved: 'samples that are in no checkpoint yet',
  records_retired:
    'times that segments were retired since the period began: what is counted may be less than there was',
  records_lost: 'outcomes that were lost since the gateway started, because the log took no more',
};

export async function gatherEvidence(source: EvidenceSource, question: EvidenceQuestion): Promise<Evidence> {
  const { framework, gateway, database, now, since, until } = question;
  const controls = controlsOf(framework);
  const wanted = new Set(controls.flatMap(({ shows, gaps }) => [...shows, ...gaps.filter(isSelection)]));
  const found = await source.select([...wanted]);
  const tree = await source.tree();
  const retired = await source.retiredSince();
  const proofs = new Map<string, string>();
  const counted = new Map<SelectionName, Counted>();
  for (const name of wanted) counted.set(name, await count(source, name, found[name] ?? EMPTY, proofs));
  const treeGaps = (shows: readonly Counted[]): Record<TreeGap, number> => ({
    tree_stopped: Number(tree.state === 'stopped'),
    checkpoint_late: Number(tree.checkpointAt === null || now - Date.parse(tree.checkpointAt) > LATE_MS),
    no_witness: Number(tree.witnesses === 0),
    witness_late: Number(isWitnessLate(tree, now)),
    witness_conflict: tree.witnessConflicts,
    samples_unproved: shows.flatMap(({ samples }) => samples).filter(isUnproved).length,
    records_lost: source.recordsLost(),
    records_retired: retired,
  });
  return {
    version: 1,
    framework,
    frameworkName: FRAMEWORK_NAMES[framework],
    gateway,
    database: database ?? null,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    madeAt: new Date(now).toISOString(),
    tree,
    controls: controls.map(({ id, title, question, shows, gaps }): ControlEvidence => {
      const shown = shows.map((name) => counted.get(name)!);
      const ofTree = treeGaps(shown);
      const looked = gaps.map((name): Gap => {
        if (!isSelection(name)) return { name, words: TREE_WORDS[name], count: ofTree[name], samples: [] };
        const { words, count, samples } = counted.get(name)!;
        return { name, words, count, samples };
      });
      return {
        id,
        title,
        question,
        shows: shown,
        gaps: looked.filter((gap) => gap.count > 0),
        lookedFor: looked.filter((gap) => gap.count === 0).map(({ name, words }) => ({ name, words })),
      };
    }),
    proofs: Object.fromEntries(proofs),
  };
}

function isWitnessLate(tree: TreeFacts, now: number): boolean {
  const { witnesses, witnessedSize, witnessedAt, witnessEveryMs, checkpointSize } = tree;
  if (witnesses === 0 || (witnessedSize ?? 0) >= (checkpointSize ?? 0)) return false;
  return witnessedAt === null || now - Date.parse(witnessedAt) > LATE_MS + (witnessEveryMs ?? 0);
}

const EMPTY: Found = { count: 0, samples: [] };

async function count(
  source: EvidenceSource,
  name: SelectionName,
  { count, samples }: Found,
  proofs: Map<string, string>,
): Promise<Counted> {
  const { of, words, where } = SELECTIONS[name];
  const proved: ProvedSample[] = [];
  for (const { records, ...sample } of samples) {
    const parts: ProvedSample['proofs'][number][] = [];
    for (const { kind, position } of records) {
      const file = kind === 'event' ? `event-${position}.tlog-proof` : `${safeName(sample.id)}.${kind}.tlog-proof`;
      const proof = proofs.get(file) ?? (await source.prove(position));
      if (proof !== undefined) proofs.set(file, proof);
      parts.push({ file, position, state: proof === undefined ? 'in no checkpoint yet' : 'proved' });
    }
    proved.push({ ...sample, proofs: parts });
  }
  return { name, words, query: { of, where }, count, samples: proved };
}

/** What a session is called must not choose where a file goes. */
function safeName(id: string): string {
  return id
    .replaceAll(/[^A-Za-z0-9_.-]/g, '_')
    .replaceAll('..', '__')
    .slice(0, 128);
}

function isUnproved({ proofs }: ProvedSample): boolean {
  return proofs.some(({ state }) => state !== 'proved');
}

function isSelection(name: GapName): name is SelectionName {
  return Object.hasOwn(SELECTIONS, name);
}
