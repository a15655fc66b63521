/**
 * Certificates of devices as chains: an enrolment begins a chain, each renewal adds one link to it. `parent` is unique, so
 * that no certificate can be renewed twice. What was enrolled before has its one certificate as a first link.
 */
export const CHAIN_SCHEMA = `
ALTER TABLE device ADD COLUMN chain INTEGER NOT NULL DEFAULT 1;
ALTER TABLE device ADD COLUMN held_at TEXT;
ALTER TABLE device ADD COLUMN held_reason TEXT;
ALTER TABLE device ADD COLUMN boot INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN boot_run TEXT;
ALTER TABLE device ADD COLUMN boot_at TEXT;

CREATE TABLE device_certificate (
  serial TEXT PRIMARY KEY,
  device TEXT NOT NULL REFERENCES device (device),
  chain INTEGER NOT NULL,
  link INTEGER NOT NULL,
  parent TEXT UNIQUE,
  public_key TEXT NOT NULL,
  certificate TEXT NOT NULL,
  issued_at TEXT NOT NULL,
  not_after TEXT NOT NULL,
  proven_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX device_certificate_by_device ON device_certificate (device, chain, link);

INSERT INTO device_certificate (serial, device, chain, link, parent, public_key, certificate, issued_at, not_after, proven_at)
  SELECT ltrim(lower(certificate_serial), '0'), device, 1, 1, NULL, '', '', enrolled_at, certificate_not_after, enrolled_at
  FROM device;

CREATE TABLE enrolment_invitation (
  id TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  proof_key TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  used_serial TEXT,
  withdrawn_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_invitation_by_device ON enrolment_invitation (device);
`
