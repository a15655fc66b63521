import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** What stops a model: recalls, which are never deleted, and stops by people at the site. */
export const HALTS: Migration = {
  number: 36,
  name: 'halts',
  sql: `
CREATE TABLE model_recall (
  model_digest  TEXT PRIMARY KEY,
  model_name    TEXT NOT NULL,
  model_version TEXT NOT NULL,
  reason        TEXT NOT NULL,
  person        TEXT NOT NULL,
  recalled_at   TEXT NOT NULL,
  seen_at       INTEGER NOT NULL
) STRICT;
CREATE TRIGGER model_recall_kept BEFORE DELETE ON model_recall BEGIN SELECT raise(ABORT, 'a recall is kept'); END;
CREATE TRIGGER model_recall_fixed BEFORE UPDATE ON model_recall BEGIN SELECT raise(ABORT, 'a recall is kept'); END;

CREATE TABLE model_stop (
  model_name TEXT PRIMARY KEY,
  reason     TEXT NOT NULL,
  stopped_by TEXT NOT NULL,
  stopped_at INTEGER NOT NULL
) STRICT;
`,
}
