import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Radiomic features of results, and what tells whether two instances show the same pixels. */
export const MEASUREMENTS: Migration = {
  number: 23,
  name: 'measurements',
  sql: `
CREATE TABLE radiomic_region (
  result_id INTEGER PRIMARY KEY REFERENCES result (result_id),
  -- SHA-256 of the complete settings, which the manifest of the result's model declares
  settings  TEXT NOT NULL,
  voxels    INTEGER NOT NULL,
  -- why there are no values; null where there are
  reason    TEXT
) STRICT;

CREATE TABLE radiomic_value (
  result_id INTEGER NOT NULL REFERENCES radiomic_region (result_id),
  code      TEXT NOT NULL,
  ibsi      TEXT,
  unit      TEXT,
  -- null where the definition divides by zero
  value     REAL,
  verified  INTEGER NOT NULL CHECK (verified IN (0, 1)),
  PRIMARY KEY (result_id, code)
) STRICT, WITHOUT ROWID;

-- the key of the digests below; it is of this box, so that no digest of a picture means anything elsewhere
CREATE TABLE pixel_print_key (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL) STRICT;
INSERT INTO pixel_print_key VALUES (1, randomblob(32));

CREATE TABLE pixel_print (
  instance_id INTEGER PRIMARY KEY REFERENCES instance (instance_id),
  study_id    INTEGER NOT NULL REFERENCES study (study_id),
  digest      BLOB NOT NULL,
  -- difference hash of a radiograph; null for other modalities
  look        TEXT
) STRICT;
CREATE INDEX pixel_print_by_digest ON pixel_print (digest);
CREATE INDEX pixel_print_look ON pixel_print (instance_id) WHERE look IS NOT NULL;
CREATE INDEX pixel_print_by_study ON pixel_print (study_id);
`,
}
