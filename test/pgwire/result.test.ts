import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeAuthentication,
  decodePasswordMessage,
  decodeSASLInitialResponse,
  encodeAuthenticationCleartextPassword,
  encodeAuthenticationMD5Password,
  encodeAuthenticationOk,
  encodeAuthenticationSASL,
  encodeAuthenticationSASLContinue,
  encodeAuthenticationSASLFinal,
  encodePasswordMessage,
  encodeSASLInitialResponse,
  encodeSASLResponse,
} from '../../src/pgwire/authentication.ts';
import { decodeErrorFields, encodeErrorResponse, encodeNoticeResponse } from '../../src/pgwire/error-response.ts';
import { ProtocolError } from '../../src/pgwire/protocol-error.ts';
import {
  commandTag,
  decodeBackendKeyData,
  decodeDataRow,
  decodeParameterStatus,
  decodeReadyForQuery,
  decodeRowDescription,
  encodeBackendKeyData,
  encodeCommandComplete,
  encodeDataRow,
  encodeNegotiateProtocolVersion,
  encodeParameterStatus,
  encodeRowDescription,
  isSelectTag,
  readyForQuery,
  rowsOfTag,
} from '../../src/pgwire/result.ts';

const fields = [
  { name: 'id', tableOid: 4_000_000_000, attnum: 1, typeOid: 23, typeSize: 4, typeModifier: -1, format: 1 },
  { name: 'é"', tableOid: 0, attnum: 0, typeOid: 25, typeSize: -1, typeModifier: 104, format: 0 },
  { name: '', tableOid: 1, attnum: -6, typeOid: 705, typeSize: -2, typeModifier: -1, format: 0 },
];

const decoders: readonly [string, (buffer: Buffer, start: number, end: number) => unknown, Buffer][] = [
  ['RowDescription', decodeRowDescription, encodeRowDescription(fields)],
  ['DataRow', decodeDataRow, encodeDataRow(['a', null, '', Buffer.of(1, 2)])],
  ['CommandComplete', commandTag, encodeCommandComplete('SELECT 1')],
  ['ReadyForQuery', decodeReadyForQuery, readyForQuery('T')],
  ['ParameterStatus', decodeParameterStatus, encodeParameterStatus('a', 'b')],
  [
    'ErrorResponse',
    decodeErrorFields,
    encodeErrorResponse({ severity: 'ERROR', code: '42601', message: 'm', hint: 'h' }),
  ],
  ['AuthenticationSASL', decodeAuthentication, encodeAuthenticationSASL(['SCRAM-SHA-256'])],
  ['AuthenticationMD5Password', decodeAuthentication, encodeAuthenticationMD5Password(Buffer.alloc(4, 1))],
  ['SASLInitialResponse', decodeSASLInitialResponse, encodeSASLInitialResponse('X', Buffer.from('data'))],
  ['PasswordMessage', decodePasswordMessage, encodePasswordMessage('geheim')],
];

