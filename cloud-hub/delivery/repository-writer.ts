import {
  APPROVED_MODELS_ROLE,
  type ModelReference,
  RECALLS_ROLE,
  type RecallStatement,
} from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, digestOf, type Sha256Hex } from '@leadglass/sync-agent/foundation'
import { ISSUED_AT, manifestTargetPath } from '@leadglass/sync-agent/updates'
import type { Metadata, Targets } from '@tufjs/models'
import { DeliveryError } from './errors.ts'
import { omsPath } from './oms.ts'
import type { OnlineKeys } from './online-keys.ts'
import { recallTargetPath } from './recall-metadata.ts'
import type { RepositoryFiles } from './repository-files.ts'
import { metaOf, type Published, type RepositoryState, readRepositoryState } from './repository-state.ts'
import {
  canonicalBytes,
  expiryOf,
  type OnlineSigner,
  parseRoot,
  parseTargets,
  type SignedPart,
  SPEC_VERSION,
  signOnline,
  tufInstant,
  VALIDITY_DAYS,
} from './tuf-format.ts'

/** A package's files as publishing needs them. */
export interface PublishedPackage {
  readonly model: ModelReference
  readonly manifest: Uint8Array
  readonly files: readonly { readonly sha256: Sha256Hex; readonly source: string }[]
  /** The signed statement over every file (OpenSSF Model Signing). */
  readonly statement?: Uint8Array
}

const DAY_MS = 86_400_000

/**
 * Writes the repository so that a client, or a start after a crash, finds one consistent state at every instant: new
 * files have new names, and timestamp.json, which makes them count, comes last (blobs, manifests, approved-models,
 * targets, snapshot, timestamp). One act at a time.
 */
export class RepositoryWriter {
  readonly #files: RepositoryFiles
  readonly #keys: OnlineKeys
  readonly #nextKeys: OnlineKeys | undefined
  readonly #clock: Clock
  #last: Promise<unknown> = Promise.resolve()

  /** @param options.nextKeys sign beside the present ones while custodians exchange them. */
  constructor(options: {
    readonly files: RepositoryFiles
    readonly keys: OnlineKeys
    readonly nextKeys?: OnlineKeys
    readonly clock: Clock
  }) {
    this.#files = options.files
    this.#keys = options.keys
    this.#nextKeys = options.nextKeys
    this.#clock = options.clock
  }

