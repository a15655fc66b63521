import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'

/** What a note is: something said, the beginning of a review, or a reminder of the deadline. */
export const noteKind = z.enum(['comment', 'review', 'reminder'])
export type NoteKind = z.infer<typeof noteKind>

/** One note on a proposal; never changed, never deleted. */
export interface ApprovalNote {
  readonly id: number
  readonly kind: NoteKind
  readonly person: string
  readonly at: string
  readonly words: string
  /** The note that this one answers. */
  readonly replyTo: number | null
}

const noteRow = z.object({
  id: z.number(),
  kind: noteKind,
  person: z.string(),
  at: z.string(),
  words: z.string(),
  reply_to: z.number().nullable(),
})

export const SQL_NOTES = 'SELECT * FROM approval_note WHERE proposal = ? ORDER BY id'
const SQL_ADD_NOTE = `INSERT INTO approval_note (proposal, kind, person, at, words, reply_to)
  SELECT @proposal, @kind, @person, @at, @words, @replyTo
  WHERE @replyTo IS NULL OR EXISTS (SELECT 1 FROM approval_note WHERE id = @replyTo AND proposal = @proposal AND kind = 'comment')`

/** What people said about proposals, in the hub's database. */
export class ApprovalNotes {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(options: { readonly database: Database.Database; readonly clock: Clock }) {
    this.#database = options.database
    this.#clock = options.clock
  }

  /**
   * Adds a note, and what belongs to it in the same transaction.
   * @returns false when `replyTo` is no comment on the same proposal; nothing is written then.
   */
  add(proposal: string, note: Omit<ApprovalNote, 'id' | 'at'>, within: () => void): boolean {
    const at = toIsoInstant(this.#clock.now())
    return this.#database.transaction(() => {
      if (this.#database.prepare(SQL_ADD_NOTE).run({ ...note, proposal, at }).changes !== 1) return false
      within()
      return true
    })()
  }

  /** All notes of a proposal, oldest first. */
  of(proposal: string): ApprovalNote[] {
    const rows = z.array(noteRow).parse(this.#database.prepare(SQL_NOTES).all(proposal))
    return rows.map(({ reply_to: replyTo, ...row }) => ({ ...row, replyTo }))
  }
}
