import { auditFeedSettings } from '@leadglass/sync-agent/audit-log'
import { desiredSection } from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import { activationSettings } from './settings-activation.ts'
import { archiveSource, assemblyEvidence, priorRule } from './settings-archives.ts'
import { auditWitnesses } from './settings-audit.ts'
import { hl7Listener } from './settings-corrections.ts'
import { deidentificationSettings } from './settings-deidentification.ts'
import { destination } from './settings-destinations.ts'
import { egressSettings } from './settings-egress.ts'
import { explanationSettings } from './settings-explanations.ts'
import { acceptance, certificateRule, listenerTls, type PeerTls, peerTls, pressure } from './settings-network.ts'
import { pixelSettings } from './settings-pixels.ts'
import { retentionSettings } from './settings-retention.ts'
import { syncSettings } from './settings-sync.ts'

const aeTitle = z
  .string()
  .min(1)
  .max(16)
  // PS3.5 6.2, AE: default repertoire without backslash and control characters; not only spaces.
  .regex(/^[ -[\]-~]*[!-[\]-~][ -[\]-~]*$/)

const port = z.number().int().min(1).max(65_535)

/** An address or a network in CIDR form, IPv4 or IPv6. */
const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])

/** The settings, member by member. */
const members = z.strictObject({
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
        /** The caller must come over TLS with one of these certificates. Without it any certificate of a trusted issuer will do. */
        certificate: certificateRule.optional(),
        /** Reports of storage commitment go to `reportPort` over TLS. */
        reportTls: peerTls.optional(),
        /** Associations of this title at once, instead of `limits.maximumAssociationsPerCaller`. */
        maximumAssociations: z.number().int().min(1).max(1024).optional(),
      }),
    )
    .default([]),
  /** Any calling title may send from this very machine. */
  acceptLoopback: z.boolean().default(true),
  /** Where results go. */
  destinations: z
    .array(destination)
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
      ...assemblyEvidence,
    })
    .prefault({}),
  /** Archives that are asked: how many instances a study has, and for earlier studies of a patient. */
  sources: z
    .array(archiveSource)
    .refine((list) => new Set(list.map((one) => one.name)).size === list.length, { message: 'a name occurs twice' })
    .default([]),
  priors: priorRule.prefault({}),
  /** How objects are de-identified. Taken at the start. */
  deidentification: deidentificationSettings.prefault({}),
  /** What leaves at once, and what waits for a person. */
  egress: egressSettings.prefault({}),
  /** Bandwidth, windows, quotas and epochs of the way to the hub. */
  sync: syncSettings.prefault({}),
  /** Repositories of the hospital that hear what the audit log records. */
  auditFeeds: auditFeedSettings.default([]),
  /** Witnesses besides the hub that are asked to cosign the audit log. */
  auditWitnesses: auditWitnesses.default([]),
  /** What may leave in pixels, and which devices the site knows. */
  pixels: pixelSettings.prefault({}),
  /** When scores are explained without being asked. */
  explanations: explanationSettings.prefault({}),
  /** How a new version comes into use. */
  activation: activationSettings.prefault({}),
  /** How long studies are kept; everything for ever unless rules are named. */
  retention: retentionSettings.prefault({}),
  /** Patient merges over HL7 v2; without it nothing listens. Taken at the start. */
  hl7: hl7Listener.optional(),
  limits: z
    .strictObject({
      /** The hard mark: below this much free disk nothing more is accepted; nothing already accepted is ever evicted. */
      minimumFreeBytes: z.number().int().min(0).default(1_073_741_824),
      /** Largest data set of one instance. */
      maximumInstanceBytes: z.number().int().min(1024).default(2_147_483_000),
      /** Instances that one association may bring; the next is answered with A700H. */
      maximumInstancesPerAssociation: z.number().int().min(1).default(1_000_000),
      /** Bytes of data sets that one association may bring. */
      maximumBytesPerAssociation: z.number().int().min(1024).default(1_099_511_627_776),
      /** Bytes of data sets that are held altogether. Without it the marks of the disk alone decide. */
      maximumHeldBytes: z.number().int().min(1024).optional(),
      /** Associations at once; the next is rejected as transient. */
      maximumAssociations: z.number().int().min(1).max(1024).default(64),
      /** Associations at once of one title at one address. */
      maximumAssociationsPerCaller: z.number().int().min(1).max(1024).default(48),
      /** Studies that are worked on at the same time. */
      studiesInFlight: z.number().int().min(1).max(16).default(2),
      /** A sign-in lasts at most this long. */
      sessionHours: z.number().int().min(1).max(24).default(9),
    })
    .prefault({}),
  /** Instances at rest are encrypted, with a key per study. `false` is for a disk that is itself encrypted: purging then only removes files. */
  encryptInstances: z.boolean().default(true),
  /** TLS on the DICOM side; without it the port speaks plain TCP. */
  tls: listenerTls.optional(),
  /** Which parts of a desired state the hub decides here. Who may call and where results go is always the site's own. */
  hubMayDecide: z
    .array(desiredSection)
    .max(8)
    .refine((list) => new Set(list).size === list.length, { message: 'a section occurs twice' })
    .default(['schedules', 'assignments']),
  /** What is taken beyond the standard's own lists. */
  accept: acceptance.prefault({}),
  /** When optional work stops, and what besides the disk counts. */
  pressure: pressure.prefault({}),
})

/** What a site decides about its appliance. Read again whenever the file changes. */
export const settingsSchema = members.superRefine((settings, context) => {
  // Towards a peer we show our own identity unless its entry names another: without either there is none to show.
  const whole = (tls: PeerTls | undefined): boolean =>
    tls === undefined ||
    settings.tls !== undefined ||
    (tls.keyFile !== undefined && tls.certificateFile !== undefined && tls.authoritiesFile !== undefined)
  const message = 'names no key, certificate and authorities, and "tls" names none either'
  for (const [index, { tls }] of settings.destinations.entries())
    if (!whole(tls)) context.addIssue({ code: 'custom', path: ['destinations', index, 'tls'], message })
  for (const [index, { tls }] of settings.sources.entries())
    if (!whole(tls)) context.addIssue({ code: 'custom', path: ['sources', index, 'tls'], message })
  for (const [index, { reportTls }] of settings.callers.entries())
    if (!whole(reportTls)) context.addIssue({ code: 'custom', path: ['callers', index, 'reportTls'], message })
})
export type Settings = z.infer<typeof settingsSchema>
export type Destination = Settings['destinations'][number]

/** Gives the settings in force; another call may give newer ones. */
export type CurrentSettings = () => Settings
