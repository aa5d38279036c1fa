/**
 * A witness that checks that the log only grows, and signs what it has seen.
 * @see https://c2sp.org/tlog-witness
 */
import type { WitnessSettings } from '../../config/audit-settings.ts';
import { parseSignatureLines, parseVkey, verifyNote } from './note.ts';
import type { Witness } from './witness.ts';
import { WitnessConflict } from './witness-conflict.ts';

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 << 10;

export function openCosigner({ url, key }: WitnessSettings & { kind: 'url' }): Witness {
  const known = parseVkey(key);
  /** What it has cosigned last; its own word counts. */
  let witnessed = 0;

  return {
    async push(checkpoint, prove) {
      for (let attempt = 0; ; attempt++) {
        if (witnessed > checkpoint.size) {
          throw new WitnessConflict(`it has seen ${witnessed} records, and there are only ${checkpoint.size}`);
        }
        const proof = witnessed === 0 ? [] : prove(witnessed, checkpoint.size);
        const lines = proof.map((hash) => `${hash.toString('base64')}\n`).join('');
        const { status, body } = await post(`${url}/add-checkpoint`, `old ${witnessed}\n${lines}\n${checkpoint.text}`);
        if (status === 200) {
          const signatures = parseSignatureLines(body);
          const verdict = verifyNote({ text: checkpoint.note.text, signatures: signatures ?? [] }, [known]);
          if (verdict.kind === 'forged' || verdict.by.length === 0)
            throw new Error('its answer has no cosignature of its key');
          witnessed = checkpoint.size;
          const own = signatures!.filter(({ name, keyId }) => name === known.name && keyId === known.keyId);
          return own.map(({ line }) => line);
        }
        const size = /^(0|[1-9]\d{0,15})\n$/.exec(body)?.[1];
        if (status === 409 && size !== undefined && Number(size) !== witnessed && attempt === 0) {
          witnessed = Number(size);
          continue;
        }
        if (status === 409) throw new WitnessConflict(`it holds another tree of ${witnessed} records`);
        if (status === 422)
          throw new WitnessConflict(`what it holds of ${witnessed} records is no beginning of this log`);
        if (status === 404) throw new Error(`it does not know the origin ${checkpoint.origin}`);
        if (status === 403) throw new Error('it does not know the key of this log');
        throw new Error(`it answered ${status}`);
      }
    },
  };
}

async function post(url: string, body: string): Promise<{ status: number; body: string }> {
  const { request } = await import('undici');
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await request(url, { method: 'POST', body, signal, headers: { 'user-agent': 'dbgate' } }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new Error(signal.aborted ? `no answer in ${TIMEOUT_MS / 1000} s` : (error.code ?? error.message));
    },
  );
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('its answer is too long');
  }
  return { status: answer.statusCode, body: Buffer.concat(chunks).toString() };
}
