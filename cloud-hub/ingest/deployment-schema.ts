/** How versions that run beside the one in use compare with it, in counts over studies of a site. */
export const DEPLOYMENT_STATISTICS_SCHEMA = `
CREATE TABLE deployment_statistics (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  model_name TEXT NOT NULL,
  model_version TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  champion_name TEXT NOT NULL,
  champion_version TEXT NOT NULL,
  champion_digest TEXT NOT NULL,
  role TEXT NOT NULL,
  month TEXT NOT NULL
) STRICT;
CREATE INDEX deployment_statistics_by_model ON deployment_statistics (model_digest);

CREATE TABLE deployment_statistics_cells (
  envelope INTEGER NOT NULL REFERENCES deployment_statistics (envelope),
  position INTEGER NOT NULL,
  measure TEXT NOT NULL,
  code TEXT,
  bin INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (envelope, position)
) STRICT, WITHOUT ROWID;
`
