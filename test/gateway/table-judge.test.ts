/** The thread that judges tables: what comes first, and what is known when it ends. */
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { sampledValues } from '../../src/gateway/sampled-values.ts';
import { TableJudge } from '../../src/gateway/table-judge.ts';
import type { JudgedTable } from '../../src/gateway/table-judge-worker.ts';
import { WireRows } from '../../src/gateway/wire-rows.ts';
import { encodeDataRow } from '../../src/pgwire/result.ts';

const open: TableJudge[] = [];
const shared = new TableJudge();
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((judge) => judge.close()));
});
afterAll(() => shared.close());

function openJudge(options?: ConstructorParameters<typeof TableJudge>[0]): TableJudge {
  const judge = new TableJudge(options);
  open.push(judge);
  return judge;
}

function wired(rows: readonly (readonly (string | null)[])[]): JudgedTable['chunks'] {
  const wire = new WireRows();
  for (const row of rows) {
    const message = encodeDataRow(row);
    wire.push(message, 0, message.length);
  }
  return wire.chunks();
}

/** Of a number and a text that no name tells anything of. */
function tableOf(rows: readonly (readonly (string | null)[])[], sampled: readonly number[] = [0, 1]): JudgedTable {
  const columns = [
    { column: 'c0', type: 'integer' },
    { column: 'c1', type: 'text' },
  ];
  return { table: { schema: 'public', table: 'zq', columns }, sampled, chunks: wired(rows) };
}

const MAILS = Array.from({ length: 40 }, (_, i) => [String(i), `kunde${i}@lindenhof.example`]);
const WORDS = Array.from({ length: 40 }, (_, i) => [String(i), ['open', 'closed'][i % 2]!]);
const never = () => false;

/** The thread ends as soon as it is handed one. */
function endingAt(at: number): { count(): number } {
  const post = Worker.prototype.postMessage;
  let handed = 0;
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...message) {
    post.apply(this, message as Parameters<typeof post>);
    if (handed++ === at) void this.terminate();
  });
  return { count: () => handed };
}

describe('a table', () => {
  it('is judged by its rows, of which nothing comes back', async () => {
    const judgements = await Promise.all([shared.judge(tableOf(MAILS), never), shared.judge(tableOf(WORDS), never)]);
    expect(judgements.map((one) => one?.found.map((column) => column.class))).toEqual([
      [undefined, 'email'],
      [undefined, undefined],
    ]);
    expect(judgements.map((one) => one?.told)).toEqual([2, 2]);
    expect(JSON.stringify(judgements)).not.toMatch(/kunde|lindenhof/);
  });

  it('is judged without rows, and with columns that are NULL', async () => {
    expect(await shared.judge(tableOf([], []), never)).toMatchObject({ told: 0, found: [{}, { scan: true }] });
    expect(await shared.judge(tableOf([[null, 'a@lindenhof.example']]), never)).toMatchObject({ told: 1 });
  });

  it('has no judgement when its rows are none of its own, and others have', async () => {
    const [odd, other] = await Promise.all([
      shared.judge(tableOf([['1', 'x', 'y']]), never),
      shared.judge(tableOf(MAILS), never),
    ]);
    expect([odd, other?.found[1]?.class]).toEqual([undefined, 'email']);
  });

  it('that a session waits for goes before others, also when it begins to wait later', async () => {
    const order: string[] = [];
    let waitsFor = '';
    const judged = (name: string, isUrgent: () => boolean) =>
      shared.judge(tableOf(WORDS), isUrgent).then(() => {
        order.push(name);
        waitsFor = 'c';
      });
    await Promise.all([
      judged('a', never),
      judged('b', never),
      judged('c', () => waitsFor === 'c'),
      judged('d', never),
      judged('e', () => true),
    ]);
    expect(order).toEqual(['a', 'e', 'c', 'b', 'd']);
  });
});

describe('what waits to be judged', () => {
  const large = () => tableOf(Array.from({ length: 50 }, () => ['1', 'x'.repeat(100_000)]));
  const isRoom = async (judge: TableJudge): Promise<boolean> => {
    let told = false;
    void judge.room().then(() => (told = true));
    await Promise.resolve();
    await Promise.resolve();
    return told;
  };

  it('leaves room for more while it is little, whatever is at hand', async () => {
    const judgements = [large(), tableOf(MAILS), tableOf(MAILS)].map((table) => shared.judge(table, never));
    expect(await isRoom(shared)).toBe(true);
    judgements.push(shared.judge(large(), never));
    expect(await isRoom(shared)).toBe(false);
    let judged = 0;
    for (const one of judgements) void one.then(() => judged++);
    await shared.room();
    expect(judged).toBe(3);
    await Promise.all(judgements);
  });

  it('is nothing any more when the thread was closed', async () => {
    const judge = openJudge();
    const judgements = [large(), large()].map((table) => judge.judge(table, never));
    const room = judge.room();
    await judge.close();
    await room;
    expect(await Promise.all(judgements)).toEqual([undefined, undefined]);
  });
});

describe('a thread that ends', () => {
  it('knows nothing of the table that it was at; another goes on with the rest', async () => {
    const judge = openJudge();
    endingAt(1);
    const judgements = await Promise.all([1, 2, 3].map(() => judge.judge(tableOf(MAILS), never)));
    expect(judgements.map((one) => one?.found[1]?.class)).toEqual(['email', undefined, 'email']);
    expect((await judge.judge(tableOf(MAILS), never))?.found[1]?.class).toBe('email');
  });

  it('is not begun again and again when none lives', async () => {
    const judge = openJudge();
    const post = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker) {
      void this.terminate();
    });
    const judgements = await Promise.all(Array.from({ length: 20 }, () => judge.judge(tableOf(MAILS), never)));
    expect(judgements.every((one) => one === undefined)).toBe(true);
    expect(post).toHaveBeenCalledTimes(3);
  });

  it('is ended when a table takes too long', async () => {
    const judge = openJudge({ deadlineMs: 1 });
    expect(await judge.judge(tableOf(MAILS), never)).toBeUndefined();
  });

  it('answers nothing any more when it was closed', async () => {
    const judge = openJudge();
    const judgements = [judge.judge(tableOf(MAILS), never), judge.judge(tableOf(MAILS), never)];
    await judge.close();
    expect(await Promise.all([...judgements, judge.judge(tableOf(MAILS), never)])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the rows of a sample', () => {
  it('come back as they were, whatever they are made of and however they are cut into chunks', () => {
    const rows = Array.from({ length: 600 }, (_, i) => [
      i % 7 === 0 ? null : `plain ${i}`,
      `schöner Name ${i} ・ 名前 🙂`,
      i % 5 === 0 ? 'x'.repeat(40_000) : '',
      String(i),
    ]);
    const chunks = wired(rows);
    expect(chunks.length).toBeGreaterThan(2);
    const values = sampledValues(chunks, 4).map((sample) => sample.values);
    expect(values[0]).toEqual(rows.flatMap(([text]) => text ?? []));
    expect(values[1]).toEqual(rows.map(([, text]) => text));
    expect(values[3]).toEqual(rows.map(([, , , text]) => text));
    // Of long texts as much as is worth reading.
    expect(values[2]!.join('').length).toBe(160_000);
    expect(sampledValues([], 4).map((sample) => sample.values)).toEqual([[], [], [], []]);
  });
});
