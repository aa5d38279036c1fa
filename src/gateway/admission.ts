/**
 * How many connections the gateway takes, so that neither a crowd nor an attacker uses up its file descriptors: Node
 * dies of EMFILE in places that nobody can catch. In: accepted sockets, and word of those that have proved who they are.
 * Out: admitted or not. It must never count a socket that is gone.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Each session has a socket to its client and one to its upstream. */
const DESCRIPTORS_PER_CONNECTION = 2;
/** Of the process's limit. */
const USABLE = 0.9;
/** Log, index, listeners, worker threads, cancels and side queries. */
const RESERVED_DESCRIPTORS = 64;
const MIN_CONNECTIONS = 16;
/** Where the system names no limit (Windows). */
const UNLIMITED = 65_536;
const NOTE_INTERVAL_MS = 10_000;

export interface AdmissionLimits {
  readonly maxConnections: number;
  /** Of those, how many may be in start-up: TLS handshake, request, StartupMessage, password. */
  readonly maxUnproved: number;
}

export function admissionLimits(openFiles: number | undefined = openFilesLimit()): AdmissionLimits {
  const usable = Math.floor((openFiles ?? UNLIMITED) * USABLE) - RESERVED_DESCRIPTORS;
  const maxConnections = Math.max(MIN_CONNECTIONS, Math.floor(usable / DESCRIPTORS_PER_CONNECTION));
  return { maxConnections, maxUnproved: Math.ceil(maxConnections / 2) };
}

/** The soft limit of open files; Node raises it to the hard one when it starts. Undefined: none, or not known. */
export function openFilesLimit(): number | undefined {
  const { report } = process;
  // The network part looks up names.
  (report as { excludeNetwork?: boolean }).excludeNetwork = true;
  const limits = (report.getReport() as { userLimits?: Record<string, { soft?: unknown }> }).userLimits;
  const soft = Number(limits?.open_files?.soft);
  return Number.isFinite(soft) && soft > 0 ? soft : undefined;
}

export class Admission {
  readonly limits: AdmissionLimits;
  readonly #sockets = new Set<Duplex>();
  /** By the addresses of both ends: the TLS layer has a socket object of its own. */
  readonly #unproved = new Set<string>();
  readonly #logLine: (line: string) => void;
  #refused = 0;
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(limits: AdmissionLimits, logLine: (line: string) => void) {
    this.limits = limits;
    this.#logLine = logLine;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get unproved(): number {
    return this.#unproved.size;
  }

  /** False: the socket was destroyed, and nothing may be done with it. */
  admit(socket: Socket): boolean {
    if (this.#unproved.size >= this.limits.maxUnproved) return this.#refuse(socket, 'connections in start-up');
    if (!this.admitCarried(socket)) return false;
    const ends = endsOf(socket);
    this.#unproved.add(ends);
    socket.once('close', () => this.#unproved.delete(ends));
    return true;
  }

  /** The same of a stream whose connection has proved whose it is: it stands for a session's socket to the upstream. */
  admitCarried(stream: Duplex): boolean {
    if (this.#sockets.size >= this.limits.maxConnections) return this.#refuse(stream, 'connections');
    this.#sockets.add(stream);
    stream.once('close', () => this.#sockets.delete(stream));
    return true;
  }

  /** Whoever is behind it has shown a valid token. */
  proved(socket: Socket): void {
    this.#unproved.delete(endsOf(socket));
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #refuse(socket: Duplex, what: string): false {
    socket.destroy();
    this.#refused++;
    const now = performance.now();
    if (now - this.#notedAt > NOTE_INTERVAL_MS) {
      this.#notedAt = now;
      this.#logLine(`too many ${what}: ${this.#refused} refused so far; see ulimit -n`);
    }
    return false;
  }
}

function endsOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress}|${remotePort}|${localPort}`;
}
