import type { GatewayClient } from '../login/gateway-client.ts';
import { durationText } from '../views/time-text.ts';
import type { WaitState } from '../views/wait-state.ts';
import type { CommandContext } from './context.ts';
import { beginOwnLine } from './own-line.ts';
import type { RequestLine } from './request-answers.ts';
import { followRequest } from './request-follow.ts';
import { askedFor, decidersText, outcomeText, statusExitCode } from './request-text.ts';
import { sanitise } from './sanitise.ts';

/**
 * Waits until a request is decided and tells what came of it: a live view on a terminal, lines elsewhere, NDJSON of each
 * state with `--json`. Resolves to the exit code; a Ctrl-C leaves the request as it is, and says so.
 * @param known as it was when it was made; undefined: only its id is known
 */
export async function waitUntilDecided(
  context: CommandContext,
  client: GatewayClient,
  id: string,
  known: RequestLine | undefined,
  timeoutMs: number | undefined,
): Promise<number> {
  const deadline = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
  await using teller = new Teller(context, deadline);
  if (known !== undefined) teller.tell(known);
  try {
    const decided =
      known?.decided === true
        ? known
        : await followRequest(client, id, known, {
            signal: context.signal,
            deadline,
            onState: (request) => teller.tell(request),
            onLost: (error) => teller.lost(error),
          });
    await teller.close();
    if (!context.json) context.note(outcomeText(decided, Date.now()));
    return statusExitCode(decided.status);
  } catch (error) {
    await teller.close();
    if (context.signal.aborted) {
      beginOwnLine(context);
      context.note(`${id} is still pending: "dbgate wait ${id}" goes on, "dbgate cancel ${id}" withdraws it`);
    }
    throw error;
  }
}

/** Tells of a request that waits, each state once. */
class Teller implements AsyncDisposable {
  readonly #context: CommandContext;
  readonly #deadline: number | undefined;
  #last: RequestLine | undefined;
  #view: Promise<{ update(state: WaitState, said?: string): void; close(): void }> | undefined;
  #isLost = false;

  constructor(context: CommandContext, deadline: number | undefined) {
    this.#context = context;
    this.#deadline = deadline;
  }

  tell(request: RequestLine): void {
    const { json, live } = this.#context;
    if (this.#isLost) this.#say(request, 'the gateway answers again');
    this.#isLost = false;
    if (request.seq === this.#last?.seq) return;
    this.#last = request;
    if (json) this.#context.print(request, () => '');
    if (request.status !== 'pending' || json) return;
    if (live) this.#show(request);
    else this.#context.note(waitingLine(request, Date.now()));
  }

  lost(error: Error): void {
    if (!this.#isLost) this.#say(this.#last, `the gateway is lost, waiting goes on: ${error.message}`);
    this.#isLost = true;
  }

  async close(): Promise<void> {
    const view = this.#view;
    this.#view = undefined;
    (await view)?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #show(request: RequestLine, said?: string): void {
    const state = waitState(request, this.#deadline);
    this.#view ??= import('../views/wait-live.tsx').then(({ openWaitView }) => openWaitView(this.#context, state));
    void this.#view.then((view) => view.update(state, said));
  }

  #say(request: RequestLine | undefined, text: string): void {
    if (this.#view !== undefined && request !== undefined) this.#show(request, sanitise(text));
    else this.#context.note(sanitise(text));
  }
}

export function waitState(request: RequestLine, deadline: number | undefined): WaitState {
  return {
    id: request.id,
    database: sanitise(request.database),
    asks: askedFor(request),
    reason: sanitise(request.reason),
    deciders: decidersText(request),
    yes: request.approvals.length,
    needs: request.needs,
    link: sanitise(request.link),
    askedAt: Date.parse(request.created_at),
    expiresAt: Date.parse(request.expires_at),
    deadline,
    next:
      request.kind === 'elevation'
        ? 'once approved, it holds at once, in open sessions too'
        : 'once approved, the statement runs where it waits, or when it is run again',
  };
}

function waitingLine(request: RequestLine, now: number): string {
  const { id, approvals, needs, expires_at: expiresAt } = request;
  const yes = needs > 1 ? `, ${approvals.length} of ${needs} said yes` : '';
  const left = durationText(Date.parse(expiresAt) - now);
  return `${id} waits for ${decidersText(request)}${yes}; it expires in ${left}`;
}
