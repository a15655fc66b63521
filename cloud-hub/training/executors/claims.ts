import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import type { FittedHead } from '../fit-head.ts'
import { RUN_FILES } from '../job.ts'
import { type TrainingReport, trainingReport } from '../report.ts'
import { ExecutorError } from './errors.ts'
import type { ReturnedFileName } from './port.ts'

const finite = z.number()
const thresholdMilli = z.number().int().min(1).max(999)

/** What `fit_head.py` hands back: numbers only. */
export const headWeights = z.strictObject({
  schema: z.literal('leadglass.head-weights/1'),
  run: z.uuid(),
  snapshot: sha256Hex,
  parent: sha256Hex,
  code: sha256Hex,
  seed: z.string().max(200),
  finding: z.string().max(60),
  prior: trainingReport.shape.prior.unwrap(),
  thresholdMilli,
  points: z
    .array(z.strictObject({ name: z.string().max(100), thresholdMilli, runningThresholdMilli: thresholdMilli }))
    .max(20),
  weight: z.array(finite).min(1).max(8192),
  bias: finite,
})

/** What a job says that its result was made for. `run` is null where the form has no place for it. */
export interface ClaimedOrigin {
  readonly run: string | null
  readonly snapshot: string
  readonly parent: string
  readonly code: string
  readonly seed: string
  readonly finding: string
}

/** What came back, as far as it is of a form that is read: choices and numbers, none of them believed yet. */
export type Claim = {
  readonly about: ClaimedOrigin
  readonly thresholdMilli: number
  readonly chosen: Pick<TrainingReport, 'prior' | 'trainer'>
  /** Thresholds of further operating points, where the job chose them. */
  readonly furtherPoints: NonNullable<FittedHead['furtherPoints']>
} & (
  | { readonly kind: 'weights'; readonly weight: readonly number[]; readonly bias: number }
  | { readonly kind: 'report'; readonly report: TrainingReport }
)

/** Figures that differ by less come from another order of summation; the hub's own stand in any case. */
const FIGURE_LIMIT = 0.01

/**
 * Reads what a job handed back: weights where there are any, else a graph with its report.
 * @throws {ExecutorError} `result-missing`, `result-invalid`.
 */
export async function readClaim(folder: string, names: readonly ReturnedFileName[]): Promise<Claim> {
  if (names.includes('weights.json')) {
    const read = await readJson(join(folder, 'weights.json'), headWeights)
    const { run, snapshot, parent, code, seed, finding, prior, weight, bias } = read
    const about = { run, snapshot, parent, code, seed, finding }
    return {
      kind: 'weights',
      about,
      thresholdMilli: read.thresholdMilli,
      chosen: { prior },
      furtherPoints: read.points.map((one) => ({
        name: one.name,
        threshold: one.thresholdMilli / 1000,
        runningThreshold: one.runningThresholdMilli / 1000,
      })),
      weight,
      bias,
    }
  }
  if (!names.includes(RUN_FILES.head) || !names.includes(RUN_FILES.report)) {
    throw new ExecutorError('result-missing', 'the job left neither weights, nor a graph with its report')
  }
  const report = await readJson(join(folder, RUN_FILES.report), trainingReport)
  const { snapshot, parent, code, seed, finding, prior, trainer } = report
  const chosen = { ...(prior === undefined ? {} : { prior }), ...(trainer === undefined ? {} : { trainer }) }
  const about = { run: null, snapshot, parent, code, seed, finding }
  const threshold = thresholdMilli.safeParse(report.thresholdMilli)
  if (!threshold.success) throw new ExecutorError('result-invalid', 'the operating point is no probability')
  return {
    kind: 'report',
    about,
    thresholdMilli: threshold.data,
    chosen,
    furtherPoints: furtherPointsOf(report),
    report,
  }
}

/** Thresholds are choices like any other: that they were chosen well, the hub's own figures at them show. */
function furtherPointsOf({ evaluation }: TrainingReport): Claim['furtherPoints'] {
  return (evaluation?.comparison?.points ?? []).slice(1).flatMap(({ name, threshold, runningThreshold }) => {
    const known = [threshold, runningThreshold].every((one) => thresholdMilli.safeParse(Math.round(one * 1000)).success)
    return known ? [{ name, threshold, runningThreshold }] : []
  })
}

/** Where a report that came along states something else than the hub measured, by path. How far the export agrees is each side's own figure. */
export function differencesOf(claimed: TrainingReport, own: TrainingReport): string[] {
  const compared = ({ cases, candidate, parentModel, comparison, subgroups, gates, head }: TrainingReport) => ({
    cases,
    candidate,
    parentModel,
    comparison,
    subgroups,
    gates: gates.map(({ gate, passed }) => ({ gate, passed })),
    head,
  })
  return [...pathsOf(compared(claimed), compared(own), '')]
}

function* pathsOf(claimed: unknown, own: unknown, path: string): Generator<string> {
  if (isObject(claimed) && isObject(own)) {
    for (const key of new Set([...Object.keys(claimed), ...Object.keys(own)])) {
      yield* pathsOf(claimed[key], own[key], path === '' ? key : `${path}.${key}`)
    }
    return
  }
  const equal =
    typeof claimed === 'number' && typeof own === 'number'
      ? Math.abs(claimed - own) <= (Number.isInteger(own) && Number.isInteger(claimed) ? 0 : FIGURE_LIMIT)
      : claimed === own
  if (!equal) yield path
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new ExecutorError('result-invalid', 'what came back is not JSON', { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ExecutorError(
    'result-invalid',
    `what came back is not of its form at ${issue?.path.join('.') ?? 'its root'}`,
  )
}
