/** What `dbgate history` draws. Props in, text out: no clock, no stream, no state. */
import { Box, Text } from 'ink';
import { type HistoryItem, type HistoryState, historyKeysText } from './history-state.ts';

export interface HistoryViewProps {
  readonly state: HistoryState;
  readonly unicode: boolean;
  readonly columns: number;
  /** Lines that there are for all of it. */
  readonly rows: number;
}

/** Search and keys. */
const FIXED_LINES = 3;

export function HistoryView({ state, unicode, columns, rows }: HistoryViewProps) {
  const room = Math.max(3, rows - FIXED_LINES);
  return (
    <Box flexDirection="column" width={columns}>
      <Heading state={state} unicode={unicode} />
      {state.detail === undefined ? (
        <List state={state} unicode={unicode} room={room} />
      ) : (
        <Detail lines={state.detail} scroll={state.scroll} room={room} />
      )}
      <Text dimColor wrap="truncate">
        {unicode ? historyKeysText(state) : historyKeysText(state).replace('↑↓', 'up/down')}
      </Text>
    </Box>
  );
}

function Heading({ state, unicode }: { state: HistoryState; unicode: boolean }) {
  const { isSearching, search, isLoading, message, items, hasMore } = state;
  if (message !== '') {
    return (
      <Text color="yellow" wrap="truncate">
        {message}
      </Text>
    );
  }
  const found = isLoading ? 'looking' : `${items.length}${hasMore ? ' and more' : ''}`;
  const cursor = isSearching ? (unicode ? '▏' : '_') : '';
  return (
    <Text wrap="truncate">
      {isSearching || search !== '' ? (
        <Text bold>
          /{search}
          {cursor}
        </Text>
      ) : (
        <Text bold>statements</Text>
      )}{' '}
      <Text dimColor>{found}</Text>
    </Text>
  );
}

function List({ state, unicode, room }: { state: HistoryState; unicode: boolean; room: number }) {
  const { items, selected, isLoading, showsPeople } = state;
  if (items.length === 0) return <Text>{isLoading ? ' ' : 'no statement matches'}</Text>;
  const first = Math.max(0, Math.min(selected - Math.floor(room / 2), items.length - room));
  return (
    <Box flexDirection="column">
      {items.slice(first, first + room).map((item, i) => (
        <Item
          key={item.id}
          item={item}
          isSelected={first + i === selected}
          unicode={unicode}
          showsPeople={showsPeople}
        />
      ))}
    </Box>
  );
}

function Item({
  item,
  isSelected,
  unicode,
  showsPeople,
}: {
  item: HistoryItem;
  isSelected: boolean;
  unicode: boolean;
  showsPeople: boolean;
}) {
  const mark = isSelected ? (unicode ? '›' : '>') : ' ';
  const color = /^deny|error/.test(item.outcome) ? 'red' : item.outcome.startsWith('mask') ? 'yellow' : undefined;
  const outcome = color === undefined ? <Text>{item.outcome}</Text> : <Text color={color}>{item.outcome}</Text>;
  return (
    <Text wrap="truncate" bold={isSelected}>
      {mark} {item.time} {showsPeople ? `${item.who} ` : ''}
      {item.database} {outcome}
      <Text dimColor>
        {' '}
        {item.rows} {item.rows === '1' ? 'row' : 'rows'} {item.ms} ms
      </Text>{' '}
      {item.sql}
    </Text>
  );
}

function Detail({ lines, scroll, room }: { lines: readonly string[]; scroll: number; room: number }) {
  const first = Math.max(0, Math.min(scroll, lines.length - room));
  return (
    <Box flexDirection="column">
      {lines.slice(first, first + room).map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
        <Text key={i} wrap="truncate">
          {line === '' ? ' ' : line}
        </Text>
      ))}
    </Box>
  );
}
