import {
  type DesiredDelivery,
  type DesiredDocument,
  type DesiredSections,
  type DeviceId,
  desiredDocument,
  desiredSections,
  packDesired,
} from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, digestOf, type JsonValue, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { type DesiredProgress, isOverdue, sectionsFor } from './desired-rules.ts'
import type { DesiredSigner } from './desired-signer.ts'

const GROUPS_OF = 'SELECT name FROM fleet_group_member WHERE device = ? ORDER BY name'
const MEMBERS = 'SELECT device FROM fleet_group_member WHERE name = ? ORDER BY device'
const ADD_MEMBER = 'INSERT OR IGNORE INTO fleet_group_member (name, device) VALUES (?, ?)'
const REMOVE_MEMBER = 'DELETE FROM fleet_group_member WHERE name = ? AND device = ?'
const ALL_MEMBERS = 'SELECT name, device FROM fleet_group_member ORDER BY name, device'
const KNOWN_DEVICE = 'SELECT 1 FROM device WHERE device = ? AND revoked_at IS NULL'
const INSERT_EDIT = `INSERT INTO desired_edit (scope, name, sections, expires_at, author, reason, at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`
export const NEWEST_EDIT = `SELECT sections, expires_at AS expiresAt FROM desired_edit WHERE scope = ? AND name = ?
  ORDER BY id DESC LIMIT 1`
const HISTORY = `SELECT id, scope, name, sections, expires_at AS expiresAt, author, reason, at FROM desired_edit
  WHERE scope = ? AND name = ? ORDER BY id DESC LIMIT ?`
const COLUMNS = `version, digest, document, state, reason, parts, queued_at AS queuedAt, delivered_at AS deliveredAt,
  ended_at AS endedAt`
export const NEWEST_DOCUMENT = `SELECT ${COLUMNS} FROM desired_document WHERE device = ? ORDER BY version DESC LIMIT 1`
const DOCUMENTS = `SELECT ${COLUMNS} FROM desired_document WHERE device = ? ORDER BY version DESC LIMIT ?`
const INSERT_DOCUMENT = `INSERT INTO desired_document (device, version, digest, document, state, queued_at)
  VALUES (?, ?, ?, ?, 'queued', ?)`
const SUPERSEDE = `UPDATE desired_document SET state = 'expired', reason = 'superseded', ended_at = ?
  WHERE device = ? AND state IN ('queued', 'delivered')`
const EXPIRE = `UPDATE desired_document SET state = 'expired', reason = 'not-applied-in-time', ended_at = ?
  WHERE device = ? AND version = ?`
const RESYNCS = 'SELECT device, resync FROM reported_state WHERE resync > 0'
const ANCHORED = 'SELECT 1 FROM device_anchor WHERE device = ?'
const REPORTED = `SELECT resync, document FROM reported_state WHERE device = ?`

/** To whom an edit applies. */
export interface DesiredScope {
  readonly scope: 'device' | 'group'
  readonly name: string
}

/** One edit, as the history keeps it. */
export interface DesiredEdit extends DesiredScope {
  readonly id: number
  readonly sections: DesiredSections
  readonly expiresAt: string | null
  readonly author: string
  readonly reason: string
  readonly at: string
}

/** A document of one device and how far it is. */
export interface DesiredRow {
  readonly version: number
  readonly digest: string
  readonly document: DesiredDocument
  readonly state: DesiredProgress
  readonly reason: string | null
  readonly parts: string
  readonly queuedAt: string
  readonly deliveredAt: string | null
  readonly endedAt: string | null
}

/** What an edit led to: the devices that have a new document; `unknown-device` for a name that is not enrolled. */
export type EditOutcome =
  | { readonly kind: 'queued'; readonly devices: readonly string[] }
  | { readonly kind: 'unknown-device' }

/** What the hub wishes of its devices: edits with their history, and the numbered document of each device. */
export class DesiredBook {
  readonly #database: Database.Database
  readonly #clock: Clock
  readonly #signer: Pick<DesiredSigner, 'sign'> | undefined

  /** @param signer signs for devices that have pinned its key; without it nothing is signed. */
  constructor(database: Database.Database, clock: Clock, signer?: Pick<DesiredSigner, 'sign'>) {
    this.#database = database
    this.#clock = clock
    this.#signer = signer
  }

