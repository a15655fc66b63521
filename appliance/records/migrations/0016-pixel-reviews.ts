import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Objects whose pixels a person must look at before they may leave, and revisions about which nothing leaves. */
export const PIXEL_REVIEWS: Migration = {
  number: 16,
  name: 'pixel-reviews',
  sql: `
CREATE TABLE pixel_review (
  review_id       INTEGER PRIMARY KEY,
  instance_id     INTEGER NOT NULL UNIQUE REFERENCES instance (instance_id),
  study_id        INTEGER NOT NULL REFERENCES study (study_id),
  state           TEXT NOT NULL CHECK (state IN ('held','released','refused')),
  reason          TEXT NOT NULL,
  -- version of the catalogue of devices that was asked
  catalogue       TEXT NOT NULL,
  -- boxes as JSON: what was found, and what a person decided
  proposed        TEXT NOT NULL,
  boxes           TEXT,
  decided_by      TEXT,
  -- what a person wrote; it may name somebody
  decision_reason TEXT,
  held_at         INTEGER NOT NULL,
  decided_at      INTEGER,
  CHECK ((state = 'held') = (decided_at IS NULL))
) STRICT;
CREATE INDEX pixel_review_by_state ON pixel_review (state, held_at DESC);
CREATE INDEX pixel_review_of_study ON pixel_review (study_id);

CREATE TABLE egress_block (
  revision_id INTEGER PRIMARY KEY REFERENCES revision (revision_id),
  reason      TEXT NOT NULL,
  -- version of the table of risks that said how much is read
  risk_table  TEXT NOT NULL,
  blocked_at  INTEGER NOT NULL
) STRICT;
`,
}
