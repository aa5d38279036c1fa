import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/pgwire/protocol-error.ts';
import { saslprep } from '../../src/pgwire/saslprep.ts';
import {
  clientFinal,
  clientFirst,
  md5Response,
  readServerFirst,
  scramKeys,
  serverFinal,
  serverFirst,
  verifyServerFinal,
} from '../../src/pgwire/scram.ts';

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');

describe('the example of RFC 7677, section 3', () => {
  // Its client sends n=user; PostgreSQL's clients send none, so the first message is put together by hand.
  const first = {
    ...clientFirst('rOprNGfwEbeRWgbNEkqO', 'none'),
    bare: 'n=user,r=rOprNGfwEbeRWgbNEkqO',
  };
  const challenge = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
  const final =
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';
  const verdict = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

  it('client', () => {
    const read = readServerFirst(first, Buffer.from(challenge));
    const made = clientFinal(first, read, scramKeys('pencil', read.salt, read.iterations));
    expect(made.message.toString()).toBe(final);
    expect(() => verifyServerFinal(made, Buffer.from(verdict))).not.toThrow();
    expect(() => verifyServerFinal(made, Buffer.from(verdict.replace('6rri', '7rri')))).toThrow(ProtocolError);
    expect(() => verifyServerFinal(made, Buffer.from('e=invalid-proof'))).toThrow(ProtocolError);
  });

  it('server', () => {
    const keys = scramKeys('pencil', salt, 4096);
    const answer = serverFirst(Buffer.from(`n,,${first.bare}`), '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0', keys);
    expect(answer.message.toString()).toBe(challenge);
    expect(serverFinal(answer, Buffer.from(final), keys)?.toString()).toBe(verdict);
    expect(serverFinal(answer, Buffer.from(final.replace('p=dHzb', 'p=dHzc')), keys)).toBeUndefined();
  });
});

function exchange(clientPassword: string, serverPassword: string): boolean {
  const keys = scramKeys(serverPassword, salt, 4096);
  const first = clientFirst('client', 'none');
  const challenge = serverFirst(first.message, 'server', keys);
  const read = readServerFirst(first, challenge.message);
  const final = clientFinal(first, read, scramKeys(clientPassword, read.salt, read.iterations));
  const verdict = serverFinal(challenge, final.message, keys);
  if (verdict === undefined) return false;
  verifyServerFinal(final, verdict);
  return true;
}

describe('both sides', () => {
  it('agree exactly for the same password', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (one, other) => {
        expect(exchange(one, one)).toBe(true);
        expect(exchange(one, other)).toBe(saslprep(one) === saslprep(other));
      }),
      { numRuns: 30 },
    );
  });

  it('a server that knows only the password of another salt cannot prove itself', () => {
    const first = clientFirst('client', 'none');
    const read = readServerFirst(first, serverFirst(first.message, 's', scramKeys('a', salt, 4096)).message);
    const final = clientFinal(first, read, scramKeys('b', read.salt, read.iterations));
    const liar = serverFirst(first.message, 's', scramKeys('a', salt, 4096));
    expect(serverFinal(liar, final.message, scramKeys('a', salt, 4096))).toBeUndefined();
    expect(() => verifyServerFinal(final, Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`))).toThrow(
      /wrong SCRAM server signature/,
    );
  });
});

describe('a client refuses', () => {
  const first = clientFirst('abc', 'none');
  it.each([
    ['a nonce of another', 'r=xbcdef,s=c2FsdA==,i=4096'],
    ['its own nonce unextended', 'r=abc,s=c2FsdA==,i=4096'],
    ['4095 iterations', 'r=abcd,s=c2FsdA==,i=4095'],
    ['1,000,001 iterations', 'r=abcd,s=c2FsdA==,i=1000001'],
    ['a huge count', 'r=abcd,s=c2FsdA==,i=99999999999'],
    ['a count that is none', 'r=abcd,s=c2FsdA==,i=4096x'],
    ['no salt', 'r=abcd,s=,i=4096'],
    ['a mandatory extension', 'm=x,r=abcd,s=c2FsdA==,i=4096'],
    ['nothing', ''],
  ])('%s', (_what, text) => {
    expect(() => readServerFirst(first, Buffer.from(text))).toThrow(ProtocolError);
  });
});

describe('a server refuses', () => {
  const keys = scramKeys('pw', salt, 4096);
  const first = clientFirst('abc', 'none');
  const answer = serverFirst(first.message, 'def', keys);
  const right = clientFinal(first, readServerFirst(first, answer.message), keys).message.toString();

  it.each(['', 'n,,', 'n,,n=,r=', 'x,,n=,r=a', 'p=tls-server-end-point,,n=,r=a', 'n,,r=a'])(
    'client-first %j',
    (text) => {
      expect(() => serverFirst(Buffer.from(text), 's', keys)).toThrow(ProtocolError);
    },
  );

  it('a downgrade: the client could bind, the server offered it', () => {
    const could = clientFirst('abc', 'unused').message;
    expect(() => serverFirst(could, 's', keys, true)).toThrow(ProtocolError);
    expect(() => serverFirst(could, 's', keys)).not.toThrow();
  });

  it.each([
    ['another nonce', right.replace('r=abcdef', 'r=abcdeg')],
    ['another binding', right.replace('c=biws', 'c=eSws')],
    ['no proof', right.replace(/,p=.*/, '')],
    ['a short proof', right.replace(/p=.*/, 'p=AAAA')],
    ['nothing', ''],
  ])('client-final with %s', (_what, text) => {
    expect(() => serverFinal(answer, Buffer.from(text), keys)).toThrow(ProtocolError);
  });

  it('any bytes, with nothing but a ProtocolError', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.string().map((text) => Buffer.from(`n,,n=,r=${text}`)),
      fc.string().map((text) => Buffer.from(`c=biws,r=abcdef${text}`)),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        for (const step of [
          () => serverFirst(Buffer.from(input), 's', keys),
          () => serverFinal(answer, Buffer.from(input), keys),
          () => readServerFirst(first, Buffer.from(input)),
        ]) {
          try {
            step();
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }
      }),
    );
  });
});

it('md5Response is what the server keeps, salted', () => {
  // By md5sum: 'md5' || md5(md5('pw' || 'joe') || 'salt').
  expect(md5Response('joe', 'pw', Buffer.from('salt'))).toBe('md51915b2a01885e1c5256bfb35ff2ad2ca');
});

it.each([
  ['plain', 'plain'],
  ['I\u00adX', 'IX'],
  ['\u00aa', 'a'],
  ['\u2168', 'IX'],
  ['a\u00a0b', 'a b'],
  ['\u0007', '\u0007'],
  ['\u00ad', '\u00ad'],
])('saslprep(%j) is %j (RFC 4013, section 3; prohibited stays)', (input, expected) => {
  expect(saslprep(input)).toBe(expected);
});
