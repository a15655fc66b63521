import { z } from 'zod'
import { digestOfJson, type JsonValue, type Sha256Hex, sha256Hex } from '../foundation/index.ts'
import { desiredSection } from './desired.ts'
import { type DeviceId, modelReference, vocabularyCode } from './identifiers.ts'

/** What became of one section of a desired state. `local`: the site keeps this section to itself. */
export const reportedPart = z.strictObject({
  section: desiredSection,
  state: z.enum(['applied', 'waiting', 'rejected', 'local']),
  /** Why not applied, or what it waits for. */
  reason: vocabularyCode.nullable(),
})
export type ReportedPart = z.infer<typeof reportedPart>

/** How a version stands at a box: the steps of its activation, and what stops it. */
export const ACTIVATION_WORDS = [
  'stage',
  'verify',
  'golden',
  'shadow',
  'trial',
  'clean',
  'committed',
  'waiting',
  'quarantined',
  'recalled',
  'stopped-at-site',
] as const

/** The members of a reported state. Each travels whole when it changes. */
const members = {
  software: z.strictObject({ version: z.string().regex(/^\d{1,4}\.\d{1,4}\.\d{1,6}$/) }),
  /** The desired document that the device knows, and how far it is with it. */
  desired: z
    .strictObject({
      version: z.number().int().min(1),
      digest: sha256Hex,
      state: z.enum(['delivered', 'applied', 'rejected', 'expired']),
      parts: z.array(reportedPart).max(8),
    })
    .nullable(),
  /** Which settings are in force: number and digest, never their content. */
  settings: z.strictObject({ version: z.number().int().min(0), digest: sha256Hex.nullable() }),
  /** Releases that score now. */
  models: z.array(z.strictObject({ model: modelReference })).max(64),
  /** Versions on their way into use or out of it, the newest of each model. Absent from boxes before it existed. */
  activations: z
    .array(
      z.strictObject({
        model: modelReference,
        state: z.enum([...ACTIVATION_WORDS]),
        /** Times that it was taken back. */
        attempts: z.number().int().min(0).max(10),
      }),
    )
    .max(64)
    .optional(),
  /** How the box stands to the repository. Absent from boxes before it existed. */
  updates: z
    .strictObject({
      /** The latest signed time of issue that it has verified, in seconds since 1970; 0 before the first. */
      verifiedSeconds: z.number().int().min(0),
      /** What was refused last, named after the attack that it would be; null for nothing. */
      refused: vocabularyCode.nullable(),
    })
    .optional(),
  /** What the site lets the hub decide. */
  hubMayDecide: z.array(desiredSection).max(8),
} as const

/** The whole state as a device reports it. */
export const reportedDocument = z.strictObject(members)
export type ReportedDocument = z.infer<typeof reportedDocument>

/**
 * `health` stream: what changed in a device's state since its last report. The chain is a digest over device, version,
 * the chain before and the whole state after the change, so hub and device are sure to mean the same state; the signature
 * is the device's own, with the key of its audit log.
 */
export const reportedState = z.strictObject({
  kind: z.literal('reported-state'),
  version: z.number().int().min(1),
  /** True: `changes` is the whole state, and nothing before it is needed. */
  full: z.boolean(),
  previous: sha256Hex.nullable(),
  chain: sha256Hex,
  changes: reportedDocument.partial(),
  /** Ed25519 over `reportedStatement`, base64. */
  signature: z
    .string()
    .length(88)
    .regex(/^[A-Za-z0-9+/]{86}==$/),
})
export type ReportedState = z.infer<typeof reportedState>

/** The chain value of a state. */
export function reportedChain(
  device: DeviceId,
  version: number,
  previous: Sha256Hex | null,
  document: ReportedDocument,
): Sha256Hex {
  return digestOfJson({ device, version, previous, document: document as JsonValue })
}

/** The bytes that are signed. Their first line keeps them apart from everything else that the key signs. */
export function reportedStatement(device: DeviceId, version: number, chain: Sha256Hex): Uint8Array {
  return Buffer.from(`leadglass/reported-state/1\n${device}\n${version}\n${chain}\n`)
}

/** What differs between two states; every member for the first. */
export function reportedChanges(
  before: ReportedDocument | undefined,
  after: ReportedDocument,
): ReportedState['changes'] {
  const changed = Object.entries(after).filter(
    ([name, value]) =>
      before === undefined || JSON.stringify(value) !== JSON.stringify(before[name as keyof ReportedDocument]),
  )
  return reportedDocument.partial().parse(Object.fromEntries(changed))
}
