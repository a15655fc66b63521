import { type ReferenceDistributions, readPackage } from '@leadglass/models'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import type Database from 'better-sqlite3'
import type { Registry } from '../registry/index.ts'
import { compareDistributions, type DriftComparison } from './compare.ts'

export const READ_CELLS = `SELECT i.device, d.model_name AS name, d.model_version AS version, d.model_digest AS digest,
  d.feature, d.month, c.bin, sum(c.count) AS count
  FROM drift_counts d JOIN envelope_inbox i ON i.id = d.envelope JOIN drift_cells c ON c.envelope = d.envelope
  GROUP BY i.device, d.model_digest, d.feature, d.month, c.bin ORDER BY i.device, d.model_digest, d.feature, d.month, c.bin`

interface CellRow {
  readonly device: string
  readonly name: string
  readonly version: string
  readonly digest: string
  readonly feature: string
  readonly month: string
  readonly bin: number
  readonly count: number
}

/** One feature of one model at one site in one month, on the bins of the model's reference. */
export interface DriftEntry extends DriftComparison {
  readonly device: string
  readonly model: ModelReference
  readonly feature: string
  readonly month: string
  readonly edges: readonly number[]
  readonly reference: readonly number[]
  readonly current: readonly number[]
}

/** Adds up what sites counted and holds it against the reference distributions of the models. */
export class Drift {
  readonly #database: Database.Database
  readonly #registry: Registry
  readonly #references = new Map<string, ReferenceDistributions>()

  constructor(database: Database.Database, registry: Registry) {
    this.#database = database
    this.#registry = registry
  }

  /** Every feature that a site has counted for a model of the registry. */
  async entries(): Promise<DriftEntry[]> {
    const groups = new Map<string, CellRow[]>()
    for (const row of this.#database.prepare(READ_CELLS).all() as CellRow[]) {
      const key = `${row.device}/${row.digest}/${row.feature}/${row.month}`
      groups.set(key, [...(groups.get(key) ?? []), row])
    }
    const entries: DriftEntry[] = []
    for (const rows of groups.values()) {
      const entry = await this.#entry(rows)
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  async #entry(rows: readonly CellRow[]): Promise<DriftEntry | undefined> {
    const [first] = rows
    if (first === undefined) return undefined
    const reference = (await this.#reference(first.digest))?.features.find((one) => one.feature === first.feature)
    if (reference === undefined) return undefined
    const current = reference.counts.map((_, bin) => rows.find((row) => row.bin === bin)?.count ?? 0)
    const { device, name, version, digest, feature, month } = first
    return {
      device,
      model: { name, version, digest },
      feature,
      month,
      edges: reference.edges,
      reference: reference.counts,
      current,
      ...compareDistributions(reference.counts, current),
    }
  }

  async #reference(digest: string): Promise<ReferenceDistributions | undefined> {
    const known = this.#references.get(digest)
    if (known !== undefined || this.#registry.version(digest) === undefined) return known
    const { reference } = await readPackage(await this.#registry.packageFolder(digest))
    this.#references.set(digest, reference)
    return reference
  }
}
