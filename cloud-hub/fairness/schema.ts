/** What the last look computed of each version and finding, and how often in a row a group has been served worse. */
export const FAIRNESS_SCHEMA = `
CREATE TABLE fairness_view (
  model_digest TEXT NOT NULL,
  finding TEXT NOT NULL,
  computed_at TEXT NOT NULL,
  as_of TEXT NOT NULL,
  view TEXT NOT NULL,
  PRIMARY KEY (model_digest, finding)
) STRICT, WITHOUT ROWID;

CREATE TABLE fairness_streak (
  model_digest TEXT NOT NULL,
  finding TEXT NOT NULL,
  dimension TEXT NOT NULL,
  breaches INTEGER NOT NULL,
  labelled INTEGER NOT NULL,
  PRIMARY KEY (model_digest, finding, dimension)
) STRICT, WITHOUT ROWID;
`
