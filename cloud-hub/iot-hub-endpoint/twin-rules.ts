import { isJsonObject, type JsonObject } from '@leadglass/sync-agent/transport'
import { EndpointError } from './errors.ts'

/** Limits of a twin section, as the hub they come from has them: size as JSON, depth, length of a key. */
const MAX_BYTES = 32 * 1024
const MAX_DEPTH = 10
const MAX_KEY = 1024

/** Reads a patch from a device. @throws {EndpointError} `twin-malformed`, `twin-too-large`. */
export function parsePatch(payload: Uint8Array): JsonObject {
  if (payload.byteLength > MAX_BYTES) throw new EndpointError('twin-too-large', 'the patch exceeds 32 KB')
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(payload).toString('utf8'))
  } catch {
    throw new EndpointError('twin-malformed', 'the patch is not JSON')
  }
  if (!isJsonObject(value)) throw new EndpointError('twin-malformed', 'the patch is not an object')
  checkSection(value)
  return value
}

/** Holds a section, or a patch of it, to the limits. @throws {EndpointError} `twin-malformed`, `twin-too-large`. */
export function checkSection(section: JsonObject): void {
  checkKeys(section, 1)
  if (Buffer.byteLength(JSON.stringify(section)) > MAX_BYTES) {
    throw new EndpointError('twin-too-large', 'the properties exceed 32 KB')
  }
}

function checkKeys(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) throw new EndpointError('twin-malformed', 'the properties are nested too deep')
  for (const [key, member] of Object.entries(value)) {
    // Keys hold no control characters, dot, dollar or space; `$version` belongs to the hub.
    const forbidden =
      !Array.isArray(value) && (key === '' || key.length > MAX_KEY || /[\x00-\x1f\x7f-\x9f.$ ]/.test(key))
    if (forbidden || key === '__proto__') throw new EndpointError('twin-malformed', 'a property has a forbidden name')
    checkKeys(member, depth + 1)
  }
}
