/** Rollouts: the plan as it was made, how far it is, and every change with its reason. */
export const ROLLOUT_SCHEMA = `
CREATE TABLE rollout (
  id            INTEGER PRIMARY KEY,
  model_name    TEXT NOT NULL,
  model_version TEXT NOT NULL,
  model_digest  TEXT NOT NULL,
  plan          TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('running', 'paused', 'halted', 'finished')),
  ring          INTEGER NOT NULL,
  ring_since    INTEGER NOT NULL,
  settled_since INTEGER,
  reason        TEXT,
  author        TEXT NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT;
-- One rollout of a model at a time: two would assign two versions to one site.
CREATE UNIQUE INDEX rollout_open ON rollout (model_name) WHERE state IN ('running', 'paused');
`

export const ROLLOUT_HISTORY_SCHEMA = `
CREATE TABLE rollout_step (
  id      INTEGER PRIMARY KEY,
  rollout INTEGER NOT NULL REFERENCES rollout (id),
  what    TEXT NOT NULL,
  reason  TEXT,
  by_whom TEXT NOT NULL,
  at      INTEGER NOT NULL
) STRICT;
CREATE INDEX rollout_step_of ON rollout_step (rollout, id);
`
