import type { RadiomicsView, StudyDetail } from '@leadglass/ui/contract/local-api'
import type { Records, StudyRow } from '../records/index.ts'

/** A study in full, with the radiomic features of its current revision. */
export function withRadiomics(
  records: Pick<Records, 'studies' | 'radiomics'>,
  study: StudyRow,
  detail: StudyDetail,
): StudyDetail {
  const current = records.studies.revisions(study.studyId).find((one) => one.number === study.revision)
  if (current === undefined) return detail
  const regions = new Map<number, RadiomicsView>()
  const results = records.studies.results(current.revisionId)
  for (const row of records.radiomics.ofRevision(current.revisionId)) {
    const result = results.find((one) => one.resultId === row.resultId)
    const { settings, voxels, reason } = row
    const region = regions.get(row.resultId) ?? {
      instance: result?.ordinal ?? 0,
      model: `${result?.modelName ?? ''} ${result?.modelVersion ?? ''}`.trim(),
      voxels,
      reason,
      values: [],
    }
    const { code, ibsi, unit, value } = row
    if (code !== null) {
      region.values = [...region.values, { code, ibsi, unit, value, verified: row.verified === 1, settings }]
    }
    regions.set(row.resultId, region)
  }
  return { ...detail, radiomics: [...regions.values()] }
}
