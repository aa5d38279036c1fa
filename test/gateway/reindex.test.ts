import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeFacts, openRecorder } from '../../src/audit/recorder.ts';
import { reindexOffline } from '../../src/gateway/reindex.ts';
import { openHistory } from '../../src/store/history-index.ts';
import { openLog, temporaryDirectory } from '../store/log-fixture.ts';

const never = new AbortController().signal;

it('makes the index anew where no gateway runs, and says how far it is', async () => {
  const stateDir = temporaryDirectory();
  mkdirSync(join(stateDir, 'audit'));
  const log = await openLog(join(stateDir, 'audit'), { segmentBytes: 20_000 });
  const session = openRecorder(log, { gatewayId: 'gw', now: Date.now }).session('s1');
  session.open({
    ...{ issuer: 'https://i', subject: 'dev', principalKind: 'user', actors: [], authMethods: [], bound: false },
    ...{ via: 'tunnel', database: 'shop', environment: 'production', upstreamUser: 'app', policyVersion: 'v' },
    ...{ email: 'dev@demo.test', groups: [], clientAddress: '127.0.0.1', application: 'psql', purpose: undefined },
  });
  const facts = encodeFacts({ fingerprint: 'f', command: 'SELECT', class: 'read', relations: [], columns: {} });
  for (let i = 0; i < 300; i++) {
    const sql = `select ${i}`;
    const fields = {
      protocol: 'simple',
      facts,
      rule: undefined,
      approval: undefined,
      decision: 'allow',
      binds: 0,
    } as const;
    session.intent({ ...fields, sql, sqlJson: JSON.stringify(sql), valuesJson: undefined });
  }
  await log.flush();
  const file = join(stateDir, 'index.sqlite');
  const history = openHistory(log, { file });
  await history.catchUp();
  await expect(reindexOffline(stateDir, () => {}, never)).rejects.toMatchObject({ code: 'config' });
  await history.close();
  writeFileSync(file, 'rubbish');
  const shares: number[] = [];
  const { records, damage } = await reindexOffline(stateDir, (done, total) => shares.push(done / total), never);
  expect([records, damage]).toEqual([301, []]);
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  const again = openHistory(log, { file });
  expect((await again.query({ limit: 1000 })).entries).toHaveLength(300);
  await again.close();
  await expect(reindexOffline(join(stateDir, 'nothing'), () => {}, never)).rejects.toMatchObject({ code: 'usage' });
  await expect(reindexOffline(stateDir, () => {}, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
});
