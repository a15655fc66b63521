/** What sites say of revisions that supersede earlier ones. */
export const STUDY_REVISION_SCHEMA = `
CREATE TABLE study_revisions (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  study TEXT NOT NULL,
  patient TEXT NOT NULL,
  revision INTEGER NOT NULL,
  causes TEXT NOT NULL,
  same_instances TEXT NOT NULL
) STRICT;
CREATE INDEX study_revisions_by_study ON study_revisions (study, revision);
`

/** Under which generation of a site's keys study and patient have their pseudonyms; null for the first, which is not named. */
export const GENERATION_SCHEMA = `
ALTER TABLE instance_features ADD COLUMN generation INTEGER;
ALTER TABLE not_scored ADD COLUMN generation INTEGER;
ALTER TABLE study_labels ADD COLUMN generation INTEGER;
ALTER TABLE study_revisions ADD COLUMN generation INTEGER;
`

/** Of counts of drift, the hour in which they left, since 1970; null for those of boxes that do not say it. */
export const DRIFT_HOUR_SCHEMA = `
ALTER TABLE drift_counts ADD COLUMN hour INTEGER;
CREATE INDEX drift_counts_by_month ON drift_counts (month);
`

/**
 * Tables of the inbox. Every accepted envelope has one row in `envelope_inbox` and exactly one effect row that refers to
 * it; both are written in one transaction with the stream's watermark. Effect rows hold everything the body said, so the
 * envelope can be rebuilt from them and its digest recomputed.
 */
export const INGEST_SCHEMA = `
CREATE TABLE device (
  device TEXT PRIMARY KEY,
  enrolled_at TEXT NOT NULL,
  certificate_serial TEXT NOT NULL,
  certificate_not_after TEXT NOT NULL,
  audit_log_key TEXT,
  revoked_at TEXT,
  revoked_reason TEXT,
  last_seen_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE envelope_inbox (
  id INTEGER PRIMARY KEY,
  device TEXT NOT NULL REFERENCES device (device),
  epoch INTEGER NOT NULL,
  stream TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  received_at TEXT NOT NULL,
  UNIQUE (device, epoch, stream, sequence)
) STRICT;

CREATE TABLE stream_watermark (
  device TEXT NOT NULL REFERENCES device (device),
  epoch INTEGER NOT NULL,
  stream TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE instance_features (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  study TEXT NOT NULL,
  patient TEXT NOT NULL,
  revision INTEGER NOT NULL,
  instance INTEGER NOT NULL,
  modality TEXT NOT NULL,
  view TEXT NOT NULL,
  sex TEXT NOT NULL,
  age_decade INTEGER,
  month TEXT NOT NULL,
  model_name TEXT NOT NULL,
  model_version TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  embedding BLOB NOT NULL,
  quality TEXT NOT NULL
) STRICT;
CREATE INDEX instance_features_by_model ON instance_features (model_name, study);

CREATE TABLE instance_scores (
  envelope INTEGER NOT NULL REFERENCES instance_features (envelope),
  position INTEGER NOT NULL,
  code TEXT NOT NULL,
  value REAL NOT NULL,
  threshold_milli INTEGER NOT NULL,
  above INTEGER NOT NULL,
  PRIMARY KEY (envelope, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE not_scored (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  study TEXT NOT NULL,
  patient TEXT NOT NULL,
  revision INTEGER NOT NULL,
  instance INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;

CREATE TABLE study_labels (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  label TEXT NOT NULL,
  study TEXT NOT NULL,
  patient TEXT NOT NULL,
  revision INTEGER NOT NULL,
  finding TEXT NOT NULL,
  value TEXT NOT NULL,
  reader TEXT NOT NULL,
  blind INTEGER NOT NULL
) STRICT;
CREATE INDEX study_labels_by_finding ON study_labels (finding, study, envelope);

CREATE TABLE drift_counts (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  model_name TEXT NOT NULL,
  model_version TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  feature TEXT NOT NULL,
  month TEXT NOT NULL
) STRICT;
CREATE INDEX drift_counts_by_model ON drift_counts (model_digest, feature);

CREATE TABLE drift_cells (
  envelope INTEGER NOT NULL REFERENCES drift_counts (envelope),
  position INTEGER NOT NULL,
  bin INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (envelope, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_health (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  software_version TEXT NOT NULL,
  models TEXT NOT NULL,
  figures TEXT NOT NULL
) STRICT;

CREATE TABLE ingest_alarm (
  device TEXT NOT NULL,
  code TEXT NOT NULL,
  occurrences INTEGER NOT NULL,
  first_at TEXT NOT NULL,
  last_at TEXT NOT NULL,
  audited_at TEXT NOT NULL,
  PRIMARY KEY (device, code)
) STRICT, WITHOUT ROWID;
`
