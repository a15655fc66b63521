import { z } from 'zod'
import { count, instant } from './fields.ts'

/** Versions that run beside the one in use, over the appliance's interface. */

const name = z.string().regex(/^[a-z][a-z0-9-]{1,63}$/)
const version = z.string().regex(/^\d{1,4}\.\d{1,4}\.\d{1,6}$/)
const permille = z.number().int().min(0).max(1000)

export const deploymentRole = z.enum(['canary', 'arm', 'shadow'])

/** What may not be exceeded; shares and ratios in thousandths. What is left out is as the appliance has it. */
export const guardrailsView = z.object({
  minimumRuns: z.number().int(),
  maximumErrorPermille: z.number().int(),
  maximumLatencyRatioMilli: z.number().int(),
  minimumAgreementPermille: z.number().int(),
  minimumKappaMilli: z.number().int().optional(),
  maximumDriftMilli: z.number().int(),
})
export type GuardrailsView = z.infer<typeof guardrailsView>

/** POST /api/deployments. The guardrails are read by the appliance, which knows their bounds. */
export const startDeployment = z.strictObject({
  name,
  version,
  role: deploymentRole,
  /** 0 for the shadow. */
  permille,
  guardrails: z.record(z.string(), z.number()).default({}),
})

/** POST /api/deployments/share. */
export const shareDeployment = z.strictObject({ name, version, permille })
/** POST /api/deployments/end and /api/deployments/promote. */
export const namedVersion = z.strictObject({ name, version })
/** POST /api/deployments/new-versions. */
export const newVersionsRequest = z.strictObject({ name, newVersions: z.enum(['activate', 'stage']) })

const runFigures = z.object({
  runs: count,
  errors: count,
  timed: count,
  /** Of one file, in milliseconds; upper edges of bins that grow by a quarter. */
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
})

const outputFigures = z.object({
  code: z.string(),
  bothBelow: count,
  championAbove: count,
  candidateAbove: count,
  bothAbove: count,
  pairs: count,
  championOnly: count,
  candidateOnly: count,
  agreement: z.number().nullable(),
  kappa: z.number().nullable(),
  psi: z.number().nullable(),
  ks: z.number().nullable(),
})

/** A version that runs, or ran, beside the one in use. */
export const candidateView = z.object({
  candidate: z.number().int(),
  name: z.string(),
  version: z.string(),
  digest: z.string(),
  role: deploymentRole,
  permille,
  /** `stopped`: by the appliance; the alarm stays until a person ends it. */
  state: z.enum(['running', 'stopped', 'ended', 'promoted']),
  reason: z.string().nullable(),
  verdict: z.enum(['gathering', 'holding', 'broken']),
  guardrails: guardrailsView,
  champion: runFigures,
  figures: runFigures,
  outputs: z.array(outputFigures),
  /** Studies that wait to be compared. */
  waiting: count,
  startedBy: z.string(),
  startedAt: instant,
  endedAt: instant.nullable(),
})
export type CandidateView = z.infer<typeof candidateView>

/** GET /api/deployments, and the answer of every change. */
export const deploymentList = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      /** The version in use; null for none. */
      champion: z.string().nullable(),
      /** Verified here, and not in use: what may be started or promoted. */
      ready: z.array(z.string()),
      newVersions: z.enum(['activate', 'stage']),
      championPermille: permille,
    }),
  ),
  candidates: z.array(candidateView),
  /** Versions that the appliance stopped and nobody has looked at. */
  alarms: count,
  /** What was in force when, newest first. */
  history: z.array(
    z.object({
      deployment: z.number().int(),
      name: z.string(),
      cause: z.string(),
      champion: z.string().nullable(),
      beside: z.array(z.object({ version: z.string(), role: deploymentRole, permille })),
      by: z.string(),
      at: instant,
    }),
  ),
})
export type DeploymentList = z.infer<typeof deploymentList>

/** With what the current revision of a study was scored. Series and prior stand under their pseudonyms. */
export const modelUseView = z.object({
  name: z.string(),
  version: z.string(),
  digest: z.string(),
  /** What was in force, as GET /api/deployments names it; null where nothing was ever set. */
  deployment: z.number().int().nullable(),
  arm: z.enum(['champion', 'canary', 'arm']),
  series: z.array(z.string()),
  /** Whether the model chose among the series by a rule. */
  seriesByRule: z.boolean(),
  prior: z
    .object({
      study: z.string(),
      instances: z.array(z.string()),
      /** The prior as the study lists it; null when it is no longer kept. */
      studyInstanceUid: z.string().nullable(),
      studyDate: z.string().nullable(),
    })
    .nullable(),
  noPrior: z.string().nullable(),
  /** A version on trial that failed on this study before. */
  failed: z.object({ version: z.string(), reason: z.string() }).nullable(),
})
export type ModelUseView = z.infer<typeof modelUseView>
