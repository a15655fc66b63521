import type Database from 'better-sqlite3'
import { z } from 'zod'

/** Labels of a finding that no dataset of the model has yet. */
export interface UnusedLabels {
  /** Studies with an answer of present or absent, and features of the model. */
  readonly studies: number
  /** When the oldest of them arrived; null where there is none. */
  readonly oldestAt: string | null
}

/** Newest label of a finding. */
export const NEWEST_LABEL = 'SELECT coalesce(max(envelope), 0) AS newest FROM study_labels WHERE finding = ?'
/**
 * A label whose study the model has not scored is no row of any dataset, nor is one that was not given blind or whose reader
 * was revoked; one of an earlier mark is in a dataset already.
 */
export const UNUSED_LABELS = `SELECT count(DISTINCT i.device || '/' || l.study) AS studies, min(i.received_at) AS oldestAt
  FROM study_labels l JOIN envelope_inbox i ON i.id = l.envelope
  WHERE l.finding = @finding AND l.envelope > @after AND l.value IN ('present', 'absent') AND l.blind = 1
  AND NOT EXISTS (SELECT 1 FROM revoked_reader r WHERE r.site = i.device AND r.reader = l.reader)
  AND EXISTS (SELECT 1 FROM instance_features f WHERE f.model_name = @model AND f.study = l.study)`

const unused = z.object({ studies: z.number(), oldestAt: z.string().nullable() })
const newest = z.object({ newest: z.number() })

/** Reads what ingest has committed of labels. */
export class LabelLedger {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  /** Number of the newest label of a finding in the inbox; 0 where there is none. */
  newest(finding: string): number {
    return newest.parse(this.#database.prepare(NEWEST_LABEL).get(finding)).newest
  }

  /** @param after number of the last label that a dataset has. */
  unused(model: string, finding: string, after: number): UnusedLabels {
    return unused.parse(this.#database.prepare(UNUSED_LABELS).get({ model, finding, after }))
  }
}
