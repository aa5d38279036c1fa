declare module 'proper-lockfile' {
  export interface LockOptions {
    realpath?: boolean;
    /** Milliseconds. */
    stale?: number;
    /** Milliseconds. */
    update?: number;
    retries?: { retries: number; factor: number; minTimeout: number; maxTimeout: number; randomize: boolean };
    onCompromised?: (error: Error) => void;
  }
  const lockfile: { lock(path: string, options?: LockOptions): Promise<() => Promise<void>> };
  // biome-ignore lint/style/noDefaultExport: the shape of a CommonJS package
  export default lockfile;
}
