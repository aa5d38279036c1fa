/** What every `EventLog` does, wherever it keeps its records. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventLog, StoredRecord } from '../../src/store/event-log.ts';
import { SequenceConflict } from '../../src/store/sequence-conflict.ts';
import { all, payloads, until, watch } from './log-fixture.ts';

/** `open`: an empty log, closed after the test; `reopen`: the same records in another process' eyes. */
export interface LogUnderTest {
  open(): Promise<EventLog>;
  reopen(log: EventLog): Promise<EventLog>;
}

const positionsOf = (records: readonly StoredRecord[]): number[] => records.map(({ position }) => position);

function expectIncreasing(positions: readonly number[]): void {
  for (let i = 1; i < positions.length; i++) expect(positions[i]).toBeGreaterThan(positions[i - 1]!);
}

export function eventLogContract(name: string, { open, reopen }: LogUnderTest): void {
  describe(`${name} is an EventLog`, () => {
    it('numbers positions over all streams and records within each', async () => {
      const log = await open();
      expect(log.state).toBe('healthy');
      expect(log.durablePosition).toBe(0);
      expect(await log.append('a', [{ payload: '{"n":1}' }])).toEqual({ lastPosition: 1, lastStreamSeq: 1 });
      expect(await log.append('b', [{ payload: '{"n":2}' }, { payload: '{"n":3}' }])).toEqual({
        lastPosition: 3,
        lastStreamSeq: 2,
      });
      expect(await log.append('a', [{ payload: '{"n":4}' }])).toEqual({ lastPosition: 4, lastStreamSeq: 2 });
      expect(log.durablePosition).toBe(4);
      expect(await all(log.readAll())).toEqual([
        { position: 1, stream: 'a', streamSeq: 1, payload: '{"n":1}' },
        { position: 2, stream: 'b', streamSeq: 1, payload: '{"n":2}' },
        { position: 3, stream: 'b', streamSeq: 2, payload: '{"n":3}' },
        { position: 4, stream: 'a', streamSeq: 2, payload: '{"n":4}' },
      ]);
      expect(await payloads(log.readAll({ from: 2, limit: 2 }))).toEqual(['{"n":2}', '{"n":3}']);
      expect(await payloads(log.read('a'))).toEqual(['{"n":1}', '{"n":4}']);
      expect(await payloads(log.read('b', { fromSeq: 2 }))).toEqual(['{"n":3}']);
      expect(await payloads(log.read('b', { limit: 1 }))).toEqual(['{"n":2}']);
      expect(await payloads(log.read('c'))).toEqual([]);
    });

    it('compares and sets', async () => {
      const log = await open();
      await log.append('r', [{ payload: '1' }], { expectedSeq: 0 });
      const race = await Promise.allSettled([
        log.append('r', [{ payload: '2' }], { expectedSeq: 1 }),
        log.append('r', [{ payload: '3' }], { expectedSeq: 1 }),
        log.append('other', [{ payload: 'x' }]),
      ]);
      expect(race.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      const conflict = (race[1] as PromiseRejectedResult).reason as SequenceConflict;
      expect(conflict).toBeInstanceOf(SequenceConflict);
      expect(conflict).toMatchObject({ stream: 'r', expectedSeq: 1, actualSeq: 2 });
      await expect(log.append('r', [{ payload: '4' }], { expectedSeq: 7 })).rejects.toMatchObject({ actualSeq: 2 });
      await expect(log.append('new', [{ payload: '4' }], { expectedSeq: 1 })).rejects.toMatchObject({ actualSeq: 0 });
      expect(await payloads(log.read('r'))).toEqual(['1', '2']);
      expect(log.state).toBe('healthy');
    });

    it('says in order what is durable, and what it says can be read', async () => {
      const log = await open();
      const seen = watch(log);
      let last = 0;
      for (let i = 0; i < 300; i++) {
        const position = log.enqueue(i % 40 === 0 ? 'rare' : 'audit', `{"i":${i}}`, i % 5 === 0);
        expect(position).toBeGreaterThan(last);
        expect(log.durablePosition).toBeLessThan(position);
        last = position;
        if (i % 60 === 0) await until(() => log.durablePosition >= position);
      }
      await until(() => log.durablePosition >= last);
      expect((await all(log.readAll())).length).toBe(300);
      expect(await payloads(log.read('rare'))).toEqual([0, 40, 80, 120, 160, 200, 240, 280].map((i) => `{"i":${i}}`));
      expectIncreasing(seen.durable);
      expect(seen.durable.length).toBeLessThan(300);
      expect(seen.failed).toEqual([]);
    });

    it('reads while it is written, never past a record that is still to come', async () => {
      const log = await open();
      let writing = true;
      const writers = Promise.all(
        [1, 2, 3].map(async (writer) => {
          for (let i = 0; i < 60; i++) await log.append(`w${writer}`, [{ payload: `${i}` }, { payload: `${i}` }]);
        }),
      ).finally(() => {
        writing = false;
      });
      let before: readonly number[] = [];
      while (writing) {
        const durable = log.durablePosition;
        const positions = positionsOf(await all(log.readAll()));
        expect(positions.slice(0, before.length)).toEqual(before);
        expect(positions.at(-1) ?? 0).toBeGreaterThanOrEqual(durable);
        before = positions;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await writers;
      expect((await all(log.readAll())).length).toBe(360);
      for (const writer of [1, 2, 3]) {
        const seqs = (await all(log.read(`w${writer}`))).map(({ streamSeq }) => streamSeq);
        expect(seqs).toEqual(seqs.map((_, i) => i + 1));
      }
    });

    it('keeps any text, of any size', async () => {
      const log = await open();
      const odd = ['', '\u0001\\u0000 \' " \\ {a,b} NULL', 'ä€𝄞', `{"sql":"${'ä'.repeat(700_000)}"}`];
      await log.append(
        'it\'s "a" stream, {ä}',
        odd.map((payload) => ({ payload })),
      );
      expect(await payloads(log.readAll())).toEqual(odd);
      expect(await payloads(log.read('it\'s "a" stream, {ä}'))).toEqual(odd);
    });

    it('reads more than a chunk', async () => {
      const log = await open();
      for (let i = 1; i <= 2_300; i++) log.enqueue(i % 2 === 0 ? 'even' : 'odd', `${i}`);
      await log.append('odd', [{ payload: '2301' }]);
      const everything = await payloads(log.readAll());
      expect(everything.slice().sort((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: 2_301 }, (_, i) => `${i + 1}`),
      );
      expect((await payloads(log.read('even', { fromSeq: 3, limit: 1_100 }))).length).toBe(1_100);
      const from = (await all(log.readAll({ limit: 700 }))).at(-1)!.position;
      expect(await payloads(log.readAll({ from: from + 1 }))).toEqual(everything.slice(700));
    });

    it('refuses senseless appends', async () => {
      const log = await open();
      await expect(log.append('a', [])).rejects.toMatchObject({ code: 'internal' });
      await expect(log.append('', [{ payload: '1' }])).rejects.toMatchObject({ code: 'internal' });
      await expect(log.append('x'.repeat(256), [{ payload: '1' }])).rejects.toMatchObject({ code: 'internal' });
      expect(await payloads(log.readAll())).toEqual([]);
    });

    it('goes on where the one before it ended', async () => {
      const log = await open();
      await log.append('a', [{ payload: '1' }, { payload: '2' }]);
      const enqueued = log.enqueue('b', '3');
      await log.close();
      expect(log.state).toBe('closed');
      expect(() => log.enqueue('a', 'x')).toThrow(expect.objectContaining({ code: 'audit_unavailable' }));
      await expect(log.append('a', [{ payload: 'x' }])).rejects.toMatchObject({ code: 'audit_unavailable' });
      const again = await reopen(log);
      expect(again.durablePosition).toBeGreaterThanOrEqual(enqueued);
      const { lastPosition, lastStreamSeq } = await again.append('a', [{ payload: '4' }], { expectedSeq: 2 });
      expect(lastPosition).toBeGreaterThan(enqueued);
      expect(lastStreamSeq).toBe(3);
      expect(await payloads(again.readAll())).toEqual(['1', '2', '3', '4']);
    });

    it('does as a model does, whatever is appended in whatever order', async () => {
      const stream = fc.constantFrom('a', 'b', 'c');
      const command = fc.record({
        stream,
        records: fc.integer({ min: 1, max: 3 }),
        /** Beside the model's number; undefined: no comparison. */
        off: fc.constantFrom(undefined, 0, 0, 0, 1, -1),
        wait: fc.boolean(),
        enqueue: fc.boolean(),
      });
      let n = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
          const log = await open();
          const model = new Map<string, string[]>();
          const outcomes: Promise<unknown>[] = [];
          for (const { stream, records, off, wait, enqueue } of commands) {
            const known = model.get(stream) ?? [];
            model.set(stream, known);
            const texts = Array.from({ length: enqueue ? 1 : records }, () => `${n++}`);
            if (enqueue) {
              log.enqueue(stream, texts[0]!);
              known.push(...texts);
              continue;
            }
            const expectedSeq = off === undefined ? undefined : Math.max(0, known.length + off);
            const fits = expectedSeq === undefined || expectedSeq === known.length;
            const seqBefore = known.length;
            if (fits) known.push(...texts);
            const appended = log.append(
              stream,
              texts.map((payload) => ({ payload })),
              expectedSeq === undefined ? {} : { expectedSeq },
            );
            const checked = appended.then(
              ({ lastStreamSeq }) => expect([fits, lastStreamSeq]).toEqual([true, seqBefore + texts.length]),
              (error) => {
                if (!(error instanceof SequenceConflict)) throw error;
                expect([fits, error.actualSeq]).toEqual([false, seqBefore]);
              },
            );
            outcomes.push(checked);
            if (wait) await checked;
          }
          await Promise.all(outcomes);
          await log.append('end', [{ payload: 'end' }]);
          for (const [name, expected] of model) expect(await payloads(log.read(name))).toEqual(expected);
          const everything = await all(log.readAll());
          expectIncreasing(positionsOf(everything));
          expect(everything.length).toBe([...model.values()].reduce((sum, { length }) => sum + length, 1));
          await log.close();
        }),
        { numRuns: 15 },
      );
    });
  });
}
