import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { makeDirectory } from '../make-directory.ts';

const firstPort = 20_000;
const lastPort = 45_000;

/**
 * The local port of a database: the same at each call, so that saved connections go on working. First a hash of gateway
 * and database; where that is taken, the next that is free; and what was chosen once is kept in `stateFile`.
 * A kept port that is in use right now (by a second tunnel, say) stays kept, and another is given for this time.
 */
export async function stablePort(stateFile: string, gatewayUrl: string, database: string): Promise<number> {
  const ports = await readPorts(stateFile);
  const name = `${new URL(gatewayUrl).origin} ${database}`;
  const kept = ports.get(name);
  const others = new Set([...ports].filter(([other]) => other !== name).map(([, port]) => port));
  const port = await nextFree(kept ?? hashed(name), others);
  if (kept === undefined) {
    ports.set(name, port);
    await writePorts(stateFile, ports);
  }
  return port;
}

async function nextFree(first: number, others: ReadonlySet<number>): Promise<number> {
  const count = lastPort - firstPort + 1;
  for (let i = 0; i < count; i++) {
    const port = firstPort + ((first - firstPort + i) % count);
    if (!others.has(port) && (await isFree(port))) return port;
  }
  return 0;
}

function hashed(name: string): number {
  return firstPort + (createHash('sha256').update(name).digest().readUInt32BE(0) % (lastPort - firstPort + 1));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)));
  });
}

/** A file that cannot be read or holds something else counts as empty: the hash gives most ports again. */
async function readPorts(stateFile: string): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  try {
    const state = JSON.parse(await readFile(stateFile, 'utf8')) as { ports?: Record<string, unknown> } | null;
    for (const [name, port] of Object.entries(state?.ports ?? {})) {
      if (Number.isInteger(port) && (port as number) >= firstPort && (port as number) <= lastPort)
        ports.set(name, port as number);
    }
  } catch {
    // First use, or broken.
  }
  return ports;
}

/** Whole or not at all. A home that cannot be written costs only that the port is not kept. */
async function writePorts(stateFile: string, ports: ReadonlyMap<string, number>): Promise<void> {
  const temporary = `${stateFile}.${process.pid}.tmp`;
  try {
    await makeDirectory(path.dirname(stateFile));
    await writeFile(temporary, `${JSON.stringify({ ports: Object.fromEntries(ports) }, null, 2)}\n`, { mode: 0o600 });
    await rename(temporary, stateFile);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
