import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** What a result object is, results that were blocked for their identity, and deliveries that a person gave up. */
export const DELIVERY_DESK: Migration = {
  number: 18,
  name: 'delivery-desk',
  sql: `
ALTER TABLE report ADD COLUMN kind TEXT NOT NULL DEFAULT 'sr' CHECK (kind IN ('sr','sc','not-scored','note'));
UPDATE report SET kind = 'note' WHERE model_digest = 'rejection-note';

CREATE INDEX delivery_waiting ON delivery (destination, created_at) WHERE state = 'pending';

CREATE TABLE result_block (
  block_id     INTEGER PRIMARY KEY,
  revision_id  INTEGER NOT NULL REFERENCES revision (revision_id),
  kind         TEXT NOT NULL,
  -- the attribute in which result and record disagree; never a value
  mismatch     TEXT NOT NULL,
  blocked_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX result_block_of_revision ON result_block (revision_id);

CREATE TABLE delivery_drop (
  delivery_id INTEGER PRIMARY KEY REFERENCES delivery (delivery_id),
  last_reason TEXT,
  -- what a person wrote; it may name somebody
  reason      TEXT NOT NULL,
  dropped_by  TEXT NOT NULL,
  dropped_at  INTEGER NOT NULL
) STRICT;
`,
}
