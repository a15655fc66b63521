/**
 * Where each reader of an Event Hub stands: everything of a partition up to `place` is committed in the inbox. Written
 * after that commit, so that it may lag and never leads.
 */
export const EVENT_HUB_SCHEMA = `
CREATE TABLE event_hub_checkpoint (
  namespace TEXT NOT NULL,
  event_hub TEXT NOT NULL,
  consumer_group TEXT NOT NULL,
  partition TEXT NOT NULL,
  place TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  written_at TEXT NOT NULL,
  PRIMARY KEY (namespace, event_hub, consumer_group, partition)
) STRICT, WITHOUT ROWID;
`
