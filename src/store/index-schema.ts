/**
 * The tables of the index. A statement is one row of small numbers; what statements share stands once: the text as shape
 * and fillers (`text-shape.ts`), what it touches (`facts`), and words. Rows are found by position, which is the order of the
 * log; `span` says which positions a time has.
 */

/** Any change of the tables or of what goes into them: the index is then made anew. */
export const SCHEMA_VERSION = 10;

/** Bits of `statement.flags`. Each has a partial index, so that the few are found among the many. */
export const FLAG = { denied: 1, error: 2, masked: 4, write: 8 } as const;

export const DECISIONS = ['allow', 'mask', 'hold', 'deny'] as const;
export const FATES = ['rolled_back', 'unknown', 'cut', 'may_have_run'] as const;

/** Milliseconds of one row of `span`. */
export const SPAN_MS = 600_000;

const FULL_TEXT = `content='', detail=none, columnsize=0, tokenize='trigram case_sensitive 1'`;

export const SCHEMA = `
  CREATE TABLE place (one INTEGER PRIMARY KEY CHECK (one = 1), segment INTEGER, offset INTEGER, position INTEGER) STRICT;
  -- Where a batch of records begins: the position before it, and its place in the segments.
  CREATE TABLE chunk (position INTEGER PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL) STRICT;
  CREATE TABLE word (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE principal (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE session (
    id INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE, position INTEGER NOT NULL, opened_at INTEGER NOT NULL,
    principal_id INTEGER NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL, actors TEXT, email TEXT, gateway TEXT NOT NULL,
    database TEXT NOT NULL, environment TEXT NOT NULL, policy TEXT NOT NULL, application TEXT, purpose TEXT, client TEXT,
    -- JSON arrays: methods of authentication, groups.
    clock TEXT, bound INTEGER, auth TEXT, groups TEXT,
    closed_at INTEGER, reason TEXT, statements INTEGER NOT NULL DEFAULT 0, denied INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX session_by_principal ON session (principal_id);
  CREATE INDEX session_by_subject ON session (subject);
  CREATE INDEX session_by_email ON session (email COLLATE NOCASE);
  CREATE TABLE relation (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE classified (id INTEGER PRIMARY KEY, name TEXT NOT NULL, class TEXT NOT NULL, UNIQUE (name, class)) STRICT;
  CREATE TABLE facts (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, fingerprint TEXT NOT NULL, command TEXT NOT NULL, class TEXT NOT NULL
  ) STRICT;
  CREATE TABLE facts_relation (relation_id INTEGER, facts_id INTEGER, PRIMARY KEY (relation_id, facts_id)) STRICT, WITHOUT ROWID;
  CREATE INDEX relations_of_facts ON facts_relation (facts_id);
  CREATE TABLE facts_classified (classified_id INTEGER, facts_id INTEGER, PRIMARY KEY (classified_id, facts_id)) STRICT, WITHOUT ROWID;
  CREATE INDEX classified_of_facts ON facts_classified (facts_id);
  -- Columns of which no class is known.
  CREATE TABLE other_column (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE facts_other (column_id INTEGER, facts_id INTEGER, PRIMARY KEY (column_id, facts_id)) STRICT, WITHOUT ROWID;
  CREATE INDEX others_of_facts ON facts_other (facts_id);
  CREATE TABLE shape (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, shape TEXT NOT NULL) STRICT;
  -- A text and what it touches; shape_id is 0 where the text was erased.
  CREATE TABLE text (
    id INTEGER PRIMARY KEY, key INTEGER NOT NULL, facts_id INTEGER NOT NULL, shape_id INTEGER NOT NULL, fillers TEXT
  ) STRICT;
  CREATE INDEX text_by_key ON text (key);
  CREATE INDEX text_by_shape ON text (shape_id, facts_id);
  CREATE INDEX text_by_facts ON text (facts_id);
  CREATE VIRTUAL TABLE shape_trigram USING fts5 (body, ${FULL_TEXT});
  CREATE VIRTUAL TABLE filler_trigram USING fts5 (body, ${FULL_TEXT});
  -- Which trigrams there are, and where, in the order of their letters: what begins with one or two of them.
  CREATE VIRTUAL TABLE shape_letters USING fts5vocab (shape_trigram, instance);
  CREATE VIRTUAL TABLE filler_letters USING fts5vocab (filler_trigram, instance);
  CREATE TABLE statement (
    position INTEGER PRIMARY KEY, at INTEGER NOT NULL, session_id INTEGER NOT NULL, n INTEGER NOT NULL,
    principal_id INTEGER NOT NULL, text_id INTEGER NOT NULL, flags INTEGER NOT NULL, decision INTEGER NOT NULL,
    rule_id INTEGER, approval TEXT, policy_id INTEGER, binds INTEGER,
    -- Of the outcome; its position counted from the intent's.
    answered INTEGER, rows INTEGER, bytes INTEGER, us INTEGER, sqlstate_id INTEGER, masked INTEGER, fate INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX statement_by_number ON statement (session_id, n);
  -- With what else is asked of them: the statements themselves are far apart.
  CREATE INDEX statement_by_principal ON statement (principal_id, position, text_id);
  CREATE INDEX statement_by_text ON statement (text_id, principal_id);
  ${Object.entries(FLAG)
    .map(([name, bit]) => `CREATE INDEX statement_${name} ON statement (position) WHERE flags & ${bit};`)
    .join('\n  ')}
  CREATE TABLE span (span INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
  -- Everything that is no statement and no session.
  CREATE TABLE event (
    position INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind_id INTEGER NOT NULL, by_id INTEGER, database_id INTEGER,
    subject TEXT, payload TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_by_kind ON event (kind_id);
  CREATE INDEX event_by_principal ON event (by_id);
  CREATE INDEX event_by_subject ON event (subject) WHERE subject IS NOT NULL;
  CREATE TABLE owned_object (
    database TEXT NOT NULL, catalog TEXT NOT NULL, oid INTEGER NOT NULL, principal_id INTEGER NOT NULL,
    name TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (database, catalog, oid)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO place VALUES (1, 0, 0, 0);
`;
