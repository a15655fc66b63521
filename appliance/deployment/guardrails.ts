import { z } from 'zod'
import type { Figures } from './figures.ts'

const permille = z.number().int().min(0).max(1000)

/** What may not be exceeded while a version runs beside the one in use. Shares and ratios in thousandths. */
export const guardrails = z.strictObject({
  /** Below so many runs (for agreement and drift: pairs) nothing but errors is judged. */
  minimumRuns: z.number().int().min(1).max(100_000).default(100),
  maximumErrorPermille: permille.default(20),
  /** The candidate's 95th percentile of time over the champion's: 2000 is twice as long. */
  maximumLatencyRatioMilli: z.number().int().min(100).max(1_000_000).default(3000),
  /** Share of pairs on the same side of the operating point. */
  minimumAgreementPermille: permille.default(900),
  /** Cohen's kappa; without it kappa is shown and not judged, since rare findings make it small by themselves. */
  minimumKappaMilli: z.number().int().min(-1000).max(1000).optional(),
  /** Population stability index between the two versions' scores of the same studies. */
  maximumDriftMilli: z.number().int().min(1).max(100_000).default(250),
})
export type Guardrails = z.infer<typeof guardrails>

/** The guardrails by name, as they stand in records, audit log and interface. */
export const RAILS = ['error-rate', 'latency', 'agreement', 'kappa', 'drift'] as const
export type Rail = (typeof RAILS)[number]

/** A guardrail that broke: what was measured and what was allowed, in thousandths; `output` where it is of one output. */
export interface Break {
  readonly rail: Rail
  readonly output: string | null
  readonly milli: number
  readonly limitMilli: number
}

/** What the guardrails say of the figures so far. */
export type Verdict =
  | { readonly kind: 'gathering'; readonly runs: number; readonly of: number }
  | { readonly kind: 'holding' }
  | { readonly kind: 'broken'; readonly breaks: readonly Break[] }

/**
 * Holds figures against guardrails. Errors are judged before the least number of runs is reached as soon as they are too
 * many whatever follows: nobody waits for the hundredth failure of a version that fails always.
 */
export function judge(rails: Guardrails, figures: Figures): Verdict {
  const breaks = [...errorBreaks(rails, figures), ...latencyBreaks(rails, figures), ...outputBreaks(rails, figures)]
  if (breaks.length > 0) return { kind: 'broken', breaks }
  const { runs } = figures.candidate
  return runs < rails.minimumRuns ? { kind: 'gathering', runs, of: rails.minimumRuns } : { kind: 'holding' }
}

function errorBreaks({ minimumRuns, maximumErrorPermille: limitMilli }: Guardrails, { candidate }: Figures): Break[] {
  const { errors, runs } = candidate
  const milli = (errors / Math.max(runs, minimumRuns)) * 1000
  return milli > limitMilli ? [{ rail: 'error-rate', output: null, milli: Math.round(milli), limitMilli }] : []
}

function latencyBreaks(
  { minimumRuns, maximumLatencyRatioMilli: limitMilli }: Guardrails,
  { candidate, champion }: Figures,
): Break[] {
  if (candidate.timed < minimumRuns || champion.timed < minimumRuns) return []
  if (candidate.p95Ms === null || champion.p95Ms === null) return []
  const milli = (candidate.p95Ms / champion.p95Ms) * 1000
  return milli > limitMilli ? [{ rail: 'latency', output: null, milli: Math.round(milli), limitMilli }] : []
}

function outputBreaks(rails: Guardrails, { outputs }: Figures): Break[] {
  return outputs.flatMap((one): Break[] => {
    const { code: output, pairs, championOnly, candidateOnly, agreement, kappa, psi } = one
    if (pairs + championOnly + candidateOnly < rails.minimumRuns) return []
    const found: Break[] = []
    const least = (rail: Rail, value: number | null, limitMilli: number | undefined): void => {
      if (value === null || limitMilli === undefined || value * 1000 >= limitMilli) return
      found.push({ rail, output, milli: Math.round(value * 1000), limitMilli })
    }
    least('agreement', agreement, rails.minimumAgreementPermille)
    least('kappa', kappa, rails.minimumKappaMilli)
    const drift = (psi ?? 0) * 1000
    if (drift > rails.maximumDriftMilli) {
      found.push({ rail: 'drift', output, milli: Math.round(drift), limitMilli: rails.maximumDriftMilli })
    }
    return found
  })
}
