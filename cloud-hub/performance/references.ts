import { type Clock, canonicalJson, digestOf, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { LabelledCase } from './figures.ts'

const INSERT = `INSERT INTO performance_reference (model_digest, finding, source, cases, positives, until, content, digest,
  made_at, made_by, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const READ = `SELECT source, cases, positives, until, content, digest, made_at AS madeAt, made_by AS madeBy
  FROM performance_reference WHERE model_digest = ? AND finding = ? ORDER BY reference DESC LIMIT 1`

/** Score, side of the threshold and truth of each case; nothing says whose study it was. */
const content = z.array(
  z.tuple([z.number(), z.union([z.literal(0), z.literal(1)]), z.union([z.literal(0), z.literal(1)])]),
)

/** Where a reference comes from: labelled studies of the sites, or cases that a person brought. */
export type ReferenceSource = 'site-labels' | 'uploaded'

/** What a reference is, without its cases. */
export interface ReferenceFacts {
  readonly source: ReferenceSource
  readonly cases: number
  readonly positives: number
  /** When the hub got the last study of it; null for cases that came by another way. */
  readonly until: string | null
  readonly digest: string
  readonly madeAt: string
  readonly madeBy: string
}

/** Labelled cases from which is learnt what a version's score is worth. */
export interface Reference extends ReferenceFacts {
  readonly labelled: readonly LabelledCase[]
}

/** References of versions. None is changed; a newer one takes the place of the one before. */
export class ReferenceBook {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** The reference that counts. */
  of(modelDigest: string, finding: string): Reference | undefined {
    const row = this.#database.prepare(READ).get(modelDigest, finding) as
      | (ReferenceFacts & { readonly content: string })
      | undefined
    if (row === undefined) return undefined
    const { content: text, ...facts } = row
    const labelled = content
      .parse(JSON.parse(text))
      .map(([score, side, label]) => ({ score, positive: side === 1, label }))
    return { ...facts, labelled }
  }

  /** Keeps a reference. Runs inside the transaction of its caller. @returns its digest. */
  keep(
    of: { readonly modelDigest: string; readonly finding: string },
    made: {
      readonly labelled: readonly LabelledCase[]
      readonly source: ReferenceSource
      readonly until: string | null
      readonly by: string
      readonly reason: string | null
    },
  ): string {
    const text = canonicalJson(made.labelled.map(({ score, positive, label }) => [score, positive ? 1 : 0, label]))
    const digest = digestOf(text)
    const positives = made.labelled.filter((one) => one.label === 1).length
    this.#database
      .prepare(INSERT)
      .run(
        of.modelDigest,
        of.finding,
        made.source,
        made.labelled.length,
        positives,
        made.until,
        text,
        digest,
        toIsoInstant(this.#clock.now()),
        made.by,
        made.reason,
      )
    return digest
  }
}
