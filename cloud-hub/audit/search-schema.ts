/**
 * What auditors need besides the logs: an index over the entries, views that a person has saved, legal holds, and what
 * was pruned after its retention. The index holds nothing that the leaves do not; it can be made again from them.
 *
 * Pruning empties the bytes of a leaf and keeps its hash, so that every root, checkpoint and proof stays. The triggers
 * allow that for ranges that stand in `audit_pruned`, and nothing else.
 */
export const AUDIT_DESK_SCHEMA = `
CREATE TABLE audit_entry (
  entry INTEGER PRIMARY KEY,
  log INTEGER NOT NULL REFERENCES audit_log (id),
  leaf_index INTEGER NOT NULL,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  family TEXT NOT NULL,
  actor TEXT NOT NULL,
  subject TEXT,
  outcome TEXT NOT NULL,
  UNIQUE (log, leaf_index)
) STRICT;
CREATE INDEX audit_entry_by_time ON audit_entry (at);
CREATE INDEX audit_entry_by_log ON audit_entry (log, at);
CREATE INDEX audit_entry_by_event ON audit_entry (event, at);
CREATE INDEX audit_entry_by_family ON audit_entry (family, at);
CREATE INDEX audit_entry_by_actor ON audit_entry (actor, at);
CREATE INDEX audit_entry_by_subject ON audit_entry (subject, at) WHERE subject IS NOT NULL;

CREATE TABLE audit_entry_model (
  model TEXT NOT NULL,
  at INTEGER NOT NULL,
  entry INTEGER NOT NULL REFERENCES audit_entry (entry) ON DELETE CASCADE,
  PRIMARY KEY (model, at, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_entry_model_by_entry ON audit_entry_model (entry);

CREATE TABLE audit_indexed (
  log INTEGER PRIMARY KEY REFERENCES audit_log (id),
  next INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_view (
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  query TEXT NOT NULL,
  saved_at TEXT NOT NULL,
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_hold (
  hold INTEGER PRIMARY KEY,
  origin TEXT,
  year INTEGER,
  reason TEXT NOT NULL,
  placed_by TEXT NOT NULL,
  placed_at TEXT NOT NULL,
  lifted_by TEXT,
  lifted_at TEXT
) STRICT;

CREATE TABLE audit_pruned (
  log INTEGER NOT NULL REFERENCES audit_log (id),
  year INTEGER NOT NULL,
  from_index INTEGER NOT NULL,
  to_index INTEGER NOT NULL CHECK (to_index > from_index),
  root TEXT NOT NULL,
  checkpoint TEXT NOT NULL,
  pruned_at TEXT NOT NULL,
  PRIMARY KEY (log, from_index)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_pruned_unchangeable BEFORE UPDATE ON audit_pruned
BEGIN SELECT RAISE(ABORT, 'what was pruned stays written'); END;
CREATE TRIGGER audit_pruned_unremovable BEFORE DELETE ON audit_pruned
BEGIN SELECT RAISE(ABORT, 'what was pruned stays written'); END;

DROP TRIGGER audit_leaf_unchangeable;
CREATE TRIGGER audit_leaf_unchangeable BEFORE UPDATE ON audit_leaf
WHEN NOT (
  NEW.log = OLD.log AND NEW.leaf_index = OLD.leaf_index AND NEW.hash = OLD.hash AND length(NEW.leaf) = 0
  AND EXISTS (SELECT 1 FROM audit_pruned p
    WHERE p.log = OLD.log AND p.from_index <= OLD.leaf_index AND p.to_index > OLD.leaf_index)
)
BEGIN SELECT RAISE(ABORT, 'an audit leaf is never changed'); END;
`
