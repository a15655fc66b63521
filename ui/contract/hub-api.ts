import { z } from 'zod'
import { shownSignature } from './approvals.ts'
import { logCheckpoint, modelVersion } from './common.ts'
import { gateResult } from './evaluation.ts'
import { trainerRequest } from './trainer-request.ts'
import { trainingCause, trainingRecord } from './training.ts'

export * from './approvals.ts'
export * from './audit-feeds.ts'
export * from './change-control.ts'
export * from './common.ts'
export * from './desired-state.ts'
export * from './drift.ts'
export * from './evaluation.ts'
export * from './hub-audit.ts'
export * from './kits.ts'
export * from './lake.ts'
export * from './monitoring.ts'
export * from './registry.ts'
export * from './reports.ts'
export * from './rollouts.ts'
export * from './trainer-request.ts'
export * from './training.ts'
export * from './training-executors.ts'

/** What a person may be at the hub. `operator` is whoever holds the operator token: the local command line. */
export const hubRole = z.enum(['mlops', 'clinical-approver', 'technical-approver', 'auditor', 'operator'])
export type HubRole = z.infer<typeof hubRole>

/** GET and POST /api/session. */
export const hubSession = z.object({ account: z.string(), role: hubRole })
export type HubSession = z.infer<typeof hubSession>

/** Watermark and effects of one stream of one device. */
export const streamSummary = z.object({
  epoch: z.number().int(),
  stream: z.string(),
  watermark: z.number().int(),
  /** Envelopes whose effect is in the hub's tables. */
  effects: z.number().int(),
  duplicates: z.number().int(),
  refused: z.number().int(),
})
export type StreamSummary = z.infer<typeof streamSummary>

/** GET /api/devices. */
export const deviceSummary = z.object({
  device: z.string(),
  /** `held`: it was seen in two places, and the hub listens to neither. */
  state: z.enum(['enrolled', 'held', 'revoked']),
  connected: z.boolean(),
  lastSeenAt: z.iso.datetime().nullable(),
  softwareVersion: z.string().nullable(),
  /** What the device itself reports that it runs, not what was intended. */
  models: z.array(z.object({ model: modelVersion, state: z.string() })),
  alarms: z.number().int(),
})
export type DeviceSummary = z.infer<typeof deviceSummary>
export const deviceList = z.object({ devices: z.array(deviceSummary) })

/** GET /api/devices/:device. */
export const deviceDetail = z.object({
  summary: deviceSummary,
  streams: z.array(streamSummary),
  figures: z.record(z.string(), z.number()),
  alarms: z.array(z.object({ code: z.string(), message: z.string(), at: z.iso.datetime() })),
  /** Last checkpoint of the device's log that the hub has verified and cosigned. */
  audit: logCheckpoint.nullable(),
})
export type DeviceDetail = z.infer<typeof deviceDetail>

/** SHA-256 of what a box pins when it joins; null where the hub has none yet. */
export const anchorFingerprintView = z.object({
  root: z.string().nullable(),
  policy: z.string().nullable(),
  desiredKey: z.string(),
  all: z.string(),
})

/** POST /api/devices/:device/invitation: shown once. */
export const invitation = z.object({
  device: z.string(),
  code: z.string(),
  expiresAt: z.iso.datetime(),
  /** SHA-256 of the hub's authority, hexadecimal. */
  authorityFingerprint: z.string(),
  anchors: anchorFingerprintView,
})
export type Invitation = z.infer<typeof invitation>

/** An act that has no other answer. */
export const actDone = z.object({ done: z.literal(true) })

/** GET /api/enrolment. */
export const enrolmentList = z.object({
  authorityFingerprint: z.string(),
  anchors: anchorFingerprintView,
  devices: z.array(
    z.object({
      device: z.string(),
      enrolledAt: z.iso.datetime(),
      /** End of the device's certificate. */
      notAfter: z.iso.datetime(),
      heldAt: z.iso.datetime().nullable(),
      heldReason: z.string().nullable(),
      revokedAt: z.iso.datetime().nullable(),
      /** Has pinned this hub's key, and takes signed documents only. */
      readsSignatures: z.boolean(),
    }),
  ),
  invitations: z.array(z.object({ device: z.string(), expiresAt: z.iso.datetime() })),
})
export type EnrolmentList = z.infer<typeof enrolmentList>

/** GET /api/ingest/summary. */
export const ingestSummary = z.object({
  devices: z.array(
    z.object({
      device: z.string(),
      streams: z.array(streamSummary),
      /** Merkle root over the envelope digests of an epoch, computed from effects in the tables. */
      epochs: z.array(z.object({ epoch: z.number().int(), envelopes: z.number().int(), root: z.string() })),
      /** What the device stated of an epoch beside what the hub's tables held then. */
      compared: z
        .array(
          z.object({
            epoch: z.number().int(),
            closed: z.boolean(),
            envelopes: z.number().int(),
            root: z.string(),
            hubEnvelopes: z.number().int(),
            hubRoot: z.string(),
            equal: z.boolean(),
            differences: z.array(z.object({ stream: z.string(), from: z.number().int(), to: z.number().int() })),
            comparedAt: z.iso.datetime(),
          }),
        )
        .optional(),
    }),
  ),
  /** Effects that belong to no envelope, by table. */
  orphans: z.array(z.object({ effects: z.string(), count: z.number().int() })).optional(),
})
export type IngestSummary = z.infer<typeof ingestSummary>

