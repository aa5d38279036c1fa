import type { TreeStatus } from './tree-protocol.ts';

/** What witnesses of any kind have of the tree. */
export interface Witnessed {
  /** Of the largest checkpoint that one has taken; undefined: of none. */
  readonly size: number | undefined;
  /** ISO 8601, when one took a checkpoint last; undefined: not since the start. */
  readonly at: string | undefined;
  /** How many hold a history that is not this one. */
  readonly conflicts: number;
}

export function witnessed({ cosignedSize, witnesses }: Pick<TreeStatus, 'cosignedSize' | 'witnesses'>): Witnessed {
  const sizes = [cosignedSize, ...witnesses.map(({ size }) => size)].filter((size) => size !== undefined);
  return {
    size: sizes.length === 0 ? undefined : Math.max(...sizes),
    at: witnesses
      .flatMap(({ at }) => at ?? [])
      .sort()
      .at(-1),
    conflicts: witnesses.filter(({ state }) => state === 'conflict').length,
  };
}
