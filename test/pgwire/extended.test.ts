import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeBind,
  decodeBindParameters,
  decodeClose,
  decodeDescribe,
  decodeExecute,
  decodeParse,
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  FLUSH,
  SYNC,
  TERMINATE,
} from '../../src/pgwire/extended.ts';
import { ProtocolError } from '../../src/pgwire/protocol-error.ts';
import { decodeQuery, encodeQuery } from '../../src/pgwire/query.ts';

type Decoder = (buffer: Buffer, start: number, end: number) => unknown;
const decoders: readonly [string, Decoder, Buffer][] = [
  ['Parse', decodeParse, encodeParse('stmt', 'select $1', [23, 25])],
  ['Bind', decodeBind, encodeBind('p', 's', ['text', null, Buffer.from('0102', 'hex')], [1, 0])],
  ['BindParameters', decodeBindParameters, encodeBind('', '', ['x', null], [])],
  ['Describe', decodeDescribe, encodeDescribe('S', 'stmt')],
  ['Close', decodeClose, encodeClose('P', 'portal')],
  ['Execute', decodeExecute, encodeExecute('portal', 10)],
  ['Query', decodeQuery, encodeQuery('select 1')],
];

/** Decodes a whole message, at an offset in a larger buffer, as a session does. */
function decode<T>(decoder: (buffer: Buffer, start: number, end: number) => T, message: Buffer): T {
  const buffer = Buffer.concat([Buffer.from('Q\0\0\0\x04before'), message, Buffer.from('\0\0behind\0\0')]);
  return decoder(buffer, 16, 11 + message.length);
}

function body(hexOrText: string | Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(5), typeof hexOrText === 'string' ? Buffer.from(hexOrText, 'latin1') : hexOrText]);
}

const name = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= 63);
const sql = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'));

describe('bytes', () => {
  it('are those of the manual', () => {
    expect([SYNC, FLUSH, TERMINATE].map((one) => one.toString('hex'))).toEqual([
      '5300000004',
      '4800000004',
      '5800000004',
    ]);
    expect(encodeParse('s', 'x', [16]).toString('hex')).toBe(`500000000e${'7300'}${'7800'}${'0001'}${'00000010'}`);
    expect(encodeExecute('', 5).toString('hex')).toBe('45000000090000000005');
    expect(encodeDescribe('S', 'a').toString('hex')).toBe('4400000007536100');
    expect(encodeBind('', 's', ['a', null, Buffer.of(1)], [1]).toString('hex')).toBe(
      `42${'00000023'}${'00'}${'7300'}${'0003'}${'000000000001'}${'0003'}${'0000000161'}${'ffffffff'}${'0000000101'}${'0001'}${'0001'}`,
    );
  });
});

describe('round trips', () => {
  it('Parse and Query: offsets count bytes', () => {
    fc.assert(
      fc.property(name, sql, fc.array(fc.nat(0xffffffff), { maxLength: 5 }), (statement, text, oids) => {
        const message = encodeParse(statement, text, oids);
        const parse = decodeParse(message, 5, message.length);
        expect(parse).toMatchObject({ name: statement, parameterTypes: oids.length });
        expect(message.toString('utf8', parse.sqlStart, parse.sqlEnd)).toBe(text);
        const query = encodeQuery(text);
        const { sqlStart, sqlEnd } = decodeQuery(query, 5, query.length);
        expect(query.toString('utf8', sqlStart, sqlEnd)).toBe(text);
      }),
    );
  });

  it('Bind', () => {
    const value = fc.oneof(
      fc.constant(null),
      sql,
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(
        name,
        name,
        fc.array(value, { maxLength: 6 }),
        fc.array(fc.nat(1), { maxLength: 4 }),
        (portal, statement, values, resultFormats) => {
          const message = encodeBind(portal, statement, values, resultFormats);
          const bind = decodeBind(message, 5, message.length);
          expect(bind).toMatchObject({ portal, statement, parameterCount: values.length, resultFormats });
          expect(bind.parametersEnd).toBe(message.length - 2 - resultFormats.length * 2);
          expect(decodeBindParameters(message, 5, message.length)).toEqual(
            values.map((one) => ({
              format: Buffer.isBuffer(one) ? 1 : 0,
              value: one === null ? null : Buffer.from(one as string),
            })),
          );
        },
      ),
    );
  });

  it('Describe, Close, Execute', () => {
    fc.assert(
      fc.property(
        name,
        fc.constantFrom('S' as const, 'P' as const),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        (named, kind, maxRows) => {
          expect(decode(decodeDescribe, encodeDescribe(kind, named))).toEqual({ kind, name: named });
          expect(decode(decodeClose, encodeClose(kind, named))).toEqual({ kind, name: named });
          expect(decode(decodeExecute, encodeExecute(named, maxRows))).toEqual({ portal: named, maxRows });
        },
      ),
    );
  });

  it('one format for all parameters', () => {
    const message = body('\0\0\0\x01\0\x01\0\x02\0\0\0\x01a\0\0\0\x01b\0\0');
    expect(decodeBindParameters(message, 5, message.length)).toEqual([
      { format: 1, value: Buffer.from('a') },
      { format: 1, value: Buffer.from('b') },
    ]);
  });
});

