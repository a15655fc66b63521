import type { EpochRange, StreamName } from '@leadglass/sync-agent/contract'
import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** One epoch of everything that leaves. Times in milliseconds since 1970. */
export interface EpochRow {
  readonly epoch: number
  readonly openedAt: number
  readonly reason: string
}

/** `asked`: no answer yet. `narrowed`: it differs, and a later statement of the run says where. */
export type StatementVerdict = 'asked' | 'equal' | 'narrowed' | 'unequal' | 'unanswered'

/** A statement about an epoch. `ranges` and `differences` are JSON. */
export interface StatementRow {
  readonly serial: number
  readonly run: number
  readonly epoch: number
  readonly closed: 0 | 1
  readonly envelopes: number
  readonly root: string
  readonly ranges: string
  readonly sealedEpoch: number
  readonly sealedAt: number
  readonly sequence: number
  readonly verdict: StatementVerdict
  readonly hubEnvelopes: number | null
  readonly hubRoot: string | null
  readonly differences: string | null
  readonly answeredAt: number | null
}

/** What the hub answered to a statement. */
export interface StatementAnswer {
  readonly verdict: StatementVerdict
  readonly hubEnvelopes: number
  readonly hubRoot: string
  readonly differences: readonly Pick<EpochRange, 'stream' | 'from' | 'to'>[]
}

/** What a class was refused. */
export interface RejectionRow {
  readonly stream: StreamName
  readonly kind: string
  readonly reason: string
  readonly bodies: number
  readonly bytes: number
  readonly reported: number
  readonly firstAt: number
  readonly lastAt: number
}

export const SELECT_EPOCHS = 'SELECT epoch, opened_at AS openedAt, reason FROM egress_epoch ORDER BY epoch DESC LIMIT ?'
/** Envelopes of a range by sequence; `content` is null where only the digest was kept. */
export const SELECT_RANGE = `
SELECT sequence, content, NULL AS digest FROM envelope WHERE epoch = @epoch AND stream = @stream
  AND sequence BETWEEN @from AND @to
UNION ALL
SELECT sequence, NULL, digest FROM pruned_envelope WHERE epoch = @epoch AND stream = @stream
  AND sequence BETWEEN @from AND @to
ORDER BY sequence`
export const SELECT_UNSENT = `
SELECT ifnull(sum(last_sequence - acknowledged), 0) AS envelopes, ifnull(sum(max(0, sealed_bytes - acknowledged_bytes)), 0) AS bytes
FROM egress_counter WHERE stream = ?`
const ADD_REJECTION = `
INSERT INTO egress_rejection (stream, kind, reason, bodies, bytes, first_at, last_at)
VALUES (@stream, @kind, @reason, 1, @bytes, @at, @at) ON CONFLICT (stream, kind, reason) DO UPDATE SET
bodies = bodies + 1, bytes = bytes + excluded.bytes, last_at = excluded.last_at`
const ADD_REJECTION_OF_STUDY = `
INSERT INTO egress_rejection_of_study (study_id, kind, reason, bodies, last_at) VALUES (@studyId, @kind, @reason, 1, @at)
ON CONFLICT (study_id, kind, reason) DO UPDATE SET bodies = bodies + 1, last_at = excluded.last_at`
const SELECT_REJECTIONS = `
SELECT stream, kind, reason, bodies, bytes, reported, first_at AS firstAt, last_at AS lastAt FROM egress_rejection
ORDER BY stream, kind, reason`
const MARK_REPORTED =
  'UPDATE egress_rejection SET reported = ? WHERE stream = ? AND kind = ? AND reason = ? AND reported < ?'
export const SELECT_REJECTIONS_OF_STUDY = `
SELECT kind, sum(bodies) AS bodies FROM egress_rejection_of_study WHERE study_id = ? GROUP BY kind`
const NEXT_SERIAL = 'SELECT ifnull(max(serial), 0) + 1 AS serial FROM epoch_statement'
const INSERT_STATEMENT = `
INSERT INTO epoch_statement (serial, run, epoch, closed, envelopes, root, ranges, sealed_epoch, sealed_at, sequence, verdict)
VALUES (@serial, @run, @epoch, @closed, @envelopes, @root, @ranges, @sealedEpoch, @sealedAt, @sequence, 'asked')`
const COLUMNS = `serial, run, epoch, closed, envelopes, root, ranges, sealed_epoch AS sealedEpoch, sealed_at AS sealedAt,
  sequence, verdict, hub_envelopes AS hubEnvelopes, hub_root AS hubRoot, differences, answered_at AS answeredAt`
