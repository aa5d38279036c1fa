/**
 * A whole dbgate on this machine: a real Postgres with a shop in it (or the user's own database), a real OpenID
 * provider, the gateway. In: options of `dbgate demo`. Out: its addresses. When it is closed, or could not start,
 * nothing of it is left, except in a folder that the user asked to keep.
 */
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { GatewaySettings, UpstreamSettings } from '../config/gateway-settings.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { connectUpstream } from '../gateway/upstream.ts';
import { makeDirectory } from '../make-directory.ts';
import { makeCertificates, writeCertificates } from './certificates.ts';
import { type DemoGateway, pickGatewayAddress, startDemoGateway } from './gateway.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { watchParent } from './parent-watch.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { seedShop } from './seed.ts';
import { parseUpstreamUrl } from './upstream-url.ts';

export interface DemoOptions {
  /** The user's own database; default: a PostgreSQL with the shop. */
  readonly upstream?: string;
  /** The name it gets in dbgate; default: the upstream's own, `prod-db` for the shop. */
  readonly database?: string;
  /** A folder that is empty or not there yet, and stays. */
  readonly keep?: string;
  /** Where the gateway keeps its record; stays. Default: in the demo's folder. */
  readonly stateDir?: string;
  readonly durability?: 'sync' | 'async';
  readonly signal?: AbortSignal;
  /** The last word on the gateway's settings; for tests. */
  readonly tune?: (settings: GatewaySettings) => GatewaySettings;
}

export interface Demo {
  readonly dir: string;
  readonly database: string;
  readonly caFile: string;
  readonly ca: string;
  readonly gateway: DemoGateway;
  readonly identity: IdentityProvider;
  /** The demo's own server; undefined with the user's. */
  readonly postgres: PostgresServer | undefined;
  readonly upstream: UpstreamSettings;
  close(): Promise<void>;
}

export async function startDemo(options: DemoOptions): Promise<Demo> {
  // Before anything is started: most mistakes are in the URL.
  const given = options.upstream === undefined ? undefined : await parseUpstreamUrl(options.upstream);
  if (given) await checkUpstream(given, options.signal);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer().catch(() => {});
  };
  try {
    const dir = await makeFolder(options.keep);
    let watch: ReturnType<typeof watchParent> | undefined;
    if (options.keep === undefined) {
      watch = watchParent([dir]);
      closers.push(async () => {
        await rm(dir, { recursive: true, force: true });
        watch?.dismiss();
      });
    }
    let postgres: PostgresServer | undefined;
    let upstream = given;
    if (!upstream) {
      postgres = await startPostgres({ dir: path.join(dir, 'postgres') });
      closers.push(postgres.stop);
      if (watch) {
        // The folder must go after the server that lives in it.
        const both = watchParent([dir], { pid: postgres.pid, data: path.join(dir, 'postgres', 'data') });
        watch.dismiss();
        watch = both;
      }
      upstream = await parseUpstreamUrl(`${await seedShop(postgres)}?sslmode=disable`);
    }
    options.signal?.throwIfAborted();
    const certificates = await makeCertificates();
    const { ca: caFile } = await writeCertificates(path.join(dir, 'tls'), certificates);
    const address = await pickGatewayAddress();
    const identity = await startIdentityProvider({ audience: address.publicUrl });
    closers.push(() => identity.close());
    const database = options.database ?? (given ? given.database : 'prod-db');
    const gateway = await startDemoGateway({
      ...address,
      stateDir: options.stateDir ?? path.join(dir, 'state'),
      logFile: path.join(dir, 'gateway.log'),
      issuer: identity.issuer,
      certificates,
      databases: [{ name: database, environment: 'production', labels: {}, upstream }],
      ...(options.durability === undefined ? {} : { durability: options.durability }),
      ...(options.tune === undefined ? {} : { tune: options.tune }),
    });
    closers.push(() => gateway.close());
    options.signal?.throwIfAborted();
    return { dir, database, caFile, ca: certificates.ca, gateway, identity, postgres, upstream, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The gateway's own way to the database, once: what fails later would fail here, with a better message. */
async function checkUpstream(upstream: UpstreamSettings, signal: AbortSignal | undefined): Promise<void> {
  const parameters = new Map([['application_name', 'dbgate demo']]);
  const { socket } = await connectUpstream(upstream, { parameters }, { signal });
  // Terminate.
  socket.end(Buffer.from([0x58, 0, 0, 0, 4]));
  socket.resume();
}

async function makeFolder(keep: string | undefined): Promise<string> {
  if (keep === undefined) {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'dbgate-demo-'));
    await openForServer(dir);
    return dir;
  }
  const dir = path.resolve(keep);
  await makeDirectory(dir);
  if ((await readdir(dir)).length > 0) {
    throw new DbgateError(ErrorCode.usage, `the folder ${dir} is not empty`, { hint: 'name a new one for --keep' });
  }
  await openForServer(dir);
  return dir;
}

/** Run by root, the database server is another user, and must get to its own folder inside; not list this one. */
async function openForServer(dir: string): Promise<void> {
  if (process.getuid?.() === 0) await chmod(dir, 0o711);
}
