import { createHash } from 'node:crypto'
import { seededRandom } from '@leadglass/models'
import type { LakeSource, SourceBatch, TakenEnvelopes } from '../source.ts'
import { LAKE_ROW_SCHEMA, type LakeRow, type LakeTable } from '../tables.ts'

/** How much a synthetic source gives. */
export interface SyntheticLoad {
  readonly instances: number
  readonly sites: number
  readonly days: number
  /** Numbers of an embedding. */
  readonly length: number
}

const START = Date.UTC(2025, 0, 1)
const DAY_MS = 86_400_000
/** Studies with a label: one of so many. */
const LABELLED = 10
const MODEL = ['chest-radiograph', '1.0.0', 'ab'.repeat(32)] as const

/**
 * Envelopes as sites send them over many days, made as they are asked for: an instance of a study each, every tenth followed
 * by the label of its study. Scores tell the labels apart, embeddings are noise, so nothing compresses better than it would.
 */
export class SyntheticSource implements LakeSource {
  readonly #load: SyntheticLoad

  constructor(load: SyntheticLoad) {
    this.#load = load
  }

  /** Envelopes that there are: instances, and the labels between them. */
  get envelopes(): number {
    return this.#load.instances + Math.ceil(this.#load.instances / LABELLED)
  }

  async read(after: number, limit: number): Promise<SourceBatch> {
    const last = Math.min(after + limit, this.envelopes)
    const rows: Record<'features' | 'scores' | 'quality' | 'labels', LakeRow[]> = {
      features: [],
      scores: [],
      quality: [],
      labels: [],
    }
    for (let id = after + 1; id <= last; id++) this.#add(rows, id)
    return {
      last,
      complete: last === this.envelopes,
      rows: new Map(Object.entries(rows) as [LakeTable, LakeRow[]][]),
      watermarks: [],
    }
  }

  async taken(upTo: number): Promise<readonly TakenEnvelopes[]> {
    const counts = new Map<string, number>()
    for (let id = 1; id <= upTo; id++) {
      const { site, isLabel } = this.#place(id)
      const key = `${site}/${isLabel ? 'study-label' : 'instance-features'}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return [...counts].map(([key, envelopes]) => {
      const [site = '', kind = ''] = key.split('/')
      return { site, kind, envelopes, erased: 0 }
    })
  }

  #place(id: number): {
    readonly site: string
    readonly isLabel: boolean
    readonly study: number
    readonly at: string
  } {
    const group = Math.floor((id - 1) / (LABELLED + 1))
    const within = (id - 1) % (LABELLED + 1)
    const isLabel = within === 1
    const study = group * LABELLED + (within <= 1 ? 0 : within - 1)
    const at = START + Math.floor((id / (this.envelopes + 1)) * this.#load.days * DAY_MS)
    const site = `site-${String(study % this.#load.sites).padStart(3, '0')}`
    return { site, isLabel, study, at: new Date(at).toISOString() }
  }

  #add(rows: Record<'features' | 'scores' | 'quality' | 'labels', LakeRow[]>, id: number): void {
    const { site, isLabel, study, at } = this.#place(id)
    const random = seededRandom(study)
    const present = random() < 0.3
    const row = (...cells: LakeRow['cells']): LakeRow => ({
      site,
      date: at.slice(0, 10),
      cells: [BigInt(id), at, LAKE_ROW_SCHEMA, name(`study ${study}`), name(`patient ${study >> 1}`), 1, 1, ...cells],
    })
    if (isLabel) {
      rows.labels.push(row(name(`label ${id}`), 'pneumonia', present ? 'present' : 'absent', name('reader'), true))
      return
    }
    const embedding = Float32Array.from({ length: this.#load.length }, () => random() - 0.5)
    const norm = Math.sqrt(embedding.reduce((sum, value) => sum + value * value, 0))
    const facts = [0, 'DX', study % 3 === 0 ? 'AP' : 'PA', study % 2 === 0 ? 'F' : 'M', study % 9, at.slice(0, 7)]
    rows.features.push(row(...facts, ...MODEL, embedding, embedding.length, norm, name(`embedding ${id}`)))
    const score = Math.min(1, random() * 0.8 + (present ? 0.2 : 0))
    rows.scores.push(row(0, ...MODEL, 0, 'pneumonia', score, 500, score >= 0.5))
    rows.quality.push(row(0, ...MODEL, 'quality.mean', random()))
  }
}

function name(word: string): string {
  return createHash('md5').update(word).digest('hex')
}
