import { z } from 'zod'

const aeTitle = z
  .string()
  .min(1)
  .max(16)
  // PS3.5 6.2, AE: default repertoire without backslash and control characters; not only spaces.
  .regex(/^[ -[\]-~]*[!-[\]-~][ -[\]-~]*$/)

const port = z.number().int().min(1).max(65_535)

/** An address or a network in CIDR form, IPv4 or IPv6. */
const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])

/** What a site decides about its appliance. Read again whenever the file changes. */
export const settingsSchema = z.strictObject({
  schema: z.literal('leadglass.settings/1').default('leadglass.settings/1'),
  /** Who may send: a calling AE title together with the addresses it may come from. */
  callers: z
    .array(
      z.strictObject({
        aeTitle,
        addresses: z.array(network).min(1),
        /** Where the caller listens for reports of storage commitment, when it does not wait on its association. */
        reportPort: port.optional(),
        /** C-FIND tells patients' names: sending does not imply asking. */
        mayQuery: z.boolean().optional(),
      }),
    )
    .default([]),
  /** Any calling title may send from this very machine. */
  acceptLoopback: z.boolean().default(true),
  /** Where results go. */
  destinations: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
        aeTitle,
        host: z.string().min(1).max(255),
        port,
      }),
    )
    .refine((list) => new Set(list.map((one) => one.name)).size === list.length, { message: 'a name occurs twice' })
    .default([]),
  /** When a study counts as complete, in milliseconds. */
  assembly: z
    .strictObject({
      /** After the last instance, once no association that sent to the study is open. */
      quietMs: z.number().int().min(100).max(3_600_000).default(2000),
      /** After the last instance although an association is still open. */
      idleMs: z.number().int().min(100).max(3_600_000).default(30_000),
      /** After the first instance, whatever still comes. */
      capMs: z.number().int().min(1000).max(86_400_000).default(900_000),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /** Below this much free disk nothing more is accepted; nothing already accepted is ever evicted. */
      minimumFreeBytes: z.number().int().min(0).default(1_073_741_824),
      /** Largest data set of one instance. */
      maximumInstanceBytes: z.number().int().min(1024).default(2_147_483_000),
      /** Studies that are worked on at the same time. */
      studiesInFlight: z.number().int().min(1).max(16).default(2),
      /** A sign-in lasts at most this long. */
      sessionHours: z.number().int().min(1).max(24).default(9),
    })
    .prefault({}),
})
export type Settings = z.infer<typeof settingsSchema>
export type Destination = Settings['destinations'][number]

/** Gives the settings in force; another call may give newer ones. */
export type CurrentSettings = () => Settings
