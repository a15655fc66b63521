import { createPublicKey, type KeyObject } from 'node:crypto'
import { type Clock, digestOf, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from './hub-audit.ts'

const KNOWN = 'SELECT role, fingerprint FROM key_in_use'
const ADD = 'INSERT INTO key_in_use (role, fingerprint, since) VALUES (?, ?, ?)'
const REMOVE = 'DELETE FROM key_in_use WHERE role = ? AND fingerprint = ?'

/** A key with which the hub, or somebody whom it believes, signs. `fingerprint` is SHA-256 in hexadecimal. */
export interface KeyInUse {
  /** What it is for: a word of lower-case letters and dashes. */
  readonly role: string
  readonly fingerprint: string
}

/** SHA-256 of the public key as SPKI. @param key private or public. */
export function fingerprintOf(key: KeyObject): string {
  return digestOf((key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' }))
}

/**
 * Compares the keys in use with those of the last start: key ceremonies happen offline, and this is where they take
 * effect. Each key that came or went is one leaf, with what is kept of it in one transaction.
 */
export function recordKeyChanges(
  parts: { readonly database: Database.Database; readonly audit: Pick<HubAudit, 'record'>; readonly clock: Clock },
  inUse: readonly KeyInUse[],
): void {
  const { database, audit, clock } = parts
  const leaf = ({ role, fingerprint }: KeyInUse, change: 'in-use' | 'out-of-use'): void =>
    audit.record({
      event: 'key.changed',
      actor: { kind: 'system', id: 'hub.setup' },
      subject: { kind: 'key', id: fingerprint },
      outcome: 'success',
      codes: [change, `role.${role}`],
    })
  database
    .transaction(() => {
      const known = database.prepare(KNOWN).all() as readonly KeyInUse[]
      const isIn = (list: readonly KeyInUse[], one: KeyInUse): boolean =>
        list.some(({ role, fingerprint }) => role === one.role && fingerprint === one.fingerprint)
      for (const one of inUse.filter((key) => !isIn(known, key))) {
        database.prepare(ADD).run(one.role, one.fingerprint, toIsoInstant(clock.now()))
        leaf(one, 'in-use')
      }
      for (const one of known.filter((key) => !isIn(inUse, key))) {
        database.prepare(REMOVE).run(one.role, one.fingerprint)
        leaf(one, 'out-of-use')
      }
    })
    .immediate()
}
