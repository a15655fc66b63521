import type { DeclaredOutcome, GateResult as ShownGate } from '@leadglass/ui/contract/hub-api'
import type { TrainingReport } from '../../training/index.ts'

type Gate = TrainingReport['gates'][number]

/** The hub's own gates in words. */
const OWN: Readonly<Record<string, (limit: number) => string>> = {
  positives: (limit) => `at least ${limit} positive held-out studies`,
  negatives: (limit) => `at least ${limit} negative held-out studies`,
  patients: (limit) => `at least ${limit} held-out patients`,
  'not-worse-than-parent': (limit) => `AUC at most ${-limit} below the parent on the same studies`,
  'not-significantly-worse': (limit) => `upper end of the 95 % interval of that difference at least ${limit}`,
  'export-parity': (limit) => `exported graph within ${limit} of the trainer`,
}

/** The gates of a report as people read them. */
export function gatesOfReport(gates: readonly Gate[]): ShownGate[] {
  return gates.map(({ gate, limit, measured, passed, declared }): ShownGate => {
    if (declared === undefined) {
      const wanted = OWN[gate]?.(limit) ?? `limit ${limit}`
      const plain = { low: null, high: null, cases: null, detail: null } as const
      return { name: gate, wanted, value: measured, holds: passed, outcome: passed ? 'passed' : 'failed', ...plain }
    }
    const { outcome, low, high, n, subgroup, reason } = declared
    const group = subgroup === null ? [] : [`decided by ${subgroup.by} ${subgroup.value}`]
    const why = outcome === 'not-evaluable' ? [reason] : []
    return {
      name: gate,
      wanted: wantedOf(declared, limit),
      value: measured,
      holds: passed,
      outcome,
      low,
      high,
      cases: n,
      detail: [...group, ...why].join('; ') || null,
    }
  })
}

const BOUND: Readonly<Record<DeclaredOutcome['judgedBy'], string>> = {
  estimate: '',
  'unfavourable-bound': ', shown by the interval',
  'favourable-bound': ', unless the interval leaves it open',
}

/** `sensitivity at in-use at least 0.9, shown by the interval, on 50 cases or more`. */
function wantedOf(declared: DeclaredOutcome, limit: number): string {
  const { measure, operatingPoint, subgroup, comparison, judgedBy, direction, minimumCases } = declared
  const figure = `${measure.replaceAll('-', ' ')}${operatingPoint === null ? '' : ` at ${operatingPoint}`}`
  const enough = minimumCases === 0 ? '' : `, on ${minimumCases} cases or more`
  const wanted = {
    absolute: `${direction === 'at-least' ? 'at least' : 'at most'} ${limit}${subgroup === null ? '' : ` by ${subgroup.by}`}`,
    'against-running': `at most ${-limit} worse than the running version`,
    'subgroup-gap': `within ${limit} of all others${subgroup === null ? '' : `, by ${subgroup.by}`}`,
  }[comparison]
  return `${figure} ${wanted}${BOUND[judgedBy]}${enough}`
}
