import type { JsonValue } from '../../foundation/index.ts'

/** A JSON object whose members may be taken apart. */
export type JsonObject = { readonly [key: string]: JsonValue }

/** True for a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Applies a patch of a device twin (RFC 7396): null removes, objects merge, everything else replaces. Arrays are replaced
 * whole, which the SDK's own merge does not do.
 */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(target))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else if (isJsonObject(value)) {
      const before = merged.get(key)
      merged.set(key, mergePatch(isJsonObject(before) ? before : {}, value))
    } else merged.set(key, value)
  }
  return Object.fromEntries(merged)
}

/** The patch that turns `before` into `after`; `undefined` when they are equal. Neither may hold null members. */
export function diffPatch(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const patch = new Map<string, JsonValue>()
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch.set(key, null)
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined
    if (isJsonObject(value) && isJsonObject(old)) {
      const inner = diffPatch(old, value)
      if (inner !== undefined) patch.set(key, inner)
    } else if (JSON.stringify(old) !== JSON.stringify(value)) patch.set(key, value)
  }
  return patch.size === 0 ? undefined : Object.fromEntries(patch)
}
