/** A gateway that archives: what its settings say comes about, health says so, and what is in the bucket verifies. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreArchive } from '../../src/audit/archive/restore.ts';
import { openS3 } from '../../src/audit/s3/s3-client.ts';
import { readKeyChain } from '../../src/audit/tree/signer.ts';
import { verifyDirectory } from '../../src/audit/tree/verify-directory.ts';
import { temporaryDirectory, until } from '../store/log-fixture.ts';
import { type S3Fixture, startS3 } from '../support/s3.ts';
import { withRig } from './gateway-rig.ts';

let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.close());

const rig = withRig({
  tune: (settings) => ({
    ...settings,
    audit: {
      ...settings.audit,
      // Each few records are a segment.
      segmentBytes: 500,
      archive: { s3: s3.settings, afterMs: 0, keepLocalMs: undefined },
    },
  }),
});

describe('a gateway with an archive', () => {
  it('copies what it has recorded, and says how that goes', async () => {
    const archive = async () => (await rig.api('GET', '/healthz')).body.archive;
    expect(await archive()).toEqual({ state: 'waiting', segments: 0, at: null, lost: 0 });
    for (let i = 0; i < 20; i++) await rig.refusal({ token: 'none' });
    await until(async () => (await archive()).state === 'ok');
    const { segments } = await archive();
    expect(segments).toBeGreaterThan(0);
    const to = join(temporaryDirectory(), 'state');
    const restored = await restoreArchive(openS3(s3.settings), to, () => undefined);
    expect(restored).toMatchObject({ problems: [], segments });
    const keys = () => readKeyChain(rig.settings.stateDir)!.keys;
    expect(await verifyDirectory(to, { keys, witnesses: [], patienceMs: 0 })).toMatchObject({
      ...{ verdict: 'ok', records: restored.records },
    });
    expect(readFileSync(join(rig.settings.stateDir, 'archive.json'), 'utf8')).not.toContain(s3.settings.secretKey);
  });
});
