/** A real S3 server (s3rver) with one bucket, and before it a relay that can lose, cut and refuse what goes through. */
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Settings } from '../../src/config/audit-settings.ts';

/** What its README says of it; it has no types. */
interface S3rver {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}
const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => S3rver;

export interface S3Fixture {
  readonly settings: S3Settings;
  /** Of each request, method and key. */
  readonly seen: string[];
  /** Called for each request before it goes on. A number: answered with that. `cut`: the connection is cut amid its body. */
  interfere: ((method: string, key: string) => number | 'cut' | undefined) | undefined;
  close(): Promise<void>;
}

export async function startS3(bucket = 'records'): Promise<S3Fixture> {
  const directory = mkdtempSync(join(tmpdir(), 'dbgate-s3-'));
  const server = new S3rver({
    ...{ address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets: [{ name: bucket }] },
  });
  const { port } = await server.run();
  const seen: string[] = [];
  const fixture = { seen, interfere: undefined } as { seen: string[] } & Pick<S3Fixture, 'interfere'>;
  const relay = http.createServer((request, response) => {
    const key = decodeURIComponent(request.url!.split('?')[0]!).slice(bucket.length + 2);
    seen.push(`${request.method} ${key}`);
    const verdict = fixture.interfere?.(request.method!, key);
    if (typeof verdict === 'number') {
      request.resume();
      response.writeHead(verdict).end('<Error><Code>SlowDown</Code></Error>');
      return;
    }
    const { host, ...headers } = request.headers;
    const onwards = http.request({
      port,
      host: '127.0.0.1',
      method: request.method,
      path: request.url,
      headers: { ...headers, host },
    });
    onwards.on('error', () => response.destroy());
    onwards.on('response', (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    if (verdict === 'cut') {
      let passed = 0;
      request.on('data', (chunk: Buffer) => {
        passed += chunk.length;
        onwards.write(chunk);
        if (passed > 1000) {
          onwards.destroy();
          request.destroy();
        }
      });
      return;
    }
    request.on('close', () => request.complete || onwards.destroy());
    request.pipe(onwards);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const settings: S3Settings = {
    endpoint: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    ...{ region: 'us-east-1', bucket, prefix: 'dbgate/gw/', accessKey: 'S3RVER', secretKey: 'S3RVER' },
    objectLockDays: undefined,
  };
  return Object.assign(fixture, {
    settings,
    async close() {
      relay.closeAllConnections();
      await new Promise((resolve) => relay.close(resolve));
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  });
}
