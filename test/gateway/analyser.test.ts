import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Analyser } from '../../src/gateway/analyser.ts';

let analyser: Analyser;
beforeAll(async () => {
  analyser = await Analyser.start({ major: 15 });
});
afterAll(async () => {
  await analyser.close();
});

describe('analyser', () => {
  it('answers a text it has seen at once', async () => {
    expect(analyser.lookup('SELECT "one"')).toBeUndefined();
    const analysis = await analyser.analyse('SELECT "one"');
    expect(analysis).toMatchObject({ error: undefined, class: 'read', recordedSql: 'SELECT "one"' });
    expect(analyser.lookup('SELECT "one"')).toBe(analysis);
    expect(await analyser.analyse('SELECT "one"')).toBe(analysis);
  });

  it('parses once what many ask for together', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => analyser.analyse('SELECT "together"')));
    expect(new Set(answers).size).toBe(1);
  });

  it('keeps answers with their questions in a flood', async () => {
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, i) => analyser.analyse(`SELECT "c${i}" FROM t${i}`)),
    );
    expect(answers.map((answer) => answer.statements[0]?.relations)).toEqual(answers.map((_, i) => [`t${i}`]));
  });

  it('gives a syntax error as Postgres words it', async () => {
    expect((await analyser.analyse('SELEC 1')).error).toEqual({
      kind: 'syntax',
      message: 'syntax error at or near "SELEC"',
      sqlstate: '42601',
      cursorPosition: 1,
    });
  });

  it('uses the grammar of the server', async () => {
    const newer = await Analyser.start({ major: 19 });
    const json = "SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (a int)) x";
    expect((await newer.analyse(json)).error).toBeUndefined();
    expect((await analyser.analyse(json)).error?.kind).toBe('syntax');
    await newer.close();
  });

  it('takes a statement of a megabyte', async () => {
    const patient = await Analyser.start({ major: 15, deadlineMs: 120_000 });
    const rows = Array.from({ length: 60_000 }, (_, i) => `(${i},'v${i}')`).join(',');
    const analysis = await patient.analyse(`SELECT count(*) FROM (VALUES ${rows}) v(a, b)`);
    await patient.close();
    expect(analysis.error).toBeUndefined();
    expect(analysis.class).toBe('read');
  });

  it('refuses what is too long without parsing it', async () => {
    const small = await Analyser.start({ major: 15, maxStatementBytes: 1_000 });
    expect((await small.analyse(`SELECT '${'x'.repeat(1_000)}'`)).error).toMatchObject({
      kind: 'too_large',
      sqlstate: '54000',
    });
    expect((await small.analyse(`SELECT '${'é'.repeat(500)}'`)).error?.kind).toBe('too_large');
    expect((await small.analyse(`SELECT '${'x'.repeat(900)}'`)).error).toBeUndefined();
    await small.close();
  });

  it.each([
    ['parentheses', `SELECT ${'('.repeat(99_000)}1${')'.repeat(99_000)}`],
    ['terms', `SELECT ${'1+'.repeat(99_000)}1`],
    ['sub-selects', `SELECT ${'(SELECT '.repeat(49_000)}1${')'.repeat(49_000)}`],
    ['case', `SELECT ${'CASE WHEN true THEN '.repeat(24_000)}1${' END'.repeat(24_000)}`],
    ['brackets', `SELECT ${'ARRAY['.repeat(49_000)}1${']'.repeat(49_000)}`],
  ])(
    'survives nesting without end: %s',
    async (_what, sql) => {
      const neighbour = analyser.analyse(`SELECT "beside ${_what}"`);
      const analysis = await analyser.analyse(sql);
      // All are below the bound on terms, so that the grammar meets them.
      if (analysis.error !== undefined)
        expect(['too_deep', 'too_large', 'internal', 'syntax', 'timeout']).toContain(analysis.error.kind);
      expect((await neighbour).error).toBeUndefined();
      // The thread after it is sound, for long texts as for short ones.
      expect((await analyser.analyse(`SELECT "after ${_what}"`)).error).toBeUndefined();
      expect((await analyser.analyse(`SELECT '${'x'.repeat(40_000)}', "${_what}"`)).error).toBeUndefined();
    },
    180_000,
  );

  it('does not parse what has too many terms, and the thread lives', async () => {
    const behind = analyser.analyse(`SELECT '${'x'.repeat(40_000)}', "behind terms"`);
    const analysis = await analyser.analyse(`SELECT ${'1+'.repeat(1_000_000)}1`);
    expect(analysis.error).toMatchObject({ kind: 'too_complex', sqlstate: '54001' });
    expect((await behind).error).toBeUndefined();
  });

  it('retries the others that waited when one breaks the thread', async () => {
    const long = (name: string): string => `SELECT '${'x'.repeat(40_000)}', "${name}"`;
    const [broken, ...others] = await Promise.all([
      analyser.analyse(`SELECT ${'1+'.repeat(99_000)}1`),
      ...Array.from({ length: 5 }, (_, i) => analyser.analyse(long(`behind ${i}`))),
    ]);
    expect(broken?.error).toMatchObject({ kind: 'too_deep', sqlstate: '54001' });
    expect(others.map((answer) => answer.error)).toEqual(others.map(() => undefined));
  });

  it('gives up on a statement at its deadline, and on no other', async () => {
    const hasty = await Analyser.start({ major: 15, deadlineMs: 30 });
    const rows = Array.from({ length: 200_000 }, (_, i) => `(${i})`).join(',');
    const slow = hasty.analyse(`VALUES ${rows}`);
    const quick = hasty.analyse('SELECT 1');
    expect((await slow).error).toMatchObject({ kind: 'timeout', sqlstate: '54000' });
    expect((await quick).error).toBeUndefined();
    expect((await hasty.analyse('SELECT 2')).error).toBeUndefined();
    await hasty.close();
  });

  it('bounds how many may wait', async () => {
    const narrow = await Analyser.start({ major: 15, maxQueued: 10 });
    const answers = await Promise.all(Array.from({ length: 15 }, (_, i) => narrow.analyse(`SELECT "${i}"`)));
    expect(answers.filter((answer) => answer.error?.sqlstate === '53400')).toHaveLength(5);
    await narrow.close();
  });

  it('answers those that wait when it is closed', async () => {
    const closing = await Analyser.start({ major: 15 });
    const waiting = closing.analyse('SELECT "waiting"');
    await closing.close();
    expect((await waiting).error?.kind).toBe('internal');
    expect((await closing.analyse('SELECT "late"')).error?.kind).toBe('internal');
  });

  it('never keeps an error that was not the statement’s own', async () => {
    const narrow = await Analyser.start({ major: 15, maxQueued: 1 });
    const [first, refused] = await Promise.all([narrow.analyse('SELECT "x"'), narrow.analyse('SELECT "y"')]);
    expect(first?.error).toBeUndefined();
    expect(refused?.error).toBeDefined();
    expect((await narrow.analyse('SELECT "y"')).error).toBeUndefined();
    await narrow.close();
  });
});
