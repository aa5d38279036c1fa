/**
 * The statements of a gateway's record with who sent them, read from the segments past a running gateway: for commands
 * that look back. In: a state directory. Out: what was judged since a time, oldest first,
 * but for what was erased.
 * It changes nothing, and steps over what is damaged or being written.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { AuditRecord, SessionOpen, StatementIntent } from '../audit/record.ts';
import { DbgateError, ErrorCode } from '../errors.ts';
import { readSegments, START } from '../store/segment-reader.ts';

export interface RecordedStatement {
  readonly session: SessionOpen;
  /** Of the session's body. */
  readonly who: Exclude<SessionOpen['body'], string>;
  readonly intent: StatementIntent;
  readonly sql: string;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/** Throws `usage` if there is no record. */
export async function* recordedStatements(stateDir: string, sinceMs: number): AsyncGenerator<RecordedStatement> {
  const dir = path.join(stateDir, 'audit');
  try {
    await stat(dir);
  } catch (error) {
    throw new DbgateError(ErrorCode.usage, `there is no record that can be read in ${stateDir}`, {
      cause: error,
      hint: 'run it where the gateway runs, as its user, or name a copy of its state_dir with --record DIR',
    });
  }
  const sessions = new Map<string, SessionOpen>();
  const since = new Date(sinceMs).toISOString();
  const to = Number.MAX_SAFE_INTEGER;
  for await (const { records } of readSegments(dir, { from: START, to, onDamage: () => {} })) {
    for (const { payload } of records) {
      const record = JSON.parse(payload) as AuditRecord;
      if (record.kind === 'session.open') sessions.set(record.session, record);
      else if (record.kind === 'session.close') sessions.delete(record.session);
      else if (record.kind === 'statement.intent' && record.at >= since) {
        const session = sessions.get(record.session);
        if (session === undefined || typeof session.body === 'string' || typeof record.body === 'string') continue;
        yield { session, who: session.body, intent: record, sql: record.body.sql, atMs: Date.parse(record.at) };
      }
    }
  }
}
