/** What a statement that was tried changed, table by table, in words: `public.payments: 3 updated, 1 deleted`. Pure. */
import type { TableEffect } from './request.ts';

export function effectsText(effects: readonly TableEffect[]): string {
  return effects.map((effect) => `${effect.table}: ${changesOf(effect)}`).join('; ');
}

function changesOf({ inserted, updated, deleted, truncated }: TableEffect): string {
  const counts = [
    [inserted, 'inserted'],
    [updated, 'updated'],
    [deleted, 'deleted'],
    [truncated, 'truncated'],
  ] as const;
  return counts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(', ');
}