  /** What is published now. @throws {DeliveryError} */
  state(): Promise<RepositoryState> {
    return readRepositoryState(this.#files)
  }

  /**
   * Publishes signed `approved-models` with the packages that it adds. Publishing what is published already does nothing.
   * @throws {DeliveryError} `stale`, `signatures-missing`, `package-damaged`
   */
  publishApprovedModels(bytes: Uint8Array, packages: readonly PublishedPackage[]): Promise<void> {
    return this.#inTurn(async () => {
      const state = await this.state()
      const next = parseTargets(bytes)
      if (state.approvedModels !== undefined && isSame(state.approvedModels.metadata, next)) return
      follows(next.signed.version, state.approvedModels?.metadata.signed.version ?? 0)
      verified(() => state.targets.metadata.verifyDelegate(APPROVED_MODELS_ROLE, next))
      for (const one of packages) {
        for (const file of one.files) await this.#files.copyBlob(file.source, file.sha256)
        if (digestOf(one.manifest) !== (one.model.digest as Sha256Hex)) {
          throw new DeliveryError('package-damaged', `the manifest of ${one.model.name} has changed`)
        }
        if (one.statement !== undefined) await this.#files.write(omsPath(one.model), one.statement)
        await this.#files.write(`targets/${manifestTargetPath(one.model)}`, one.manifest)
      }
      const path = `metadata/${next.signed.version}.${APPROVED_MODELS_ROLE}.json`
      await this.#publish(state, { ...state, approvedModels: { metadata: next, bytes } }, { path, bytes })
    })
  }

  /**
   * Publishes signed `recalls` with the files of those that are new.
   * @throws {DeliveryError} `stale`, `signatures-missing`
   */
  publishRecalls(bytes: Uint8Array, added: readonly RecallStatement[]): Promise<void> {
    return this.#inTurn(async () => {
      const state = await this.state()
      const next = parseTargets(bytes)
      if (state.recalls !== undefined && isSame(state.recalls.metadata, next)) return
      follows(next.signed.version, state.recalls?.metadata.signed.version ?? 0)
      verified(() => state.targets.metadata.verifyDelegate(RECALLS_ROLE, next))
      for (const one of added) {
        await this.#files.write(`targets/${recallTargetPath(one)}`, Buffer.from(canonicalJson(one)))
      }
      const path = `metadata/${next.signed.version}.${RECALLS_ROLE}.json`
      await this.#publish(state, { ...state, recalls: { metadata: next, bytes } }, { path, bytes })
    })
  }

  /**
   * Publishes a signed top-level `targets`, as when approvers change.
   * @param options.revoking publish even if the present list of models loses its approvals thereby: devices then install
   * nothing until the remaining approvers have signed it again.
   * @throws {DeliveryError} `stale`, `signatures-missing`
   */
  publishTargets(bytes: Uint8Array, options: { readonly revoking?: boolean } = {}): Promise<void> {
    return this.#inTurn(async () => {
      const state = await this.state()
      const next = parseTargets(bytes)
      follows(next.signed.version, state.targets.metadata.signed.version)
      verified(() => state.root.metadata.verifyDelegate('targets', next))
      const approved = state.approvedModels?.metadata
      if (approved !== undefined && options.revoking !== true) {
        verified(() => next.verifyDelegate(APPROVED_MODELS_ROLE, approved))
      }
      const path = `metadata/${next.signed.version}.targets.json`
      await this.#publish(state, { ...state, targets: { metadata: next, bytes } }, { path, bytes })
    })
  }

  /** Publishes the next root (TUF 6.1: signed by the custodians of the old and of the new one), then refreshes. */
  publishRoot(bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const state = await this.state()
      const next = parseRoot(bytes)
      follows(next.signed.version, state.root.metadata.signed.version)
      verified(() => state.root.metadata.verifyDelegate('root', next))
      verified(() => next.verifyDelegate('root', next))
      await this.#publish(state, state, { path: `metadata/${next.signed.version}.root.json`, bytes })
    })
  }

  /**
   * Signs timestamp anew, and snapshot when half of its validity is over or it is not signed as the root asks.
   * Also mends what a crash between root and timestamp left.
   */
  refreshOnline(): Promise<void> {
    return this.#inTurn(async () => {
      const state = await this.state()
      const left = Date.parse(state.snapshot.metadata.signed.expires) - this.#clock.now()
      const due = left < (VALIDITY_DAYS.snapshot / 2) * DAY_MS || !isSigned(state)
      if (due) return this.#publish(state, state)
      const { version } = state.snapshot.metadata.signed
      const timestamp = await this.#signTimestamp(state, version, state.snapshot.bytes)
      await this.#files.write('metadata/timestamp.json', timestamp)
    })
  }

  /** Signs snapshot and timestamp anew whatever their age, as before and after an exchange of the online keys. */
  resignOnline(): Promise<void> {
    return this.#inTurn(async () => {
      const state = await this.state()
      await this.#publish(state, state)
    })
  }

  /**
   * Signs first and writes then, so that a token that is away leaves nothing behind.
   * @param added metadata that people signed; it lies there before the snapshot that names it.
   */
  async #publish(
    state: RepositoryState,
    content: Pick<RepositoryState, 'targets' | 'approvedModels' | 'recalls'>,
    added?: { readonly path: string; readonly bytes: Uint8Array },
  ): Promise<void> {
    const version = state.snapshot.metadata.signed.version + 1
    const meta: Record<string, SignedPart> = { 'targets.json': metaOfPublished(content.targets) }
    if (content.approvedModels !== undefined) {
      meta[`${APPROVED_MODELS_ROLE}.json`] = metaOfPublished(content.approvedModels)
    }
    if (content.recalls !== undefined) meta[`${RECALLS_ROLE}.json`] = metaOfPublished(content.recalls)
    const expires = expiryOf('snapshot', this.#clock.now())
    const part = { _type: 'snapshot', spec_version: SPEC_VERSION, version, expires, meta }
    const snapshot = await signOnline(part, this.#signersOf('snapshot'))
    const timestamp = await this.#signTimestamp(state, version, snapshot)
    if (added !== undefined) await this.#files.write(added.path, added.bytes)
    await this.#files.write(`metadata/${version}.snapshot.json`, snapshot)
    await this.#files.write('metadata/timestamp.json', timestamp)
  }

  #signTimestamp(state: RepositoryState, snapshotVersion: number, snapshot: Uint8Array): Promise<Buffer> {
    const version = state.timestamp.metadata.signed.version + 1
    return signOnline(timestampPart(version, snapshotVersion, snapshot, this.#clock), this.#signersOf('timestamp'))
  }

  #signersOf(role: keyof OnlineKeys): OnlineSigner[] {
    return [this.#keys[role], ...(this.#nextKeys === undefined ? [] : [this.#nextKeys[role]])]
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act, act)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

/** The signed part of timestamp.json. Its signed time of issue keeps clocks of devices from going back. */
export function timestampPart(
  version: number,
  snapshotVersion: number,
  snapshot: Uint8Array,
  clock: Clock,
): SignedPart {
  return {
    _type: 'timestamp',
    spec_version: SPEC_VERSION,
    version,
    expires: expiryOf('timestamp', clock.now()),
    meta: { 'snapshot.json': metaOf(snapshotVersion, snapshot) },
    [ISSUED_AT]: tufInstant(clock.now()),
  }
}

function metaOfPublished(published: Published<RepositoryState['targets']['metadata']['signed']>): SignedPart {
  return metaOf(published.metadata.signed.version, published.bytes)
}

/** The same list, whoever of the approvers signed this copy of it. */
function isSame(published: Metadata<Targets>, next: Metadata<Targets>): boolean {
  return canonicalBytes(published.signed.toJSON()).equals(canonicalBytes(next.signed.toJSON()))
}

function isSigned(state: RepositoryState): boolean {
  try {
    state.root.metadata.verifyDelegate('snapshot', state.snapshot.metadata)
    state.root.metadata.verifyDelegate('timestamp', state.timestamp.metadata)
    return true
  } catch {
    return false
  }
}

function follows(next: number, current: number): void {
  if (next !== current + 1) {
    throw new DeliveryError('stale', `version ${next} was signed, but version ${current} is published by now`)
  }
}

function verified(act: () => void): void {
  try {
    act()
  } catch (cause) {
    throw new DeliveryError('signatures-missing', 'the metadata does not carry the signatures that it needs', cause)
  }
}
