import { type Key, useInput } from 'ink';
import type { ReactNode } from 'react';

/** Whatever is drawn, with a keyboard. */
export function KeyScreen({ onKey, children }: { onKey: (input: string, key: Key) => void; children: ReactNode }) {
  useInput(onKey);
  return <>{children}</>;
}
