/** What `dbgate replay` draws. Props in, text out: no clock, no stream, no state. */
import { Box, Text } from 'ink';
import { type ReplayState, replayStatus } from './replay-state.ts';

export interface ReplayViewProps {
  readonly state: ReplayState;
  readonly unicode: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** Title, status, keys. */
const FIXED_LINES = 4;

export function ReplayView({ state, unicode, columns, rows }: ReplayViewProps) {
  const room = Math.max(3, rows - FIXED_LINES);
  const lines: { text: string; isAnswer: boolean }[] = [];
  for (let i = state.shown - 1; i >= 0 && lines.length < room; i--) {
    const { kind, lines: texts } = state.frames[i]!;
    for (const text of [...texts].reverse()) lines.unshift({ text, isAnswer: kind === 'answered' });
  }
  const keys = `space ${state.steps ? 'next' : 'pause'}   ←→ statement   +- speed   q quit`;
  return (
    <Box flexDirection="column" width={columns}>
      <Text bold wrap="truncate">
        {state.title}
      </Text>
      {lines.slice(-room).map(({ text, isAnswer }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
        <Text key={i} wrap="truncate" dimColor={isAnswer}>
          {text === '' ? ' ' : text}
        </Text>
      ))}
      <Text wrap="truncate">{replayStatus(state)}</Text>
      <Text dimColor wrap="truncate">
        {unicode ? keys : keys.replace('←→', 'left/right')}
      </Text>
    </Box>
  );
}
