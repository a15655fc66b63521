import { z } from 'zod'
import { instant } from './fields.ts'

/** The box's way to its hub over the appliance's interface: joining, what is trusted, and what the hub wishes. */

const problem = z.object({ code: z.string(), message: z.string(), nextStep: z.string() })
const fingerprint = z.string()

/** GET /api/enrolment. */
export const enrolmentView = z.object({
  device: z.string(),
  /** Null while the sync agent has said nothing. */
  agent: z
    .object({
      hubUrl: z.string(),
      certificate: z.object({ notAfter: instant, renewalAt: instant, authorityFingerprint: fingerprint }).nullable(),
      problem: problem.nullable(),
      join: z
        .object({ state: z.enum(['asking', 'joined', 'refused']), problem: problem.nullable(), at: instant })
        .nullable(),
      at: instant,
    })
    .nullable(),
  /** `to-be-confirmed`: the hub gave something that is not pinned yet. `other`: it names something else than what is. */
  anchors: z.enum(['none', 'to-be-confirmed', 'same', 'other']),
  /** Of everything that the hub gave together; null before it has. */
  offered: fingerprint.nullable(),
  pinned: z.object({
    root: fingerprint.nullable(),
    policy: fingerprint.nullable(),
    desiredKey: fingerprint.nullable(),
  }),
})
export type EnrolmentView = z.infer<typeof enrolmentView>

/** POST /api/enrolment/join. */
export const joinHubRequest = z.strictObject({
  hubUrl: z.url({ protocol: /^mqtts$/ }).max(300),
  code: z.string().trim().min(16).max(64),
  /** Of the hub's authority, where a person has it at hand; the code proves the hub in any case. */
  authorityFingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .default(null),
})
/** Its answer: the name under which the agent's answer stands. */
export const joinAsked = z.object({ id: z.string() })

/** POST /api/enrolment/anchors: the fingerprint of everything that the hub gave, as the hub's page shows it. */
export const anchorsConfirmation = z.strictObject({ fingerprint: z.string().regex(/^[0-9a-f]{64}$/) })

/** GET /api/desired-state: what the hub wishes of this box, and what became of it. */
export const desiredStateView = z.object({
  hubMayDecide: z.array(z.string()),
  document: z
    .object({
      version: z.number().int(),
      state: z.enum(['delivered', 'applied', 'rejected', 'expired']),
      expiresAt: instant.nullable(),
      changedAt: instant,
      parts: z.array(
        z.object({
          section: z.string(),
          state: z.enum(['applied', 'waiting', 'rejected', 'local']),
          reason: z.string().nullable(),
          wish: z.unknown(),
        }),
      ),
    })
    .nullable(),
  /** The newest document was taken though it carries no signature: no key of the hub is pinned here. */
  unsigned: z.boolean(),
  /** A document of which nothing counts: not the hub's, or an older one. */
  refused: z.object({ version: z.number().int(), code: z.string(), at: instant }).nullable(),
})
export type DesiredStateView = z.infer<typeof desiredStateView>
