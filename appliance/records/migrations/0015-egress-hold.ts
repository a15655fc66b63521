import type { Migration } from '@leadglass/sync-agent/foundation/database'

/**
 * Envelopes that wait for a person. They have no position yet: sequences are given when a batch is released, so what is
 * refused leaves no gap.
 */
export const EGRESS_HOLD: Migration = {
  number: 15,
  name: 'egress-hold',
  sql: `
CREATE TABLE held_batch (
  batch_id   TEXT PRIMARY KEY,
  -- null: counts of the site, about no study
  study_id   INTEGER REFERENCES study (study_id),
  state      TEXT NOT NULL CHECK (state IN ('waiting','released','refused')),
  opened_at  INTEGER NOT NULL,
  decided_at INTEGER,
  decided_by TEXT,
  reason     TEXT,
  CHECK ((state = 'waiting') = (decided_at IS NULL))
) STRICT, WITHOUT ROWID;
-- One batch of a study waits at a time, so that its envelopes leave in the order in which they were made.
CREATE UNIQUE INDEX held_batch_waiting ON held_batch (ifnull(study_id, 0)) WHERE state = 'waiting';
CREATE INDEX held_batch_by_study ON held_batch (study_id) WHERE study_id IS NOT NULL;

CREATE TABLE held_envelope (
  held_id  INTEGER PRIMARY KEY,
  batch_id TEXT NOT NULL REFERENCES held_batch (batch_id),
  stream   TEXT NOT NULL,
  kind     TEXT NOT NULL,
  -- canonical JSON; '' once it was sealed (it is in "envelope" then) or refused
  body     TEXT NOT NULL,
  digest   TEXT NOT NULL,
  held_at  INTEGER NOT NULL,
  epoch    INTEGER,
  sequence INTEGER
) STRICT;
CREATE INDEX held_envelope_by_batch ON held_envelope (batch_id, held_id);

-- What did not leave about studies whose pseudonyms are of an earlier generation.
CREATE TABLE withheld_body (
  study_id INTEGER NOT NULL REFERENCES study (study_id),
  kind     TEXT NOT NULL,
  count    INTEGER NOT NULL,
  PRIMARY KEY (study_id, kind)
) STRICT, WITHOUT ROWID;
`,
}
