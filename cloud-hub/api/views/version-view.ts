import { type ModelPackage, readPackage } from '@leadglass/models'
import type {
  EvaluationView,
  Metric,
  VersionDetail,
  VersionState,
  VersionSummary,
} from '@leadglass/ui/contract/hub-api'
import type { ApprovalState, Proposal } from '../../governance/index.ts'
import type { ModelVersion } from '../../registry/index.ts'
import type { HubServices } from '../services.ts'
import { signaturesView } from './approval-view.ts'
import { versionEvaluationView } from './evaluation-view.ts'
import { metricsOfCard } from './metrics.ts'

/** From furthest to nearest: a version that was released once stays released. */
const ORDER: readonly [ApprovalState, VersionState][] = [
  ['published', 'released'],
  ['approved', 'approved'],
  ['partially-signed', 'partially-signed'],
  ['in-review', 'in-review'],
  ['submitted', 'submitted'],
  ['changes-requested', 'changes-requested'],
  ['rejected', 'rejected'],
  ['expired', 'expired'],
  ['withdrawn', 'withdrawn'],
]

/** Packages do not change, so what was read of one stays true. */
const packages = new WeakMap<HubServices, Map<string, ModelPackage>>()

/** A version in a list. */
export async function versionView(services: HubServices, version: ModelVersion): Promise<VersionSummary> {
  const { digest } = version.model
  const { card } = await packageOf(services, digest)
  return {
    model: version.model,
    title: version.title,
    state: standing(services, digest).state,
    releaseCounter: version.releaseCounter,
    author: version.author,
    createdAt: version.importedAt,
    activeOn: services.fleet
      .devices()
      .filter((device) => device.health?.models.some((one) => one.state === 'active' && one.model.digest === digest))
      .length,
    headline: headlineOf(metricsOfCard(card.metrics)),
  }
}

/** A version with everything that its package and its approvals say. */
export async function versionDetailView(services: HubServices, version: ModelVersion): Promise<VersionDetail> {
  const { card, manifest } = await packageOf(services, version.model.digest)
  const { proposal } = standing(services, version.model.digest)
  return {
    summary: await versionView(services, version),
    intendedUse: manifest.intendedUse,
    card,
    metrics: metricsOfCard(card.metrics),
    lineage: manifest.lineage,
    approval: proposal?.id ?? null,
    signatures: proposal === undefined ? [] : signaturesView(proposal),
  }
}

/** How good a version was when it was trained here. */
export async function versionEvaluation(services: HubServices, version: ModelVersion): Promise<EvaluationView> {
  return versionEvaluationView(await packageOf(services, version.model.digest))
}

/** The state of a version, and the proposal that it follows from. */
function standing(
  { governance, releases }: HubServices,
  digest: string,
): { readonly state: VersionState; readonly proposal?: Proposal } {
  if (releases === undefined) return { state: 'candidate' }
  const proposals = governance.proposalsOf(digest)
  for (const [state, shown] of ORDER) {
    const proposal = proposals.findLast((one) => releases.stateOf(one) === state)
    if (proposal !== undefined) return { state: shown, proposal }
  }
  return { state: 'candidate' }
}

function headlineOf(metrics: readonly Metric[]): Metric | null {
  return metrics.find((metric) => metric.name === 'auc') ?? metrics[0] ?? null
}

async function packageOf(services: HubServices, digest: string): Promise<ModelPackage> {
  const known = packages.get(services) ?? new Map<string, ModelPackage>()
  packages.set(services, known)
  const read = known.get(digest) ?? (await readPackage(await services.registry.packageFolder(digest)))
  known.set(digest, read)
  return read
}
