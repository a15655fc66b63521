import { createPublicKey, verify } from 'node:crypto'
import { parseVerifierKey } from '@leadglass/sync-agent/audit-log'
import {
  type DeviceId,
  deviceId,
  type ReportedDocument,
  type ReportedState,
  reportedChain,
  reportedDocument,
  reportedStatement,
} from '@leadglass/sync-agent/contract'
import { canonicalJson } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { type DesiredProgress, progressFrom } from './desired-rules.ts'

const SENDER = `SELECT i.device, i.received_at AS at, d.audit_log_key AS key FROM envelope_inbox i JOIN device d
  ON d.device = i.device WHERE i.id = ?`
const INSERT_ENVELOPE = 'INSERT INTO reported_envelope (envelope, body) VALUES (?, ?)'
const READ = 'SELECT version, chain, document, at, resync, refusal FROM reported_state WHERE device = ?'
const WRITE = `INSERT INTO reported_state (device, version, chain, document, at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (device) DO UPDATE SET version = excluded.version, chain = excluded.chain, document = excluded.document,
  at = excluded.at, refusal = NULL`
const REFUSE = `INSERT INTO reported_state (device, version, chain, document, at, resync, refusal)
  VALUES (?, 0, '', '{}', ?, 1, ?) ON CONFLICT (device) DO UPDATE SET resync = max(resync, version) + 1, refusal = excluded.refusal`
const DOCUMENT = 'SELECT version, digest, state FROM desired_document WHERE device = ? AND version = ?'
const PROGRESS = `UPDATE desired_document SET state = ?, parts = ?, delivered_at = coalesce(delivered_at, ?),
  ended_at = ?, reason = ? WHERE device = ? AND version = ?`

/** Why a report was not believed. The envelope counts as taken all the same: sending it again would not mend it. */
export type ReportRefusal = 'no-key' | 'signature' | 'gap' | 'chain'

/** What a device says of itself, as the hub verified it. */
export interface ReportedRow {
  readonly version: number
  readonly chain: string
  readonly document: ReportedDocument | undefined
  readonly at: string
  /** The number that the hub asks for: the device reports its whole state anew, under this number or a higher one. */
  readonly resync: number
  readonly refusal: ReportRefusal | null
}

/** The states that devices report: signed differences, put together and compared with what the hub wishes. */
export class ReportedBook {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  /** Takes one report, inside the transaction that accepts its envelope. @param envelope row of `envelope_inbox`. */
  take(envelope: number, body: ReportedState): void {
    this.#database.prepare(INSERT_ENVELOPE).run(envelope, canonicalJson(body))
    const sender = this.#database.prepare(SENDER).get(envelope) as { device: string; at: string; key: string | null }
    this.apply(sender, body)
  }

  /**
   * Judges a report and puts it together with what is known. Where envelopes are committed in another database this follows
   * their commit; a report that is lost between the two shows as a gap, and the device is asked for its whole state.
   */
  apply(
    sender: { readonly device: string; readonly at: string; readonly key: string | null },
    body: ReportedState,
  ): void {
    const device = deviceId.parse(sender.device)
    const judged = judge(device, body, sender.key, this.read(device))
    if (judged.kind === 'refused') {
      this.#database.prepare(REFUSE).run(device, sender.at, judged.reason)
      return
    }
    const { document } = judged
    this.#database.prepare(WRITE).run(device, body.version, body.chain, canonicalJson(document), sender.at)
    this.#progress(device, document, sender.at)
  }

  read(device: string): ReportedRow | undefined {
    const row = this.#database.prepare(READ).get(device) as
      | (Omit<ReportedRow, 'document'> & { readonly document: string })
      | undefined
    if (row === undefined) return undefined
    const parsed = reportedDocument.safeParse(JSON.parse(row.document))
    return { ...row, document: parsed.success ? parsed.data : undefined }
  }

  #progress(device: DeviceId, { desired }: ReportedDocument, at: string): void {
    if (desired === null) return
    const row = this.#database.prepare(DOCUMENT).get(device, desired.version) as
      | { readonly version: number; readonly digest: string; readonly state: DesiredProgress }
      | undefined
    if (row === undefined) return
    const state = progressFrom(row.state, row, desired)
    if (state === undefined) return
    const rejected = desired.parts.find((part) => part.state === 'rejected' || part.state === 'local')
    const ended = state === 'delivered' ? null : at
    const parts = canonicalJson(desired.parts)
    const reason = state === 'rejected' ? (rejected?.reason ?? 'rejected') : null
    this.#database.prepare(PROGRESS).run(state, parts, at, ended, reason, device, row.version)
  }
}

/**
 * Whether a report is the device's own and continues what is known. A full report needs nothing before it, but its number
 * must be higher: an old one cannot be brought again.
 */
function judge(
  device: DeviceId,
  body: ReportedState,
  key: string | null,
  known: ReportedRow | undefined,
):
  | { readonly kind: 'document'; readonly document: ReportedDocument }
  | { readonly kind: 'refused'; readonly reason: ReportRefusal } {
  const verifier = key === null ? undefined : parseVerifierKey(key)
  if (verifier === undefined) return { kind: 'refused', reason: 'no-key' }
  const statement = reportedStatement(device, body.version, body.chain)
  if (!verify(null, statement, publicKeyOf(verifier.publicKey), Buffer.from(body.signature, 'base64'))) {
    return { kind: 'refused', reason: 'signature' }
  }
  const continues = known?.document !== undefined && body.version === known.version + 1 && body.previous === known.chain
  if (body.full ? body.version <= (known?.version ?? 0) : !continues) return { kind: 'refused', reason: 'gap' }
  const merged = reportedDocument.safeParse({ ...(body.full ? {} : known?.document), ...body.changes })
  if (!merged.success || reportedChain(device, body.version, body.previous, merged.data) !== body.chain) {
    return { kind: 'refused', reason: 'chain' }
  }
  return { kind: 'document', document: merged.data }
}

/** An Ed25519 public key from its 32 bytes (RFC 8032). */
function publicKeyOf(raw: Uint8Array) {
  const x = Buffer.from(raw).toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}
