/**
 * A bare relay in Node, for bench/ceiling.ts: bytes in, bytes out, no protocol after the TLS handshake, sockets set up, read
 * and written as dbgate's are. What it costs is what Node, OpenSSL and the kernel cost. Prints its port.
 *
 * `--kind tls`: SSLRequest and TLS to a plain upstream, as the native listener. `near`: plain to a TLS connection, `far`:
 * TLS (ALPN, no SSLRequest) to a plain upstream, the two ends of a tunnel.
 */
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { parseArgs } from 'node:util';
import { LateWriter, LateWrites } from '../src/late-writes.ts';
import { acceptThroughBuffer, readsThroughBuffer, takeReads } from '../src/socket-reads.ts';

const { values } = parseArgs({
  options: {
    kind: { type: 'string' },
    port: { type: 'string', default: '0' },
    'upstream-port': { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    /** More than 1: processes that share the port by SO_REUSEPORT. */
    processes: { type: 'string', default: '1' },
  },
});

const lateWrites = new LateWrites();
const upstreamPort = Number(values['upstream-port']);
const processes = Number(values.processes);

if (processes > 1 && cluster.isPrimary) {
  let listening = 0;
  cluster.on('message', (_worker, { port }: { port: number }) => {
    if (++listening === processes) console.log(JSON.stringify({ port }));
  });
  for (let i = 0; i < processes; i++) cluster.fork();
} else serve();

function serve(): void {
  const secureContext =
    values.kind === 'near'
      ? tls.createSecureContext({ ca: readFileSync(values.cert!), minVersion: 'TLSv1.2' })
      : tls.createSecureContext({
          cert: readFileSync(values.cert!),
          key: readFileSync(values.key!),
          minVersion: 'TLSv1.2',
        });
  const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: values.kind === 'near' };
  const server = net.createServer(options, (accepted) => {
    accepted.on('error', () => accepted.destroy());
    switch (values.kind) {
      case 'near':
        return join(
          acceptThroughBuffer(accepted),
          tls.connect({
            host: '127.0.0.1',
            port: upstreamPort,
            servername: 'localhost',
            secureContext,
            noDelay: true,
          } as tls.ConnectionOptions),
        );
      case 'far':
        return encrypted(accepted);
      default:
        accepted.once('data', () => {
          accepted.pause();
          accepted.write('S');
          encrypted(accepted);
        });
    }
  });
  function encrypted(accepted: net.Socket): void {
    const options = { isServer: true, secureContext, allowHalfOpen: true } as tls.TLSSocketOptions;
    join(
      new tls.TLSSocket(accepted, options),
      net.connect({ host: '127.0.0.1', port: upstreamPort, noDelay: true, onread: readsThroughBuffer }),
    );
  }
  server.listen(
    { port: Number(values.port), host: '127.0.0.1', reusePort: processes > 1, exclusive: processes > 1 },
    () => {
      const { port } = server.address() as net.AddressInfo;
      if (processes > 1) process.send!({ port });
      else console.log(JSON.stringify({ port }));
    },
  );
}

function join(one: net.Socket, other: net.Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const late = new LateWriter(to, lateWrites, () => from.pause());
    takeReads(from, (chunk) => late.write(chunk));
    to.on('drain', () => from.resume());
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.on('end', () => {
      late.flush();
      to.end();
    });
  }
}
