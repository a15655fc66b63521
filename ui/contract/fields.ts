import { z } from 'zod'

/** ISO 8601, UTC. */
export const instant = z.iso.datetime()
/** Of a study or a patient. */
export const pseudonym = z.string().regex(/^[0-9a-f]{32}$/)
export const count = z.number().int().min(0)
