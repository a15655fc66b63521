import { gunzipSync } from 'node:zlib'
import {
  type Acknowledgement,
  acknowledgement,
  type DesiredState,
  type DeviceId,
  desiredState,
} from '../contract/index.ts'

/** Largest message from the hub, in bytes of JSON. */
const MAX_MESSAGE_BYTES = 1024 * 1024

/** Reads an acknowledgement of this device; `undefined` for anything else. */
export function readAcknowledgement(payload: Uint8Array, device: DeviceId): Acknowledgement | undefined {
  const parsed = acknowledgement.safeParse(readJson(payload))
  return parsed.success && parsed.data.device === device ? parsed.data : undefined
}

/** Reads a desired state; `undefined` for anything else. */
export function readDesiredState(payload: Uint8Array): DesiredState | undefined {
  const parsed = desiredState.safeParse(readJson(payload))
  return parsed.success ? parsed.data : undefined
}

/** JSON, plain or gzip-compressed; `undefined` when it is neither, or too large. */
function readJson(payload: Uint8Array): unknown {
  try {
    if (payload.length > MAX_MESSAGE_BYTES) return undefined
    const compressed = payload[0] === 0x1f && payload[1] === 0x8b
    const bytes = compressed ? gunzipSync(payload, { maxOutputLength: MAX_MESSAGE_BYTES }) : Buffer.from(payload)
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
