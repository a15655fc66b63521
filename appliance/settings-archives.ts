import { z } from 'zod'
import { peerTls } from './settings-network.ts'

/** The parts of the settings that concern archives: confirmation of deliveries, evidence of completeness, priors. */

// PS3.5 6.2, AE: default repertoire without backslash and control characters; not only spaces.
const aeTitle = z
  .string()
  .min(1)
  .max(16)
  .regex(/^[ -[\]-~]*[!-[\]-~][ -[\]-~]*$/)

/** How long a destination has for its report of storage commitment unless its entry says otherwise, in milliseconds. */
export const CONFIRM_TIMEOUT_MS = 3_600_000

/** When a delivery counts as done, for a destination. */
export const confirmation = {
  /**
   * `store`: the destination accepted the C-STORE. `commitment`: it took responsibility (storage commitment).
   * `query`: it finds the object when asked (C-FIND).
   */
  confirm: z.enum(['store', 'commitment', 'query']).default('store'),
  /** How long the destination has for its report of storage commitment; after that it is asked by C-FIND. */
  confirmTimeoutMs: z.number().int().min(1000).max(604_800_000).default(CONFIRM_TIMEOUT_MS),
}

/** Signs of completeness that go before the timers. */
export const assemblyEvidence = {
  /** Offer Modality Performed Procedure Step, and believe what steps name. */
  procedureSteps: z.boolean().default(false),
  /** Offer Instance Availability Notification, and believe it. */
  availability: z.boolean().default(false),
  /** How long after its last instance a study may wait for instances that evidence names and that are not here. */
  evidenceMs: z.number().int().min(100).max(86_400_000).default(300_000),
}

/** An archive that is asked. */
export const archiveSource = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  aeTitle,
  host: z.string().min(1).max(255),
  port: z.number().int().min(1).max(65_535),
  tls: peerTls.optional(),
  /** `move`: the archive must know our AE title, address and port, and name the originator of its sub-operations. */
  retrieve: z.enum(['get', 'move']).default('get'),
  /** Calling AE titles whose studies are counted here when their association has ended. */
  counts: z.array(aeTitle).default([]),
  /** Whether it is asked for earlier studies. */
  priors: z.boolean().default(true),
})
export type ArchiveSource = z.infer<typeof archiveSource>

/** Which earlier studies of a patient are fetched. */
export const priorRule = z.strictObject({
  /** Newest studies that are taken; 0 for none. */
  maximum: z.number().int().min(0).max(20).default(0),
  withinDays: z.number().int().min(1).max(36_500).default(3650),
  sameModality: z.boolean().default(true),
  sameBodyPart: z.boolean().default(true),
  /** Of one study; the rest of it is refused. */
  maximumInstances: z.number().int().min(1).max(20_000).default(500),
  maximumBytes: z.number().int().min(1024).default(2_147_483_648),
})
