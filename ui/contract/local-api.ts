import { z } from 'zod'
import { modelVersion } from './common.ts'
import { correctionView, receivedView, withdrawnView } from './corrections.ts'
import { destinationState } from './deliveries.ts'
import { modelUseView } from './deployments.ts'
import { radiomicsView } from './radiomics.ts'
import { routeView } from './rules.ts'
import { scoringStatus } from './scoring-status.ts'

export * from './audit-details.ts'
export * from './audit-feeds.ts'
export * from './backfill.ts'
export * from './breaches.ts'
export * from './common.ts'
export * from './corrections.ts'
export * from './deliveries.ts'
export * from './deployments.ts'
export * from './egress.ts'
export * from './explanations.ts'
export * from './heat-palette.ts'
export * from './local-settings.ts'
export * from './pixels.ts'
export * from './radiomics.ts'
export * from './retention.ts'
export * from './rules.ts'
export * from './scoring-api.ts'
export * from './scoring-status.ts'
export * from './sync.ts'

/**
 * The appliance's HTTP interface for people at the site. Everything under `/api/studies` may identify patients and never
 * leaves the site; no identifying value stands in a URL. Times are ISO 8601 instants in UTC.
 */

const instant = z.iso.datetime()
const pseudonym = z.string().regex(/^[0-9a-f]{32}$/)
const count = z.number().int().min(0)

/** What a person may be at a site. `operator` is whoever holds the operator token: the local command line. */
export const localRole = z.enum(['technologist', 'radiologist', 'site-admin', 'operator'])
export type LocalRole = z.infer<typeof localRole>

/** GET and POST /api/session. The session itself is a cookie that scripts cannot read. */
export const localSession = z.object({
  account: z.string(),
  role: localRole,
  /** The person's pseudonym, as it stands in the audit log; null for the operator. */
  person: z.string().nullable(),
  expiresAt: instant.nullable(),
})
export type LocalSession = z.infer<typeof localSession>

/** One word for lists. */
export const studyState = z.enum([
  'receiving',
  'queued',
  'running',
  'scored',
  'not-scored',
  'failed',
  'quarantined',
  'superseded',
])
export type StudyState = z.infer<typeof studyState>

/** Query of GET /api/studies. `before` is `next` of the page before. */
export const studyQuery = z.strictObject({
  state: studyState.optional(),
  search: z.string().min(1).max(64).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: z
    .string()
    .regex(/^\d{1,16}-\d{1,16}$/)
    .optional(),
})
export type StudyQuery = z.infer<typeof studyQuery>

/** One score: its value, and on which side of the operating point it lies that was in force when it was made. */
export const scoreView = z.object({
  code: z.string(),
  title: z.string(),
  value: z.number(),
  thresholdMilli: z.number().int(),
  above: z.boolean(),
  model: modelVersion,
  /** What really ran the graphs; null for results of old. */
  provider: z.enum(['cpu', 'cuda', 'tensorrt']).nullable().optional(),
  /** The backfill that made it; null for a result of the study's own time. */
  backfill: count.nullable().optional(),
  /** A backfill with another version of the model has replaced it. */
  superseded: z.boolean().optional(),
})
export type ScoreView = z.infer<typeof scoreView>

/** One study in the list. `study` is its pseudonym and its name in URLs. */
export const studySummary = z.object({
  study: pseudonym,
  state: studyState,
  revision: z.number().int().min(1),
  instances: count,
  /** Modalities of the study, joined by a backslash as in (0008,0061). */
  modality: z.string(),
  patientName: z.string(),
  patientId: z.string(),
  patientBirthDate: z.string(),
  patientSex: z.string(),
  accessionNumber: z.string(),
  /** As in the object: YYYYMMDD and HHMMSS, or empty. */
  studyDate: z.string(),
  studyTime: z.string(),
  description: z.string(),
  receivedAt: instant,
  lastInstanceAt: instant,
  /** The highest score of each code over the instances of the current revision. */
  scores: z.array(scoreView),
  /** Why the current revision was not scored, failed, or was quarantined. */
  reason: z.string().nullable(),
})
export type StudySummary = z.infer<typeof studySummary>

/** GET /api/studies. */
export const studyList = z.object({
  studies: z.array(studySummary),
  next: z.string().nullable(),
  /** Number of all studies by state, whatever the query. */
  counts: z.partialRecord(studyState, count),
})
export type StudyList = z.infer<typeof studyList>

