import { STREAMS, type StreamName } from '../contract/index.ts'

/** A waiting stream that was passed over this often goes next, whatever its rank. */
export const MAX_PASSED_OVER = 16

/** How often each stream has been passed over since its last turn. */
export type PassedOver = Readonly<Partial<Record<StreamName, number>>>

/**
 * Whose turn it is: the highest rank that waits (audit first), except that nobody waits for ever.
 * @param waiting streams that have something to send now.
 * @returns the stream and the new counts; `undefined` when nothing waits.
 */
export function chooseStream(
  waiting: ReadonlySet<StreamName>,
  passedOver: PassedOver,
): { readonly stream: StreamName; readonly passedOver: PassedOver } | undefined {
  const ranked = STREAMS.filter((stream) => waiting.has(stream))
  const starved = ranked
    .filter((stream) => (passedOver[stream] ?? 0) >= MAX_PASSED_OVER)
    .sort((a, b) => (passedOver[b] ?? 0) - (passedOver[a] ?? 0))
  const stream = starved[0] ?? ranked[0]
  if (stream === undefined) return undefined
  const counts: Partial<Record<StreamName, number>> = {}
  for (const other of ranked) counts[other] = other === stream ? 0 : (passedOver[other] ?? 0) + 1
  return { stream, passedOver: counts }
}
