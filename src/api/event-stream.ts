import type { GatewayState } from '../gateway/gateway-state.ts';
import { SECURITY_HEADERS } from './http-answer.ts';
import type { Call } from './router.ts';

const TICK_MS = 1_000;
const PING_TICKS = 15;
/** Of lines that nobody reads: then the stream ends, and whoever opens it again gets the state as it is. */
const MAX_UNREAD_BYTES = 1 << 20;

export interface EventStream {
  send(line: object): void;
  end(): void;
  readonly isOver: boolean;
}

/**
 * NDJSON for as long as the caller's token is good and they read it; `{"event":"ping"}` after 15 s without a line.
 * @param onOver called once, however it ends
 */
export function openEventStream(gateway: GatewayState, { response, principal }: Call, onOver: () => void): EventStream {
  response.writeHead(200, {
    'Content-Type': 'application/x-ndjson',
    ...SECURITY_HEADERS,
  });
  let quietTicks = 0;
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    onOver();
  };
  const stream: EventStream = {
    get isOver() {
      return isOver;
    },
    send(line) {
      if (isOver) return;
      quietTicks = 0;
      response.write(`${JSON.stringify(line)}\n`);
      if (response.writableLength > MAX_UNREAD_BYTES) stream.end();
    },
    end() {
      over();
      response.end();
    },
  };
  const timer = setInterval(() => {
    if (Date.now() >= principal.expiresAt || gateway.revocations.isRevoked(principal)) stream.end();
    else if (++quietTicks >= PING_TICKS && !response.writableNeedDrain) stream.send({ event: 'ping' });
  }, TICK_MS);
  // Not the request's own 'close': that comes as soon as its body was read.
  response.once('close', over);
  return stream;
}
