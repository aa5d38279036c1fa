import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of half a minute and more, the longest first; the rest by size, as vitest does it for want of earlier results. */
const LONG = [
  'gateway/kills',
  'sql/lineage-oracle/lineage-oracle',
  'e2e/demo',
  'e2e/drivers',
  'sql/locks-differential',
  'gateway/masking-dictionary',
  'gateway/session-life',
  'audit/tree/tree',
  'audit/archive/archive',
  'audit/evidence/evidence',
  'gateway/durability',
  'commands/cli',
];

/**
 * A long file that comes last keeps one worker busy while the others wait. Those that follow one another in one process come
 * behind all others: between them it would end.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? LONG.length : at;
    };
    const isShared = ({ project }: TestSpecification): number => Number(!project.config.isolate);
    return (await super.sort(files)).sort((a, b) => isShared(a) - isShared(b) || rank(a) - rank(b));
  }
}
