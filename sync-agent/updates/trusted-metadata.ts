import {
  type Metadata,
  MetadataKind,
  type MetaFile,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models'
import { EqualVersionError } from 'tuf-js/dist/error.js'
import { TrustedMetadataStore } from 'tuf-js/dist/store.js'
import { digestOfJson, type JsonValue } from '../foundation/index.ts'
import { UpdateRefusedError } from './attacks.ts'
import type { Mark } from './high-water-marks.ts'

/** Name of the member of timestamp.json that says when it was signed; the source of the time floor. */
export const ISSUED_AT = 'x-leadglass-issued-at'

/** TUF 4.2: `YYYY-MM-DDTHH:MM:SSZ`. JavaScript reads dates into far more than that, "release 2040" among them. */
const TUF_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/

/** Versions of the metadata under which a release was verified. */
export interface MetadataVersions {
  readonly root: number
  readonly timestamp: number
  readonly snapshot: number
  readonly targets: number
  /** 0 before the first release. */
  readonly approvedModels: number
}

/** A whole, verified set. `files` are the exact bytes by repository name, root chain included. */
export interface VerifiedMetadata {
  readonly root: Metadata<Root>
  readonly targets: Metadata<Targets>
  readonly approvedModels: Metadata<Targets> | undefined
  readonly versions: MetadataVersions
  readonly files: ReadonlyMap<string, Uint8Array>
  /** When the timestamp ends, ISO 8601. */
  readonly freshUntil: string
}

/**
 * tuf-js's set of trusted metadata with our clock in it, strict about dates, and able to say at which version and under
 * which keys each role stands. Every verification decision is tuf-js's.
 */
export class TrustedMetadata {
  readonly #store: TrustedMetadataStore

  /** @throws what tuf-js throws for a root that cannot be read or does not sign itself. */
  constructor(initialRoot: Uint8Array, nowMs: number) {
    this.#store = new TrustedMetadataStore(Buffer.from(initialRoot))
    // tuf-js fixes "now" in its constructor (TUF 5.1) from the host's clock; ours includes the time floor.
    Object.assign(this.#store, { referenceTime: new Date(nowMs) })
    strictExpiry(this.#store.root)
  }

  get rootVersion(): number {
    return this.#store.root.signed.version
  }

  updateRoot(bytes: Uint8Array): void {
    strictExpiryOfBytes(bytes)
    this.#store.updateRoot(Buffer.from(bytes))
  }

  /** @returns false when the version is the one already trusted, which is then kept (TUF 5.4.3). */
  updateTimestamp(bytes: Uint8Array): boolean {
    strictExpiryOfBytes(bytes)
    try {
      this.#store.updateTimestamp(Buffer.from(bytes))
      return true
    } catch (error) {
      if (error instanceof EqualVersionError) return false
      throw error
    }
  }

  updateSnapshot(bytes: Uint8Array, kept: boolean): void {
    strictExpiryOfBytes(bytes)
    this.#store.updateSnapshot(Buffer.from(bytes), kept)
  }

  updateTargets(bytes: Uint8Array, role: string, delegator: string): void {
    strictExpiryOfBytes(bytes)
    this.#store.updateDelegatedTargets(Buffer.from(bytes), role, delegator)
  }

  /** What the timestamp says of the snapshot. */
  snapshotMeta(): MetaFile {
    return this.#timestamp().signed.snapshotMeta
  }

  /** What the snapshot says of a targets role, undefined when it lists no such role. */
  meta(role: string): MetaFile | undefined {
    const meta = this.#snapshot().signed.meta
    return Object.hasOwn(meta, `${role}.json`) ? meta[`${role}.json`] : undefined
  }

  /** A trusted targets role. */
  role(role: string): Metadata<Targets> {
    const metadata = this.#store.getRole(role)
    if (metadata === undefined) throw new Error(`${role} is not trusted yet`)
    return metadata
  }

  /** End of the timestamp's validity, ISO 8601. */
  freshUntil(): string {
    return this.#timestamp().signed.expires
  }

  result(): { root: Metadata<Root>; targets: Metadata<Targets> } {
    return { root: this.#store.root, targets: this.role(MetadataKind.Targets) }
  }

  versions(): MetadataVersions {
    return {
      root: this.rootVersion,
      timestamp: this.#timestamp().signed.version,
      snapshot: this.#snapshot().signed.version,
      targets: this.role(MetadataKind.Targets).signed.version,
      approvedModels: this.#store.getRole('approved-models')?.signed.version ?? 0,
    }
  }

  timestampMark(): Mark {
    return this.#mark(this.#timestamp().signed.version, [MetadataKind.Timestamp])
  }

  /** The signed time of issue; height 0 when the timestamp does not carry one from before its own end. */
  issueMark(): Mark {
    const { expires, unrecognizedFields } = this.#timestamp().signed
    const issued = unrecognizedFields[ISSUED_AT]
    const ms = typeof issued === 'string' && TUF_INSTANT.test(issued) ? Date.parse(issued) : 0
    return this.#mark(ms < Date.parse(expires) ? ms : 0, [MetadataKind.Timestamp])
  }

  snapshotMark(): Mark {
    return this.#mark(this.#snapshot().signed.version, ONLINE_ROLES)
  }

  /** Versions of targets roles reach a device through the snapshot, so they share its scope (TUF 5.3.11). */
  roleMark(role: string): Mark {
    return this.#mark(this.role(role).signed.version, ONLINE_ROLES)
  }

  #mark(height: number, roles: readonly string[]): Mark {
    const { signed } = this.#store.root
    const keys = roles.map((role) => ({ keyids: [...(signed.roles[role]?.keyIDs ?? [])].sort() }))
    return { height, scope: digestOfJson(keys), root: signed.version }
  }

  #timestamp(): Metadata<Timestamp> {
    if (this.#store.timestamp === undefined) throw new Error('timestamp is not trusted yet')
    return this.#store.timestamp
  }

  #snapshot(): Metadata<Snapshot> {
    if (this.#store.snapshot === undefined) throw new Error('snapshot is not trusted yet')
    return this.#store.snapshot
  }
}

const ONLINE_ROLES = [MetadataKind.Timestamp, MetadataKind.Snapshot]

function strictExpiryOfBytes(bytes: Uint8Array): void {
  const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as { signed?: { expires?: JsonValue } } | null
  checkExpiry(value?.signed?.expires)
}

function strictExpiry(metadata: Metadata<Root>): void {
  checkExpiry(metadata.signed.expires)
}

function checkExpiry(expires: JsonValue | undefined): void {
  if (typeof expires === 'string' && TUF_INSTANT.test(expires) && !Number.isNaN(Date.parse(expires))) return
  throw new UpdateRefusedError('freeze', 'Metadata does not say readably until when it is valid.')
}
