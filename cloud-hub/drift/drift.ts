import { type ModelManifest, type ReferenceDistributions, readPackage } from '@leadglass/models'
import type Database from 'better-sqlite3'
import type { Registry } from '../registry/index.ts'
import { addCells, Baselines } from './baselines.ts'
import { type Compared, compareCounts, type Judgement, judgeFamily } from './compare.ts'
import { type CountedCells, readCounted } from './counted-cells.ts'
import { type DriftEntry, type DriftView, FLEET } from './entries.ts'
import { type FeatureShape, shapeOf } from './features.ts'
import { ChanceTable, groupEntries } from './group-entries.ts'
import { total } from './measures.ts'
import { type PositiveShift, shareAbove, weightOfShift } from './positives.ts'
import { type DriftRules, driftRules } from './rules.ts'

/** What drift needs of a package. */
interface KnownPackage {
  readonly reference: ReferenceDistributions
  readonly outputs: ModelManifest['outputs']
}

/** A window of one feature with how its bins are read and what it is held against. */
interface Placed {
  readonly counted: CountedCells
  readonly shape: FeatureShape
  /** Cells in which its counts came. */
  readonly cells: number
  readonly reference: readonly number[]
  readonly referenceCells: number
  readonly outputs: ModelManifest['outputs']
}

/** Adds up what sites counted and holds it against the reference distributions of the models. */
export class Drift {
  readonly #database: Database.Database
  readonly #registry: Registry
  readonly #rules: DriftRules
  readonly #baselines: Baselines
  readonly #packages = new Map<string, KnownPackage>()
  readonly #chance = new ChanceTable()

  constructor(database: Database.Database, registry: Registry, rules: DriftRules = driftRules.parse({})) {
    this.#database = database
    this.#registry = registry
    this.#rules = rules
    this.#baselines = new Baselines(database)
  }

  /** Every feature that a site has counted for a model of the registry, in the windows that are kept in view. */
  async entries(): Promise<readonly DriftEntry[]> {
    return (await this.view()).features
  }

