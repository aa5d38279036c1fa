/**
 * The record as others read it. In: records with what they are of, as `GET /v1/audit/export` gives them. Out: one line
 * each, in a format of `formats.ts`. Pure; a format says nothing that is not in the record, where texts and values that
 * meet classified columns are hashes already.
 */
import type { AuditRecord, SessionOpen, StatementIntent } from '../record.ts';

/** A record and what it is of. */
export interface ExportedRecord {
  readonly gateway: string;
  /** In that gateway's log; the order of export, and the cursor. */
  readonly position: number;
  readonly record: AuditRecord;
  /** Of a statement, and of the end of a session; missing: its record is gone. */
  readonly session?: SessionOpen | undefined;
  /** Of a request's event: `principalKey` of whose request it is, where that is known. */
  readonly asker?: string | undefined;
  /** Of a statement's outcome. */
  readonly intent?: StatementIntent | undefined;
}

export interface ExportFormat {
  readonly name: string;
  /** Of a batch of lines over HTTP. */
  readonly contentType: string;
  /** Stands once, before all lines. */
  readonly header?: string;
  /** One line without its end; undefined: the record has no line of its own, another says what it says. */
  encode(one: ExportedRecord): string | undefined;
}

/** Names it for whoever must know it again: a statement by its own id, everything else by its place. */
export function recordId({ gateway, position, record }: ExportedRecord): string {
  return record.kind === 'statement.intent' || record.kind === 'statement.outcome'
    ? `${record.session}.${record.n}`
    : `${gateway}/${position}`;
}

/** The body, where there is one and it was not erased. */
export function bodyOfRecord<T>(body: T | string | undefined): Exclude<T, string> | undefined {
  return typeof body === 'object' ? (body as Exclude<T, string>) : undefined;
}
