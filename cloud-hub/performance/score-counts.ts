import { readPackage } from '@leadglass/models'
import type { PerformanceView } from '@leadglass/ui/contract/hub-api'
import type Database from 'better-sqlite3'
import type { Registry } from '../registry/index.ts'
import type { Estimator } from './estimator.ts'
import { boundsFromCounts, type ScoreBin } from './from-counts.ts'

export const READ_SCORE_CELLS = `SELECT i.device, d.month, c.bin, sum(c.count) AS count
  FROM drift_counts d JOIN envelope_inbox i ON i.id = d.envelope JOIN drift_cells c ON c.envelope = d.envelope
  WHERE d.model_digest = ? AND d.feature = ? GROUP BY i.device, d.month, c.bin ORDER BY i.device, d.month, c.bin`

interface CellRow {
  readonly device: string
  readonly month: string
  readonly bin: number
  readonly count: number
}

/**
 * Bounds of performance by site and month from counts of scores on the edges of the package's reference. Cells under 11 are
 * still at the site, so the counts may be short of some.
 * @param threshold the package's own operating point; a site may have set another.
 */
export async function boundsBySite(
  parts: { readonly database: Database.Database; readonly registry: Registry },
  of: { readonly digest: string; readonly finding: string },
  estimator: Estimator,
): Promise<Map<string, PerformanceView['counts']>> {
  const found = new Map<string, PerformanceView['counts']>()
  const rows = parts.database.prepare(READ_SCORE_CELLS).all(of.digest, `score.${of.finding}`) as CellRow[]
  if (rows.length === 0) return found
  const { manifest, reference } = await readPackage(await parts.registry.packageFolder(of.digest))
  const output = manifest.outputs.find((one) => one.code === of.finding)
  const edges = reference.features.find((one) => one.feature === `score.${of.finding}`)?.edges
  if (output === undefined || edges === undefined) return found
  const threshold = output.operatingPoint.thresholdMilli / 1000
  for (const [key, cells] of Map.groupBy(rows, (row) => `${row.device}/${row.month}`)) {
    const [device = '', month = ''] = key.split('/')
    const bins: ScoreBin[] = cells.map(({ bin, count }) => ({
      low: bin === 0 ? Number.NEGATIVE_INFINITY : (edges[bin] ?? Number.NEGATIVE_INFINITY),
      high: bin === edges.length - 2 ? Number.POSITIVE_INFINITY : (edges[bin + 1] ?? Number.POSITIVE_INFINITY),
      count,
    }))
    const n = cells.reduce((sum, cell) => sum + cell.count, 0)
    const figures = boundsFromCounts(bins, threshold, estimator.calibration) ?? null
    found.set(device, [...(found.get(device) ?? []), { month, n, figures }])
  }
  return found
}
