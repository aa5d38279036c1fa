/**
 * A real S3 server (s3rver) with one bucket, and before it a relay that can cut and refuse what goes through. What s3rver
 * does not do itself, the relay does by the book: it checks signatures (version 4), that a body is what was signed,
 * `If-None-Match: *`, and object locks.
 */
import { createHash, createHmac } from 'node:crypto';
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

const SECRET = 'a/secret+of=the tests';

export interface S3Fixture {
  readonly settings: S3Settings;
  /** Of each request, method and key. */
  readonly seen: string[];
  /** Keys whose bytes were not those that were signed. */
  readonly wrongBodies: readonly string[];
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
  const wrongBodies: string[] = [];
  const stored = new Set<string>();
  const locked = new Map<string, number>();
  const fixture = { seen, wrongBodies, interfere: undefined } as Pick<S3Fixture, 'seen' | 'wrongBodies'> &
    Pick<S3Fixture, 'interfere'>;
  const relay = http.createServer((request, response) => {
    const key = decodeURIComponent(request.url!.split('?')[0]!).slice(bucket.length + 2);
    seen.push(`${request.method} ${key}`);
    const verdict = fixture.interfere?.(request.method!, key);
    if (typeof verdict === 'number') {
      request.resume();
      response.writeHead(verdict).end('<Error><Code>SlowDown</Code></Error>');
      return;
    }
    if (!isSigned(request, SECRET)) {
      request.resume();
      response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
      return;
    }
    if (request.method === 'DELETE' && (locked.get(key) ?? 0) > Date.now()) {
      response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
      return;
    }
    if (request.method === 'PUT') {
      if (request.headers['if-none-match'] === '*' && stored.has(key)) {
        request.resume();
        response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
        return;
      }
    }
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => hash.update(chunk));
    request.on('end', () => {
      if (hash.digest('hex') !== request.headers['x-amz-content-sha256']) wrongBodies.push(key);
    });
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
      if (answer.statusCode === 200 && request.method === 'PUT') {
        stored.add(key);
        const until = request.headers['x-amz-object-lock-retain-until-date'];
        if (request.headers['x-amz-object-lock-mode'] === 'COMPLIANCE') locked.set(key, Date.parse(until as string));
      }
      if (answer.statusCode === 204 && request.method === 'DELETE') stored.delete(key);
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
    ...{ region: 'us-east-1', bucket, prefix: 'dbgate/gw/', accessKey: 'S3RVER', secretKey: SECRET },
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

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function isSigned(request: http.IncomingMessage, secret: string): boolean {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^,/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    );
  if (match === null) return false;
  const [, , day, region, names, signature] = match;
  const needed = ['host', 'x-amz-content-sha256', 'x-amz-date', ...(request.method === 'PUT' ? ['if-none-match'] : [])];
  if (needed.some((name) => !names!.split(';').includes(name))) return false;
  const url = new URL(request.url!, 'http://x');
  const query = [...url.searchParams]
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const path = decodeURIComponent(url.pathname).split('/').map(encoded).join('/');
  const headers = names!.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const hashed = request.headers['x-amz-content-sha256'] as string;
  const canonical = [request.method, path, query, headers.join(''), names, hashed].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, digest].join('\n');
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day!), region!), 's3'), 'aws4_request');
  return hmac(key, text).toString('hex') === signature;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
