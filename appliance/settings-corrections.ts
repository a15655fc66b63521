import { z } from 'zod'

const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])

/** The listener for patient merges (HL7 v2 ADT^A40 over MLLP). */
export const hl7Listener = z.strictObject({
  port: z.number().int().min(1).max(65_535),
  /** Who may send: MSH-3, and MSH-4 where it is named, together with the addresses they may come from. */
  senders: z
    .array(
      z.strictObject({
        application: z.string().min(1).max(180),
        facility: z.string().min(1).max(180).optional(),
        addresses: z.array(network).min(1),
      }),
    )
    .default([]),
  /** Assigning authorities (PID-3.4) whose numbers stand in objects that name no issuer: the site's own range. */
  ownAuthorities: z.array(z.string().min(1).max(64)).min(1),
  maximumBytes: z.number().int().min(1024).max(4_194_304).default(262_144),
})
