import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { CandidateView, DeploymentList, ModelUseView, StudyDetail } from '@leadglass/ui/contract/local-api'
import { z } from 'zod'
import { modelInputs, railsOf, type SlotRange, shareOf } from '../deployment/index.ts'
import type { CandidateRow, Records, StudyRow } from '../records/index.ts'
import type { LocalApiContext } from './context.ts'
import { instantOrNull } from './views.ts'

const MOST_CANDIDATES = 100
const MOST_CHANGES = 100

const noted = z.object({
  champion: z.string().nullable(),
  beside: z.array(
    z.object({ version: z.string(), role: z.enum(['canary', 'arm', 'shadow']), permille: z.number().int() }),
  ),
})

/** What runs beside the versions in use, with its figures, and what was in force when. */
export function deploymentListOf({ records, deployments }: LocalApiContext): DeploymentList {
  const rows = records.models.all()
  const candidates = records.deployments.candidates(MOST_CANDIDATES)
  const names = [...new Set(rows.map(({ name }) => name))]
  return {
    models: names.map((name) => {
      const own = rows.filter((row) => row.name === name)
      const taken = records.deployments.running(name).reduce((sum, one) => sum + shareOf(slotsOf(one)), 0)
      return {
        name,
        champion: own.find(({ state }) => state === 'active')?.version ?? null,
        ready: own
          .filter(({ state, digest }) => state !== 'active' && records.deployments.isAdmitted(digest))
          .map(({ version }) => version),
        newVersions: records.deployments.newVersions(name),
        championPermille: 1000 - taken,
      }
    }),
    candidates: candidates.map((one) => candidateViewOf(records, deployments.counter, one)),
    alarms: candidates.filter(({ state }) => state === 'stopped').length,
    history: records.deployments.history(MOST_CHANGES).map((row) => ({
      deployment: row.deploymentId,
      name: row.name,
      cause: row.cause,
      ...noted.parse(JSON.parse(row.content)),
      by: row.changedBy,
      at: toIsoInstant(row.changedAt),
    })),
  }
}

function candidateViewOf(
  records: Pick<Records, 'deployments'>,
  counter: LocalApiContext['deployments']['counter'],
  row: CandidateRow,
): CandidateView {
  const { candidateId, name, version, digest, role, state, reason, startedBy } = row
  const { champion, candidate, outputs } = counter.figures(candidateId)
  const { minimumKappaMilli, ...rails } = railsOf(row)
  return {
    candidate: candidateId,
    name,
    version,
    digest,
    role,
    permille: shareOf(slotsOf(row)),
    state,
    reason,
    verdict: counter.verdict(row).kind,
    guardrails: { ...rails, ...(minimumKappaMilli === undefined ? {} : { minimumKappaMilli }) },
    champion,
    figures: candidate,
    outputs: [...outputs],
    waiting: records.deployments.waitingShadow(candidateId),
    startedBy,
    startedAt: toIsoInstant(row.startedAt),
    endedAt: instantOrNull(row.endedAt),
  }
}

/** Adds to a study with what its current revision was scored. */
export function withModelUses(
  records: Pick<Records, 'deployments' | 'studies' | 'priors'>,
  study: StudyRow,
  detail: StudyDetail,
): StudyDetail {
  const revision = records.studies.revisions(study.studyId).find((one) => one.number === study.revision)
  if (revision === undefined) return detail
  const priors = new Map(records.priors.of(study.studyId).map((prior) => [prior.priorId, prior]))
  const models = records.deployments.uses(revision.revisionId).map((use): ModelUseView => {
    const { series, chosen, prior, noPrior, failed } = modelInputs.parse(JSON.parse(use.inputs))
    const kept = prior === null ? undefined : priors.get(prior.priorId)
    return {
      name: use.name,
      version: use.version,
      digest: use.digest,
      deployment: use.deploymentId,
      arm: use.arm,
      series,
      seriesByRule: chosen,
      prior:
        prior === null
          ? null
          : {
              study: prior.study,
              instances: prior.instances,
              studyInstanceUid: kept?.studyInstanceUid ?? null,
              studyDate: kept?.studyDate ?? null,
            },
      noPrior,
      failed,
    }
  })
  return { ...detail, models }
}

function slotsOf({ slots }: CandidateRow): readonly SlotRange[] {
  return JSON.parse(slots) as SlotRange[]
}
