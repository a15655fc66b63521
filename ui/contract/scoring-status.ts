import { z } from 'zod'
import { count, instant } from './fields.ts'

const provider = z.enum(['cpu', 'cuda', 'tensorrt'])

/** Part of GET /api/device: what runs the models here. */
export const scoringStatus = z.object({
  /** What the probe of this start found; null while it runs. */
  probedAt: instant.nullable(),
  providers: z.array(z.object({ provider, available: z.boolean(), detail: z.string() })),
  /** The plan in force on this machine; null where none is, with the reason beside it. */
  plan: z
    .object({
      kind: z.enum(['full', 'short']),
      measuredAt: instant,
      provider,
      workers: count,
      threads: count,
      batch: count,
      cpuFallback: z.boolean(),
      imagesPerSecond: z.number(),
    })
    .nullable(),
  noPlan: z.enum(['not-measured', 'unreadable', 'another-machine']).nullable(),
  /** Workers that are ready, jobs in hand and waiting, and workers that died since the start. */
  pool: z.object({ ready: count, busy: count, queued: count, deaths: count }),
})
