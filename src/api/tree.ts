/**
 * What can be read of the tree over the record: proofs for those who may see a statement, and for auditors the log as
 * C2SP tlog-tiles has it. `GET /v1/proofs/{session}.{n}`, `GET /v1/tree/{checkpoint,cosigned,keys,consistency,tile/…}`.
 */
import type { ServerResponse } from 'node:http';
import { envelopeOf } from '../audit/envelope.ts';
import { encodeExtra, formatProof } from '../audit/tree/proof-file.ts';
import type { AuditTree } from '../audit/tree/tree.ts';
import type { ProvedLeaf } from '../audit/tree/tree-protocol.ts';
import { DbgateError } from '../errors.ts';
import { principalKey } from '../identity/principal.ts';
import { sendJson } from './http-answer.ts';
import { numberOf } from './query-parameters.ts';
import type { ApiOptions, Call } from './router.ts';

/** The proofs of a statement's intent and outcome: for who ran it, and for auditors. */
export async function proofs(api: ApiOptions, { response, principal, url, name }: Call): Promise<void> {
  const { tree, gateway, history } = api;
  const since = numberOf(url.searchParams, 'since', 0, Number.MAX_SAFE_INTEGER);
  const found = await history.execution(name).catch((error: unknown) => {
    if (error instanceof DbgateError && error.code === 'not_found') throw notTheirs(name);
    throw error;
  });
  const session = found.opened;
  if (session === undefined || principalKey(session) !== principalKey(principal)) {
    if (!gateway.isAuditor(principal)) throw notTheirs(name);
    // Before it is answered: who looks at what others did is on record.
    await gateway.recorder.event({
      kind: 'history.read',
      by: principalKey(principal),
      database: session?.database,
      detail: { proof: name },
    });
  }
  const keys = await changedKeys(tree);
  const proved = async (position: number | undefined): Promise<object | null> => {
    const leaf = position === undefined ? undefined : await tree.ask({ kind: 'prove', position, since });
    return leaf === undefined ? null : provedJson(leaf, keys);
  };
  sendJson(response, 200, {
    id: name,
    session: await proved(found.openPosition),
    intent: await proved(found.intentPosition),
    outcome: await proved(found.outcomePosition),
  });
}

/** The same whether there is none, or it is somebody else's. */
function notTheirs(name: string): DbgateError {
  return new DbgateError('not_found', `there is no statement ${JSON.stringify(name)}, or it is not yours`, {
    hint: 'dbgate history shows the ids of your statements.',
  });
}

function provedJson({ index, position, record, proof }: ProvedLeaf, keys: string | undefined): object {
  const parts = { index, position, envelope: envelopeOf(record), record };
  if (proof === undefined) return { ...parts, state: 'not in a checkpoint yet' };
  const hashes = proof.hashes.map((hash) => Buffer.from(hash, 'base64'));
  const extra = encodeExtra({ record, ...(keys === undefined ? {} : { keys }) });
  return {
    ...parts,
    state: 'in a checkpoint',
    proof: formatProof({ extra, index, hashes }, proof.checkpoint),
    ...(proof.consistency === undefined ? {} : { consistency: proof.consistency }),
  };
}

/** The chain of keys, where there is more than one: who knows an old key follows it. */
export async function changedKeys(tree: AuditTree): Promise<string | undefined> {
  const keys = await tree.keys();
  return keys.trim().includes('\n') ? keys : undefined;
}

/** The read API of C2SP tlog-tiles under `/v1/tree/`, for auditors. */
export async function treeFile(api: ApiOptions, { response, principal, url }: Call): Promise<void> {
  const { tree, gateway } = api;
  if (!gateway.isAuditor(principal)) {
    throw new DbgateError('denied', 'the tree of the record is read by auditors and administrators');
  }
  const path = url.pathname.slice('/v1/tree/'.length);
  const missing = new DbgateError('not_found', `there is no ${url.pathname}`);
  switch (path) {
    case 'checkpoint': {
      const text = await tree.checkpoint();
      if (text === undefined) throw missing;
      return sendFile(response, 'text/plain; charset=utf-8', Buffer.from(text));
    }
    case 'cosigned': {
      const text = await tree.cosigned();
      if (text === undefined) throw missing;
      return sendFile(response, 'text/plain; charset=utf-8', Buffer.from(text));
    }
    case 'keys':
      return sendFile(response, 'application/jsonl; charset=utf-8', Buffer.from(await tree.keys()));
    case 'consistency': {
      const from = numberOf(url.searchParams, 'from', 0, Number.MAX_SAFE_INTEGER);
      const to = numberOf(url.searchParams, 'to', 0, Number.MAX_SAFE_INTEGER);
      if (from === undefined || to === undefined) throw new DbgateError('usage', 'from and to are missing');
      return sendJson(response, 200, { from, to, hashes: await tree.ask({ kind: 'consistency', from, to }) });
    }
    default: {
      const bytes = path.startsWith('tile/') ? await tree.tile(path) : undefined;
      if (bytes === undefined) throw missing;
      return sendFile(response, 'application/octet-stream', bytes);
    }
  }
}

function sendFile(response: ServerResponse, type: string, bytes: Buffer): void {
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(bytes);
}

/** Without names of witnesses and errors: everybody may ask for health. */
export function treeHealth({ status }: AuditTree): object {
  if (status === undefined) return { state: 'starting' };
  return {
    state: status.state,
    size: status.size,
    checkpoint_size: status.checkpointSize ?? null,
    checkpoint_at: status.checkpointAt ?? null,
    cosigned_size: status.cosignedSize ?? null,
    witnesses: status.witnesses.map(({ kind, state, size, at }) => ({
      kind,
      state,
      size: size ?? null,
      at: at ?? null,
    })),
  };
}
