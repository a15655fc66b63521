import { z } from 'zod'
import { destinationState } from './deliveries.ts'
import { count, instant, pseudonym } from './fields.ts'
import { scoringStatus } from './scoring-status.ts'

/** GET /api/device. */
export const deviceStatus = z.object({
  device: z.string(),
  softwareVersion: z.string(),
  aeTitle: z.string(),
  dimsePort: z.number().int(),
  startedAt: instant,
  /** Port of DICOM over TLS; null while there is none. */
  dimseTlsPort: z.number().int().nullable(),
  disk: z.object({ freeBytes: count, totalBytes: count, low: z.boolean() }),
  /** `soft`: optional work rests. `hard`: nothing new is taken, and what is open goes on. */
  pressure: z.object({
    level: z.enum(['none', 'soft', 'hard']),
    causes: z.array(z.enum(['free-bytes', 'free-inodes', 'waiting'])),
    since: instant,
    /** Null where the file system does not count inodes. */
    freeInodesPercent: z.number().nullable(),
  }),
  /** Why settings, or files that they name, are not in force. Empty when all is well. */
  settingsProblems: z.array(z.string()),
  /** Versions on trial that the appliance has stopped and nobody has looked at. */
  deploymentAlarms: z.array(z.object({ name: z.string(), version: z.string(), reason: z.string() })).optional(),
  /** Identifiers that were found where none may be; nothing more about these studies leaves until a person has looked. */
  leakAlarms: z
    .array(
      z.object({
        alarm: count,
        study: pseudonym,
        place: z.enum(['log', 'object', 'envelope']),
        hits: count,
        firstAt: instant,
        lastAt: instant,
      }),
    )
    .optional(),
  queues: z.object({
    receiving: count,
    queued: count,
    running: count,
    deliveriesPending: count,
    deliveriesDead: count,
    /** Envelopes that the hub has not committed yet. */
    unacknowledged: count,
  }),
  /** Each destination: whether it is being sent to, and how long results wait for it. */
  deliveries: z.array(destinationState).optional(),
  /** Results that were kept back because their identity is not the record's. */
  blockedResults: count.optional(),
  /** Age of the study that waits longest for work. */
  oldestWaitingSeconds: z.number().nullable(),
  totals: z.object({ instances: count, bytes: count, quarantined: count }),
  /** Where the keys lie that protect the data: only `elsewhere` protects against whoever takes the disk. */
  keys: z.object({ placement: z.enum(['beside-data', 'same-file-system', 'elsewhere']) }).optional(),
  /** What runs the models, and by which plan. */
  scoring: scoringStatus.optional(),
  /** The agent's own word about its link to the hub. */
  link: z.object({
    state: z.string(),
    at: instant.nullable(),
    lastAcknowledgementAt: instant.nullable(),
    lastErrorCode: z.string().nullable(),
  }),
})
export type DeviceStatus = z.infer<typeof deviceStatus>
