import { z } from 'zod'

/** Values of recorded attributes by tag, eight hexadecimal digits; text as it stands in the object, without padding. */
const tagValues = z.record(z.string().regex(/^[0-9a-f]{8}$/), z.array(z.string()))

/** What is recorded of one series: the attributes of its first instance, and how many instances it had. */
const seriesFacts = z.object({ instances: z.number().int().min(0), tags: tagValues })
export type SeriesFacts = z.infer<typeof seriesFacts>

/**
 * Everything that a rule may look at: what was known of a revision when it was complete. The record keeps it, so that a
 * rule that is tried later sees exactly what it would have seen then, without opening any object again.
 */
export const routingFacts = z.object({
  schema: z.literal('leadglass.routing-facts/1'),
  /** Milliseconds since 1970. */
  completedAt: z.number().int(),
  callingAeTitles: z.array(z.string()),
  addresses: z.array(z.string()),
  instances: z.number().int().min(0),
  /** The requester asked for this study to go first, (0040,1003). */
  urgent: z.boolean(),
  series: z.array(seriesFacts),
  /** Figures of each instance by code; only the rules of `afterScoring` see them. */
  quality: z.array(z.record(z.string(), z.number())).readonly().optional(),
})
export type RoutingFacts = z.infer<typeof routingFacts>
