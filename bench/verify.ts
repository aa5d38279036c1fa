/**
 * `node bench/verify.ts [records]`: how long `dbgate verify DIR` and the gateway's start take with so many records
 * (1,000,000 if not said otherwise), of the size that statements have. Writes them to a temporary directory.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSalt } from '../src/audit/envelope.ts';
import { readKeyChain } from '../src/audit/tree/signer.ts';
import { openAuditTree } from '../src/audit/tree/tree.ts';
import { trustedKeys } from '../src/audit/tree/trusted-keys.ts';
import { verifyDirectory } from '../src/audit/tree/verify-directory.ts';
import { openSegmentLog, type SegmentLog } from '../src/store/segment-log.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const stateDir = mkdtempSync(join(tmpdir(), 'dbgate-verify-'));
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(2)} s`;
const open = (): Promise<SegmentLog> =>
  openSegmentLog({
    dir: join(stateDir, 'audit'),
    gatewayId: 'bench',
    segmentBytes: 64 << 20,
    durability: 'sync',
    maxQueuedBytes: 64 << 20,
    now: Date.now,
  });
const openTree = (log: SegmentLog): ReturnType<typeof openAuditTree> =>
  openAuditTree(log, {
    stateDir,
    gatewayId: 'bench',
    settings: undefined,
    acceptRewritten: false,
    onWarning: (message) => console.error(message),
    onRotated: () => undefined,
  });

try {
  let log = await open();
  let began = performance.now();
  for (let i = 0; i < count; i += 2) {
    const key = `"at":"2026-01-01T00:00:00.000Z","session":"s${i % 1000}","n":${i / 2 + 1}`;
    log.enqueue(
      'audit',
      `{"v":2,"kind":"statement.intent",${key},"protocol":"extended","fingerprint":"0123456789abcdef","command":"SELECT",` +
        `"class":"read","relations":["public.orders"],"columns":{"public.orders.email":"email"},"decision":"mask","binds":1,` +
        `"body":{"salt":"${newSalt()}","sql":"SELECT id, email FROM orders WHERE id = $1","hash":"${'0'.repeat(64)}","values":["${i}"]}}`,
    );
    log.enqueue('audit', `{"v":2,"kind":"statement.outcome",${key},"rows":1,"bytes":120,"ms":0.8,"masked":1}`);
    if (i % 20_000 === 0) await log.flush();
  }
  await log.flush();
  console.log(`${count} records written in ${seconds(began)}`);

  began = performance.now();
  let tree = await openTree(log);
  await tree.ask({ kind: 'checkpoint' });
  console.log(`tree made from segments, tiles and bundles written: ${seconds(began)}`);
  await tree.close();
  await log.close();

  began = performance.now();
  log = await open();
  const opened = performance.now();
  tree = await openTree(log);
  console.log(
    `restart: log ${((opened - began) / 1000).toFixed(2)} s, tree with the tail held to its checkpoint ${seconds(opened)}`,
  );
  began = performance.now();
  await tree.ask({ kind: 'prove', position: Math.floor(count / 2) });
  console.log(`one proof: ${seconds(began)}`);
  await tree.close();
  await log.close();

  const key = readKeyChain(stateDir)!.keys[0]!.vkey;
  began = performance.now();
  const { verdict, records, covered } = await verifyDirectory(stateDir, { keys: trustedKeys([key]), witnesses: [] });
  console.log(`verify: ${verdict}, ${records} records, ${covered} covered: ${seconds(began)}`);
  const sizes = execFileSync('du', ['-sm', join(stateDir, 'audit'), join(stateDir, 'tree')], { encoding: 'utf8' });
  console.log(sizes.replaceAll(`${stateDir}/`, '').replaceAll('\t', ' MiB ').trim());
} finally {
  rmSync(stateDir, { recursive: true, force: true });
}
