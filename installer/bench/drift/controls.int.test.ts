import { binOf, type ReferenceFeature, seededRandom } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { featureValue } from '../../../appliance/egress/drift-cells.ts'
import { ScoringRoom } from '../../../appliance/scoring/testing/scoring-room.ts'
import { type Compared, compareCounts, judgeFamily } from '../../../cloud-hub/drift/compare.ts'
import { chanceDistance, concordance, featureDistance } from '../../../cloud-hub/drift/group-distance.ts'
import { driftRules } from '../../../cloud-hub/drift/rules.ts'
import { sharedData } from '../../testing/peers.ts'
import { asAnotherScanner, measureAll, type RealMeasured, radiographsOf } from './real-features.ts'

const folder = sharedData('cxr-nih')
/** The samples are small: the least number is lowered to what there is, everything else is as it is shipped. */
const RULES = driftRules.parse({ minimum: 100 })
const SEEDS = 100

interface Judged extends Compared {
  readonly feature: string
  readonly verdict: string
  readonly q: number | null
  readonly reference: readonly number[]
  readonly current: readonly number[]
}

describe.skipIf(folder === undefined)('drift on real radiographs (needs the shared NIH data)', () => {
  let room: ScoringRoom
  let features: readonly ReferenceFeature[]
  let shipped: readonly RealMeasured[]
  let degraded: readonly RealMeasured[]

  beforeAll(async () => {
    room = await ScoringRoom.open()
    const model = await room.ship('chest-radiograph', '1.1.0')
    const pool = await room.started({ workers: 2 })
    features = model.reference.features
    const given = { pool, model, work: room.work, folder: folder ?? '' }
    const all = await radiographsOf(folder ?? '')
    shipped = await measureAll(given, all)
    degraded = await measureAll(given, all, asAnotherScanner)
  }, 240_000)
  afterAll(() => room.close())

  const countsOf = (feature: ReferenceFeature, of: readonly RealMeasured[]): number[] => {
    const counts = new Array<number>(feature.counts.length).fill(0)
    for (const { measured } of of) {
      const value = featureValue(measured, feature.feature)
      if (value !== undefined) counts[binOf(feature, value)] = (counts[binOf(feature, value)] ?? 0) + 1
    }
    return counts
  }

  /** All features of two groups of images, judged as one site and window. */
  const judge = (before: readonly RealMeasured[], now: readonly RealMeasured[]): Judged[] => {
    const pairs = features.map((feature) => ({
      feature: feature.feature,
      reference: countsOf(feature, before),
      current: countsOf(feature, now),
      positions: feature.edges.slice(1).map((edge, i) => (edge + (feature.edges[i] ?? edge)) / 2),
    }))
    const compared = pairs.map((pair) =>
      compareCounts({ ...pair, isOrdered: true, cells: 0, referenceCells: 0 }, RULES.minimum),
    )
    const judged = judgeFamily(compared, RULES)
    return pairs.flatMap(({ feature, reference, current }, i) => {
      const [one, verdict] = [compared[i], judged[i]]
      return one === undefined || verdict === undefined ? [] : [{ feature, reference, current, ...one, ...verdict }]
    })
  }
  const moved = (of: readonly Judged[]): Judged[] => of.filter(({ verdict }) => verdict !== 'stable')
  const appearance = (of: readonly Judged[]): number =>
    concordance(
      of
        .filter(({ feature }) => feature.startsWith('embedding.') || feature.startsWith('quality.'))
        .map(({ reference, current, n }) => ({
          distance: featureDistance(reference, current, true),
          chance: chanceDistance(
            reference,
            true,
            n,
            reference.reduce((sum, count) => sum + count, 0),
          ),
          weight: 1,
        })),
    ) ?? 0

  /** How many of a hundred random halvings say that something moved; a half takes whole units. */
  const alarmsOver = (unitOf: (one: RealMeasured) => string): { features: number; groups: number } => {
    const units = [...new Set(shipped.map(unitOf))]
    let [ofFeatures, ofGroups] = [0, 0]
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const random = seededRandom(seed)
      const first = new Set(units.filter(() => random() < 0.5))
      const judged = judge(
        shipped.filter((one) => first.has(unitOf(one))),
        shipped.filter((one) => !first.has(unitOf(one))),
      )
      expect(judged.every(({ verdict }) => verdict !== 'too-few')).toBe(true)
      if (moved(judged).length > 0) ofFeatures += 1
      if (-appearance(judged) >= RULES.group) ofGroups += 1
    }
    return { features: ofFeatures, groups: ofGroups }
  }

  it('stays silent over a hundred random splits, at the rate that it states', () => {
    const { features: ofFeatures, groups } = alarmsOver(({ file }) => file)
    // One in a hundred by the rule; more than four has a chance of 0.3 %.
    expect(ofFeatures).toBeLessThanOrEqual(4)
    expect(groups).toBeLessThanOrEqual(4)
  })

  it('speaks a little more often where images of one patient stay together: they are alike, and no count says so', () => {
    const { features: ofFeatures, groups } = alarmsOver(({ patient }) => patient)
    expect(ofFeatures).toBeLessThanOrEqual(10)
    expect(groups).toBeLessThanOrEqual(4)
  })

  it('finds that the radiographs are AP where they were PA', () => {
    const judged = judge(
      shipped.filter(({ view }) => view === 'PA'),
      shipped.filter(({ view }) => view === 'AP'),
    )
    expect(moved(judged).length / judged.length).toBeGreaterThan(0.2)
    expect(moved(judged).map(({ feature }) => feature)).toContain('score.view.ap')
    expect(appearance(judged)).toBeLessThan(-RULES.group)
  })

  it('finds that the same radiographs came from another scanner', () => {
    const judged = judge(shipped, degraded)
    expect(moved(judged).length / judged.length).toBeGreaterThan(0.2)
    expect(moved(judged).some(({ feature }) => feature.startsWith('embedding.'))).toBe(true)
    expect(appearance(judged)).toBeLessThan(-RULES.group)
  })
})
