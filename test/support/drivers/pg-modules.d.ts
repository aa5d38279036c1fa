/** Of `pg`'s companions, what the checks use: neither brings types. */
declare module 'pg-copy-streams' {
  import type { Readable, Writable } from 'node:stream';
  import type { Submittable } from 'pg';
  export function from(sql: string): Writable & Submittable;
  export function to(sql: string): Readable & Submittable;
}

declare module 'pg-cursor' {
  import type { Submittable } from 'pg';

  class Cursor implements Submittable {
    constructor(sql: string, values?: unknown[]);
    submit: Submittable['submit'];
    read(rows: number): Promise<unknown[]>;
    close(): Promise<void>;
  }
  // biome-ignore lint/style/noDefaultExport: the module's own shape
  export default Cursor;
}
