import type { DeviceId } from '@leadglass/sync-agent/contract'
import { type JsonObject, mergePatch, withoutAnswers } from '@leadglass/sync-agent/transport'
import type { SubscriptionKind } from './names.ts'
import { checkSection } from './twin-rules.ts'
import type { StoredTwin, TwinStore } from './twin-store.ts'

/** A device twin with its two versions. */
export interface Twin {
  readonly desired: JsonObject
  readonly desiredVersion: number
  readonly reported: JsonObject
  readonly reportedVersion: number
  /** What the device is subscribed to while it keeps its session. */
  readonly subscriptions: readonly SubscriptionKind[]
}

interface Entry {
  twin: Twin
  /** A write that has not begun. */
  queued: Promise<void> | undefined
  /** The last write. */
  written: Promise<void>
}

const NEW: Twin = { desired: {}, desiredVersion: 1, reported: {}, reportedVersion: 1, subscriptions: [] }

/**
 * All twins. Answers to batches stay in memory: a stored answer could claim more than a hub that was restored from a
 * backup still has. Everything else is stored before the call returns.
 */
export class Twins {
  readonly #store: TwinStore
  /** Who pushes changes to connected devices. Called in the order of the versions. */
  onDesiredChanged: (device: DeviceId, patch: JsonObject, version: number) => void = () => undefined
  readonly #open = new Map<DeviceId, Promise<Entry>>()

  constructor(store: TwinStore) {
    this.#store = store
  }

  /** The twin as it is now; a device that was never seen has an empty one. */
  async read(device: DeviceId): Promise<Twin> {
    return (await this.#entry(device)).twin
  }

  /** Changes desired properties. @returns the new version. @throws {EndpointError} when a limit is exceeded. */
  async patchDesired(device: DeviceId, patch: JsonObject): Promise<number> {
    const entry = await this.#entry(device)
    const before = entry.twin
    const desired = mergePatch(before.desired, patch)
    checkSection(desired)
    entry.twin = { ...before, desired, desiredVersion: before.desiredVersion + 1 }
    const version = entry.twin.desiredVersion
    this.onDesiredChanged(device, patch, version)
    if (!sameJson(withoutAnswers(before.desired), withoutAnswers(desired))) await this.#save(device, entry)
    return version
  }

  /** Changes reported properties. @returns the new version. @throws {EndpointError} when a limit is exceeded. */
  async patchReported(device: DeviceId, patch: JsonObject): Promise<number> {
    const entry = await this.#entry(device)
    const before = entry.twin
    const reported = mergePatch(before.reported, patch)
    checkSection(reported)
    entry.twin = { ...before, reported, reportedVersion: before.reportedVersion + 1 }
    const version = entry.twin.reportedVersion
    await this.#save(device, entry)
    return version
  }

  /** Notes what the device is subscribed to. */
  async setSubscriptions(device: DeviceId, subscriptions: readonly SubscriptionKind[]): Promise<void> {
    const entry = await this.#entry(device)
    const sorted = [...new Set(subscriptions)].sort()
    if (sameJson(sorted, entry.twin.subscriptions)) return
    entry.twin = { ...entry.twin, subscriptions: sorted }
    await this.#save(device, entry)
  }

  /** Resolves when everything that was begun is stored. */
  async settle(): Promise<void> {
    for (const opened of this.#open.values()) await opened.then((entry) => entry.written).catch(() => undefined)
  }

  #entry(device: DeviceId): Promise<Entry> {
    const known = this.#open.get(device)
    if (known !== undefined) return known
    const entry = this.#store
      .load(device)
      .then((stored): Entry => ({ twin: stored ?? NEW, queued: undefined, written: Promise.resolve() }))
    this.#open.set(device, entry)
    // A twin that could not be read is tried again at the next call.
    entry.catch(() => this.#open.delete(device))
    return entry
  }

  /** Stores the twin as it is when its turn comes; whoever asks before that shares the one write. */
  #save(device: DeviceId, entry: Entry): Promise<void> {
    if (entry.queued !== undefined) return entry.queued
    const write = async (): Promise<void> => {
      entry.queued = undefined
      const { desired, ...rest } = entry.twin
      const stored: StoredTwin = { ...rest, desired: withoutAnswers(desired), subscriptions: [...rest.subscriptions] }
      await this.#store.save(device, stored)
    }
    const next = entry.written.then(write, write)
    entry.queued = next
    entry.written = next
    return next
  }
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
