import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** What the models said, what readers verified, and where result objects went. */
export const RESULTS: Migration = {
  number: 2,
  name: 'results',
  sql: `
CREATE TABLE result (
  result_id     INTEGER PRIMARY KEY,
  revision_id   INTEGER NOT NULL REFERENCES revision (revision_id),
  ordinal       INTEGER NOT NULL,
  model_name    TEXT,
  model_version TEXT,
  model_digest  TEXT,
  outcome       TEXT NOT NULL CHECK (outcome IN ('scored','not-scored')),
  reason        TEXT,
  embedding     BLOB,
  quality       TEXT NOT NULL,
  UNIQUE (revision_id, ordinal, model_digest)
) STRICT;

CREATE TABLE score (
  result_id       INTEGER NOT NULL REFERENCES result (result_id),
  code            TEXT NOT NULL,
  title           TEXT NOT NULL,
  value           REAL NOT NULL,
  threshold_milli INTEGER NOT NULL,
  above           INTEGER NOT NULL CHECK (above IN (0, 1)),
  PRIMARY KEY (result_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE report (
  report_id        INTEGER PRIMARY KEY,
  revision_id      INTEGER NOT NULL REFERENCES revision (revision_id),
  model_digest     TEXT NOT NULL,
  sop_class_uid    TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL UNIQUE,
  content          BLOB NOT NULL,
  created_at       INTEGER NOT NULL,
  UNIQUE (revision_id, model_digest)
) STRICT;

CREATE TABLE delivery (
  delivery_id     INTEGER PRIMARY KEY,
  report_id       INTEGER NOT NULL REFERENCES report (report_id),
  destination     TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('pending','accepted','dead')),
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  last_reason     TEXT,
  created_at      INTEGER NOT NULL,
  settled_at      INTEGER,
  UNIQUE (report_id, destination)
) STRICT;
CREATE INDEX delivery_due ON delivery (destination, next_attempt_at) WHERE state = 'pending';
CREATE INDEX delivery_dead ON delivery (destination, delivery_id) WHERE state = 'dead';

CREATE TABLE label (
  label_id        TEXT PRIMARY KEY,
  study_id        INTEGER NOT NULL REFERENCES study (study_id),
  revision_number INTEGER NOT NULL,
  finding         TEXT NOT NULL,
  value           TEXT NOT NULL CHECK (value IN ('present','absent','uncertain')),
  blind           INTEGER NOT NULL CHECK (blind IN (0, 1)),
  person_id       TEXT NOT NULL,
  labelled_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX label_by_study ON label (study_id, labelled_at);
`,
}
