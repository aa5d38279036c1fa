import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

export interface DemoCertificates {
  /** PEM of the authority that clients must trust, and of the server's certificate and private key. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A throw-away authority and a server certificate for localhost, 127.0.0.1 and ::1; valid for 30 days. */
export async function makeCertificates(extraNames: readonly string[] = []): Promise<DemoCertificates> {
  // An hour back: clocks of containers and hosts differ.
  const notBefore = new Date(Date.now() - DAY_MS / 24);
  const notAfter = new Date(Date.now() + 30 * DAY_MS);
  const generate = () =>
    crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
  const authorityKeys = await generate();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=dbgate demo authority',
    keys: authorityKeys,
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const serverKeys = await generate();
  const names: x509.JsonGeneralName[] = [
    { type: 'dns', value: 'localhost' },
    { type: 'ip', value: '127.0.0.1' },
    { type: 'ip', value: '::1' },
    ...extraNames.map((value) => ({ type: 'dns' as const, value })),
  ];
  const server = await x509.X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(serverKeys.publicKey),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', serverKeys.privateKey);
  return {
    ca: authority.toString('pem'),
    cert: server.toString('pem'),
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  };
}

/** Writes `ca.pem`, `server.pem` and `server.key` (0600) into a folder. */
export async function writeCertificates(dir: string, certificates: DemoCertificates): Promise<{ ca: string }> {
  await mkdir(dir, { recursive: true });
  const ca = path.join(dir, 'ca.pem');
  await writeFile(ca, `${certificates.ca}\n`);
  await writeFile(path.join(dir, 'server.pem'), `${certificates.cert}\n`);
  await writeFile(path.join(dir, 'server.key'), `${certificates.key}\n`, { mode: 0o600 });
  return { ca };
}
