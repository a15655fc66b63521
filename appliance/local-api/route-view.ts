import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { RouteView, StudyDetail } from '@leadglass/ui/contract/local-api'
import type { Records, StudyRow } from '../records/index.ts'
import { decisionAbout } from '../rules/index.ts'

/** A study in full, with what the rules decided about each of its revisions. */
export function withRoutes(
  records: Pick<Records, 'rules' | 'studies' | 'pixels'>,
  study: StudyRow,
  detail: StudyDetail,
): StudyDetail {
  const rows = records.studies.revisions(study.studyId)
  return {
    ...detail,
    revisions: detail.revisions.map((revision) => {
      const row = rows.find((one) => one.number === revision.revision)
      if (row === undefined) return { ...revision, route: null }
      const egressBlocked = records.pixels.egressBlock(row.revisionId) ?? null
      return { ...revision, route: routeViewOf(records, row.revisionId), egressBlocked }
    }),
  }
}

/** True when nothing about the study's current revision is told to the hub: a rule says so, or its pixels are doubted. */
export function isLocalOnly(records: Pick<Records, 'rules' | 'studies' | 'pixels'>, study: StudyRow): boolean {
  const row = records.studies.revisions(study.studyId).find((one) => one.number === study.revision)
  if (row === undefined) return false
  return (
    records.pixels.egressBlock(row.revisionId) !== undefined ||
    decisionAbout(records, row.revisionId).profile === 'local-only'
  )
}

function routeViewOf(records: Pick<Records, 'rules'>, revisionId: number): RouteView | null {
  const row = records.rules.routeOf(revisionId)
  if (row === undefined) return null
  const { lane, models, destinations, processing, profile, reason } = decisionAbout(records, revisionId)
  return {
    version: row.ruleVersion,
    rule: row.rule,
    lane,
    models: models === 'all' ? 'all' : [...models],
    destinations: destinations === 'all' ? 'all' : [...destinations],
    processing,
    profile,
    reason,
    at: toIsoInstant(row.decidedAt),
  }
}
