import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** Every text of the settings that was in force, with who put it there. `placed` is 0 until the file holds it. */
export const SETTINGS_VERSIONS: Migration = {
  number: 12,
  name: 'settings-versions',
  sql: `
CREATE TABLE settings_version (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  digest  TEXT NOT NULL,
  content TEXT NOT NULL,
  author  TEXT NOT NULL,
  source  TEXT NOT NULL CHECK (source IN ('file', 'interface')),
  placed  INTEGER NOT NULL CHECK (placed IN (0, 1)),
  at      INTEGER NOT NULL
) STRICT;
`,
}
