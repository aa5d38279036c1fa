/** What is shown of a request that waits for a decision: props of the live view. All texts are sanitised. */
export interface WaitState {
  readonly id: string;
  readonly database: string;
  /** `ddl on orders for 1h`, or the statement. */
  readonly asks: string;
  readonly reason: string;
  /** `group dba or user ada@example.com` */
  readonly deciders: string;
  /** So many of `needs` people have said yes. */
  readonly yes: number;
  readonly needs: number;
  /** Where a person decides. */
  readonly link: string;
  /** Epoch milliseconds. */
  readonly askedAt: number;
  readonly expiresAt: number;
  /** When the wait ends here, whatever becomes of the request. */
  readonly deadline: number | undefined;
  /** What happens once it is approved. */
  readonly next: string;
}
