import type { StoredRow } from '../lake/index.ts'
import { patientKey } from './cases.ts'
import type { HeadFit } from './fit-head.ts'
import { aucWithInterval } from './math/auc.ts'
import type { TrainingReport } from './report.ts'
import { byStudy, type ProgressPort } from './train.ts'

/** With fewer sites a head without one of them says more of the others' size than of the site. */
const LEAST_SITES = 3
/** The largest sites are left out, one after the other: each costs as much as the run's own fit. */
const MOST_SITES = 8
/** Positive and negative studies that an area of a site needs. */
const LEAST_OF_CLASS = 5

/**
 * Leaves out one site after the other: fits to the others, and measures on the one, which the held-out patients of the run's
 * own partition cannot do, since they are of all sites. A patient is of one site, so none is on both sides.
 * @param parentScores probabilities by the version to improve, of each row.
 * @returns undefined with fewer than three sites, or where none of them has enough cases of both classes.
 */
export function leaveSitesOut(
  rows: readonly StoredRow[],
  parentScores: readonly number[],
  fitHead: HeadFit,
  seed: string,
  progress: ProgressPort,
): TrainingReport['sitesLeftOut'] {
  const ofParent = new Map(rows.map((row, i) => [row, parentScores[i] ?? Number.NaN]))
  const sites = [...new Set(rows.map((row) => row.site))].sort()
  if (sites.length < LEAST_SITES) return undefined
  const sizeOf = (site: string): number => rows.filter((row) => row.site === site).length
  const largest = sites.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, MOST_SITES)
  const result = largest.flatMap((site) => {
    const inside = rows.filter((row) => row.site !== site)
    const outside = rows.filter((row) => row.site === site)
    if (!hasBothClasses(inside) || !hasBothClasses(outside)) return []
    const fitted = fitHead(inside, `${seed}/without/${site}`, () => undefined)
    const probabilities = fitted.probabilities(outside.map((row) => row.embedding))
    const scored = byStudy(outside, (_, i) => probabilities[i] ?? Number.NaN)
    const parent = byStudy(outside, (row) => ofParent.get(row) ?? Number.NaN)
    progress(96, `fitted without ${site}`)
    return [
      {
        site,
        studies: scored.labels.length,
        positives: scored.labels.filter((label) => label === 1).length,
        candidate: aucWithInterval(scored.scores, scored.labels, scored.studies.map(patientKey)),
        parent: aucWithInterval(parent.scores, parent.labels, parent.studies.map(patientKey)),
      },
    ]
  })
  return result.length === 0 ? undefined : result
}

function hasBothClasses(rows: readonly StoredRow[]): boolean {
  const { labels } = byStudy(rows, () => 0)
  const positives = labels.filter((label) => label === 1).length
  return positives >= LEAST_OF_CLASS && labels.length - positives >= LEAST_OF_CLASS
}
