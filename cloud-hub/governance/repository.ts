import { randomUUID } from 'node:crypto'
import {
  type ApproverRole,
  approverRole,
  type ReleaseStatement,
  releaseStatement,
  signatureMeaning,
} from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, digestOf, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { dsseEnvelope } from '@leadglass/sync-agent/updates'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { Closing, ProposalFacts } from './approval.ts'
import { type ApproverKeyFile, readApproverKeyFile } from './approver-key.ts'
import type { ElectronicSignature, SignedApproval } from './signing.ts'

const approverRow = z.object({
  person: z.string(),
  role: approverRole,
  printed_name: z.string(),
  keyid: z.string(),
  public_key: z.string(),
  key_file: z.string().nullable(),
  added_at: z.string(),
})

const proposalRow = z.object({
  id: z.string(),
  author: z.string(),
  statements: z.string(),
  created_at: z.string(),
  submitted_at: z.string().nullable(),
  version: z.number().nullable(),
  signed: z.instanceof(Uint8Array).nullable(),
  closed: z.enum(['published', 'rejected', 'withdrawn', 'superseded']).nullable(),
  closed_at: z.string().nullable(),
  closed_by: z.string().nullable(),
  closed_reason: z.string().nullable(),
  ending: z.enum(['expired', 'changes-requested']).nullable(),
  due_at: z.string().nullable(),
  previous: z.string().nullable(),
  reviewed: z.number(),
})

const signatureRow = z.object({
  person: z.string(),
  role: approverRole,
  printed_name: z.string(),
  meaning: signatureMeaning,
  signed_at: z.string(),
  keyid: z.string(),
  public_key: z.string(),
  signature: z.string(),
  envelope: z.string(),
})

/** A person who may approve, and the sealed key when the hub keeps it. */
export interface Approver {
  readonly person: string
  readonly role: ApproverRole
  readonly printedName: string
  readonly keyid: string
  readonly publicKey: string
  readonly keyFile: ApproverKeyFile | null
  readonly addedAt: string
}

/** A signature as recorded, with what 21 CFR 11.50(b) wants shown wherever it is shown. */
export interface RecordedSignature extends SignedApproval {
  readonly person: string
  readonly role: ApproverRole
  readonly printedName: string
  readonly meaning: z.infer<typeof signatureMeaning>
  readonly signedAt: string
  readonly publicKey: string
}

/** A proposal as recorded. `signedBytes` and `version` are there from submission on. */
export interface Proposal extends ProposalFacts {
  readonly id: string
  readonly createdAt: string
  readonly submittedAt: string | null
  readonly version: number | null
  readonly signedBytes: Uint8Array | null
  readonly signatures: readonly RecordedSignature[]
  readonly closedAt: string | null
  readonly closedBy: string | null
  readonly closedReason: string | null
  /** When it ends by itself unless it was signed; null without a deadline. */
  readonly dueAt: string | null
  /** The proposal that was sent back and that this one answers. */
  readonly previous: string | null
}

export const SQL_PROPOSAL = `SELECT p.*,
    EXISTS (SELECT 1 FROM approval_note n WHERE n.proposal = p.id AND n.kind = 'review') AS reviewed
  FROM proposal p WHERE p.id = ?`
export const SQL_PROPOSALS = 'SELECT id FROM proposal ORDER BY created_at DESC, id LIMIT ?'
export const SQL_OPEN_PROPOSALS = 'SELECT id FROM proposal WHERE closed IS NULL ORDER BY created_at'
export const SQL_PROPOSALS_OF_DIGEST = 'SELECT proposal AS id FROM proposal_release WHERE digest = ?'
export const SQL_SIGNATURES = 'SELECT * FROM approval_signature WHERE proposal = ? ORDER BY signed_at, person'
const SQL_INSERT_SIGNATURE = `INSERT INTO approval_signature
  (proposal, person, role, printed_name, meaning, signed_at, keyid, public_key, signature, envelope)
  SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM proposal WHERE id = ? AND closed IS NULL AND signed_digest = ?
  ON CONFLICT DO NOTHING`

/** How each closing is written: the first form knew four, later ones say more about one of them. */
const CLOSING_COLUMNS: Readonly<Record<Closing, readonly [closed: string, ending: string | null]>> = {
  published: ['published', null],
  rejected: ['rejected', null],
  withdrawn: ['withdrawn', null],
  superseded: ['superseded', null],
  'changes-requested': ['rejected', 'changes-requested'],
  expired: ['withdrawn', 'expired'],
}

/** Proposals, signatures and approvers in the hub's database. Decides nothing; every method is one transaction. */
export class GovernanceRepository {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(options: { readonly database: Database.Database; readonly clock: Clock }) {
    this.#database = options.database
    this.#clock = options.clock
  }

