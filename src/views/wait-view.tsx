/** What `dbgate wait` shows while a request waits. Props in, text out: no clock, no stream, no state. */
import { Box, Text } from 'ink';
import { durationText } from './time-text.ts';
import type { WaitState } from './wait-state.ts';

export interface WaitViewProps {
  readonly state: WaitState;
  /** The last things that happened, oldest first; sanitised. */
  readonly messages: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
  readonly unicode: boolean;
  readonly columns: number;
}

export function WaitView({ state, messages, now, unicode, columns }: WaitViewProps) {
  const { id, database, asks, reason, deciders, yes, needs, link, next } = state;
  const mark = unicode ? '◐' : '*';
  return (
    <Box flexDirection="column" width={columns}>
      <Text wrap={unicode ? 'truncate' : 'wrap'}>
        <Text color="yellow">{mark}</Text> <Text bold>{id}</Text> waits for a decision
      </Text>
      <Line text={`${database}: ${asks}`} />
      <Line text={reason} />
      <Line text={`decides: ${deciders}${needs > 1 ? `; ${yes} of ${needs} said yes` : ''}`} />
      <Line text={timesText(state, now)} />
      <Line text={next} />
      <Line text={link} />
      {messages.map((message, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
        <Line key={i} text={message} dim />
      ))}
      <Line text="Ctrl-C leaves it pending" dim />
    </Box>
  );
}

function timesText({ askedAt, expiresAt, deadline }: WaitState, now: number): string {
  const parts = [`asked ${durationText(now - askedAt)} ago`, `expires in ${durationText(expiresAt - now)}`];
  if (deadline !== undefined) parts.push(`waits here for ${durationText(deadline - now)} more`);
  return parts.join(', ');
}

function Line({ text, dim = false }: { text: string; dim?: boolean }) {
  return (
    <Box paddingLeft={2}>
      <Text wrap="wrap" dimColor={dim}>
        {text}
      </Text>
    </Box>
  );
}
