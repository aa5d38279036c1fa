/** Another user of the laptop has the port and no password: it can connect, and must not get anything by it. */
import net from 'node:net';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { encodeCancelRequest } from '../../src/pgwire/startup.ts';
import { openLocalListener } from '../../src/tunnel/local-listener.ts';
import { until } from '../gateway/gateway-rig.ts';
import { withPostgres } from '../support/postgres.ts';

const server = withPostgres({ hba: 'host all all 127.0.0.1/32 trust' });

describe('a crowd without the password', () => {
  it('is bounded, opens no more streams than there are places, and keeps nobody out who has it', async () => {
    let dialled = 0;
    let live = 0;
    const dial = () =>
      new Promise<net.Socket>((resolve, reject) => {
        dialled++;
        live++;
        const socket = net.connect({ host: '127.0.0.1', port: server.port, allowHalfOpen: true }, () =>
          resolve(socket),
        );
        socket.once('error', reject).once('close', () => live--);
      });
    const listener = await openLocalListener({ listen: { port: 0 }, password: 'open sesame', dial });
    const { port } = listener.address as { port: number };
    let came = 0;
    let open = 0;
    const crowd = Array.from({ length: 300 }, () => {
      const socket = net.connect(port, '127.0.0.1', () => {
        came++;
        open++;
      });
      socket.on('error', () => {}).once('close', () => open--);
      return socket.resume();
    });
    await until(() => came === 300 && open <= 64 && dialled > 0);
    expect(dialled).toBe(1);
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: 'open sesame',
      database: 'postgres',
    });
    await client.connect();
    expect((await client.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
    // Cancels need no password: they are as many as there are places, too.
    let begun = 0;
    const forged = Array.from({ length: 200 }, () => {
      const socket = net.connect(port, '127.0.0.1', () => {
        begun++;
        socket.write(encodeCancelRequest(1, Buffer.alloc(4)));
      });
      return socket.on('error', () => {}).resume();
    });
    await until(() => begun === 200 && live <= 66);
    expect((await client.query('SELECT 2 AS n')).rows).toEqual([{ n: 2 }]);
    await client.end();
    for (const socket of [...crowd, ...forged]) socket.destroy();
    await listener.close();
  });
});
