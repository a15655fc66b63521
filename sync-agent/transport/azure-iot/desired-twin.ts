import { isJsonObject, type JsonObject, mergePatch } from './json.ts'

/** What a pushed patch meant. `gap`: something was missed, the twin must be read again. */
export type PatchOutcome = 'applied' | 'stale' | 'gap'

/**
 * The device's copy of its desired properties. The hub pushes patches only while a device is connected, so after every
 * connection the whole twin is read, and a patch counts only when it is the very next version.
 */
export class DesiredTwin {
  #properties: JsonObject = {}
  /** -1 until the twin was read on this connection. */
  #version = -1

  /** Desired properties without `$version`. */
  get properties(): JsonObject {
    return this.#properties
  }

  /** `$version` of the properties; -1 before the first read. */
  get version(): number {
    return this.#version
  }

  /**
   * Takes the twin as it was read. A lower version than before is taken too: a hub that was restored counts from where it
   * was. @returns false when it is no twin.
   */
  reset(desired: unknown): boolean {
    const version = versionOf(desired)
    if (version === undefined || !isJsonObject(desired)) return false
    this.#properties = withoutVersion(desired)
    this.#version = version
    return true
  }

  /** Takes a patch that the hub pushed. */
  push(patch: unknown): PatchOutcome {
    const version = versionOf(patch)
    if (version === undefined || !isJsonObject(patch) || this.#version < 0) return 'gap'
    if (version <= this.#version) return 'stale'
    if (version !== this.#version + 1) return 'gap'
    this.#properties = mergePatch(this.#properties, withoutVersion(patch))
    this.#version = version
    return 'applied'
  }
}

function versionOf(value: unknown): number | undefined {
  const version = isJsonObject(value) ? value.$version : undefined
  return typeof version === 'number' && Number.isSafeInteger(version) && version >= 0 ? version : undefined
}

function withoutVersion(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '$version'))
}
