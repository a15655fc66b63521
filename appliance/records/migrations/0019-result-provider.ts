import type { Migration } from '@leadglass/sync-agent/foundation/database'

/** What really ran the graphs of a result: cpu, cuda or tensorrt; null for results of before, and where nothing ran. */
export const RESULT_PROVIDER: Migration = {
  number: 19,
  name: 'result-provider',
  sql: 'ALTER TABLE result ADD COLUMN provider TEXT;',
}