  /** Records an approver; the same person again replaces nothing and throws. */
  addApprover(file: ApproverKeyFile): void {
    const { person, role, printedName, keyid, publicKey } = file
    this.#database
      .prepare(
        'INSERT INTO approver (person, role, printed_name, keyid, public_key, key_file, added_at) VALUES (?,?,?,?,?,?,?)',
      )
      .run(person, role, printedName, keyid, publicKey, JSON.stringify(file), this.#now())
  }

  approvers(): Approver[] {
    const rows = z.array(approverRow).parse(this.#database.prepare('SELECT * FROM approver ORDER BY person').all())
    return rows.map((row) => ({
      person: row.person,
      role: row.role,
      printedName: row.printed_name,
      keyid: row.keyid,
      publicKey: row.public_key,
      keyFile: row.key_file === null ? null : readApproverKeyFile(JSON.parse(row.key_file)),
      addedAt: row.added_at,
    }))
  }

  /** A new draft. @returns its identifier. */
  createProposal(author: string, statements: readonly ReleaseStatement[], previous: string | null = null): string {
    const id = randomUUID()
    this.#database.transaction(() => {
      this.#database
        .prepare('INSERT INTO proposal (id, author, statements, created_at, previous) VALUES (?, ?, ?, ?, ?)')
        .run(id, author, canonicalJson(statements), this.#now(), previous)
      const insert = this.#database.prepare('INSERT INTO proposal_release (proposal, digest) VALUES (?, ?)')
      for (const statement of statements) insert.run(id, statement.model.digest)
    })()
    return id
  }

  /** Fixes the bytes that are to be signed. @returns false when the proposal is no draft any more. */
  submit(id: string, version: number, signedBytes: Uint8Array, dueAt: string | null = null): boolean {
    const result = this.#database
      .prepare(
        `UPDATE proposal SET submitted_at = ?, version = ?, signed = ?, signed_digest = ?, due_at = ?
         WHERE id = ? AND signed IS NULL AND closed IS NULL`,
      )
      .run(this.#now(), version, Buffer.from(signedBytes), digestOf(signedBytes), dueAt, id)
    return result.changes === 1
  }

  /**
   * Records a verified signature over exactly these bytes. Two approvers at one instant both get in; one person or one
   * key twice does not.
   * @param taken runs in the same transaction once the signature is in: what belongs to the act is durable with it.
   * @returns false when person or key signed already, or the proposal is closed.
   */
  addSignature(
    id: string,
    signedBytes: Uint8Array,
    publicKey: string,
    approval: SignedApproval,
    statement: ElectronicSignature,
    taken?: () => void,
  ): boolean {
    const { person, role, printedName, meaning, signedAt } = statement.predicate
    return this.#database.transaction(() => {
      const result = this.#database
        .prepare(SQL_INSERT_SIGNATURE)
        .run(
          person,
          role,
          printedName,
          meaning,
          signedAt,
          approval.keyid,
          publicKey,
          approval.signature,
          JSON.stringify(approval.envelope),
          id,
          digestOf(signedBytes),
        )
      if (result.changes !== 1) return false
      taken?.()
      return true
    })()
  }

  /** Ends a proposal. @returns false when it has ended already. */
  close(id: string, closing: Closing, person: string, reason: string | null): boolean {
    const result = this.#database
      .prepare(
        `UPDATE proposal SET closed = ?, ending = ?, closed_at = ?, closed_by = ?, closed_reason = ?
         WHERE id = ? AND closed IS NULL`,
      )
      .run(...CLOSING_COLUMNS[closing], this.#now(), person, reason, id)
    return result.changes === 1
  }

  proposal(id: string): Proposal | undefined {
    const found = this.#database.prepare(SQL_PROPOSAL).get(id)
    if (found === undefined) return undefined
    const row = proposalRow.parse(found)
    return {
      id: row.id,
      author: row.author,
      statements: z.array(releaseStatement).parse(JSON.parse(row.statements)),
      submitted: row.submitted_at !== null,
      closed: row.ending ?? row.closed,
      reviewed: row.reviewed === 1,
      dueAt: row.due_at,
      previous: row.previous,
      createdAt: row.created_at,
      submittedAt: row.submitted_at,
      version: row.version,
      signedBytes: row.signed,
      signatures: this.#signatures(id),
      closedAt: row.closed_at,
      closedBy: row.closed_by,
      closedReason: row.closed_reason,
    }
  }

  /** The newest proposals first. */
  proposals(limit = 200): Proposal[] {
    return this.#many(this.#database.prepare(SQL_PROPOSALS).all(limit))
  }

  openProposals(): Proposal[] {
    return this.#many(this.#database.prepare(SQL_OPEN_PROPOSALS).all())
  }

  /** Proposals that contain a package. */
  proposalsOf(digest: string): Proposal[] {
    return this.#many(this.#database.prepare(SQL_PROPOSALS_OF_DIGEST).all(digest))
  }

  #many(rows: readonly unknown[]): Proposal[] {
    return z
      .array(z.object({ id: z.string() }))
      .parse(rows)
      .flatMap((row) => this.proposal(row.id) ?? [])
  }

  #signatures(id: string): RecordedSignature[] {
    const rows = z.array(signatureRow).parse(this.#database.prepare(SQL_SIGNATURES).all(id))
    return rows.map((row) => ({
      person: row.person,
      role: row.role,
      printedName: row.printed_name,
      meaning: row.meaning,
      signedAt: row.signed_at,
      keyid: row.keyid,
      publicKey: row.public_key,
      signature: row.signature,
      envelope: dsseEnvelope.parse(JSON.parse(row.envelope)),
    }))
  }

  #now(): string {
    return toIsoInstant(this.#clock.now())
  }
}
