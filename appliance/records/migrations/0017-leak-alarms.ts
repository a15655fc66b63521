import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Where an identifier of a study was found although none may be there. Never the identifier itself. */
export const LEAK_ALARMS: Migration = {
  number: 17,
  name: 'leak-alarms',
  sql: `
CREATE TABLE leak_alarm (
  alarm_id   INTEGER PRIMARY KEY,
  study_id   INTEGER NOT NULL REFERENCES study (study_id),
  place      TEXT NOT NULL CHECK (place IN ('log','object','envelope')),
  hits       INTEGER NOT NULL,
  first_at   INTEGER NOT NULL,
  last_at    INTEGER NOT NULL,
  settled_at INTEGER,
  settled_by TEXT
) STRICT;
CREATE UNIQUE INDEX leak_alarm_open ON leak_alarm (study_id, place) WHERE settled_at IS NULL;
`,
}