describe.each(decoders)('%s', (_name, decoder, message) => {
  it('refuses its body cut at each offset, and a byte too many', () => {
    for (let end = 5; end < message.length; end++)
      expect(() => decoder(message, 5, end), `cut at ${end}`).toThrow(ProtocolError);
    expect(() => decoder(Buffer.concat([message, Buffer.of(1)]), 5, message.length + 1)).toThrow(ProtocolError);
  });

  it('throws nothing but ProtocolError at any bytes', () => {
    const mutated = fc.tuple(fc.integer({ min: 5, max: message.length - 1 }), fc.nat(255)).map(([at, byte]) => {
      const copy = Buffer.from(message);
      copy[at] = byte;
      return copy;
    });
    const random = fc.uint8Array({ minLength: 5, maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, random), (bytes) => {
        try {
          decoder(bytes, 5, bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('results', () => {
  it('RowDescription and DataRow come back as they were', () => {
    const description = encodeRowDescription(fields);
    expect(decodeRowDescription(description, 5, description.length)).toEqual(fields);
    const row = encodeDataRow(['a', null, '', Buffer.of(0xff)]);
    expect(decodeDataRow(row, 5, row.length)).toEqual([Buffer.from('a'), null, Buffer.alloc(0), Buffer.of(0xff)]);
  });

  it.each(['ffff', '7fff00000000'])('a count that promises more than there is allocates nothing: %s', (hex) => {
    const message = Buffer.from(`4400000006${hex}`, 'hex');
    expect(() => decodeDataRow(message, 5, message.length)).toThrow(ProtocolError);
    expect(() => decodeRowDescription(message, 5, message.length)).toThrow(ProtocolError);
  });

  it.each([
    ['INSERT 0 5', 5],
    ['SELECT 123456', 123456],
    ['UPDATE 0', 0],
    ['COPY 7', 7],
    ['FETCH 3', 3],
    ['MERGE 2', 2],
    ['CREATE TABLE', 0],
    ['CREATE TABLE AS', 0],
    ['BEGIN', 0],
    ['', 0],
    ['DO 1x', 0],
  ])('rowsOfTag(%j) is %i', (tag, rows) => {
    expect(rowsOfTag(tag)).toBe(rows);
  });

  it.each([
    ['SELECT 0\0', true],
    ['SELECT 123456\0', true],
    ['SELECT \0', false],
    ['SELECT 1', false],
    ['SELECT 1\0\0', false],
    ['SELECT 1 2\0', false],
    ['SELECT -1\0', false],
    ['INSERT 0 5\0', false],
    ['SELECT', false],
    ['', false],
  ])('isSelectTag(%j) is %s', (tag, is) => {
    const bytes = Buffer.from(`SELECT 7\0${tag}1\0`);
    expect(isSelectTag(bytes, 9, 9 + tag.length)).toBe(is);
  });

  it('ReadyForQuery has three states', () => {
    for (const status of ['I', 'T', 'E'] as const)
      expect(decodeReadyForQuery(readyForQuery(status), 5, 6)).toBe(status);
    expect(readyForQuery('I').toString('hex')).toBe('5a0000000549');
    expect(() => decodeReadyForQuery(Buffer.from('Z\0\0\0\x05X'), 5, 6)).toThrow(ProtocolError);
  });

  it('BackendKeyData has keys of 4 to 256 bytes', () => {
    for (const length of [4, 32, 256]) {
      const message = encodeBackendKeyData(-7, Buffer.alloc(length, 3));
      expect(decodeBackendKeyData(message, 5, message.length)).toEqual({ pid: -7, secret: Buffer.alloc(length, 3) });
    }
    for (const length of [0, 3, 257]) {
      const message = encodeBackendKeyData(1, Buffer.alloc(length));
      expect(() => decodeBackendKeyData(message, 5, message.length)).toThrow(ProtocolError);
    }
  });

  it('NegotiateProtocolVersion carries the whole version, as libpq reads it', () => {
    expect(encodeNegotiateProtocolVersion(2, ['_pq_.a']).toString('hex')).toBe(
      `7600000013${'00030002'}00000001${'5f70715f2e6100'}`,
    );
  });
});

describe('errors', () => {
  const all = {
    severity: 'ERROR',
    localizedSeverity: 'FEHLER',
    code: '23505',
    message: 'duplicate',
    detail: 'd',
    hint: 'h',
    position: '8',
    internalPosition: '3',
    internalQuery: 'select',
    where: 'w',
    schema: 's',
    table: 't',
    column: 'c',
    dataType: 'int4',
    constraint: 'k',
    file: 'f.c',
    line: '12',
    routine: 'r',
  };

  it('carry every field', () => {
    for (const encode of [encodeErrorResponse, encodeNoticeResponse]) {
      const message = encode(all);
      expect(decodeErrorFields(message, 5, message.length)).toEqual(all);
    }
    const plain = encodeErrorResponse({ severity: 'FATAL', code: '08006', message: 'm' });
    expect(plain.toString('latin1', 5)).toBe('SFATAL\0VFATAL\0C08006\0Mm\0\0');
  });

  it('cannot be made to carry another field by a NUL in a text', () => {
    const message = encodeErrorResponse({ severity: 'ERROR', code: '42501', message: 'a\0Hdo this\0', hint: 'real' });
    expect(decodeErrorFields(message, 5, message.length)).toEqual({
      severity: 'ERROR',
      code: '42501',
      message: 'aHdo this',
      hint: 'real',
    });
  });

  it('take S where an old server sends no V, and leave out unknown letters', () => {
    const message = Buffer.from('E\0\0\0\0SERROR\0C42601\0Mx\0?y\0\0', 'latin1');
    expect(decodeErrorFields(message, 5, message.length)).toEqual({ severity: 'ERROR', code: '42601', message: 'x' });
  });
});

describe('authentication', () => {
  const whole = (message: Buffer) => decodeAuthentication(message, 5, message.length);
  it('comes back as it was', () => {
    expect(whole(encodeAuthenticationOk())).toEqual({ type: 'ok' });
    expect(whole(encodeAuthenticationCleartextPassword())).toEqual({ type: 'cleartext' });
    expect(whole(encodeAuthenticationMD5Password(Buffer.from('salt')))).toEqual({
      type: 'md5',
      salt: Buffer.from('salt'),
    });
    expect(whole(encodeAuthenticationSASL(['A', 'B']))).toEqual({ type: 'sasl', mechanisms: ['A', 'B'] });
    expect(whole(encodeAuthenticationSASLContinue(Buffer.from('x')))).toEqual({
      type: 'sasl_continue',
      data: Buffer.from('x'),
    });
    expect(whole(encodeAuthenticationSASLFinal(Buffer.from('y')))).toEqual({
      type: 'sasl_final',
      data: Buffer.from('y'),
    });
    expect(whole(Buffer.from('520000000800000007', 'hex'))).toEqual({ type: 'other', method: 7 });
  });

  it('of the frontend too', () => {
    const initial = encodeSASLInitialResponse('SCRAM-SHA-256', Buffer.from('n,,n=,r=x'));
    expect(decodeSASLInitialResponse(initial, 5, initial.length)).toEqual({
      mechanism: 'SCRAM-SHA-256',
      data: Buffer.from('n,,n=,r=x'),
    });
    const password = encodePasswordMessage('pä');
    expect(decodePasswordMessage(password, 5, password.length)).toBe('pä');
    expect(encodeSASLResponse(Buffer.from('abc')).toString('latin1')).toBe('p\0\0\0\x07abc');
  });
});
