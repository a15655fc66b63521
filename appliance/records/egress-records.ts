import type { Envelope, StreamName } from '@leadglass/sync-agent/contract'
import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** A stream's counters within one epoch. `relayed` and `acknowledged` are sequences, 0 when none. */
export interface StreamCounter {
  readonly epoch: number
  readonly stream: StreamName
  readonly lastSequence: number
  readonly relayed: number
  readonly acknowledged: number
}

/** One envelope as it is kept: canonical JSON text of the whole envelope. */
export interface StoredEnvelope {
  readonly epoch: number
  readonly stream: StreamName
  readonly sequence: number
  readonly content: string
}

/** Places of a stream that the hub refuses for one reason. */
export interface OpenRefusal {
  readonly epoch: number
  readonly stream: StreamName
  readonly code: string
  readonly count: number
  readonly first: number
  readonly last: number
  readonly since: number
}

/** One envelope in the list of what left. `acknowledgedAt` is null until the hub has committed it. */
export interface ListedEnvelope extends StoredEnvelope {
  readonly kind: string
  readonly studyPseudonym: string | null
  readonly sealedAt: number
  readonly relayed: 0 | 1
  readonly acknowledged: 0 | 1
  readonly acknowledgedAt: number | null
  readonly refused: 0 | 1
}

export const SELECT_EPOCH = 'SELECT max(epoch) AS epoch FROM egress_epoch'
export const INSERT_EPOCH = 'INSERT INTO egress_epoch (epoch, opened_at, reason) VALUES (?, ?, ?)'
export const NEXT_SEQUENCE = `
INSERT INTO egress_counter (epoch, stream, last_sequence) VALUES (?, ?, 1)
ON CONFLICT (epoch, stream) DO UPDATE SET last_sequence = last_sequence + 1 RETURNING last_sequence AS sequence`
export const ADD_SEALED_BYTES = `
UPDATE egress_counter SET sealed_bytes = sealed_bytes + ? WHERE epoch = ? AND stream = ?`
/** The bytes of a range of envelopes: added when the hub has committed it, taken off when it turns out that it has not. */
export const MOVE_ACKNOWLEDGED_BYTES = `
UPDATE egress_counter SET acknowledged_bytes = max(0, acknowledged_bytes + @sign * (
  SELECT ifnull(sum(octet_length(content)), 0) FROM envelope e
  WHERE e.epoch = @epoch AND e.stream = @stream AND e.sequence > @after AND e.sequence <= @through))
WHERE epoch = @epoch AND stream = @stream`
export const SELECT_ACKNOWLEDGED = 'SELECT acknowledged FROM egress_counter WHERE epoch = ? AND stream = ?'
export const INSERT_ENVELOPE = `
INSERT INTO envelope (epoch, stream, sequence, kind, study_id, content, sealed_at) VALUES (?, ?, ?, ?, ?, ?, ?)`
export const SELECT_COUNTERS = `
SELECT epoch, stream, last_sequence AS lastSequence, relayed, acknowledged FROM egress_counter ORDER BY epoch, stream`
export const SELECT_ENVELOPES_AFTER = `
SELECT epoch, stream, sequence, content FROM envelope
WHERE epoch = ? AND stream = ? AND sequence > ? ORDER BY sequence LIMIT ?`
export const MARK_RELAYED = 'UPDATE egress_counter SET relayed = ? WHERE epoch = ? AND stream = ?'
export const MARK_ACKNOWLEDGED = `
UPDATE egress_counter SET acknowledged = max(acknowledged, ?), relayed = max(relayed, ?)
WHERE epoch = ? AND stream = ? AND last_sequence >= ? AND acknowledged < ?`
export const REWIND = `
UPDATE egress_counter SET relayed = min(relayed, ?), acknowledged = min(acknowledged, ?) WHERE epoch = ? AND stream = ?`
export const INSERT_ACKNOWLEDGEMENT = `
INSERT INTO egress_acknowledgement (epoch, stream, sequence, acknowledged_at) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING`
export const SELECT_NEWEST_ENVELOPES = `
SELECT e.epoch, e.stream, e.sequence, e.kind, s.study_pseudonym AS studyPseudonym, e.content, e.sealed_at AS sealedAt,
  (e.sequence <= c.relayed) AS relayed, (e.sequence <= c.acknowledged) AS acknowledged,
  (SELECT min(a.acknowledged_at) FROM egress_acknowledgement a
    WHERE a.epoch = e.epoch AND a.stream = e.stream AND a.sequence >= e.sequence) AS acknowledgedAt,
  EXISTS (SELECT 1 FROM egress_refusal r
    WHERE r.epoch = e.epoch AND r.stream = e.stream AND r.sequence = e.sequence AND r.code <> 'gap') AS refused
FROM envelope e JOIN egress_counter c ON c.epoch = e.epoch AND c.stream = e.stream
LEFT JOIN study s ON s.study_id = e.study_id
ORDER BY e.sealed_at DESC LIMIT ?`
export const SELECT_NEWEST_ENVELOPES_OF_STUDY = SELECT_NEWEST_ENVELOPES.replace(
  'ORDER BY',
  'WHERE e.study_id = ? ORDER BY',
)
/**
 * What the hub has not taken, by stream and reason. A conflict stands until it was sealed again at another place; every other
 * refusal until the hub has committed the place after all.
 */
