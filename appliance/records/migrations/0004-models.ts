import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Which models this appliance knows, runs, ran before, or refused. */
export const MODELS: Migration = {
  number: 4,
  name: 'models',
  sql: `
CREATE TABLE model (
  model_digest    TEXT PRIMARY KEY,
  model_name      TEXT NOT NULL,
  model_version   TEXT NOT NULL,
  release_counter INTEGER NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('staged','active','retained','refused')),
  message         TEXT,
  approvals       TEXT NOT NULL,
  statement       TEXT NOT NULL,
  changed_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX model_active ON model (model_name) WHERE state = 'active';

CREATE TABLE refused_kit (
  kit_digest  TEXT PRIMARY KEY,
  path        TEXT NOT NULL,
  code        TEXT NOT NULL,
  message     TEXT NOT NULL,
  refused_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE high_water_marks (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  content  TEXT NOT NULL
) STRICT;
`,
}
