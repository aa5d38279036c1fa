import type { UpstreamSettings } from '../config/gateway-settings.ts';
import type { BackendKey } from '../pgwire/result.ts';
import { encodeCancelRequest } from '../pgwire/startup.ts';
import { withDeadline } from './upstream.ts';
import { openUpstreamSocket } from './upstream-socket.ts';

/**
 * Sends a CancelRequest on a connection of its own, encrypted as the session's, and waits until the server has closed
 * it: the server does so after it signalled the backend. Whether a statement was cancelled only the session shows.
 */
export async function cancelUpstream(
  settings: UpstreamSettings,
  key: BackendKey,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await withDeadline(settings, options.signal, async (signal) => {
    const socket = await openUpstreamSocket(settings, signal);
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        socket.destroy();
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort);
      // A reset after the request has the same meaning as a close.
      socket.on('error', () => {});
      socket.once('close', () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      socket.resume();
      socket.end(encodeCancelRequest(key.pid, key.secret));
      if (signal.aborted) onAbort();
    });
  });
}