export const SELECT_OPEN_REFUSALS = `
SELECT r.epoch, r.stream, r.code, count(*) AS count, min(r.sequence) AS first, max(r.sequence) AS last,
  min(r.refused_at) AS since
FROM egress_refusal r LEFT JOIN egress_counter c ON c.epoch = r.epoch AND c.stream = r.stream
WHERE r.code NOT IN ('gap', 'resealed') AND CASE WHEN r.code IN ('conflict', 'closed-epoch') THEN NOT EXISTS (
    SELECT 1 FROM egress_refusal d
    WHERE d.epoch = r.epoch AND d.stream = r.stream AND d.sequence = r.sequence AND d.code = 'resealed')
  ELSE r.sequence > ifnull(c.acknowledged, 0) END
GROUP BY r.epoch, r.stream, r.code ORDER BY r.epoch, r.stream, r.code LIMIT 100`
/** What never took effect because its place holds, or may hold, something else. Not the log's own, and no figures of the box. */
export const SELECT_RESEALABLE = `
SELECT e.epoch, e.stream, e.sequence, e.content, e.study_id AS studyId FROM egress_refusal r
JOIN envelope e ON e.epoch = r.epoch AND e.stream = r.stream AND e.sequence = r.sequence
WHERE r.code IN ('conflict', 'closed-epoch') AND r.stream IN ('labels', 'drift', 'features') AND NOT EXISTS (
  SELECT 1 FROM egress_refusal d
  WHERE d.epoch = r.epoch AND d.stream = r.stream AND d.sequence = r.sequence AND d.code = 'resealed')
GROUP BY e.epoch, e.stream, e.sequence ORDER BY e.epoch, e.stream, e.sequence LIMIT ?`
export const COUNT_REFUSALS = `
SELECT epoch, stream, count(*) AS count FROM egress_refusal WHERE code NOT IN ('gap', 'resealed') GROUP BY epoch, stream`
export const INSERT_REFUSAL = `
INSERT INTO egress_refusal (epoch, stream, sequence, code, refused_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING`
/** The digest stays, so that the root of the epoch can still be computed. */
export const KEEP_PRUNED_DIGESTS = `
INSERT INTO pruned_envelope (epoch, stream, sequence, digest)
SELECT epoch, stream, sequence, json_extract(content, '$.digest') FROM envelope WHERE stream = 'health' AND sealed_at < ?
AND sequence <= (SELECT acknowledged FROM egress_counter c WHERE c.epoch = envelope.epoch AND c.stream = 'health')`
export const PRUNE_HEALTH = `
DELETE FROM envelope WHERE stream = 'health' AND sealed_at < ?
AND sequence <= (SELECT acknowledged FROM egress_counter c WHERE c.epoch = envelope.epoch AND c.stream = 'health')`
export const ADD_DRIFT = `
INSERT INTO drift_pending (model_digest, feature, bin, model_name, model_version, held)
SELECT ?, cell.value ->> 0, cell.value ->> 1, ?, ?, 1 FROM json_each(?) AS cell WHERE true
ON CONFLICT (model_digest, feature, bin) DO UPDATE SET held = held + 1`
export const SELECT_RIPE_DRIFT = `
SELECT model_name AS name, model_version AS version, model_digest AS digest, feature, bin, held FROM drift_pending
WHERE held >= ? ORDER BY model_digest, feature, bin`
export const RELEASE_DRIFT = `
UPDATE drift_pending SET released = released + held, held = 0 WHERE model_digest = ? AND feature = ? AND bin = ?`
export const SELECT_HELD_DRIFT = `
SELECT model_name AS modelName, model_version AS modelVersion, count(*) AS cells, sum(held) AS held
FROM drift_pending WHERE held > 0 GROUP BY model_name, model_version ORDER BY model_name, model_version`
export const INSERT_SIGNED_CHECKPOINT = `
INSERT INTO signed_checkpoint (tree_size, note, signed_at) VALUES (?, ?, ?) ON CONFLICT (tree_size) DO NOTHING`
export const SELECT_SIGNED_CHECKPOINT = `
SELECT tree_size AS treeSize, note, signed_at AS signedAt FROM signed_checkpoint ORDER BY tree_size DESC LIMIT 1`
export const SELECT_SIGNED_CHECKPOINT_OF = 'SELECT note FROM signed_checkpoint WHERE tree_size = ?'
export const INSERT_COSIGNED = `
INSERT INTO cosigned_checkpoint (tree_size, note, received_at) VALUES (?, ?, ?)
ON CONFLICT (tree_size) DO UPDATE SET note = excluded.note, received_at = excluded.received_at`
export const SELECT_COSIGNED = `
SELECT tree_size AS treeSize, note, received_at AS receivedAt FROM cosigned_checkpoint ORDER BY tree_size DESC LIMIT 1`

