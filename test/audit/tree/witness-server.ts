/** A witness as https://c2sp.org/tlog-witness says it must be, for one log; and one that can be told to misbehave. */
import { generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseCheckpoint, parseHash } from '../../../src/audit/tree/checkpoint.ts';
import { verifyConsistency } from '../../../src/audit/tree/merkle.ts';
import {
  cosignedMessage,
  type NoteKey,
  noteKey,
  rawPublicKey,
  signatureLine,
  verifyNote,
} from '../../../src/audit/tree/note.ts';
import { cleanUp } from '../../store/log-fixture.ts';

export interface WitnessServer {
  readonly url: string;
  readonly key: NoteKey;
  /** Status codes of its answers. */
  readonly answers: number[];
  seen: { size: number; root: Buffer };
  /** Answers so, whatever comes. */
  broken: { status: number; body: string } | undefined;
}

export async function startWitness(name: string, logKey: () => NoteKey): Promise<WitnessServer> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = noteKey(name, rawPublicKey(privateKey), 'cosignature');
  const witness: WitnessServer = {
    url: '',
    key,
    answers: [],
    seen: { size: 0, root: Buffer.alloc(0) },
    broken: undefined,
  };

  const answerTo = (request: string): { status: number; body: string; type?: string } => {
    if (witness.broken !== undefined) return witness.broken;
    const split = request.indexOf('\n\n');
    const [first, ...lines] = request.slice(0, split).split('\n');
    const checkpoint = parseCheckpoint(request.slice(split + 2));
    const old = Number(/^old (0|[1-9]\d*)$/.exec(first ?? '')?.[1]);
    if (checkpoint === undefined || Number.isNaN(old) || old > checkpoint.size || lines.length > 63)
      return { status: 400, body: '' };
    if (checkpoint.origin !== logKey().name) return { status: 404, body: '' };
    const verdict = verifyNote(checkpoint.note, [logKey()]);
    if (verdict.kind === 'forged' || verdict.by.length === 0) return { status: 403, body: '' };
    const { size, root } = witness.seen;
    if (old !== size) return { status: 409, body: `${size}\n`, type: 'text/x.tlog.size' };
    const proof = lines.map((line) => parseHash(line)!);
    if (old === checkpoint.size && old > 0 && !root.equals(checkpoint.root)) return { status: 409, body: '' };
    if (old > 0 && !verifyConsistency(old, checkpoint.size, root, checkpoint.root, proof))
      return { status: 422, body: '' };
    if (old === 0 && proof.length > 0) return { status: 422, body: '' };
    witness.seen = checkpoint;
    const time = Math.floor(Date.now() / 1000);
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(BigInt(time));
    const signature = sign(null, cosignedMessage(checkpoint.note.text, time), privateKey);
    return { status: 200, body: `${signatureLine(key, Buffer.concat([stamp, signature]))}\n` };
  };

  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const isRight = request.method === 'POST' && request.url === '/w/add-checkpoint';
    const {
      status,
      body,
      type = 'text/plain',
    } = isRight ? answerTo(Buffer.concat(chunks).toString()) : { status: 404, body: '' };
    witness.answers.push(status);
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return Object.assign(witness, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/w` });
}
