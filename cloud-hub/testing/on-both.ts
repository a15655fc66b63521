/** Integration tests that run on SQLite and on PostgreSQL: the rooms that keep most of the hub's records. */
export const ON_BOTH: readonly string[] = [
  'cloud-hub/audit/desk.int.test.ts',
  'cloud-hub/audit/site-mirror.int.test.ts',
  'cloud-hub/change-control/change-control.int.test.ts',
  'cloud-hub/delivery/delivery.int.test.ts',
  'cloud-hub/fleet/desired-state.int.test.ts',
  'cloud-hub/governance/key-book.int.test.ts',
  'cloud-hub/hub.int.test.ts',
  'cloud-hub/ingest/deployment-statistics.int.test.ts',
  'cloud-hub/lake/lake.int.test.ts',
  'cloud-hub/model-card/fleet-figures.int.test.ts',
  'cloud-hub/registry/alias-book.int.test.ts',
  'cloud-hub/rollout/rollouts.int.test.ts',
  'cloud-hub/training/training.int.test.ts',
  'cloud-hub/webhooks/webhooks.int.test.ts',
]
