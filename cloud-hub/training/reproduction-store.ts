import { randomUUID } from 'node:crypto'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { MOST_ATTEMPTS } from './run-store.ts'

/**
 * How a reproduction stands. `equal`: every byte of head and package is the same. `differs`: not, and `parts` says which.
 * `altered-by-erasure`: rows had to be erased from the dataset since, so there is nothing to compare with.
 */
export const REPRODUCTION_STATES = ['queued', 'running', 'equal', 'differs', 'altered-by-erasure', 'failed'] as const
export type ReproductionState = (typeof REPRODUCTION_STATES)[number]

/** One thing that was compared, as recorded and as it came out now. */
const part = z.strictObject({ part: z.string(), recorded: z.string(), now: z.string(), isEqual: z.boolean() })
export type ReproducedPart = z.infer<typeof part>

/** A run that is, or was, done again. */
export interface Reproduction {
  readonly reproduction: string
  readonly run: string
  readonly requestedBy: string
  readonly state: ReproductionState
  readonly parts: readonly ReproducedPart[]
  readonly reason: string | null
  readonly createdAt: string
  readonly endedAt: string | null
}

const row = z.object({
  reproduction: z.string(),
  run: z.string(),
  requested_by: z.string(),
  state: z.enum(REPRODUCTION_STATES),
  parts: z.string(),
  reason: z.string().nullable(),
  created_at: z.string(),
  ended_at: z.string().nullable(),
})

const INSERT = `INSERT INTO training_reproduction (reproduction, run, requested_by, state, attempt, parts, created_at)
  VALUES (?, ?, ?, 'queued', 1, '[]', ?)`
const NEXT = `SELECT * FROM training_reproduction WHERE state = 'queued' ORDER BY created_at, reproduction LIMIT 1`
const OF_RUN = 'SELECT * FROM training_reproduction WHERE run = ? ORDER BY created_at DESC, reproduction LIMIT 20'
const BEGIN = `UPDATE training_reproduction SET state = 'running' WHERE reproduction = ?`
const END = `UPDATE training_reproduction SET state = ?, parts = ?, reason = ?, ended_at = ? WHERE reproduction = ?`
const GIVE_UP = `UPDATE training_reproduction SET state = 'failed', reason = 'the hub ended during each attempt', ended_at = ?
  WHERE state = 'running' AND attempt >= ?`
const TAKE_UP = `UPDATE training_reproduction SET state = 'queued', attempt = attempt + 1 WHERE state = 'running'`

/** Reproductions of runs in the hub's database. */
export class ReproductionStore {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** @returns the identifier of a waiting reproduction. */
  add(run: string, requestedBy: string): string {
    const reproduction = randomUUID()
    this.#database.prepare(INSERT).run(reproduction, run, requestedBy, this.#now())
    return reproduction
  }

  next(): Reproduction | undefined {
    return z.array(row).parse(this.#database.prepare(NEXT).all()).map(read)[0]
  }

  /** Those of a run, the newest first. */
  ofRun(run: string): Reproduction[] {
    return z.array(row).parse(this.#database.prepare(OF_RUN).all(run)).map(read)
  }

  begin(reproduction: string): void {
    this.#database.prepare(BEGIN).run(reproduction)
  }

  end(
    reproduction: string,
    state: Exclude<ReproductionState, 'queued' | 'running'>,
    parts: readonly ReproducedPart[],
    reason: string | null,
  ): void {
    this.#database.prepare(END).run(state, JSON.stringify(parts), reason, this.#now(), reproduction)
  }

  /** Puts back what was under way when the hub ended. @returns how many. */
  takeUp(): number {
    return this.#database.transaction(() => {
      this.#database.prepare(GIVE_UP).run(this.#now(), MOST_ATTEMPTS)
      return this.#database.prepare(TAKE_UP).run().changes
    })()
  }

  #now(): string {
    return toIsoInstant(this.#clock.now())
  }
}

function read(one: z.infer<typeof row>): Reproduction {
  return {
    reproduction: one.reproduction,
    run: one.run,
    requestedBy: one.requested_by,
    state: one.state,
    parts: z.array(part).parse(JSON.parse(one.parts)),
    reason: one.reason,
    createdAt: one.created_at,
    endedAt: one.ended_at,
  }
}
