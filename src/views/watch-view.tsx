/** What `dbgate watch` draws. Props in, text out: no clock, no stream, no state. */
import { Box, Text } from 'ink';
import type { WatchItem, WatchState } from './watch-state.ts';

export interface WatchViewProps {
  readonly state: WatchState;
  readonly columns: number;
  readonly rows: number;
}

/** Heading, keys. */
const FIXED_LINES = 3;

export function WatchView({ state, columns, rows }: WatchViewProps) {
  const room = Math.max(3, rows - FIXED_LINES);
  const { items, isPaused, held, seen, lost, message } = state;
  const counts = [
    `${seen} seen`,
    lost > 0 ? `${lost} lost, too fast to read` : '',
    isPaused ? `paused, ${held.length} wait` : '',
  ];
  return (
    <Box flexDirection="column" width={columns}>
      <Text wrap="truncate">
        <Text bold>now</Text> <Text dimColor>{counts.filter(Boolean).join('   ')}</Text>{' '}
        {message === '' ? '' : <Text color="yellow">{message}</Text>}
      </Text>
      {items.slice(-room).map((item) => (
        <Item key={item.id} item={item} />
      ))}
      <Text dimColor wrap="truncate">
        {`space ${isPaused ? 'go on' : 'pause'}   q quit`}
      </Text>
    </Box>
  );
}

function Item({ item: { time, who, database, outcome, classes, text } }: { item: WatchItem }) {
  const color = /^deny|error/.test(outcome) ? 'red' : outcome.startsWith('mask') ? 'yellow' : undefined;
  return (
    <Text wrap="truncate">
      <Text dimColor>{time}</Text> {who} {database}{' '}
      {color === undefined ? <Text>{outcome}</Text> : <Text color={color}>{outcome}</Text>}
      {classes === '' ? '' : <Text color="yellow"> [{classes}]</Text>} {text}
    </Text>
  );
}
