/** What `dbgate connect` shows of its tunnel while it is open. Props in, text out: no clock, no stream, no state. */
import { Box, Text } from 'ink';
import type { TunnelState } from './tunnel-state.ts';

export interface TunnelViewProps {
  /** Sanitised. */
  readonly state: TunnelState;
  /** The last things that happened, oldest first; sanitised. */
  readonly messages: readonly string[];
  readonly unicode: boolean;
  readonly columns: number;
}

const LINKS: Readonly<Record<TunnelState['link'], { color: string; text: string; mark: string; ascii: string }>> = {
  up: { color: 'green', text: 'open', mark: '●', ascii: '*' },
  lost: { color: 'yellow', text: 'gateway lost, reconnecting', mark: '○', ascii: 'o' },
  expired: { color: 'red', text: 'session expired', mark: '✗', ascii: 'x' },
};

export function TunnelView({ state, messages, unicode, columns }: TunnelViewProps) {
  const link = LINKS[state.link];
  const about = [state.environment, state.access].filter(Boolean).join(', ');
  return (
    <Box flexDirection="column" width={columns}>
      <Text wrap="truncate">
        <Text color={link.color}>{unicode ? link.mark : link.ascii}</Text> <Text bold>{state.database}</Text>
        {about === '' ? '' : ` (${about})`} {link.text}
      </Text>
      <Text wrap="truncate">
        {'  '}
        {state.address}
      </Text>
      <Box flexWrap="wrap" columnGap={3} paddingLeft={2}>
        <Count name="sessions" value={state.sessions} />
        <Count name="statements" value={state.statements} />
        <Count name="denied" value={state.denied} color="red" />
        <Count name="masked" value={state.masked} color="yellow" />
        <Count name="errors" value={state.errors} color="yellow" />
      </Box>
      {messages.map((message, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
        <Text key={i} wrap="wrap" dimColor>
          {'  '}
          {message}
        </Text>
      ))}
      <Text dimColor wrap="truncate">
        {'  '}Ctrl-C closes the tunnel
      </Text>
    </Box>
  );
}

function Count({ name, value, color }: { name: string; value: number; color?: string }) {
  const text = `${name} ${value}`;
  return value > 0 && color !== undefined ? <Text color={color}>{text}</Text> : <Text>{text}</Text>;
}
