/**
 * What the watch over distributions knows: the state of each thing that is watched, the first windows of a site where no
 * package has a reference, and its alerts with priority and cause. Of alerts that nobody has settled there is one for each
 * thing that is watched.
 */
export const DRIFT_WATCH_SCHEMA = `
CREATE TABLE drift_watch (
  device  TEXT NOT NULL,
  digest  TEXT NOT NULL,
  feature TEXT NOT NULL,
  test    TEXT NOT NULL,
  state   TEXT NOT NULL,
  PRIMARY KEY (device, digest, feature, test)
) STRICT, WITHOUT ROWID;

CREATE TABLE drift_baseline (
  device  TEXT NOT NULL,
  digest  TEXT NOT NULL,
  feature TEXT NOT NULL,
  cells   TEXT NOT NULL,
  until   TEXT NOT NULL,
  PRIMARY KEY (device, digest, feature)
) STRICT, WITHOUT ROWID;

ALTER TABLE drift_alert RENAME TO drift_alert_before;
CREATE TABLE drift_alert (
  alert        TEXT PRIMARY KEY,
  device       TEXT NOT NULL,
  model        TEXT NOT NULL,
  version      TEXT NOT NULL,
  digest       TEXT NOT NULL,
  feature      TEXT NOT NULL,
  test         TEXT NOT NULL DEFAULT 'psi',
  month        TEXT NOT NULL,
  verdict      TEXT NOT NULL,
  priority     TEXT NOT NULL DEFAULT 'P2' CHECK (priority IN ('P1', 'P2', 'P3')),
  advice       TEXT NOT NULL DEFAULT '',
  raised_at    TEXT NOT NULL,
  last_seen_at TEXT,
  cleared_at   TEXT,
  settled_at   TEXT,
  settled_by   TEXT,
  reason       TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO drift_alert (alert, device, model, version, digest, feature, month, verdict, raised_at, settled_at, settled_by, reason)
  SELECT alert, device, model, version, digest, feature, month, verdict, raised_at, settled_at, settled_by, reason
  FROM drift_alert_before;
DROP TABLE drift_alert_before;
CREATE INDEX drift_alert_open ON drift_alert (device, digest, feature, test) WHERE settled_at IS NULL;
`
