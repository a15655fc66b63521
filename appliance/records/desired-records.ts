import {
  type DesiredDocument,
  desiredDocument,
  type ReportedDocument,
  type ReportedPart,
  reportedDocument,
  reportedPart,
} from '@leadglass/sync-agent/contract'
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { Prepared } from './prepared.ts'

/** How far this site is with the document that the hub wishes. */
export interface DesiredStateRow {
  readonly digest: string
  readonly document: DesiredDocument
  readonly state: 'delivered' | 'applied' | 'rejected' | 'expired'
  readonly parts: readonly ReportedPart[]
  /** Milliseconds since 1970. */
  readonly changedAt: number
}

/** The state that was last reported, with its place in the chain. */
export interface ReportedStateRow {
  readonly version: number
  readonly chain: string
  readonly document: ReportedDocument
}

type StoredDesired = Record<'digest' | 'document' | 'parts', string> & Pick<DesiredStateRow, 'state' | 'changedAt'>

const READ_DESIRED = 'SELECT digest, document, state, parts, changed_at AS changedAt FROM desired_state WHERE one = 1'
const WRITE_DESIRED = `
INSERT OR REPLACE INTO desired_state (one, version, digest, document, state, parts, changed_at)
VALUES (1, ?, ?, ?, ?, ?, ?)`
const READ_REPORTED = 'SELECT version, chain, document FROM reported_state WHERE one = 1'
const WRITE_REPORTED = 'INSERT OR REPLACE INTO reported_state (one, version, chain, document) VALUES (1, ?, ?, ?)'

const partList = z.array(reportedPart)

/** What the hub wishes of this site, and what it was last told. */
export class DesiredRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  desired(): DesiredStateRow | undefined {
    const row = this.#sql.get<StoredDesired>(READ_DESIRED)
    if (row === undefined) return undefined
    const document = desiredDocument.parse(JSON.parse(row.document))
    return { ...row, document, parts: partList.parse(JSON.parse(row.parts)) }
  }

  setDesired({ digest, document, state, parts, changedAt }: DesiredStateRow): void {
    const texts = [digest, JSON.stringify(document), state, JSON.stringify(parts)] as const
    this.#sql.run(WRITE_DESIRED, document.version, ...texts, changedAt)
  }

  reported(): ReportedStateRow | undefined {
    const row = this.#sql.get<Record<'chain' | 'document', string> & { readonly version: number }>(READ_REPORTED)
    return row === undefined ? undefined : { ...row, document: reportedDocument.parse(JSON.parse(row.document)) }
  }

  setReported({ version, chain, document }: ReportedStateRow): void {
    this.#sql.run(WRITE_REPORTED, version, chain, JSON.stringify(document))
  }
}