/** A kept checkpoint note. */
export interface KeptCheckpoint {
  readonly treeSize: number
  readonly note: string
}

interface DriftModel {
  readonly name: string
  readonly version: string
  readonly digest: string
}

/** A cell of drift counts that may leave. */
export interface RipeCell extends DriftModel {
  readonly feature: string
  readonly bin: number
  readonly held: number
}

/** Envelopes, their counters, drift cells and checkpoints. */
export class EgressRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** The epoch in force; opens epoch 1 when there is none. Inside the caller's transaction when it may open. */
  epoch(at: number): number {
    const current = this.#sql.get<{ epoch: number | null }>(SELECT_EPOCH)?.epoch ?? null
    if (current !== null) return current
    this.#sql.run(INSERT_EPOCH, 1, at, 'first-start')
    return 1
  }

  /**
   * Opens the next epoch: every stream counts from 1 again.
   * @param atLeast its least number, where the hub knows of later ones than this database.
   */
  openEpoch(at: number, reason: string, atLeast = 1): number {
    const next = Math.max(this.epoch(at) + 1, atLeast)
    this.#sql.run(INSERT_EPOCH, next, at, reason)
    return next
  }

  nextSequence(epoch: number, stream: StreamName): number {
    const row = this.#sql.get<{ sequence: number }>(NEXT_SEQUENCE, epoch, stream)
    if (row === undefined) throw new Error('a counter returned no sequence')
    return row.sequence
  }

  insertEnvelope(envelope: Envelope, content: string, studyId: number | null, at: number): void {
    const { epoch, stream, sequence } = envelope
    this.#sql.run(INSERT_ENVELOPE, epoch, stream, sequence, envelope.body.kind, studyId, content, at)
    this.#sql.run(ADD_SEALED_BYTES, Buffer.byteLength(content), epoch, stream)
  }

  counters(): readonly StreamCounter[] {
    return this.#sql.all(SELECT_COUNTERS)
  }

  envelopesAfter(epoch: number, stream: StreamName, sequence: number, limit: number): readonly StoredEnvelope[] {
    return this.#sql.all(SELECT_ENVELOPES_AFTER, epoch, stream, sequence, limit)
  }

  markRelayed(epoch: number, stream: StreamName, sequence: number): void {
    this.#sql.run(MARK_RELAYED, sequence, epoch, stream)
  }

  /** Records how far the hub has committed. A watermark beyond what was ever sealed changes nothing. */
  markAcknowledged(epoch: number, stream: StreamName, sequence: number, at: number): boolean {
    const after = this.#acknowledged(epoch, stream)
    const { changes } = this.#sql.run(MARK_ACKNOWLEDGED, sequence, sequence, epoch, stream, sequence, sequence)
    if (changes !== 1) return false
    this.#sql.run(INSERT_ACKNOWLEDGEMENT, epoch, stream, sequence, at)
    this.#sql.run(MOVE_ACKNOWLEDGED_BYTES, { sign: 1, epoch, stream, after, through: sequence })
    return true
  }

  /** The hub misses what comes after `sequence`: it is relayed again from there. */
  rewind(epoch: number, stream: StreamName, sequence: number): void {
    const through = this.#acknowledged(epoch, stream)
    this.#sql.run(MOVE_ACKNOWLEDGED_BYTES, { sign: -1, epoch, stream, after: sequence, through })
    this.#sql.run(REWIND, sequence, sequence, epoch, stream)
  }

  /** @returns true when this refusal was not known yet. */
  insertRefusal(epoch: number, stream: StreamName, sequence: number, code: string, at: number): boolean {
    return this.#sql.run(INSERT_REFUSAL, epoch, stream, sequence, code, at).changes === 1
  }

  /** Newest envelopes first, of one study or of all. */
  newest(limit: number, studyId: number | null): readonly ListedEnvelope[] {
    if (studyId === null) return this.#sql.all(SELECT_NEWEST_ENVELOPES, limit)
    return this.#sql.all(SELECT_NEWEST_ENVELOPES_OF_STUDY, studyId, limit)
  }

  /** What the hub has not taken and nobody has settled. Times in milliseconds since 1970. */
  openRefusals(): readonly OpenRefusal[] {
    return this.#sql.all(SELECT_OPEN_REFUSALS)
  }

  /** Envelopes that never took effect because their place was taken, the oldest first. */
  resealable(limit: number): readonly (StoredEnvelope & { readonly studyId: number | null })[] {
    return this.#sql.all(SELECT_RESEALABLE, limit)
  }

  /** What stood at a place that the hub refused has another place now. */
  markResealed(epoch: number, stream: StreamName, sequence: number): void {
    this.#sql.run(INSERT_REFUSAL, epoch, stream, sequence, 'resealed', 0)
  }

  refusalCounts(): readonly { epoch: number; stream: StreamName; count: number }[] {
    return this.#sql.all(COUNT_REFUSALS)
  }

  /** Removes acknowledged health envelopes older than `before`: they repeat each minute and say nothing of a study. */
  pruneHealth(before: number): void {
    this.#sql.run(KEEP_PRUNED_DIGESTS, before)
    this.#sql.run(PRUNE_HEALTH, before)
  }

  #acknowledged(epoch: number, stream: StreamName): number {
    return this.#sql.get<{ acknowledged: number }>(SELECT_ACKNOWLEDGED, epoch, stream)?.acknowledged ?? 0
  }

  /** Adds one to each cell, feature and bin. */
  addDrift(model: DriftModel, cells: readonly (readonly [feature: string, bin: number])[]): void {
    this.#sql.run(ADD_DRIFT, model.digest, model.name, model.version, JSON.stringify(cells))
  }

  /** Cells of all models that hold at least `smallest` counts, those of one feature together. */
  ripeDrift(smallest: number): readonly RipeCell[] {
    return this.#sql.all(SELECT_RIPE_DRIFT, smallest)
  }

  releaseDrift(modelDigest: string, feature: string, bin: number): void {
    this.#sql.run(RELEASE_DRIFT, modelDigest, feature, bin)
  }

  heldDrift(): readonly { modelName: string; modelVersion: string; cells: number; held: number }[] {
    return this.#sql.all(SELECT_HELD_DRIFT)
  }

  insertSignedCheckpoint(treeSize: number, note: string, at: number): void {
    this.#sql.run(INSERT_SIGNED_CHECKPOINT, treeSize, note, at)
  }

  newestSignedCheckpoint(): (KeptCheckpoint & { readonly signedAt: number }) | undefined {
    return this.#sql.get(SELECT_SIGNED_CHECKPOINT)
  }

  signedCheckpoint(treeSize: number): string | undefined {
    return this.#sql.get<{ note: string }>(SELECT_SIGNED_CHECKPOINT_OF, treeSize)?.note
  }

  insertCosignedCheckpoint(treeSize: number, note: string, at: number): void {
    this.#sql.run(INSERT_COSIGNED, treeSize, note, at)
  }

  newestCosignedCheckpoint(): (KeptCheckpoint & { readonly receivedAt: number }) | undefined {
    return this.#sql.get(SELECT_COSIGNED)
  }
}
