import type { KeyObject } from 'node:crypto'
import {
  type AuditLog,
  type Checkpoint,
  checkpointText,
  createCosigner,
  createNoteVerifier,
  decodeEvent,
  isAhead,
  MAX_LEAF_BYTES,
  openCheckpoint,
  parseVerifierKey,
  readCheckpoint,
  signatureLine,
  wentBack,
} from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import { siteLogOrigin, WITNESS_NAME } from '../../audit/log-names.ts'
import type { TimeDoubt } from '../../audit/site-mirror.ts'
import type { HubWitnessMemory } from '../../audit/witness-memory.ts'
import type { DeviceDirectory } from './device-directory.ts'
import type { StagedRows } from './staged-rows.ts'

/** The last checkpoint of a device that the hub cosigned. */
export interface Cosigned {
  readonly size: number
  readonly note: string
}

/** What the mirror stands on within one transaction. */
export interface MirrorParts {
  readonly logs: ReadonlyMap<DeviceId, AuditLog>
  /** Changed as checkpoints are cosigned. */
  readonly cosigned: Map<string, Cosigned>
  readonly rows: StagedRows
  readonly devices: DeviceDirectory
  readonly witnessKey: KeyObject
  /** What the hub has cosigned over any way; in the hub's own database. */
  readonly memory: HubWitnessMemory
  readonly clock: Clock
  readonly doubt: (device: DeviceId, doubt: TimeDoubt) => void
}

/** A checkpoint that is about to be cosigned, and how far the hub had cosigned that log when it was judged. */
interface Judged {
  readonly checkpoint: Checkpoint
  readonly after: number
}

/**
 * The hub's copies of the sites' logs within one transaction, under the same rules as in SQLite: a leaf is the next one or
 * the same bytes again; a checkpoint states the root that the copy has, is signed by the pinned key, and never goes back.
 */
export class StagedSiteMirror {
  readonly #judged = new Map<string, Judged>()
  readonly #parts: MirrorParts

  constructor(parts: MirrorParts) {
    this.#parts = parts
  }

  acceptLeaf(device: DeviceId, envelope: number, index: number, leaf: Uint8Array): boolean {
    const log = this.#parts.logs.get(device)
    if (log === undefined || index > log.size || leaf.length > MAX_LEAF_BYTES) return false
    if (index < log.size) {
      const known = log.leaf(index)
      if (known === undefined || Buffer.compare(known, leaf) !== 0) return false
    } else {
      log.appendLeaf(leaf)
      this.#examine(device, log, index, leaf)
    }
    this.#parts.rows.add('site_leaf_envelope', envelope, device, index)
    return true
  }

  acceptCheckpoint(device: DeviceId, envelope: number, note: string): boolean {
    const log = this.#parts.logs.get(device)
    const opened = this.#open(device, note)
    if (log === undefined || opened === undefined) return false
    const { checkpoint, signed } = opened
    if (checkpoint.origin !== siteLogOrigin(device) || checkpoint.size > log.size) return false
    if (checkpoint.size < (this.#parts.cosigned.get(device)?.size ?? 0)) return false
    if (Buffer.compare(log.root(checkpoint.size), checkpoint.root) !== 0) return false
    const witnessed = this.#witnessedSize(checkpoint.origin)
    if (!this.#continuesWitnessed(log, checkpoint)) return false
    const cosigned = signed && checkpoint.size >= witnessed ? this.#cosign(note, checkpoint) : null
    if (cosigned !== null) this.#parts.cosigned.set(device, { size: checkpoint.size, note: cosigned })
    this.#parts.rows.add('site_checkpoint', envelope, device, checkpoint.size, note, cosigned)
    return true
  }

  lastCosigned(device: DeviceId): string | null {
    return this.#parts.cosigned.get(device)?.note ?? null
  }

  /**
   * Notes what was cosigned, before the commit: the memory may hold a checkpoint whose transaction was lost, never miss one
   * that went out.
   * @returns origins, for the hub's own log.
   * @throws when the log was cosigned over another way since it was judged here; the transaction must then fail.
   */
  remember(): string[] {
    for (const { checkpoint, after } of this.#judged.values()) {
      if ((this.#parts.memory.known(checkpoint.origin)?.size ?? 0) !== after) {
        throw new Error('the log was cosigned over another way in the meantime')
      }
    }
    for (const { checkpoint } of this.#judged.values()) {
      this.#parts.memory.remember(checkpoint.origin, checkpoint.size, checkpoint.root)
    }
    return [...this.#judged.keys()]
  }

  #witnessedSize(origin: string): number {
    const judged = this.#judged.get(origin)
    return judged?.checkpoint.size ?? this.#parts.memory.known(origin)?.size ?? 0
  }

  /** What was cosigned over the other way (add-checkpoint) binds here as well. */
  #continuesWitnessed(log: AuditLog, { origin, size }: Checkpoint): boolean {
    const witnessed = this.#parts.memory.known(origin)
    if (witnessed === undefined || witnessed.size === 0 || witnessed.size > size) return true
    return Buffer.compare(log.root(witnessed.size), witnessed.root) === 0
  }

  /** A signed leaf can still be false about its time. It is part of the log, so it is kept; the doubt is raised. */
  #examine(device: DeviceId, log: AuditLog, index: number, leaf: Uint8Array): void {
    const event = decodeEvent(leaf)
    if (event === undefined) return
    const earlier = index === 0 ? undefined : log.leaf(index - 1)
    const before = earlier === undefined ? undefined : decodeEvent(earlier)
    if (before !== undefined && wentBack(before, event)) this.#parts.doubt(device, 'audit-time-back')
    if (isAhead(event, this.#parts.clock.now())) this.#parts.doubt(device, 'audit-time-ahead')
  }

  /** Until a key is pinned for the device nothing is cosigned. */
  #open(device: DeviceId, note: string): { readonly checkpoint: Checkpoint; readonly signed: boolean } | undefined {
    const pinned = this.#parts.devices.read(device)?.auditLogKey
    const key = pinned == null ? undefined : parseVerifierKey(pinned)
    if (key === undefined) {
      const checkpoint = readCheckpoint(note)
      return checkpoint === undefined ? undefined : { checkpoint, signed: false }
    }
    const opened = openCheckpoint(note, [createNoteVerifier(key)])
    return opened.kind === 'refused' ? undefined : { checkpoint: opened.checkpoint, signed: true }
  }

  #cosign(note: string, checkpoint: Checkpoint): string {
    const { witnessKey, clock } = this.#parts
    const cosigner = createCosigner(WITNESS_NAME, witnessKey, clock.now() / 1000)
    const { origin } = checkpoint
    const after = this.#judged.get(origin)?.after ?? this.#parts.memory.known(origin)?.size ?? 0
    this.#judged.set(origin, { checkpoint, after })
    return `${note}${signatureLine(cosigner, checkpointText(checkpoint))}`
  }
}
