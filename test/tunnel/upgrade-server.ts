/** A stand-in for the gateway: HTTPS that upgrades and bridges to whatever `onStream` does with the stream. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type { DemoCertificates } from '../../src/demo/certificates.ts';

export interface UpgradeServer {
  readonly url: string;
  readonly port: number;
  /** Streams that were upgraded so far, and those that are still open. */
  readonly upgraded: number;
  readonly sockets: ReadonlySet<Duplex>;
  /** Cuts every connection, and listens no more. */
  close(): Promise<void>;
}

export interface UpgradeServerOptions {
  readonly certificates: DemoCertificates;
  readonly onStream: (stream: Duplex, request: IncomingMessage) => void;
  /** A refusal instead of 101. */
  readonly refuse?: (request: IncomingMessage) => { status: number; body: string } | undefined;
  readonly port?: number;
}

export async function startUpgradeServer(options: UpgradeServerOptions): Promise<UpgradeServer> {
  const sockets = new Set<net.Socket>();
  let upgraded = 0;
  const server = https.createServer(
    { cert: options.certificates.cert, key: options.certificates.key, allowHalfOpen: true } as https.ServerOptions,
    (_request, response) => {
      response.writeHead(426).end();
    },
  );
  // A client that closes during the TLS handshake is half open to such a server until handshakeTimeout.
  const raw = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    raw.add(socket);
    socket.on('close', () => raw.delete(socket));
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, stream: net.Socket) => {
    stream.on('error', () => {});
    const refusal = options.refuse?.(request);
    if (refusal !== undefined) {
      const body = Buffer.from(refusal.body);
      stream.end(
        `HTTP/1.1 ${refusal.status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${refusal.body}`,
      );
      return;
    }
    upgraded++;
    stream.setNoDelay(true);
    stream.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: postgresql\r\n\r\n');
    options.onStream(stream, request);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    get upgraded() {
      return upgraded;
    },
    sockets,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of [...sockets, ...raw]) socket.destroy();
      await closed;
    },
  };
}

/** Joins a stream with a server's socket, both ways with half-close. */
export function bridge(stream: Duplex, connect: () => net.Socket): void {
  const upstream = connect();
  upstream.on('error', () => stream.destroy());
  stream.on('close', () => upstream.destroy());
  upstream.on('close', () => stream.end());
  stream.pipe(upstream);
  upstream.pipe(stream);
}
