import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envelopeOf } from '../../../src/audit/envelope.ts';
import {
  frames,
  MANIPULATIONS,
  makeWitnessedLog,
  patch,
  readAll,
  segmentNames,
  verify,
  type WitnessedLog,
  withCopy,
  writeAll,
} from './tamper.ts';

let log: WitnessedLog;
let tiny: WitnessedLog;
beforeAll(async () => {
  log = await makeWitnessedLog(60);
  tiny = await makeWitnessedLog(6, 600);
});
afterAll(() => {
  log?.remove();
  tiny?.remove();
});

it('what nobody touched is as it was signed', async () => {
  expect(segmentNames(log.dir).length).toBeGreaterThanOrEqual(3);
  expect(await verify(log, log.dir)).toMatchObject({
    verdict: 'ok',
    findings: [],
    unproved: [],
    records: 60,
    bodies: 30,
    erased: 0,
    covered: 60,
    witnessed: 60,
  });
  // The reading and writing that the manipulations are made with change nothing by themselves.
  await withCopy(log, async (dir) => {
    writeAll(dir, readAll(dir));
    expect(await verify(log, dir)).toMatchObject({ verdict: 'ok', records: 60 });
  });
});

it('erasing bodies breaks no root, and is found where no record tells of it', async () => {
  await withCopy(log, async (dir) => {
    const segments = readAll(dir);
    for (const { records } of segments) {
      for (const record of records) record.payload = Buffer.from(envelopeOf(record.payload.toString()));
    }
    writeAll(dir, segments);
    const unseen = 'the bodies of 30 records are gone, and the record tells of the erasure of 0';
    const findings = [{ what: unseen }];
    expect(await verify(log, dir)).toMatchObject({ verdict: 'tampered', findings, bodies: 0, erased: 30, covered: 60 });
  });
});

describe('tampering', () => {
  it.each(Object.keys(MANIPULATIONS))('%s: found, wherever it is', async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), async (choices) => {
        let next = 0;
        await withCopy(log, async (dir) => {
          MANIPULATIONS[name]!(dir, (n) => choices[next++ % choices.length]! % n);
          const { verdict, findings } = await verify(log, dir);
          expect({ verdict, some: findings.length > 0 }).toEqual({ verdict: 'tampered', some: true });
        });
      }),
      { numRuns: 23 },
    );
  });

  it('says where', async () => {
    await withCopy(log, async (dir) => {
      const place = frames(dir)[33]!;
      patch(dir, place, place.frame.payloadStart + 40, 0, true);
      const { findings } = await verify(log, dir);
      expect(findings[0]).toMatchObject({
        leaf: 33,
        position: place.frame.position,
        segment: Number(place.name.slice(0, 16)),
        byte: place.start,
      });
    });
  });

  it('every byte of a small log, flipped once', async () => {
    await withCopy(tiny, async (dir) => {
      for (const name of segmentNames(dir)) {
        const path = join(dir, 'audit', name);
        const whole = readFileSync(path);
        for (let at = 0; at < whole.length; at++) {
          const bytes = Buffer.from(whole);
          bytes[at]! ^= 1 << (at % 8);
          writeFileSync(path, bytes);
          const { verdict } = await verify(tiny, dir);
          expect(verdict, `${name} byte ${at}`).toBe('tampered');
        }
        writeFileSync(path, whole);
      }
      expect(await verify(tiny, dir)).toMatchObject({ verdict: 'ok' });
    });
  });

  it('and the same of records, streams and their numbers with checksums made right again', async () => {
    await withCopy(tiny, async (dir) => {
      for (const place of frames(dir)) {
        const path = join(dir, 'audit', place.name);
        const whole = readFileSync(path);
        const seq = place.start + 16;
        const numbers = [seq, seq + 1, seq + 2, seq + 3];
        const rest = Array.from(
          { length: place.frame.next - place.frame.streamStart },
          (_, i) => place.frame.streamStart + i,
        );
        for (const at of [...numbers, ...rest]) {
          patch(dir, place, at, at % 8, true);
          expect((await verify(tiny, dir)).verdict, `${place.name} byte ${at}`).toBe('tampered');
          writeFileSync(path, whole);
        }
      }
    });
  });
});
