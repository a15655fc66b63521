import { type ModelPackage, tableRow } from '@leadglass/models'
import { type DataSet, instanceFacts, text } from '../imaging/index.ts'
import type { Records } from '../records/index.ts'

const PATIENT_SEX = 0x00100040

/**
 * The row that a model of tables was given, put together again from the record and the object. A row that does not give the score
 * on record explains nothing, and is refused by whoever asked for it.
 * @returns null is NaN; `undefined` for a model of images, and for a row that is not complete any more.
 */
export function rowAgain(
  { manifest }: ModelPackage,
  revisionId: number,
  object: DataSet,
  { studies, radiomics }: Pick<Records, 'studies' | 'radiomics'>,
): readonly (number | null)[] | undefined {
  if (manifest.columns === undefined) return undefined
  const figures = new Map<string, number>()
  const note = (code: string | null, value: number | null): void => {
    if (code !== null && value !== null && !figures.has(code)) figures.set(code, value)
  }
  const results = studies.results(revisionId).toSorted((a, b) => a.ordinal - b.ordinal)
  const scores = studies.scores(revisionId)
  const features = radiomics.ofRevision(revisionId)
  for (const { resultId, modelName, quality } of results) {
    for (const [code, value] of Object.entries(JSON.parse(quality) as Record<string, number>)) note(code, value)
    for (const score of scores) {
      if (score.resultId === resultId) note(`score.${modelName ?? ''}.${score.code}`, score.value)
    }
    for (const one of features) if (one.resultId === resultId) note(one.code, one.value)
  }
  const row = tableRow(manifest.columns, ({ source, coding }) => {
    if (source === 'header.age-years') return instanceFacts(object).ageYears
    if (source !== 'header.sex') return figures.get(source)
    const sex = text(object, PATIENT_SEX)
    return sex === 'F' || sex === 'M' || sex === 'O' ? coding?.[sex] : undefined
  })
  return row.kind === 'row' ? row.values : undefined
}
