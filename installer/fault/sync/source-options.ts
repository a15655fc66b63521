import { z } from 'zod'

/** What the generator's process is told, as one JSON argument. */
export const sourceOptions = z.strictObject({
  device: z.string(),
  /** The folder of its records. */
  folder: z.string(),
  /** 32 bytes, hexadecimal. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  logKeyFile: z.string(),
  exchangeFolder: z.string(),
  /** So many are sealed, audit leaves included; a few more may be. */
  envelopes: z.number().int().min(1),
  perSecond: z.number().min(1),
  /** The clock of the records begins so many hours ago and comes up to the present while all is sealed. */
  awayHours: z.number().min(0).default(0),
  /** `every-kind`: one small body of each kind in turn. `site`: what the studies of a site come to, in their proportions. */
  load: z.enum(['every-kind', 'site']).default('every-kind'),
})
export type SourceOptions = z.infer<typeof sourceOptions>

const counter = z.object({
  epoch: z.number().int(),
  stream: z.string(),
  lastSequence: z.number().int(),
  relayed: z.number().int(),
  acknowledged: z.number().int(),
})

/** What the generator's process says. */
export const sourceLine = z.union([
  z.object({ sealed: z.array(z.tuple([z.number().int(), z.string(), z.number().int(), z.string()])) }),
  z.object({ counters: z.array(counter), done: z.boolean(), failures: z.number().int() }),
])
export type SourceStatus = Extract<z.infer<typeof sourceLine>, { done: boolean }>