  /** The same with its groups, of each site and of all together. */
  async view(): Promise<DriftView> {
    const placed: Placed[] = []
    for (const counted of [...this.#counted()]) {
      const one = await this.#place(counted)
      if (one !== undefined) placed.push(one)
    }
    const families = [...Map.groupBy([...placed, ...fleetOf(placed)], familyOf).values()].map((family) =>
      this.#judge(family),
    )
    return {
      features: families.flat(),
      groups: families.flatMap((family) => groupEntries(family, this.#rules, this.#chance)),
    }
  }

  /** Keeps the first windows of each site as its reference where packages have none. @param now an ISO instant. */
  async takeBaselines(now: string): Promise<void> {
    const ended = this.#counted().filter(({ window }) => window.to <= now)
    for (const windows of Map.groupBy(ended, thingOf).values()) {
      const [first] = windows
      const known = first && (await this.#package(first.model.digest))
      if (first === undefined || known === undefined) continue
      const shape = shapeOf(first.feature, known.reference)
      if (shape !== undefined && shape.reference === undefined) this.#baselines.take(windows, this.#rules.baseline)
    }
  }

  #counted(): CountedCells[] {
    return readCounted(this.#database, this.#rules.windowHours, this.#rules.windows)
  }

  async #place(counted: CountedCells): Promise<Placed | undefined> {
    const known = await this.#package(counted.model.digest)
    const shape = known && shapeOf(counted.feature, known.reference)
    if (known === undefined || shape === undefined) return undefined
    const common = { counted, shape, cells: counted.cells.size, outputs: known.outputs }
    if (shape.reference !== undefined) return { ...common, reference: shape.reference, referenceCells: 0 }
    const baseline = this.#baselines.find(counted.device, counted.model.digest, counted.feature)
    if (baseline === undefined) return { ...common, reference: shape.gather(new Map()), referenceCells: 0 }
    // What became the reference is not held against itself.
    if (counted.window.from < baseline.until) return undefined
    return { ...common, reference: shape.gather(baseline.cells), referenceCells: baseline.cells.size }
  }

  #judge(family: readonly Placed[]): DriftEntry[] {
    const compared = family.map((one) => compareCounts(comparable(one), this.#rules.minimum))
    const judged = judgeFamily(compared, this.#rules)
    return family.flatMap((one, index) => {
      const [comparison, judgement] = [compared[index], judged[index]]
      return comparison === undefined || judgement === undefined ? [] : [this.#entry(one, comparison, judgement)]
    })
  }

  #entry(placed: Placed, compared: Compared, judgement: Judgement): DriftEntry {
    const { counted, shape, reference } = placed
    const { device, model, feature, window, month, cells } = counted
    const current = shape.gather(cells)
    const positives = compared.measures === null ? null : this.#positives(placed, current)
    const isSignificant = judgement.q !== null && judgement.q <= this.#rules.falseDiscovery
    const clinical = positives === null || !isSignificant ? 0 : weightOfShift(positives)
    return {
      device,
      model,
      feature,
      group: shape.group,
      window,
      month,
      isOrdered: shape.isOrdered,
      edges: shape.edges,
      reference,
      current,
      referenceOf: shape.reference === undefined ? 'site' : 'package',
      psi: compared.measures?.psi ?? null,
      positives,
      quantiles: shape.quantiles?.(cells) ?? null,
      level: compared.shift === null ? null : Math.max(compared.shift / this.#rules.major, clinical),
      ...compared,
      ...judgement,
    }
  }

  #positives({ shape, reference, outputs }: Placed, current: readonly number[]): PositiveShift | null {
    const code = shape.feature.slice('score.'.length)
    const output = shape.group === 'scores' ? outputs.find((one) => one.code === code) : undefined
    if (output === undefined) return null
    const threshold = output.operatingPoint.thresholdMilli / 1000
    return {
      reference: shareAbove(reference, shape.edges, threshold),
      current: shareAbove(current, shape.edges, threshold),
      limit: this.#rules.positiveShiftOf[code] ?? this.#rules.positiveShift,
    }
  }

  async #package(digest: string): Promise<KnownPackage | undefined> {
    const known = this.#packages.get(digest)
    if (known !== undefined || this.#registry.version(digest) === undefined) return known
    const { reference, manifest } = await readPackage(await this.#registry.packageFolder(digest))
    const found = { reference, outputs: manifest.outputs }
    this.#packages.set(digest, found)
    return found
  }
}

/** All sites together: their counts added, and their references where those are their own. Of one site alone there is none. */
function fleetOf(placed: readonly Placed[]): Placed[] {
  const groups = Map.groupBy(
    placed,
    ({ counted }) => `${counted.model.digest}/${counted.feature}/${counted.window.from}/${counted.window.to}`,
  )
  return [...groups.values()].flatMap((sites) => {
    const [first] = sites
    if (first === undefined || sites.length < 2) return []
    const cells = new Map<number, number>()
    for (const { counted } of sites) addCells(cells, counted.cells)
    const isOwn = first.shape.reference === undefined
    const reference = first.reference.map((count, bin) =>
      isOwn ? total(sites.map((site) => site.reference[bin] ?? 0)) : count,
    )
    const referenceCells = total(sites.map((site) => site.referenceCells))
    const counted = { ...first.counted, device: FLEET, cells }
    return [{ ...first, counted, cells: total(sites.map((site) => site.cells)), reference, referenceCells }]
  })
}

function comparable({ counted, shape, cells, reference, referenceCells }: Placed): Parameters<typeof compareCounts>[0] {
  return {
    reference,
    current: shape.gather(counted.cells),
    positions: shape.positions,
    isOrdered: shape.isOrdered,
    cells,
    referenceCells,
  }
}

function familyOf({ counted: { device, model, window } }: Placed): string {
  return `${device}/${model.digest}/${window.from}/${window.to}`
}

function thingOf({ device, model, feature }: CountedCells): string {
  return `${device}/${model.digest}/${feature}`
}