const SELECT_STATEMENT = `SELECT ${COLUMNS} FROM epoch_statement WHERE serial = ?`
export const SELECT_NEWEST_STATEMENT = `
SELECT ${COLUMNS} FROM epoch_statement WHERE epoch = ? ORDER BY serial DESC LIMIT 1`
const ANSWER_STATEMENT = `
UPDATE epoch_statement SET verdict = @verdict, hub_envelopes = @hubEnvelopes, hub_root = @hubRoot,
differences = @differences, answered_at = @at WHERE serial = @serial AND verdict IN ('asked', 'unanswered')`
const COUNT_UNANSWERED = "SELECT count(*) AS count FROM epoch_statement WHERE epoch = ? AND verdict = 'unanswered'"
const GIVE_UP = "UPDATE epoch_statement SET verdict = 'unanswered' WHERE serial = ? AND verdict = 'asked'"

/** Epochs, statements about them, and what was not taken for the hub. Changes belong into the caller's transaction. */
export class SyncRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Newest first. */
  epochs(limit: number): readonly EpochRow[] {
    return this.#sql.all(SELECT_EPOCHS, limit)
  }

  range(
    epoch: number,
    { stream, from, to }: Pick<EpochRange, 'stream' | 'from' | 'to'>,
  ): readonly { readonly sequence: number; readonly content: string | null; readonly digest: string | null }[] {
    return this.#sql.all(SELECT_RANGE, { epoch, stream, from, to })
  }

  /** What was sealed for a stream and is not known to be at the hub, over all epochs. */
  unsent(stream: StreamName): { readonly envelopes: number; readonly bytes: number } {
    return this.#sql.get<{ envelopes: number; bytes: number }>(SELECT_UNSENT, stream) ?? { envelopes: 0, bytes: 0 }
  }

  addRejection(rejection: {
    readonly stream: StreamName
    readonly kind: string
    readonly reason: string
    readonly bytes: number
    readonly studyId: number | null
    readonly at: number
  }): void {
    this.#sql.run(ADD_REJECTION, rejection)
    if (rejection.studyId !== null) this.#sql.run(ADD_REJECTION_OF_STUDY, rejection)
  }

  rejections(): readonly RejectionRow[] {
    return this.#sql.all(SELECT_REJECTIONS)
  }

  markReported({ stream, kind, reason, bodies }: RejectionRow): void {
    this.#sql.run(MARK_REPORTED, bodies, stream, kind, reason, bodies)
  }

  /** Bodies about a study that were not sent, by kind. */
  rejectionsOfStudy(studyId: number): Readonly<Record<string, number>> {
    const rows = this.#sql.all<{ kind: string; bodies: number }>(SELECT_REJECTIONS_OF_STUDY, studyId)
    return Object.fromEntries(rows.map(({ kind, bodies }) => [kind, bodies]))
  }

  nextSerial(): number {
    return this.#sql.get<{ serial: number }>(NEXT_SERIAL)?.serial ?? 1
  }

  insertStatement(
    statement: Pick<
      StatementRow,
      'serial' | 'run' | 'epoch' | 'closed' | 'envelopes' | 'root' | 'ranges' | 'sealedEpoch' | 'sealedAt' | 'sequence'
    >,
  ): void {
    this.#sql.run(INSERT_STATEMENT, statement)
  }

  statement(serial: number): StatementRow | undefined {
    return this.#sql.get(SELECT_STATEMENT, serial)
  }

  newestStatement(epoch: number): StatementRow | undefined {
    return this.#sql.get(SELECT_NEWEST_STATEMENT, epoch)
  }

  /** @returns false when the statement was answered before. */
  answer(serial: number, { differences, ...answer }: StatementAnswer, at: number): boolean {
    const values = { ...answer, serial, at, differences: JSON.stringify(differences) }
    return this.#sql.run(ANSWER_STATEMENT, values).changes === 1
  }

  /** Statements about an epoch that were given up. */
  unanswered(epoch: number): number {
    return this.#sql.get<{ count: number }>(COUNT_UNANSWERED, epoch)?.count ?? 0
  }

  giveUp(serial: number): void {
    this.#sql.run(GIVE_UP, serial)
  }
}
