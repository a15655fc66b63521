import type { Envelope } from '@leadglass/sync-agent/contract'

/** Clocks of hospitals are minutes off; a day ahead is a wrong clock. */
const AHEAD_MS = 86_400_000
/** Before this there was no product: the clock was at its origin. */
const EARLIEST_MS = Date.parse('2024-01-01T00:00:00Z')

/**
 * How many entries of audit logs in a batch state a time that cannot be: more than a day ahead of the hub, or before the
 * product was. Old entries are no sign, a box may have been away. What is found is alarmed, not refused: an entry that was
 * written belongs into the log, and its order comes from the tree, not from its clock.
 */
export function impossibleTimes(envelopes: readonly Envelope[], now: number): number {
  let found = 0
  for (const { body } of envelopes) {
    if (body.kind !== 'audit-leaf') continue
    const at = statedTime(Buffer.from(body.leaf, 'base64').toString('utf8'))
    if (at !== undefined && (at > now + AHEAD_MS || at < EARLIEST_MS)) found += 1
  }
  return found
}

function statedTime(leaf: string): number | undefined {
  try {
    const { at } = JSON.parse(leaf) as { readonly at?: unknown }
    const time = typeof at === 'string' ? Date.parse(at) : Number.NaN
    return Number.isNaN(time) ? undefined : time
  } catch {
    return undefined
  }
}
