/**
 * How well an application is told without the phrases that only it needs: what to expect of one that the rules have not
 * seen. A process an application, as rules are read once: `node test/classify/without-own-words.ts`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { NameRule } from '../../src/classify/words/name-rule.ts';

const RULE_FILES = ['contact', 'credentials', 'devices', 'numbers', 'person', 'health', 'prose', 'further-languages'];

interface Counts {
  readonly right: number;
  readonly wrong: number;
  readonly missed: number;
}

/** Takes the phrases out of all rules; before anything that indexes them is loaded. */
async function forget(phrases: ReadonlySet<string>): Promise<void> {
  for (const file of RULE_FILES) {
    const module: Record<string, unknown> = await import(`../../src/classify/words/${file}.ts`);
    for (const rules of Object.values(module)) {
      if (!Array.isArray(rules)) continue;
      for (const rule of rules as { phrases: NameRule['phrases'] }[])
        rule.phrases = rule.phrases.filter((phrase) => !phrases.has(phrase));
    }
  }
}

async function measure(app: string, forgotten: readonly string[]): Promise<Counts> {
  await forget(new Set(forgotten));
  const { judge } = await import('./measure-corpus.ts');
  const judged = judge(app);
  const count = (labelled: boolean, found: boolean) =>
    judged.filter((one) => (one.label !== undefined) === labelled && (one.found !== undefined) === found).length;
  return { right: count(true, true), wrong: count(false, true), missed: count(true, false) };
}

/** By phrase, the applications in which it found something that is. */
async function needs(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { apps, judge } = await import('./measure-corpus.ts');
  const found = new Map<string, Set<string>>();
  for (const app of apps())
    for (const { label, phrase } of judge(app)) {
      if (label === undefined || phrase === undefined) continue;
      found.set(phrase, (found.get(phrase) ?? new Set()).add(app));
    }
  return found;
}

const [app, forgotten] = process.argv.slice(2);
if (app !== undefined && forgotten !== undefined) {
  process.stdout.write(JSON.stringify(await measure(app, JSON.parse(forgotten))));
} else {
  const found = await needs();
  const { apps } = await import('./measure-corpus.ts');
  const total = { right: 0, wrong: 0, missed: 0 };
  for (const one of apps()) {
    const own = [...found].filter(([, by]) => by.size === 1 && by.has(one)).map(([phrase]) => phrase);
    const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), one, JSON.stringify(own)]);
    const counts: Counts = JSON.parse(run.stdout.toString());
    total.right += counts.right;
    total.wrong += counts.wrong;
    total.missed += counts.missed;
  }
  const precision = total.right / (total.right + total.wrong);
  const recall = total.right / (total.right + total.missed);
  process.stdout.write(`${precision.toFixed(3)} / ${recall.toFixed(3)}\n`);
}
