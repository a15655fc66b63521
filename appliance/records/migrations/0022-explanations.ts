import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Why a score is what it is. Of a result, so that it goes and is superseded with it. */
export const EXPLANATIONS: Migration = {
  number: 22,
  name: 'explanations',
  sql: `
CREATE TABLE explanation (
  explanation_id INTEGER PRIMARY KEY,
  result_id      INTEGER NOT NULL REFERENCES result (result_id),
  code           TEXT NOT NULL,
  -- 'occlusion' or 'attribution': what was asked for
  method         TEXT NOT NULL,
  -- of which frame was asked for; -1 is the one that speaks most
  asked_frame    INTEGER NOT NULL,
  -- canonical JSON with what it is bound to, and its SHA-256
  content        BLOB NOT NULL,
  content_digest TEXT NOT NULL,
  made_by        TEXT NOT NULL,
  made_at        INTEGER NOT NULL,
  UNIQUE (result_id, code, method, asked_frame)
) STRICT;
`,
}
