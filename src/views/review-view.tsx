/** What `dbgate review` shows on a terminal. Props in, text out: no clock, no stream, no state. */
import { Box, Text } from 'ink';
import { keysText, type ReviewDetail, type ReviewItem, type ReviewMode, type ReviewState } from './review-state.ts';

export interface ReviewViewProps {
  readonly state: ReviewState;
  readonly unicode: boolean;
  readonly columns: number;
  /** Lines that there are for all of it. */
  readonly rows: number;
}

/** Title, message, input, keys. */
const FIXED_LINES = 5;
const NAME_WIDTH = 11;
const RISK_COLOR: Readonly<Record<string, string>> = { high: 'red', medium: 'yellow', low: 'green' };
const PROMPTS: Readonly<Partial<Record<ReviewMode, string>>> = {
  approve: 'approve, because (may be empty): ',
  deny: 'deny, because: ',
  review: 'reviewed, what you found: ',
  duration: 'for how long at most (such as 30m): ',
  times: 'for how many executions of this shape: ',
  rows: 'roll back above how many rows: ',
};

export function ReviewView({ state, unicode, columns, rows }: ReviewViewProps) {
  const room = Math.max(3, rows - FIXED_LINES);
  const prompt = PROMPTS[state.mode];
  // ink cuts with `…` only.
  const wrap = unicode ? 'truncate' : 'wrap';
  return (
    <Box flexDirection="column" width={columns}>
      {state.detail === undefined ? (
        <List state={state} unicode={unicode} room={room} />
      ) : (
        <Detail detail={state.detail} scroll={state.scroll} columns={columns} room={room} wrap={wrap} />
      )}
      {termsLine(state) !== '' && <Text wrap={wrap}>{termsLine(state)}</Text>}
      {state.message !== '' && (
        <Text color="yellow" wrap="wrap">
          {state.message}
        </Text>
      )}
      {prompt !== undefined && (
        <Text wrap="wrap">
          <Text bold>{prompt}</Text>
          {state.input}
          {unicode ? '▏' : '_'}
        </Text>
      )}
      <Text dimColor wrap={wrap}>
        {keysText(state)}
      </Text>
    </Box>
  );
}

function List({ state, unicode, room }: { state: ReviewState; unicode: boolean; room: number }) {
  const { items, selected } = state;
  if (items.length === 0) return <Text>nothing waits for you</Text>;
  const first = Math.max(0, Math.min(selected - Math.floor(room / 2), items.length - room));
  return (
    <Box flexDirection="column">
      <Text bold>{items.length === 1 ? '1 request waits' : `${items.length} requests wait`} for you</Text>
      {items.slice(first, first + room).map((item, i) => (
        <Item key={item.id} item={item} isSelected={first + i === selected} unicode={unicode} />
      ))}
    </Box>
  );
}

function Item({ item, isSelected, unicode }: { item: ReviewItem; isSelected: boolean; unicode: boolean }) {
  const mark = isSelected ? (unicode ? '›' : '>') : ' ';
  return (
    <Text wrap={unicode ? 'truncate' : 'wrap'} bold={isSelected}>
      {mark} {item.id} <Risk level={item.risk} /> {item.database} {item.who}: {item.asks} ({item.age})
    </Text>
  );
}

function Risk({ level }: { level: string }) {
  const color = RISK_COLOR[level];
  return color === undefined ? <Text>{level}</Text> : <Text color={color}>{level}</Text>;
}

function Detail({
  detail,
  scroll,
  columns,
  room,
  wrap,
}: {
  detail: ReviewDetail;
  scroll: number;
  columns: number;
  room: number;
  wrap: 'truncate' | 'wrap';
}) {
  const lines = detailLines(detail, columns);
  const first = Math.max(0, Math.min(scroll, lines.length - room));
  const below = lines.length - first - room;
  return (
    <Box flexDirection="column">
      {lines.slice(first, first + room).map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
        <Text key={i} wrap={wrap}>
          {line === '' ? ' ' : line}
        </Text>
      ))}
      {below > 0 && (
        <Text dimColor wrap={wrap}>
          {below} more {below === 1 ? 'line' : 'lines'} below
        </Text>
      )}
    </Box>
  );
}

/** Wrapped here, so that scrolling counts the lines that are seen. */
export function detailLines(detail: ReviewDetail, columns: number): string[] {
  const lines: string[] = [];
  const width = Math.max(10, columns - NAME_WIDTH);
  for (const [name, text] of detail.rows) {
    wrapped(text, width).forEach((line, i) => {
      lines.push(`${(i === 0 ? name : '').padEnd(NAME_WIDTH)}${line}`);
    });
  }
  const section = (title: string, texts: readonly string[]): void => {
    if (texts.length === 0) return;
    lines.push('', title);
    for (const text of texts) lines.push(`  ${text}`);
  };
  section('what happened', detail.events);
  if (detail.recent !== undefined) {
    section('what this person ran here lately', detail.recent.length > 0 ? detail.recent : ['nothing']);
  }
  return lines;
}

/** By words where there are some, and never wider; keeps the lines that there are. */
function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = [];
    let rest = line;
    while (rest.length > width) {
      const space = rest.lastIndexOf(' ', width);
      const at = space > width / 2 ? space : width;
      lines.push(rest.slice(0, at));
      rest = rest.slice(at).trimStart();
    }
    lines.push(rest);
    return lines;
  });
}

function termsLine({ detail, terms }: ReviewState): string {
  if (detail === undefined) return '';
  return [
    terms.duration === '' ? '' : `shortened to ${terms.duration}`,
    terms.maxRows === '' ? '' : `at most ${terms.maxRows} rows`,
    terms.times === '' ? '' : `for ${terms.times} executions`,
    terms.tryFirst ? 'tried first, its rows shown before they are kept' : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}
