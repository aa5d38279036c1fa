import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/pgwire/protocol-error.ts';
import {
  encodeCancelRequest,
  encodeGssencRequest,
  encodeSslRequest,
  encodeStartup,
  StartupDecoder,
  type StartupPacket,
} from '../../src/pgwire/startup.ts';

const startup = encodeStartup(
  new Map([
    ['user', 'zoë'],
    ['database', 'shop'],
    ['options', '-c x=1'],
  ]),
);

/** A startup packet with a version and a body as given. */
function packet(body: string | Buffer, version = 0x00030000): Buffer {
  const bytes = Buffer.from(body as string);
  const header = Buffer.alloc(8);
  header.writeInt32BE(bytes.length + 8);
  header.writeInt32BE(version, 4);
  return Buffer.concat([header, bytes]);
}

function decode(bytes: Buffer): StartupPacket {
  return new StartupDecoder().push(bytes);
}

describe('packets', () => {
  it('has the bytes that libpq sends', () => {
    expect(encodeSslRequest().toString('hex')).toBe('0000000804d2162f');
    expect(encodeGssencRequest().toString('hex')).toBe('0000000804d21630');
    expect(encodeCancelRequest(258, Buffer.from('01020304', 'hex')).toString('hex')).toBe(
      '0000001004d2162e0000010201020304',
    );
    expect(encodeStartup(new Map([['user', 'u']])).toString('latin1')).toBe('\0\0\0\x10\0\x03\0\0user\0u\0\0');
  });

  it('decodes a StartupMessage, and keeps its bytes and what is behind them', () => {
    const decoded = decode(Buffer.concat([startup, Buffer.from('behind')]));
    expect(decoded).toMatchObject({
      type: 'startup',
      major: 3,
      minor: 0,
      raw: startup,
      rest: Buffer.from('behind'),
      protocolOptions: [],
    });
    if (decoded.type !== 'startup') throw new Error();
    expect([...decoded.parameters]).toEqual([
      ['user', 'zoë'],
      ['database', 'shop'],
      ['options', '-c x=1'],
    ]);
  });

  it('reports a newer minor version and _pq_ options for the caller to negotiate', () => {
    const decoded = decode(packet('user\0u\0_pq_.x\0y\0\0', 0x0003270f));
    expect(decoded).toMatchObject({ minor: 9999, protocolOptions: ['_pq_.x'] });
    if (decoded.type === 'startup') expect([...decoded.parameters.keys()]).toEqual(['user']);
  });

  it.each([4, 32, 256])('decodes a CancelRequest with a key of %i bytes', (length) => {
    const secret = Buffer.alloc(length, 7);
    const raw = encodeCancelRequest(-5, secret);
    expect(decode(raw)).toEqual({ type: 'cancel_request', pid: -5, secret, raw });
  });

  it('knows the first byte of TLS, only as the very first', () => {
    expect(decode(Buffer.from('1603010200', 'hex'))).toEqual({
      type: 'direct_tls',
      rest: Buffer.from('1603010200', 'hex'),
    });
    const decoder = new StartupDecoder();
    decoder.push(encodeSslRequest());
    expect(() => decoder.push(Buffer.from('1603010200', 'hex'))).toThrow(ProtocolError);
    expect(() => new StartupDecoder({ encrypted: true }).push(Buffer.from('16030102', 'hex'))).toThrow(ProtocolError);
  });

  it('takes GSSENCRequest, then SSLRequest, then StartupMessage', () => {
    const decoder = new StartupDecoder();
    expect(decoder.push(encodeGssencRequest()).type).toBe('gssenc_request');
    expect(decoder.push(encodeSslRequest()).type).toBe('ssl_request');
    expect(decoder.push(startup).type).toBe('startup');
  });
});

describe('every split point', () => {
  it.each([
    ['startup', startup],
    ['cancel_request', encodeCancelRequest(1, Buffer.alloc(32))],
    ['ssl_request', encodeSslRequest()],
  ])('%s', (type, bytes) => {
    const whole = decode(bytes);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const decoder = new StartupDecoder();
      // A reader may use its buffer again.
      const first = Buffer.from(bytes.subarray(0, cut));
      const before = decoder.push(first);
      if (cut < bytes.length) {
        expect(before.type).toBe('need_more');
        first.fill(0xff);
        expect(decoder.push(bytes.subarray(cut))).toEqual(whole);
      } else expect(before).toEqual(whole);
    }
    const decoder = new StartupDecoder();
    const steps = [...bytes].map((byte) => decoder.push(Buffer.of(byte)).type);
    expect(steps.slice(0, -1).every((step) => step === 'need_more')).toBe(true);
    expect(steps.at(-1)).toBe(type);
  });
});

describe('refused', () => {
  it.each([
    ['length 7', Buffer.from('00000007', 'hex')],
    ['length 0', Buffer.from('00000000', 'hex')],
    ['a negative length', Buffer.from('ffffffff', 'hex')],
    ['a length over 10,000, at the header', Buffer.from('00002711', 'hex')],
    ['HTTP', Buffer.from('GET ')],
    ['SSLRequest of another length', packet('x', 80877103)],
    ['a cancel key of 3 bytes', encodeCancelRequest(1, Buffer.alloc(3))],
    ['a cancel key of 257 bytes', encodeCancelRequest(1, Buffer.alloc(257))],
    ['bytes behind SSLRequest (CVE-2021-23214)', Buffer.concat([encodeSslRequest(), startup])],
    ['bytes behind GSSENCRequest', Buffer.concat([encodeGssencRequest(), Buffer.of(0)])],
    ['bytes behind CancelRequest', Buffer.concat([encodeCancelRequest(1, Buffer.alloc(4)), Buffer.of(0)])],
    ['protocol 2.0', packet('user\0u\0\0', 0x00020000)],
    ['protocol 4.0', packet('user\0u\0\0', 0x00040000)],
    ['no parameters', packet('')],
    ['no user', packet('database\0d\0\0')],
    ['an empty user', packet('user\0\0\0')],
    ['user twice', packet('user\0a\0user\0b\0\0')],
    ['another name twice', packet('user\0a\0x\0b\0x\0b\0\0')],
    ['a _pq_ option twice', packet('user\0a\0_pq_.x\0b\0_pq_.x\0b\0\0')],
    ['no final NUL', packet('user\0u\0')],
    ['a name without a value', packet('user\0u\0x\0')],
    ['a value without its NUL', packet('user\0u')],
    ['bytes behind the final NUL', packet('user\0u\0\0x')],
    ['invalid UTF-8 in a value', packet(Buffer.from('user\0\xff\0\0', 'latin1'))],
    ['invalid UTF-8 in a name', packet(Buffer.from('user\0u\0\xc0\xaf\0x\0\0', 'latin1'))],
  ])('%s', (_what, bytes) => {
    expect(() => decode(bytes)).toThrow(ProtocolError);
  });

  it('a repeated SSLRequest or GSSENCRequest, or one inside TLS', () => {
    for (const request of [encodeSslRequest(), encodeGssencRequest()]) {
      const decoder = new StartupDecoder();
      decoder.push(request);
      expect(() => decoder.push(request)).toThrow(ProtocolError);
      expect(() => new StartupDecoder({ encrypted: true }).push(request)).toThrow(ProtocolError);
    }
  });

  it('anything else, with nothing but a ProtocolError', () => {
    const body = fc.uint8Array({ maxLength: 60 }).map((bytes) => packet(Buffer.from(bytes)));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all)),
      body,
    );
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 4 }), (chunks) => {
        const decoder = new StartupDecoder();
        try {
          for (const chunk of chunks) decoder.push(chunk);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
