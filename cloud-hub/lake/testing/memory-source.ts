import { digestOf } from '@leadglass/sync-agent/foundation'
import { figuresOf } from '../embedding.ts'
import type { LakeSource, SourceBatch, TakenEnvelopes } from '../source.ts'
import { LAKE_ROW_SCHEMA, type LakeRow, type LakeTable } from '../tables.ts'

/** An envelope of a dataset, as far as rules look at it. Everything that is left out has one ordinary value. */
export type TestEnvelope = {
  readonly site?: string
  readonly study: string
  readonly patient?: string
  readonly generation?: number
  readonly revision?: number
  /** Minutes after the beginning at which the hub took it. */
  readonly minute?: number
} & (
  | {
      readonly kind: 'features'
      readonly instance?: number
      readonly model?: string
      readonly digest?: string
      readonly schemaVersion?: number
      readonly embedding?: readonly number[]
      readonly score?: number
    }
  | {
      readonly kind: 'label'
      readonly value: 'present' | 'absent' | 'uncertain'
      readonly finding?: string
      readonly reader?: string
      readonly blind?: boolean
    }
  | { readonly kind: 'revision'; readonly sameInstances?: readonly number[] }
)

const MODEL_VERSION = '1.0.0'
const START = Date.UTC(2026, 0, 1)
const KINDS = { features: 'instance-features', label: 'study-label', revision: 'study-revision' } as const

/** The instant at which the hub took something, `minute` minutes after the beginning. */
export function instantOf(minute: number): string {
  return new Date(START + minute * 60_000).toISOString()
}

/** A lake's source that holds envelopes in memory; ids are their places in the list, from 1. */
export class MemorySource implements LakeSource {
  readonly #envelopes: readonly TestEnvelope[]

  constructor(envelopes: readonly TestEnvelope[]) {
    this.#envelopes = envelopes
  }

  async read(after: number, limit: number): Promise<SourceBatch> {
    const last = Math.min(after + limit, this.#envelopes.length)
    const rows = new Map<LakeTable, LakeRow[]>()
    for (let id = after + 1; id <= last; id++) {
      const envelope = this.#envelopes[id - 1]
      if (envelope === undefined) continue
      for (const [table, row] of rowsOfEnvelope(envelope, id)) rows.set(table, [...(rows.get(table) ?? []), row])
    }
    return { last, complete: last === this.#envelopes.length, rows, watermarks: [] }
  }

  async taken(upTo: number): Promise<readonly TakenEnvelopes[]> {
    const counts = new Map<string, number>()
    for (const one of this.#envelopes.slice(0, upTo)) {
      const key = `${one.site ?? 'box-01'}/${KINDS[one.kind]}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return [...counts].map(([key, envelopes]) => {
      const [site = '', kind = ''] = key.split('/')
      return { site, kind, envelopes, erased: 0 }
    })
  }
}

function rowsOfEnvelope(envelope: TestEnvelope, id: number): [LakeTable, LakeRow][] {
  const { site = 'box-01', study, patient = `patient of ${study}`, generation = 1, revision = 1, minute = 0 } = envelope
  const at = instantOf(minute)
  const place = (cells: LakeRow['cells'], form = LAKE_ROW_SCHEMA): LakeRow => ({
    site,
    date: at.slice(0, 10),
    cells: [BigInt(id), at, form, study, patient, generation, revision, ...cells],
  })
  switch (envelope.kind) {
    case 'features': {
      const { instance = 0, model = 'chest', digest = 'ab', embedding: values = [id, 1], score } = envelope
      const bytes = Buffer.from(Float32Array.from(values).buffer)
      const { embedding, norm } = figuresOf(bytes)
      const versions = [model, MODEL_VERSION, digest]
      const figures = [embedding, embedding.length, norm, digestOf(bytes)]
      const facts = [instance, 'DX', 'PA', 'F', 5, '2019-07', ...versions, ...figures]
      const features: [LakeTable, LakeRow] = ['features', place(facts, envelope.schemaVersion)]
      if (score === undefined) return [features]
      return [features, ['scores', place([instance, ...versions, 0, 'pneumonia', score, 500, score >= 0.5])]]
    }
    case 'label': {
      const { value, finding = 'pneumonia', reader = 'reader', blind = true } = envelope
      return [['labels', place([`label ${id}`, finding, value, reader, blind])]]
    }
    case 'revision':
      return [['revisions', place(['[]', envelope.sameInstances ?? []])]]
  }
}
