/** Tables of the mirror of the sites' logs. The leaves themselves stand in the tables of the audit log room. */
export const SITE_AUDIT_SCHEMA = `
CREATE TABLE site_leaf_envelope (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  log INTEGER NOT NULL,
  leaf_index INTEGER NOT NULL,
  FOREIGN KEY (log, leaf_index) REFERENCES audit_leaf (log, leaf_index)
) STRICT;

CREATE TABLE site_checkpoint (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  device TEXT NOT NULL,
  size INTEGER NOT NULL,
  note TEXT NOT NULL,
  cosigned TEXT
) STRICT;
CREATE INDEX site_checkpoint_by_device ON site_checkpoint (device, size);
`
