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

/**
 * Memory as a witness, keys of the devices as witnesses of the hub's log, who has cosigned it, and which studies the
 * leaves of a device speak of: work on any other was not recorded.
 */
export const WITNESS_SCHEMA = `
CREATE TABLE witnessed_log (
  origin TEXT PRIMARY KEY,
  size INTEGER NOT NULL CHECK (size >= 0),
  root BLOB NOT NULL CHECK (length(root) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_witness (
  device TEXT PRIMARY KEY REFERENCES device (device),
  verifier_key TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hub_log_cosignature (
  witness TEXT NOT NULL,
  size INTEGER NOT NULL,
  lines TEXT NOT NULL,
  cosigned_at INTEGER NOT NULL,
  PRIMARY KEY (witness, size)
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_log_cosignature_by_size ON hub_log_cosignature (size);

CREATE TABLE audited_study (
  device TEXT NOT NULL,
  study TEXT NOT NULL,
  PRIMARY KEY (device, study)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO audited_study (device, study)
  SELECT substr(a.origin, 11, length(a.origin) - 16), json_extract(CAST(l.leaf AS TEXT), '$.subject.id')
  FROM audit_leaf l JOIN audit_log a ON a.id = l.log
  WHERE a.origin <> 'leadglass/hub/audit' AND json_valid(CAST(l.leaf AS TEXT))
    AND json_extract(CAST(l.leaf AS TEXT), '$.subject.kind') = 'study';

CREATE TABLE recording_check (
  device TEXT PRIMARY KEY,
  envelope INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`
