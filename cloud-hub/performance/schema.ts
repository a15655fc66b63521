/**
 * What monitoring keeps. References are kept without names of studies or patients; a later one of the same version and
 * finding counts instead of the earlier. A view is what a look computed, one a site and one (`*`) of all sites together.
 */
export const PERFORMANCE_SCHEMA = `
CREATE TABLE performance_reference (
  reference INTEGER PRIMARY KEY,
  model_digest TEXT NOT NULL,
  finding TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('site-labels', 'uploaded')),
  cases INTEGER NOT NULL,
  positives INTEGER NOT NULL,
  until TEXT,
  content TEXT NOT NULL,
  digest TEXT NOT NULL,
  made_at TEXT NOT NULL,
  made_by TEXT NOT NULL,
  reason TEXT
) STRICT;
CREATE INDEX performance_reference_of ON performance_reference (model_digest, finding, reference);

CREATE TABLE performance_view (
  device TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  finding TEXT NOT NULL,
  computed_at TEXT NOT NULL,
  as_of TEXT NOT NULL,
  view TEXT NOT NULL,
  PRIMARY KEY (device, model_digest, finding)
) STRICT, WITHOUT ROWID;

CREATE TABLE monitoring_alert (
  alert TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('performance', 'fairness')),
  device TEXT NOT NULL,
  model_name TEXT NOT NULL,
  model_version TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  finding TEXT NOT NULL,
  what TEXT NOT NULL,
  priority TEXT NOT NULL CHECK (priority IN ('P1', 'P2', 'P3')),
  occasion TEXT NOT NULL,
  detail TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  last_at TEXT NOT NULL,
  settled_at TEXT,
  settled_by TEXT,
  reason TEXT
) STRICT;
CREATE UNIQUE INDEX monitoring_alert_open ON monitoring_alert (kind, device, model_digest, finding, what)
  WHERE settled_at IS NULL;
CREATE INDEX monitoring_alert_newest ON monitoring_alert (kind, raised_at);

CREATE INDEX instance_features_by_version ON instance_features (model_digest, envelope);
`
