import { describe, expect, it } from 'vitest';
import { maskScanned, scanText } from '../../src/classify/scan-text.ts';
import { type IdentifierCheck, type ScrubMode, scrubMessage } from '../../src/masking/error-scrubber.ts';
import {
  decodeErrorFields,
  type ErrorFields,
  encodeErrorResponse,
  encodeNoticeResponse,
} from '../../src/pgwire/error-response.ts';

const ERROR: ErrorFields = {
  severity: 'ERROR',
  code: '22P02',
  message: 'invalid input syntax for type integer: "jonas.secret@mail.com"',
  detail: 'Failing row contains (jonas, 123).',
  hint: 'jonas',
  where: 'COPY t, line 1: jonas',
  internalQuery: "SELECT 'jonas'::int",
  internalPosition: '8',
  position: '8',
  schema: 'public',
  table: 'users',
  column: 'jonas',
  constraint: 'users_mail_key',
  file: 'numutils.c',
  line: '232',
  routine: 'pg_strtoint32',
};

function scrub(
  fields: ErrorFields,
  mode: ScrubMode,
  check?: IdentifierCheck,
  encode = encodeErrorResponse,
): ErrorFields | undefined {
  const message = encode(fields);
  const padded = Buffer.concat([Buffer.from('before'), message, Buffer.from('behind')]);
  const scrubbed = scrubMessage(padded, 6, 6 + message.length, mode, maskScanned, check);
  if (scrubbed === undefined) return undefined;
  expect(scrubbed[0]).toBe(message[0]);
  return decodeErrorFields(scrubbed, 5, scrubbed.length);
}

describe('generic', () => {
  it('tells only of what kind an error is', () => {
    expect(scrub(ERROR, 'generic')).toEqual({
      severity: 'ERROR',
      code: '22P02',
      message: 'invalid text representation',
      detail: expect.stringMatching(/withheld/),
      position: '8',
    });
  });

  it('keeps the names that the caller vouches for', () => {
    const told = scrub(
      ERROR,
      'generic',
      (kind, name) => kind !== 'column' && ['public', 'users', 'jonas'].includes(name),
    );
    expect(told).toMatchObject({ schema: 'public', table: 'users' });
    expect(told).not.toHaveProperty('column');
    expect(told).not.toHaveProperty('constraint');
  });

  it('takes a made-up SQLSTATE for what RAISE says', () => {
    expect(scrub({ ...ERROR, code: 'JONAS' }, 'generic')).toMatchObject({ code: 'P0001', message: 'raise exception' });
    expect(scrub({ ...ERROR, code: 'JONAS' }, 'data')).toMatchObject({ code: 'P0001' });
  });

  it('withholds notices, and stays a notice', () => {
    const notice: ErrorFields = { severity: 'NOTICE', code: '00000', message: 'jonas', detail: 'jonas' };
    const told = scrub(notice, 'generic', undefined, encodeNoticeResponse);
    expect(told).toMatchObject({ severity: 'NOTICE', code: '00000', message: 'message withheld' });
    expect(JSON.stringify(told)).not.toContain('jonas');
  });

  it('tells what is said of the client’s own text, and nothing that may be said of a value', () => {
    const own = { severity: 'ERROR', code: '42703', message: 'column "nmae" does not exist', position: '8' };
    expect(scrub(own, 'generic')).toBeUndefined();
    const others: Partial<ErrorFields>[] = [
      { position: undefined },
      { where: 'PL/pgSQL function f() line 1 at RAISE' },
      { internalQuery: 'SELECT nmae' },
      { internalPosition: '8' },
      { code: '22P02' },
      { code: '42Z99' },
      { severity: 'WARNING' },
    ];
    for (const other of others) expect(JSON.stringify(scrub({ ...own, ...other }, 'generic'))).not.toContain('nmae');
  });

  it('has no place for a value in a position or severity', () => {
    const told = scrub({ ...ERROR, severity: 'JONAS', position: '123456789' }, 'generic');
    expect(told).toMatchObject({ severity: 'ERROR' });
    expect(told).not.toHaveProperty('position');
  });
});

describe('data', () => {
  const missing: ErrorFields = { severity: 'ERROR', code: '42P01', message: 'relation "jonas" does not exist' };
  it('is generic where the kind of error shows values', () => {
    for (const code of ['22P02', '23505', 'P0001', '44000']) {
      expect(scrub({ ...missing, position: '8', code }, 'data')?.message).not.toContain('jonas');
    }
  });

  it('tells what is about the text of the client, not what a value caused', () => {
    expect(scrub({ ...missing, position: '15' }, 'data')).toBeUndefined();
    expect(scrub(missing, 'data')?.message).toBe('undefined table');
    expect(scrub({ ...missing, position: '15', where: 'PL/pgSQL function f() line 3' }, 'data')?.message).toBe(
      'undefined table',
    );
    expect(scrub({ ...missing, position: '15', internalQuery: 'SELECT' }, 'data')?.message).toBe('undefined table');
  });

  it('tells of the state of the server, but not what a routine says of it', () => {
    const cancelled: ErrorFields = {
      severity: 'ERROR',
      code: '57014',
      message: 'canceling statement due to user request',
    };
    expect(scrub(cancelled, 'data')).toBeUndefined();
    expect(scrub({ ...cancelled, message: 'jonas', where: 'PL/pgSQL function f()' }, 'data')?.message).toBe(
      'query canceled',
    );
    const skipped: ErrorFields = { severity: 'NOTICE', code: '00000', message: 'table "t" does not exist, skipping' };
    expect(scrub(skipped, 'data', undefined, encodeNoticeResponse)).toBeUndefined();
    expect(scrub({ ...skipped, where: 'PL/pgSQL' }, 'data', undefined, encodeNoticeResponse)?.message).toBe(
      'message withheld',
    );
  });
});

describe('scan', () => {
  it('leaves what holds nothing as it came', () => {
    expect(scrub({ severity: 'ERROR', code: '42P01', message: 'relation "x" does not exist' }, 'scan')).toBeUndefined();
  });

  it('masks values in any text', () => {
    expect(scanText(ERROR.message)).toHaveLength(1);
    const told = scrub({ ...ERROR, constraint: 'jonas.secret@mail.com' }, 'scan')!;
    expect(JSON.stringify(told)).not.toContain('jonas.secret');
    expect(told.message).toMatch(/^invalid input syntax for type integer/);
    expect(told.detail).toBe(ERROR.detail);
  });

  it('leaves out fields that nobody knows, where they may hold something', () => {
    const message = encodeErrorResponse({ severity: 'ERROR', code: '42P01', message: 'x' });
    const body = Buffer.concat([message.subarray(5, -1), Buffer.from('Zjonas.secret@mail.com\0\0')]);
    const header = Buffer.alloc(5);
    header[0] = 0x45;
    header.writeInt32BE(body.length + 4, 1);
    const scrubbed = scrubMessage(Buffer.concat([header, body]), 0, 5 + body.length, 'scan', maskScanned)!;
    expect(scrubbed.toString()).not.toContain('jonas');
  });
});