/** Why a revision was declared complete. */
export const completionReason = z.enum([
  'procedure-step',
  'instance-availability',
  'instance-count',
  'association-end-and-quiet',
  'quiet-timer',
  'cap',
  'restart',
  'correction',
])

/** One instance of the current revision, and what was said of it. */
export const instanceView = z.object({
  instance: count,
  sopInstanceUid: z.string(),
  sopClassUid: z.string(),
  transferSyntaxUid: z.string(),
  modality: z.string().nullable(),
  bytes: count,
  receivedAt: instant,
  callingAeTitle: z.string(),
  scores: z.array(scoreView),
  /** Reasons why models, or none at all, did not score it. */
  notScored: z.array(z.object({ reason: z.string(), model: modelVersion.nullable() })),
  quality: z.record(z.string(), z.number()),
})
export type InstanceView = z.infer<typeof instanceView>

export const revisionView = z.object({
  revision: z.number().int().min(1),
  state: studyState,
  completion: completionReason.nullable(),
  /** Instances that the source, a procedure step or an announcement named when the revision was closed. */
  expectedInstances: count.nullable().optional(),
  reason: z.string().nullable(),
  attempts: count,
  openedAt: instant,
  completedAt: instant.nullable(),
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  /** What the rules decided; null until they did. */
  route: routeView.nullable().optional(),
  /** Why nothing about the revision leaves the box: text in its pixels, or doubt. */
  egressBlocked: z.string().nullable().optional(),
})
export type RevisionView = z.infer<typeof revisionView>

export const deliveryView = z.object({
  delivery: count,
  revision: z.number().int().min(1),
  destination: z.string(),
  state: z.enum(['pending', 'accepted', 'dead']),
  attempts: count,
  lastError: z.string().nullable(),
  nextAttemptAt: instant.nullable(),
  settledAt: instant.nullable(),
  /** When the destination accepted it, while its word that it keeps it is awaited. */
  storedAt: instant.nullable().optional(),
  /** By what it counts as delivered. */
  confirmedBy: z.enum(['store', 'commitment', 'query']).nullable().optional(),
})
export type DeliveryView = z.infer<typeof deliveryView>

export const labelValue = z.enum(['present', 'absent', 'uncertain'])

/** POST /api/studies/:study/label. */
export const labelRequest = z.strictObject({
  finding: z.string().regex(/^[a-z][a-z0-9-]{0,39}(?:\.[a-z][a-z0-9-]{0,39}){0,3}$/),
  value: labelValue,
  /** True when the reader answered before any score was shown. */
  blind: z.boolean(),
})
export type LabelRequest = z.infer<typeof labelRequest>

/** Answer of POST /api/studies/:study/label, and each label of a study. */
export const labelDetail = z.object({
  label: z.uuid(),
  study: pseudonym,
  revision: z.number().int().min(1),
  finding: z.string(),
  value: labelValue,
  blind: z.boolean(),
  /** Pseudonym of the person who stated it. */
  reader: z.string(),
  at: instant,
  /** False when it was given on a revision of other instances than the current one: it trains nothing. */
  counts: z.boolean().optional(),
})
export type LabelDetail = z.infer<typeof labelDetail>

/** An earlier study of the patient that was fetched because this study came. */
export const priorView = z.object({
  studyInstanceUid: z.string(),
  studyDate: z.string(),
  modalities: z.string(),
  source: z.string(),
  state: z.enum(['fetching', 'whole', 'partial', 'failed']),
  reason: z.string().nullable(),
  instances: count,
  bytes: count,
})
export type PriorView = z.infer<typeof priorView>

/** GET /api/studies/:study: the current revision in full, and the history. */
export const studyDetail = z.object({
  summary: studySummary,
  patientPseudonym: pseudonym,
  /** By which sign the current revision was declared complete; null while it may still grow. */
  completion: completionReason.nullable(),
  revisions: z.array(revisionView),
  instances: z.array(instanceView),
  deliveries: z.array(deliveryView),
  /** Earlier studies of the patient, newest first. */
  priors: z.array(priorView).optional(),
  /** With what the current revision was scored: which version of each model, why that one, and what it was given. */
  models: z.array(modelUseView).optional(),
  labels: z.array(labelDetail),
  /** What was corrected, newest first. */
  corrections: z.array(correctionView).optional(),
  /** As received, where a correction put the study under another identity. */
  received: receivedView.optional(),
  /** Instances of the current revision that are kept and not used. */
  withdrawn: z.array(withdrawnView).optional(),
  radiomics: z.array(radiomicsView).optional(),
  /** Findings that a reader may label: the codes of the models in use. */
  findings: z.array(z.object({ code: z.string(), title: z.string() })),
})
export type StudyDetail = z.infer<typeof studyDetail>

