import { total } from './measures.ts'

/** What a shift of a score means for patients: the share of studies above the operating point, before and now. */
export interface PositiveShift {
  readonly reference: number
  readonly current: number
  /** Change that matters, as declared. */
  readonly limit: number
}

/** The share of counts above a threshold; a bin that holds it counts in proportion. NaN of no counts. */
export function shareAbove(counts: readonly number[], edges: readonly number[], threshold: number): number {
  const above = counts.reduce((sum, count, bin) => {
    const [low, high] = [edges[bin] ?? 0, edges[bin + 1] ?? 0]
    const part = Math.min(1, Math.max(0, (high - threshold) / (high - low)))
    return sum + count * part
  }, 0)
  return above / total(counts)
}

/** Change of the share above the operating point against its limit: 1 and above matters. */
export function weightOfShift({ reference, current, limit }: PositiveShift): number {
  return Math.abs(current - reference) / limit
}
