import { z } from 'zod'

/** Streams that a site may keep waiting. Never `audit`: a log that waits for a person proves nothing. */
export const HOLDABLE_STREAMS = ['labels', 'drift', 'features', 'health'] as const

/** What leaves, and when. */
export const egressSettings = z.strictObject({
  /** True: nothing of `holdStreams` leaves until a person has released its batch. */
  hold: z.boolean().default(false),
  /** What waits under `hold`. Health envelopes say nothing of studies; without them the hub takes the box for silent. */
  holdStreams: z
    .array(z.enum(HOLDABLE_STREAMS))
    .min(1)
    .refine((list) => new Set(list).size === list.length, { message: 'a stream occurs twice' })
    .default(['labels', 'drift', 'features']),
})
export type EgressSettings = z.infer<typeof egressSettings>
