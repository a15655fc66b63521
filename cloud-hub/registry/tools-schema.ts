/**
 * Names that people give to versions, what outside tools log, and whom to tell. Aliases that follow from signatures are
 * never stored. `mlflow_version` numbers versions in the order in which they came, because MLflow's versions are numbers.
 */
export const REGISTRY_TOOLS_SCHEMA = `
CREATE TABLE registry_alias (
  name TEXT NOT NULL,
  alias TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES model_version (digest),
  set_by TEXT NOT NULL,
  set_at TEXT NOT NULL,
  PRIMARY KEY (name, alias)
) STRICT, WITHOUT ROWID;

CREATE TABLE mlflow_version (
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  digest TEXT NOT NULL UNIQUE REFERENCES model_version (digest),
  PRIMARY KEY (name, number)
) STRICT, WITHOUT ROWID;
INSERT INTO mlflow_version (name, number, digest)
  SELECT name, row_number() OVER (PARTITION BY name ORDER BY imported_at, digest), digest FROM model_version;
CREATE TRIGGER model_version_numbered AFTER INSERT ON model_version
BEGIN
  INSERT INTO mlflow_version (name, number, digest)
    SELECT NEW.name, coalesce(max(number), 0) + 1, NEW.digest FROM mlflow_version WHERE name = NEW.name;
END;

CREATE TABLE mlflow_experiment (
  experiment INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  lifecycle TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE mlflow_run (
  run TEXT PRIMARY KEY,
  experiment INTEGER NOT NULL REFERENCES mlflow_experiment (experiment),
  name TEXT NOT NULL,
  user TEXT NOT NULL,
  created_by TEXT NOT NULL,
  status TEXT NOT NULL,
  lifecycle TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX mlflow_run_by_experiment ON mlflow_run (experiment, start_ms);
CREATE TABLE mlflow_metric (
  run TEXT NOT NULL REFERENCES mlflow_run (run),
  key TEXT NOT NULL,
  step INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key, step, at_ms, value)
) STRICT, WITHOUT ROWID;
CREATE TABLE mlflow_param (
  run TEXT NOT NULL REFERENCES mlflow_run (run),
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE mlflow_tag (
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook (
  webhook TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  events TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE webhook_cursor (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL) STRICT;
CREATE TABLE webhook_delivery (
  delivery TEXT PRIMARY KEY,
  webhook TEXT NOT NULL REFERENCES webhook (webhook) ON DELETE CASCADE,
  event TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_ms INTEGER NOT NULL,
  last_failure TEXT,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_ms) WHERE state = 'waiting';
`
