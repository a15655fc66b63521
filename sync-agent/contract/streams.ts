import { z } from 'zod'

/** The streams, in the order in which they may overtake each other: audit first. Order is kept within one stream only. */
export const STREAMS = ['audit', 'labels', 'drift', 'features', 'health'] as const
export const streamName = z.enum(STREAMS)
export type StreamName = z.infer<typeof streamName>

/** Epochs count from 1; a device opens the next when its counters cannot be trusted any more, and as a rule each day. */
export const epochNumber = z.number().int().min(1).max(1_000_000)