  /** Takes an edit and queues a document for every device that it changes. @throws {RangeError} for one too large. */
  set(
    to: DesiredScope,
    sections: DesiredSections,
    expiresAt: string | null,
    author: string,
    reason: string,
  ): EditOutcome {
    return this.#database
      .transaction((): EditOutcome => {
        if (to.scope === 'device' && !this.#isKnown(to.name)) return { kind: 'unknown-device' }
        const text = canonicalJson(desiredSections.parse(sections))
        this.#database.prepare(INSERT_EDIT).run(to.scope, to.name, text, expiresAt, author, reason, this.#now())
        const members = to.scope === 'device' ? [to.name] : this.members(to.name)
        return { kind: 'queued', devices: members.filter((device) => this.#queue(device)) }
      })
      .immediate()
  }

  /** Puts a device into a group or takes it out. */
  move(group: string, device: string, isMember: boolean): EditOutcome {
    return this.#database
      .transaction((): EditOutcome => {
        if (!this.#isKnown(device)) return { kind: 'unknown-device' }
        this.#database.prepare(isMember ? ADD_MEMBER : REMOVE_MEMBER).run(group, device)
        return { kind: 'queued', devices: this.#queue(device) ? [device] : [] }
      })
      .immediate()
  }

  members(group: string): string[] {
    return (this.#database.prepare(MEMBERS).all(group) as { device: string }[]).map(({ device }) => device)
  }

  groups(): { readonly name: string; readonly device: string }[] {
    return this.#database.prepare(ALL_MEMBERS).all() as { name: string; device: string }[]
  }

  /** Newest edits first. */
  history(of: DesiredScope, limit: number): DesiredEdit[] {
    const rows = this.#database.prepare(HISTORY).all(of.scope, of.name, limit) as (Omit<DesiredEdit, 'sections'> & {
      readonly sections: string
    })[]
    return rows.map((row) => ({ ...row, sections: desiredSections.parse(JSON.parse(row.sections)) }))
  }

  /** The document that counts for a device. */
  current(device: string): DesiredRow | undefined {
    this.#expire(device)
    const row = this.#database.prepare(NEWEST_DOCUMENT).get(device)
    return row === undefined ? undefined : rowOf(row)
  }

  /** Every document that was queued for a device, newest first. */
  documents(device: string, limit: number): DesiredRow[] {
    this.#expire(device)
    return this.#database.prepare(DOCUMENTS).all(device, limit).map(rowOf)
  }

  /** What is to be told to a device now: nothing of what the hub neither wishes nor asks. */
  delivery(device: DeviceId): { readonly document?: DesiredDelivery; readonly resync?: number } {
    const row = this.current(device)
    const resync = this.#reported(device)?.resync ?? 0
    return {
      ...(row === undefined ? {} : { document: this.#packed(device, row.document) }),
      ...(resync === 0 ? {} : { resync }),
    }
  }

  /** Whether a device has pinned the key of this hub, and so reads signed documents. */
  readsSignatures(device: string): boolean {
    return this.#database.prepare(ANCHORED).get(device) !== undefined
  }

  /** An older device knows no signatures, and would read nothing of a message that has one. */
  #packed(device: DeviceId, document: DesiredDocument): DesiredDelivery {
    const packed = packDesired(document)
    if (this.#signer === undefined || !this.readsSignatures(device)) return packed
    return { ...packed, signed: this.#signer.sign(device, packed) }
  }

  /** Devices that are asked for their whole state, and under which number. */
  resyncs(): { readonly device: string; readonly resync: number }[] {
    return this.#database.prepare(RESYNCS).all() as { device: string; resync: number }[]
  }

  /** @returns false when the device already has this as its newest document. */
  #queue(device: string): boolean {
    const groups = (this.#database.prepare(GROUPS_OF).all(device) as { name: string }[]).map(({ name }) =>
      this.#newest('group', name),
    )
    const own = this.#newest('device', device)
    const sections = sectionsFor(
      groups.flatMap((one) => (one === undefined ? [] : [one.sections])),
      own?.sections,
    )
    // The earliest end of what it is made of: nothing is applied longer than its author allowed.
    const [expiresAt = null] = [own, ...groups].flatMap((one) => one?.expiresAt ?? []).sort()
    const before = this.current(device)
    const content = (document: DesiredDocument): string =>
      canonicalJson({ sections: document.sections as JsonValue, expiresAt: document.expiresAt })
    const heard = this.#reported(device)?.version ?? 0
    const document = desiredDocument.parse({
      schema: 'leadglass.desired-document/1',
      // A hub that was restored from a backup goes on above what the device has seen.
      version: Math.max(before?.version ?? 0, heard) + 1,
      expiresAt,
      sections,
    })
    const isSame = before !== undefined && content(before.document) === content(document)
    if (isSame && before.state !== 'expired' && heard <= before.version) return false
    if (before === undefined && Object.keys(sections).length === 0) return false
    const { digest } = packDesired(document)
    const at = this.#now()
    this.#database.prepare(SUPERSEDE).run(at, device)
    const text = canonicalJson(document)
    this.#database.prepare(INSERT_DOCUMENT).run(device, document.version, digest, text, at)
    return true
  }

  #expire(device: string): void {
    const row = this.#database.prepare(NEWEST_DOCUMENT).get(device)
    if (row === undefined) return
    const { state, document, version } = rowOf(row)
    if (!isOverdue(state, document.expiresAt, this.#clock.now())) return
    this.#database.prepare(EXPIRE).run(this.#now(), device, version)
  }

  #newest(
    scope: string,
    name: string,
  ): { readonly sections: DesiredSections; readonly expiresAt: string | null } | undefined {
    const row = this.#database.prepare(NEWEST_EDIT).get(scope, name) as
      | { readonly sections: string; readonly expiresAt: string | null }
      | undefined
    return row === undefined ? undefined : { ...row, sections: desiredSections.parse(JSON.parse(row.sections)) }
  }

  #reported(device: string): { readonly resync: number; readonly version: number } | undefined {
    const row = this.#database.prepare(REPORTED).get(device) as
      | { readonly resync: number; readonly document: string }
      | undefined
    if (row === undefined) return undefined
    const { desired } = JSON.parse(row.document) as { desired?: { version: number } | null }
    return { resync: row.resync, version: desired?.version ?? 0 }
  }

  #isKnown(device: string): boolean {
    return this.#database.prepare(KNOWN_DEVICE).get(device) !== undefined
  }

  #now(): string {
    return toIsoInstant(this.#clock.now())
  }
}

function rowOf(row: unknown): DesiredRow {
  const stored = row as Omit<DesiredRow, 'document'> & { readonly document: string }
  const document = desiredDocument.parse(JSON.parse(stored.document))
  // A damaged row is an error and not another wish.
  if (digestOf(stored.document) !== stored.digest) throw new Error('a stored desired document is damaged')
  return { ...stored, document }
}
