/**
 * What devices state of their epochs, where they closed them, and how the last comparison of each epoch came out.
 * `differences` is a JSON list of `{stream, from, to}`.
 */
export const EPOCH_SCHEMA = `
CREATE TABLE epoch_statement (
  envelope INTEGER PRIMARY KEY REFERENCES envelope_inbox (id),
  epoch INTEGER NOT NULL,
  serial INTEGER NOT NULL,
  run INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  envelopes INTEGER NOT NULL,
  root TEXT NOT NULL,
  ranges TEXT NOT NULL,
  signature TEXT NOT NULL
) STRICT;

CREATE TABLE epoch_closing (
  device TEXT NOT NULL REFERENCES device (device),
  epoch INTEGER NOT NULL,
  stream TEXT NOT NULL,
  last_sequence INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE epoch_comparison (
  device TEXT NOT NULL REFERENCES device (device),
  epoch INTEGER NOT NULL,
  run INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  envelopes INTEGER NOT NULL,
  root TEXT NOT NULL,
  hub_envelopes INTEGER NOT NULL,
  hub_root TEXT NOT NULL,
  equal INTEGER NOT NULL,
  differences TEXT NOT NULL,
  compared_at TEXT NOT NULL,
  PRIMARY KEY (device, epoch)
) STRICT, WITHOUT ROWID;
`
