import { binOf, type ModelManifest, type ReferenceDistributions } from '@leadglass/models'
import { PAIR_BIN, RUN_BIN, type Tally, UNPAIRED_BIN } from './figures.ts'
import { latencyBin } from './statistics.ts'

/** One score of one instance by one version. */
export interface VersionScore {
  readonly ordinal: number
  readonly code: string
  readonly value: number
  readonly above: boolean
}

/** Edges in units of the operating point, for a package whose reference says nothing of the score. */
const FALLBACK = [0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 4]

/** The version that the counts are made against: its bins and operating points hold for both. */
export interface PairBase {
  readonly manifest: Pick<ModelManifest, 'outputs'>
  readonly reference: ReferenceDistributions
}

/**
 * Counts what two versions said of the same instances: the two by two table at each version's own operating point, and
 * the scores of both on the champion's bins.
 * @param codes the outputs that both versions have.
 */
export function countPairs(
  base: PairBase,
  champion: readonly VersionScore[],
  candidate: readonly VersionScore[],
  codes: ReadonlySet<string>,
): readonly Tally[] {
  const tallies: Tally[] = []
  const other = new Map(candidate.filter(({ code }) => codes.has(code)).map((score) => [keyOf(score), score]))
  for (const first of champion.filter(({ code }) => codes.has(code))) {
    const { code } = first
    const second = other.get(keyOf(first))
    other.delete(keyOf(first))
    if (second === undefined) {
      tallies.push({ measure: 'unpaired', code, bin: UNPAIRED_BIN.championOnly, count: 1 })
      continue
    }
    tallies.push(
      { measure: 'pair', code, bin: pairBin(first.above, second.above), count: 1 },
      { measure: 'score-champion', code, bin: scoreBin(base, code, first.value), count: 1 },
      { measure: 'score-candidate', code, bin: scoreBin(base, code, second.value), count: 1 },
    )
  }
  for (const { code } of other.values()) {
    tallies.push({ measure: 'unpaired', code, bin: UNPAIRED_BIN.candidateOnly, count: 1 })
  }
  return tallies
}

/** Counts one run of one version. @param ms of one file; undefined where the run has no time. */
export function countRun(who: 'champion' | 'candidate', hasFailed: boolean, ms: number | undefined): readonly Tally[] {
  const bin = hasFailed ? RUN_BIN.failed : RUN_BIN.fine
  const run: Tally = { measure: `run-${who}`, code: '', bin, count: 1 }
  return ms === undefined ? [run] : [run, { measure: `latency-${who}`, code: '', bin: latencyBin(ms), count: 1 }]
}

function keyOf({ ordinal, code }: VersionScore): string {
  return `${ordinal}/${code}`
}

function pairBin(champion: boolean, candidate: boolean): number {
  if (champion) return candidate ? PAIR_BIN.bothAbove : PAIR_BIN.championAbove
  return candidate ? PAIR_BIN.candidateAbove : PAIR_BIN.bothBelow
}

function scoreBin({ manifest, reference }: PairBase, code: string, value: number): number {
  const feature = reference.features.find((one) => one.feature === `score.${code}`)
  if (feature !== undefined) return binOf(feature, value)
  const threshold = (manifest.outputs.find((one) => one.code === code)?.operatingPoint.thresholdMilli ?? 500) / 1000
  return FALLBACK.filter((edge) => value >= edge * threshold).length
}
