import { createHash } from 'node:crypto';
import { ProtocolError } from '../pgwire/protocol-error.ts';

/** DER contents of signature algorithm OIDs → the digest to bind with: MD5 and SHA-1 count as SHA-256. */
const digests: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010104', 'sha256'], // md5WithRSAEncryption
  ['2a864886f70d010105', 'sha256'], // sha1WithRSAEncryption
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha256'], // ecdsa-with-SHA1
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]);

/**
 * The channel binding data `tls-server-end-point` of a peer's certificate (DER); undefined where its signature names no
 * digest of its own (Ed25519, RSA-PSS), for which the RFC defines none.
 * @see RFC 5929, section 4.1
 */
export function tlsServerEndPoint(certificate: Buffer): Buffer | undefined {
  const body = element(certificate, 0);
  const signed = element(certificate, body.start);
  const algorithm = element(certificate, signed.end);
  const oid = element(certificate, algorithm.start);
  const digest = digests.get(certificate.toString('hex', oid.start, oid.end));
  return digest === undefined ? undefined : createHash(digest).update(certificate).digest();
}

/** The offsets of a DER element's contents. */
function element(der: Buffer, at: number): { start: number; end: number } {
  const short = der[at + 1] ?? 0;
  const lengthBytes = short & 0x80 ? short & 0x7f : 0;
  const start = at + 2 + lengthBytes;
  if (lengthBytes > 4 || start > der.length) throw new ProtocolError('certificate is not valid DER');
  const end = start + (lengthBytes === 0 ? short : der.readUIntBE(at + 2, lengthBytes));
  if (end > der.length) throw new ProtocolError('certificate is not valid DER');
  return { start, end };
}
