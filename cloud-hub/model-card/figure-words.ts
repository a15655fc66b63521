import type { FleetFigures, LocalFigures } from './fleet-figures.ts'
import type { CardFigure } from './metrics.ts'

/** `auc 0.949 (0.905 to 0.993, DeLong 95 %), n 84, test`. */
export function presentFigure({ name, value, low, high, interval, cases, split }: CardFigure): string {
  const bounds =
    low === null || high === null
      ? ''
      : ` (${rounded(low)} to ${rounded(high)}${interval === null ? '' : `, ${interval}`})`
  return `${name} ${rounded(value)}${bounds}, n ${cases ?? 'unknown'}, ${split}`
}

/** What sites' labels say: whole groups for validity, subgroups for fairness. Each line has its counts and its window. */
export function presentLocal(fleet: FleetFigures, of: 'validity' | 'fairness'): string[] {
  const lines = fleet.findings.flatMap((finding) => {
    const { from, to } = finding.window
    const groups = of === 'validity' ? [finding] : finding.subgroups
    return groups.map((group) => `${finding.finding}, ${localLine(group)}; ${finding.sites} site(s), ${from} to ${to}`)
  })
  const { drift } = fleet
  if (of === 'fairness' || drift.comparisons === 0 || drift.window === null) return lines
  return [
    ...lines,
    `drift ${drift.window.from} to ${drift.window.to}: ${drift.comparisons} comparisons, ${drift.stable} stable, ` +
      `${drift.moderate} moderate, ${drift.major} major, ${drift.tooFew} on too few cases`,
  ]
}

function localLine({ group, studies, positives, negatives, auc, sensitivity, specificity }: LocalFigures): string {
  const counts = `${group}: n ${studies} (${positives} present, ${negatives} absent)`
  if (auc === null || sensitivity === null || specificity === null) return `${counts}, too few for an estimate`
  const figure = (name: string, of: { value: number; low: number; high: number }): string =>
    `${name} ${rounded(of.value)} (${rounded(of.low)} to ${rounded(of.high)})`
  return [counts, figure('auc', auc), figure('sensitivity', sensitivity), figure('specificity', specificity)].join(', ')
}

function rounded(value: number): string {
  return String(Math.round(value * 1000) / 1000)
}
