import { gzipSync } from 'node:zlib'
import { type Envelope, envelopeDigest } from '@leadglass/sync-agent/contract'
import { canonicalJson, type JsonValue } from '@leadglass/sync-agent/foundation'

/** A number of at least 0 and below 1. */
export type Random = () => number

/** What stands in a message where something else belongs. */
const STRANGE: readonly JsonValue[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e308,
  9_007_199_254_740_991,
  '',
  'x'.repeat(5000),
  '\u0000\ud800',
  '../../etc',
  [],
  {},
  [[[[[[]]]]]],
  { toString: 1, constructor: null },
  '2026-02-30T99:99:99Z',
]

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

/** A batch whose bytes, text or members were changed: every third of its kind. */
export function mutatedPayload(random: Random, envelopes: readonly Envelope[]): Buffer {
  const kind = Math.floor(random() * 3)
  if (kind === 0) return mutatedBytes(random, gzipSync(textOf(envelopes)))
  if (kind === 1) return gzipSync(mutatedBytes(random, Buffer.from(textOf(envelopes))))
  return gzipSync(
    textOf(
      shuffled(
        random,
        envelopes.map((one) => mutatedValue(random, one as JsonValue)),
      ),
    ),
  )
}

/** An envelope with another body that is sealed properly: what a device with a right certificate and bad software sends. */
export function resealed(random: Random, envelope: Envelope): JsonValue {
  const body = mutatedValue(random, envelope.body)
  const digest = envelopeDigest(envelope, body as Envelope['body'])
  return { ...envelope, body, digest }
}

/** The text of a batch with anything as its envelopes. */
export function textOf(envelopes: readonly unknown[]): string {
  return canonicalJson({ schema: 'leadglass.batch/1', batch: crypto.randomUUID(), envelopes: envelopes as JsonValue[] })
}

/** Flips, removes, doubles or overwrites a few bytes, or cuts the end. */
function mutatedBytes(random: Random, original: Buffer): Buffer {
  let bytes = Buffer.from(original)
  const times = 1 + Math.floor(random() * 4)
  for (let i = 0; i < times && bytes.length > 1; i++) {
    const at = Math.floor(random() * bytes.length)
    const end = Math.min(bytes.length, at + 1 + Math.floor(random() * 64))
    switch (Math.floor(random() * 5)) {
      case 0:
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at)
        break
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
        break
      case 3:
        bytes.fill(Math.floor(random() * 256), at, end)
        break
      default:
        bytes = Buffer.from(bytes.subarray(0, at))
    }
  }
  return bytes
}

/** Changes one place somewhere in a value. */
function mutatedValue(random: Random, value: JsonValue): JsonValue {
  if (random() < 0.15 || value === null || typeof value !== 'object') return strange(random, value)
  if (Array.isArray(value)) {
    const list = [...(value as readonly JsonValue[])]
    if (list.length === 0 || random() < 0.2) return [...list, ...list, pick(random, STRANGE)]
    const at = Math.floor(random() * list.length)
    list[at] = mutatedValue(random, list[at] ?? null)
    return list
  }
  const members = { ...(value as Record<string, JsonValue>) }
  const names = Object.keys(members)
  const name = names.length === 0 ? 'extra' : pick(random, names)
  const kind = random()
  if (kind < 0.1) delete members[name]
  else if (kind < 0.2) members[`${name}x`] = pick(random, STRANGE)
  else members[name] = mutatedValue(random, members[name] ?? null)
  return members
}

/** Something near the value, or something altogether different. */
function strange(random: Random, value: JsonValue): JsonValue {
  if (typeof value === 'number' && random() < 0.7) return value + pick(random, [1, -1, 0.5, 1e9, -value, value])
  if (typeof value === 'string' && random() < 0.5)
    return pick(random, [value.slice(1), `${value}0`, value.toUpperCase()])
  return pick(random, STRANGE)
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const order = [...list]
  const a = Math.floor(random() * order.length)
  const b = Math.floor(random() * order.length)
  const [first, second] = [order[a] as T, order[b] as T]
  order[a] = second
  order[b] = first
  return random() < 0.3 ? [...order, first] : order
}
