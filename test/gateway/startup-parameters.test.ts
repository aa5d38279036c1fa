import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { DbgateError } from '../../src/errors.ts';
import { applicationName, clientApplicationName, upstreamParameters } from '../../src/gateway/startup-parameters.ts';
import { PINNED_SETTINGS } from '../../src/sql/facts.ts';
import { withPostgres } from '../support/postgres.ts';

const person = 'dev@demo.test';
const write = { readOnly: false };
const read = { readOnly: true };

function parametersOf(client: Record<string, string>, options = write): Record<string, string> {
  const all = upstreamParameters(new Map(Object.entries({ user: 'u', database: 'd', ...client })), person, options);
  return Object.fromEntries(all.parameters);
}

const own = {
  application_name: person,
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
};

describe('what goes upstream', () => {
  it.each<[Record<string, string>, Record<string, string>]>([
    [{}, {}],
    [
      { DateStyle: 'ISO', TimeZone: 'UTC' },
      { datestyle: 'ISO', timezone: 'UTC' },
    ],
    [{ application_name: 'psql' }, { application_name: 'psql (dev@demo.test)' }],
    [{ options: '-c search_path=a,b' }, { search_path: 'a,b' }],
    [{ options: '-csearch_path=a --work-mem=1MB' }, { search_path: 'a', work_mem: '1MB' }],
    [{ options: '-c  search_path=a\\ b\\\\c ' }, { search_path: 'a b\\c' }],
    [{ options: '-c search_path=old', search_path: 'new' }, { search_path: 'new' }],
    [{ client_encoding: "'utf-8'" }, {}],
    [{ client_encoding: 'UNICODE' }, {}],
    [{ Client_Encoding: 'latin1' }, { client_encoding: 'LATIN1' }],
    [{ options: '-c client-encoding=LATIN1' }, { client_encoding: 'LATIN1' }],
    [{ standard_conforming_strings: 'on', replication: 'false' }, {}],
  ])('%j', (client, expected) => {
    expect(parametersOf(client)).toEqual({ ...own, ...expected });
  });

  it('a reader’s transactions are read only, whatever the client says', () => {
    for (const client of [
      { default_transaction_read_only: 'off' },
      { Default_Transaction_Read_Only: 'off' },
      { options: '-c default_transaction_read_only=off -c transaction-read-only=off' },
    ]) {
      expect(parametersOf(client, read)).toEqual({ ...own, default_transaction_read_only: 'on' });
    }
  });

  it('pins the encoding that the session reads with', () => {
    const latin = upstreamParameters(new Map([['client_encoding', 'LATIN1']]), person, write);
    expect(latin.encoding).toBe('latin1');
    expect(latin.pinned.get('client_encoding')).toBe('LATIN1');
    expect(upstreamParameters(new Map(), person, write).encoding).toBe('utf8');
  });
});

describe('what is refused', () => {
  it.each([
    { replication: 'database' },
    { Replication: 'true' },
    { role: 'postgres' },
    { ROLE: 'postgres' },
    { session_authorization: 'postgres' },
    { standard_conforming_strings: 'off' },
    { client_encoding: 'SJIS' },
    { client_encoding: 'GB18030' },
    { client_encoding: '' },
    { options: '-c role=postgres' },
    { options: '-c session-authorization=postgres' },
    { options: '--role=postgres' },
    { options: '-c\trole=postgres' },
    { options: '-c ro\\le=postgres' },
    { options: '-c Standard-Conforming-Strings=off' },
    { options: '-c client_encoding=SJIS' },
    { options: '-c' },
    { options: '-c role' },
    { options: '-c =x' },
    { options: '-d 5' },
    { options: 'role=postgres' },
  ])('%j', (client) => {
    let refusal: unknown;
    try {
      parametersOf(client);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(DbgateError);
    expect(refusal).toMatchObject({ code: 'denied', sqlstate: expect.stringMatching(/^(42501|22023)$/) });
  });

  it('no spelling of options sets what is pinned', () => {
    const piece = fc.constantFrom(
      '-c',
      '-',
      '--',
      ' ',
      '\t',
      '\\',
      '=',
      '_',
      'role',
      'ROLE',
      'client',
      'encoding',
      'on',
      'x',
      ',',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          const parameters = parametersOf({ options: pieces.join('') });
          for (const [name, value] of Object.entries(parameters)) {
            if (PINNED_SETTINGS.has(name)) expect([name, value]).toEqual([name, own[name as keyof typeof own]]);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(DbgateError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('application_name', () => {
  it('never cuts the person, and fits the server', () => {
    expect(applicationName('x'.repeat(100), person)).toBe(`${'x'.repeat(47)} (${person})`);
    expect(applicationName('psql', 'p'.repeat(70))).toBe('p'.repeat(63));
    expect(applicationName('psql', 'p'.repeat(61))).toBe('p'.repeat(61));
    expect(applicationName('', person)).toBe(person);
    expect(applicationName('naïve\n', 'zoë@demo.test')).toBe('na?ve? (zo?@demo.test)');
    fc.assert(
      fc.property(
        fc.option(fc.string({ unit: 'binary', maxLength: 80 }), { nil: undefined }),
        fc.string({ unit: 'binary', maxLength: 80 }),
        (application, who) => {
          expect(Buffer.byteLength(applicationName(application, who))).toBeLessThanOrEqual(63);
        },
      ),
    );
  });

  it('is told to the client as it gave it', () => {
    expect(clientApplicationName('psql', person, 'psql (dev@demo.test)')).toBe('psql');
    expect(clientApplicationName(undefined, person, person)).toBe('');
    expect(clientApplicationName('psql', person, 'changed')).toBe('changed');
  });
});

describe('on a real server', () => {
  const server = withPostgres();
  const settingsOf = async (options: Record<string, string>): Promise<unknown[]> => {
    const url = new URL(server.superuserUrl);
    if (options.options !== undefined) url.searchParams.set('options', options.options);
    const client = new pg.Client({ connectionString: url.toString() });
    await client.connect();
    try {
      for (const [name, value] of Object.entries(options)) {
        if (name !== 'options') await client.query('select set_config($1, $2, false)', [name, value]);
      }
      const { rows } = await client.query(
        "select current_setting('search_path') a, current_setting('work_mem') b, current_setting('my.own', true) c",
      );
      return rows;
    } finally {
      await client.end();
    }
  };

  it.each([
    '-c search_path=one,two -c work_mem=2MB',
    '-csearch_path=x --work-mem=3MB',
    '  -c   my.own=a\\ b  ',
    '-c search_path=back\\\\slash',
    '-c search_path=first -c search_path=second',
    '-c my.own=eq=ual',
    "-c my.own='quoted'",
    '-c my.own=tab\\\tbed',
    '-c my.own=end\\',
  ])('splits %j as the server does', async (options) => {
    const {
      client_encoding: _e,
      standard_conforming_strings: _s,
      application_name: _a,
      ...ours
    } = parametersOf({ options });
    expect(await settingsOf(ours)).toEqual(await settingsOf({ options }));
  });
});