describe('names', () => {
  it('are one name where they are one to the server: 63 bytes count', () => {
    const long = 'x'.repeat(63);
    expect(decode(decodeParse, encodeParse(`${long}1`, '')).name).toBe(long);
    expect(decode(decodeBind, encodeBind(`${long}1`, `${long}2`, []))).toMatchObject({ portal: long, statement: long });
    expect(decode(decodeClose, encodeClose('S', `${long}3`)).name).toBe(long);
  });

  it('are refused where they are not UTF-8: two of them would become one', () => {
    expect(() => decode(decodeDescribe, body('S\xff\0'))).toThrow(/UTF-8/);
    expect(() => decode(decodeParse, body('\xfe\0select 1\0\0\0'))).toThrow(/UTF-8/);
    expect(decode(decodeDescribe, encodeDescribe('S', '\ufffd')).name).toBe('\ufffd');
  });
});

describe.each(decoders)('%s', (_name, decoder, message) => {
  it('refuses its body cut at each offset, and a byte too many', () => {
    for (let end = 5; end < message.length; end++)
      expect(() => decoder(message, 5, end), `cut at ${end}`).toThrow(ProtocolError);
    // The bytes behind the end look like the rest of the message: they must not be read.
    expect(() => decode(decoder, message.subarray(0, message.length - 1))).toThrow(ProtocolError);
    expect(() => decoder(Buffer.concat([message, Buffer.of(0)]), 5, message.length + 1)).toThrow(ProtocolError);
  });

  it('throws nothing but ProtocolError at any bytes', () => {
    const mutated = fc.tuple(fc.nat(message.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = Buffer.from(message);
      if (at >= 5) copy[at] = byte;
      return copy;
    });
    const random = fc.uint8Array({ maxLength: 40 }).map((bytes) => body(Buffer.from(bytes)));
    fc.assert(
      fc.property(fc.oneof(mutated, random), (bytes) => {
        try {
          decoder(bytes, 5, bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect((error as ProtocolError).sqlstate).toBe('08P01');
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('refused', () => {
  it.each([
    ['Query with a NUL inside', decodeQuery, 'select 1\0; drop table x\0'],
    ['Query without a NUL', decodeQuery, 'select 1'],
    ['Query of nothing', decodeQuery, ''],
    ['Parse with a NUL inside', decodeParse, '\0select 1\0; drop\0\0\0'],
    ['Parse with more types than bytes', decodeParse, '\0x\0\xff\xff'],
    ['Bind with more parameters than bytes', decodeBind, '\0\0\0\0\xff\xff'],
    ['Bind with more formats than bytes', decodeBind, '\0\0\xff\xff'],
    ['Bind with a value longer than the message', decodeBind, '\0\0\0\0\0\x01\x7f\xff\xff\xff\0\0'],
    ['Bind with a value of length -2', decodeBind, '\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0'],
    ['Bind with an unknown parameter format', decodeBind, '\0\0\0\x01\0\x02\0\x01\0\0\0\0\0\0'],
    ['Bind with an unknown result format', decodeBind, '\0\0\0\0\0\0\0\x01\0\x07'],
    ['Bind with two formats for one parameter', decodeBind, '\0\0\0\x02\0\0\0\0\0\x01\0\0\0\0\0\0'],
    ['Describe of a third kind', decodeDescribe, 'X\0'],
    ['Close of nothing', decodeClose, ''],
    ['Execute without its limit', decodeExecute, '\0'],
  ] as readonly [string, Decoder, string][])('%s', (_what, decoder, text) => {
    const message = body(text);
    expect(() => decoder(message, 5, message.length)).toThrow(ProtocolError);
  });

  it('a NUL in what is to be encoded', () => {
    expect(() => encodeQuery('a\0b')).toThrow(ProtocolError);
    expect(() => encodeParse('a\0b', '')).toThrow(ProtocolError);
  });
});