/** GET /api/quarantine. Identifies no patient: the study's pseudonym leads to the study where there is one. */
export const quarantineList = z.object({
  entries: z.array(
    z.object({
      quarantine: count,
      stage: z.enum(['intake', 'deidentify', 'verify']),
      reason: z.string(),
      study: pseudonym.nullable(),
      sopClassUid: z.string(),
      transferSyntaxUid: z.string(),
      bytes: count,
      callingAeTitle: z.string(),
      at: instant,
    }),
  ),
})
export type QuarantineList = z.infer<typeof quarantineList>

/** Query of GET /api/egress. */
export const egressQuery = z.strictObject({
  study: pseudonym.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
})

/** `sealed`: on disk; `relayed`: in the exchange folder; `acknowledged`: committed by the hub; `refused`: it said no. */
export const envelopeState = z.enum(['sealed', 'relayed', 'acknowledged', 'refused'])

/** GET /api/egress: what left the building, and what waits. Newest envelopes first. */
export const egressList = z.object({
  streams: z.array(
    z.object({
      epoch: z.number().int(),
      stream: z.string(),
      /** Last sequence sealed, in the exchange folder, and committed by the hub. */
      sealed: count,
      relayed: count,
      acknowledged: count,
      /** Number of envelopes that the hub refused. */
      refused: count,
    }),
  ),
  /** Drift cells, and the counts in them, that stay at the site because they are below 11. */
  heldCells: count,
  heldCounts: count,
  /** Envelopes that went through the hold, by what became of them; none of those refused here ever leaves. */
  held: z.object({ waiting: count, released: count, refused: count }).optional(),
  envelopes: z.array(
    z.object({
      epoch: z.number().int(),
      stream: z.string(),
      sequence: z.number().int(),
      kind: z.string(),
      study: pseudonym.nullable(),
      state: envelopeState,
      sealedAt: instant,
      acknowledgedAt: instant.nullable(),
      /** The envelope's body exactly as it leaves. */
      body: z.unknown(),
    }),
  ),
})
export type EgressList = z.infer<typeof egressList>

/** GET /api/models. */
export const localModelList = z.object({
  models: z.array(
    z.object({
      model: modelVersion,
      state: z.enum(['staged', 'active', 'retained', 'refused']),
      /** Plain words, when refused. */
      message: z.string().nullable(),
      releaseCounter: count,
      /** Approvals that this appliance verified itself. */
      approvals: z.array(z.object({ person: z.string(), role: z.string() })),
      title: z.string().nullable(),
      intendedUse: z.string().nullable(),
      outputs: z.array(z.object({ code: z.string(), title: z.string(), thresholdMilli: z.number().int() })),
      changedAt: instant,
    }),
  ),
  /** Kits or entries that were refused before a model version became known. */
  refused: z.array(z.object({ code: z.string(), message: z.string(), path: z.string(), at: instant })),
})
export type LocalModelList = z.infer<typeof localModelList>

/** POST /api/leaks/:alarm/settle: which alarm. */
export const leakParameters = z.object({ alarm: z.coerce.number().int().min(1) })
export const leakSettled = z.object({ settled: z.literal(true) })

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

/** GET /api/destinations. */
export const destinationList = z.object({
  destinations: z.array(
    z.object({
      name: z.string(),
      /** Of a web service; host and port are those of its URL, and it has no AE title. */
      protocol: z.enum(['dicom', 'stow', 'fhir']).optional(),
      url: z.string().nullable().optional(),
      aeTitle: z.string(),
      host: z.string(),
      port: z.number().int(),
      pending: count,
      dead: z.array(
        z.object({
          delivery: count,
          study: pseudonym,
          revision: z.number().int(),
          attempts: count,
          lastError: z.string().nullable(),
          at: instant.nullable(),
        }),
      ),
    }),
  ),
})
export type DestinationList = z.infer<typeof destinationList>

/** POST /api/destinations/:name/replay: one delivery, or every dead one when none is named. */
export const replayRequest = z.strictObject({ delivery: count.optional() })
export const replayAnswer = z.object({ replayed: count })

/** GET /api/events: data of the server-sent events named `study`. */
export const studyEvent = z.object({ study: pseudonym, state: studyState, revision: z.number().int().min(1) })
export type StudyEvent = z.infer<typeof studyEvent>
