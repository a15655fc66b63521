/** One score of a model that tells views apart: `view.pa`, `view.ap`, `view.lateral`. */
export interface ViewScore {
  readonly code: string
  readonly value: number
  /** At or above the operating point in force. */
  readonly above: boolean
}

/** Terms of View Position (0018,5101) and of scores that mean the same. */
const SAME_VIEW: Readonly<Record<string, string>> = { LL: 'LATERAL', RL: 'LATERAL', LAT: 'LATERAL' }

/**
 * Whether scores for views contradict what the header says (View Position, or the view code). With scores for several
 * views the largest speaks, where it is above its operating point; a single score speaks both ways: above it is its view,
 * below it is another one.
 * @returns `undefined` where the header names no view, or nothing speaks.
 */
export function viewDisagrees(headerView: string, scores: readonly ViewScore[]): boolean | undefined {
  const views = scores.filter(({ code }) => code.startsWith('view.'))
  const largest = views.toSorted((a, b) => b.value - a.value)[0]
  if (headerView === '' || largest === undefined) return undefined
  const isHeaders = viewOf(largest.code.slice('view.'.length)) === viewOf(headerView)
  if (largest.above) return !isHeaders
  return views.length === 1 ? isHeaders : undefined
}

function viewOf(term: string): string {
  const upper = term.toUpperCase()
  return SAME_VIEW[upper] ?? upper
}
