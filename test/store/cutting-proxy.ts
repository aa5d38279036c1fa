import net from 'node:net';
import { cleanUp } from './log-fixture.ts';

/** Between a client and its server: loses answers, cuts connections, lets nobody through. Closed after the test. */
export class CuttingProxy {
  readonly port: number;
  /** What the server says is lost from now on. */
  swallowing = false;
  refusing = false;
  readonly #sockets = new Set<net.Socket>();

  private constructor(port: number) {
    this.port = port;
  }

  static async before(target: number): Promise<CuttingProxy> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new CuttingProxy((server.address() as net.AddressInfo).port);
    server.on('connection', (client) => proxy.#pass(client, target));
    cleanUp(() => {
      server.close();
      proxy.cut();
    });
    return proxy;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #pass(client: net.Socket, target: number): void {
    if (this.refusing) {
      client.destroy();
      return;
    }
    const upstream = net.connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.setNoDelay(true);
      this.#sockets.add(socket);
    }
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      if (!this.swallowing) client.write(chunk);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }
}
