import type { Migration } from '@leadglass/sync-agent/foundation/database'
import { DRIFT_HOUR_SCHEMA } from '../schema.ts'

/**
 * The inbox, its effects and the mirror of the sites' logs in PostgreSQL. Names and meanings as in SQLite; flags are
 * 0 and 1 there and here, so that one reader rebuilds the bodies of both. Devices stand in the hub's own database.
 */
const INGEST = `
CREATE SEQUENCE envelope_block;

CREATE TABLE envelope_inbox (
  id bigint PRIMARY KEY,
  device text NOT NULL,
  epoch integer NOT NULL,
  stream text NOT NULL,
  sequence bigint NOT NULL,
  kind text NOT NULL,
  digest text NOT NULL,
  received_at text NOT NULL,
  UNIQUE (device, epoch, stream, sequence)
);

CREATE TABLE stream_watermark (
  device text NOT NULL,
  epoch integer NOT NULL,
  stream text NOT NULL,
  sequence bigint NOT NULL,
  duplicates bigint NOT NULL,
  refused bigint NOT NULL,
  PRIMARY KEY (device, epoch, stream)
);

CREATE TABLE instance_features (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  study text NOT NULL,
  patient text NOT NULL,
  revision bigint NOT NULL,
  instance integer NOT NULL,
  modality text NOT NULL,
  view text NOT NULL,
  sex text NOT NULL,
  age_decade integer,
  month text NOT NULL,
  model_name text NOT NULL,
  model_version text NOT NULL,
  model_digest text NOT NULL,
  embedding bytea NOT NULL,
  quality text NOT NULL,
  generation bigint
);
ALTER TABLE instance_features ALTER COLUMN embedding SET STORAGE EXTERNAL;
CREATE INDEX instance_features_by_model ON instance_features (model_name, study);

CREATE TABLE instance_scores (
  envelope bigint NOT NULL REFERENCES instance_features (envelope),
  position integer NOT NULL,
  code text NOT NULL,
  value double precision NOT NULL,
  threshold_milli integer NOT NULL,
  above smallint NOT NULL,
  PRIMARY KEY (envelope, position)
);

CREATE TABLE not_scored (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  study text NOT NULL,
  patient text NOT NULL,
  revision bigint NOT NULL,
  instance integer NOT NULL,
  reason text NOT NULL,
  generation bigint
);

CREATE TABLE study_revisions (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  study text NOT NULL,
  patient text NOT NULL,
  revision bigint NOT NULL,
  causes text NOT NULL,
  same_instances text NOT NULL,
  generation bigint
);
CREATE INDEX study_revisions_by_study ON study_revisions (study, revision);

CREATE TABLE study_labels (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  label text NOT NULL,
  study text NOT NULL,
  patient text NOT NULL,
  revision bigint NOT NULL,
  finding text NOT NULL,
  value text NOT NULL,
  reader text NOT NULL,
  blind smallint NOT NULL,
  generation bigint
);
CREATE INDEX study_labels_by_finding ON study_labels (finding, study, envelope);

CREATE TABLE drift_counts (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  model_name text NOT NULL,
  model_version text NOT NULL,
  model_digest text NOT NULL,
  feature text NOT NULL,
  month text NOT NULL
);
CREATE INDEX drift_counts_by_model ON drift_counts (model_digest, feature);

CREATE TABLE drift_cells (
  envelope bigint NOT NULL REFERENCES drift_counts (envelope),
  position integer NOT NULL,
  bin integer NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (envelope, position)
);

CREATE TABLE deployment_statistics (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  model_name text NOT NULL,
  model_version text NOT NULL,
  model_digest text NOT NULL,
  champion_name text NOT NULL,
  champion_version text NOT NULL,
  champion_digest text NOT NULL,
  role text NOT NULL,
  month text NOT NULL
);
CREATE INDEX deployment_statistics_by_model ON deployment_statistics (model_digest);

CREATE TABLE deployment_statistics_cells (
  envelope bigint NOT NULL REFERENCES deployment_statistics (envelope),
  position integer NOT NULL,
  measure text NOT NULL,
  code text,
  bin integer NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (envelope, position)
);

CREATE TABLE device_health (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  software_version text NOT NULL,
  models text NOT NULL,
  figures text NOT NULL
);

CREATE TABLE reported_envelope (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  body text NOT NULL
);

CREATE TABLE epoch_statement (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  epoch integer NOT NULL,
  serial bigint NOT NULL,
  run bigint NOT NULL,
  closed smallint NOT NULL,
  envelopes bigint NOT NULL,
  root text NOT NULL,
  ranges text NOT NULL,
  signature text NOT NULL
);

CREATE TABLE epoch_closing (
  device text NOT NULL,
  epoch integer NOT NULL,
  stream text NOT NULL,
  last_sequence bigint NOT NULL,
  PRIMARY KEY (device, epoch, stream)
);

CREATE TABLE site_leaf (
  device text NOT NULL,
  leaf_index bigint NOT NULL,
  leaf bytea NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (device, leaf_index)
);

CREATE TABLE site_subtree (
  device text NOT NULL,
  level integer NOT NULL,
  position bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (device, level, position)
);

CREATE TABLE site_leaf_envelope (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  device text NOT NULL,
  leaf_index bigint NOT NULL,
  FOREIGN KEY (device, leaf_index) REFERENCES site_leaf (device, leaf_index)
);

CREATE TABLE site_checkpoint (
  envelope bigint PRIMARY KEY REFERENCES envelope_inbox (id),
  device text NOT NULL,
  size bigint NOT NULL,
  note text NOT NULL,
  cosigned text
);
CREATE INDEX site_checkpoint_by_device ON site_checkpoint (device, size);
`

/** Every step of the schema in PostgreSQL, in order. A released step is never edited. */
export const POSTGRES_MIGRATIONS: readonly Migration[] = [
  { number: 1, name: 'ingest', sql: INGEST },
  { number: 2, name: 'drift-hour', sql: DRIFT_HOUR_SCHEMA },
]
