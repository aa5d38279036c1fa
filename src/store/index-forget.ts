/**
 * What was erased in the segments is forgotten by the index: texts that nobody else has, with the trigrams by which they were
 * found, and who, whence and what for of sessions. Runs in the index worker, inside no transaction.
 */
import type { DatabaseSync } from 'node:sqlite';
import { envelopeOf } from '../audit/envelope.ts';
import type { Position } from './event-log.ts';
import type { IndexWriter } from './index-writer.ts';
import { fillerBody, shapeBody } from './text-shape.ts';

/** Gives how many records it knew anything of. */
export function forgetRecords(sqlite: DatabaseSync, writer: IndexWriter, positions: readonly Position[]): number {
  // What is deleted is overwritten in the file.
  sqlite.exec('PRAGMA secure_delete = ON; BEGIN IMMEDIATE');
  try {
    const texts = new Set<number>();
    let known = 0;
    for (const position of positions) {
      const found = sqlite
        .prepare('SELECT text_id, facts_id FROM statement JOIN text ON id = text_id WHERE position = ?')
        .get(position) as { text_id: number; facts_id: number } | undefined;
      if (found !== undefined) {
        known++;
        texts.add(found.text_id);
        sqlite
          .prepare('UPDATE statement SET text_id = ? WHERE position = ?')
          .run(writer.erasedText(found.facts_id), position);
        continue;
      }
      const session = sqlite
        .prepare(
          'UPDATE session SET email = NULL, groups = NULL, application = NULL, purpose = NULL, client = NULL WHERE position = ?',
        )
        .run(position);
      const event = sqlite.prepare('SELECT payload FROM event WHERE position = ?').get(position);
      if (event !== undefined) {
        sqlite
          .prepare('UPDATE event SET payload = ? WHERE position = ?')
          .run(envelopeOf(event.payload as string), position);
      }
      if (Number(session.changes) > 0 || event !== undefined) known++;
    }
    for (const text of texts) forgetText(sqlite, text);
    // Segments were rewritten: where their batches began is not known any more.
    sqlite.exec('DELETE FROM chunk; COMMIT');
    // Pages that were split before hold old copies: only a file that is made anew holds none.
    sqlite.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
    return known;
  } catch (error) {
    if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
    throw error;
  } finally {
    writer.forgetNumbers();
  }
}

function forgetText(sqlite: DatabaseSync, id: number): void {
  const row = sqlite
    .prepare(
      `SELECT shape_id, fillers FROM text WHERE id = ?1 AND shape_id <> 0
         AND NOT EXISTS (SELECT 1 FROM statement WHERE text_id = ?1)`,
    )
    .get(id) as { shape_id: number; fillers: string | null } | undefined;
  if (row === undefined) return;
  if (row.fillers !== null) {
    sqlite
      .prepare("INSERT INTO filler_trigram (filler_trigram, rowid, body) VALUES ('delete', ?, ?)")
      .run(id, fillerBody(row.fillers));
  }
  sqlite.prepare('DELETE FROM text WHERE id = ?').run(id);
  const shape = sqlite
    .prepare('SELECT shape FROM shape WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM text WHERE shape_id = ?1)')
    .get(row.shape_id) as { shape: string } | undefined;
  if (shape === undefined) return;
  sqlite
    .prepare("INSERT INTO shape_trigram (shape_trigram, rowid, body) VALUES ('delete', ?, ?)")
    .run(row.shape_id, shapeBody(shape.shape));
  sqlite.prepare('DELETE FROM shape WHERE id = ?').run(row.shape_id);
}