/** Where a version stands: derived from signatures and releases, never written by hand. */
export const versionState = z.enum([
  'candidate',
  'submitted',
  'in-review',
  'partially-signed',
  'approved',
  'released',
  'changes-requested',
  'rejected',
  'withdrawn',
  'expired',
])
export type VersionState = z.infer<typeof versionState>

/** A figure with its interval. */
export const metric = z.object({
  name: z.string(),
  split: z.string(),
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  cases: z.number().int().nullable(),
})
export type Metric = z.infer<typeof metric>

/** A version in a list. */
export const versionSummary = z.object({
  model: modelVersion,
  title: z.string(),
  state: versionState,
  releaseCounter: z.number().int(),
  author: z.string(),
  createdAt: z.iso.datetime(),
  /** Devices that report it active. */
  activeOn: z.number().int(),
  headline: metric.nullable(),
})
export type VersionSummary = z.infer<typeof versionSummary>

/** GET /api/models. */
export const modelList = z.object({ versions: z.array(versionSummary) })
export type ModelList = z.infer<typeof modelList>

/** GET /api/models/:name/versions/:version. */
export const versionDetail = z.object({
  summary: versionSummary,
  intendedUse: z.string(),
  /** The model card as the package carries it. */
  card: z.unknown(),
  metrics: z.array(metric),
  lineage: z.object({
    parent: z.string().nullable(),
    trainedBy: z.string(),
    dataset: z.string(),
    split: z.string(),
  }),
  approval: z.string().nullable(),
  signatures: z.array(shownSignature),
})
export type VersionDetail = z.infer<typeof versionDetail>

/** POST /api/models/import: the folder of a package on the hub's own machine. */
export const importRequest = z.strictObject({ folder: z.string().min(1).max(4096) })
export const importAnswer = z.object({ model: modelVersion, outcome: z.enum(['imported', 'already-present']) })

/** POST /api/training-runs. `parent` is the version to improve; its newest version when null. */
export const trainingRequest = z.strictObject({
  finding: z.string().min(1).max(80),
  model: z.string().min(1).max(64),
  parent: z.string().nullable(),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  /** Without it the head is held around its parent's. */
  trainer: trainerRequest.optional(),
  /** Where to train; the hub's own machine, or what it is set up for, when left out. */
  executor: z.string().max(40).optional(),
})
export type TrainingRequest = z.infer<typeof trainingRequest>

/** GET /api/training-runs and /api/training-runs/:run. */
export const trainingRun = z.object({
  run: z.string(),
  state: z.enum(['queued', 'running', 'succeeded', 'stopped-by-gate', 'failed', 'interrupted', 'cancelled']),
  finding: z.string(),
  model: z.string(),
  /** What it is doing now, or how it ended, in words. */
  message: z.string(),
  /** 0 to 1. */
  progress: z.number(),
  snapshot: z.string().nullable(),
  /** Row accounting from envelope to training table: name of the step or exclusion, and rows. */
  rows: z.array(z.object({ name: z.string(), rows: z.number().int() })),
  metrics: z.array(metric),
  gates: z.array(gateResult),
  candidate: modelVersion.nullable(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** What started it, and who asked: a person, or the hub itself. */
  cause: trainingCause,
  requestedBy: z.string(),
  /** From 1; more when the hub was killed in it, or a person started it again. */
  attempt: z.number().int(),
  executor: z.string(),
  /** What it can be done again from; null until its dataset is fixed. */
  record: trainingRecord.nullable(),
})
export type TrainingRun = z.infer<typeof trainingRun>
export const trainingRunList = z.object({ runs: z.array(trainingRun) })
export const trainingLog = z.object({ lines: z.array(z.string()) })

/** GET /api/audit/entries?log=&from=&limit= — entries of the hub's own log or of a device's mirrored log. */
export const auditEntries = z.object({
  origin: z.string(),
  size: z.number().int(),
  entries: z.array(z.object({ index: z.number().int(), hash: z.string(), event: z.unknown() })),
})
export type AuditEntries = z.infer<typeof auditEntries>

/** GET /api/audit/proof/:index?log= — a C2SP tlog-proof file. */
export const auditProof = z.object({ proof: z.string() })

/** GET /api/azure: how the hub's way through an Azure IoT Hub is doing. `null` where there is none. */
export const azureView = z.object({
  azure: z
    .object({
      readers: z.array(
        z.object({
          namespace: z.string(),
          eventHub: z.string(),
          consumerGroup: z.string(),
          reading: z.boolean(),
          trouble: z.string().nullable(),
          partitions: z.number().int(),
          committed: z.number().int(),
        }),
      ),
      /** Devices for whose twin something waits. */
      answersWaiting: z.number().int(),
      serviceTrouble: z.string().nullable(),
    })
    .nullable(),
})
export type AzureView = z.infer<typeof azureView>
