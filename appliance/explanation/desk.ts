import type { ModelPackage } from '@leadglass/models'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import { type PassedObjectPorts, withPassedObject } from '../pixel-review/index.ts'
import type { ExplainedResult, ExplanationRow, Records } from '../records/index.ts'
import { type ExplainOutcome, ScoringError, type ScoringPool } from '../scoring/index.ts'
import { isSameScore, openBound, type ShownImage } from './binding.ts'
import { type Explanation, sealExplanation } from './content.ts'
import { ExplanationError } from './errors.ts'
import { rowAgain } from './table-row.ts'

/** A heat map is up to some hundred runs of the model; more time than this is not given to it. */
const LONGEST_MS = 120_000
/** How many may wait for the one that is being made. */
const MOST_WAITING = 8

/** Who asks, as the audit log names them. */
export interface Asking {
  readonly kind: 'person' | 'system'
  readonly id: string
}

/** Which score to explain, and how. `frame` null: the one that speaks most. */
export interface WantedExplanation {
  readonly instance: number
  /** Digest of the model. */
  readonly model: string
  readonly code: string
  readonly frame: number | null
  readonly method: 'occlusion' | 'attribution'
}

/** An explanation with the result that it belongs to. `opened` is the reason when it may not be shown. */
export interface HeldExplanation {
  readonly row: ExplanationRow
  readonly result: ExplainedResult | undefined
  readonly opened: Explanation | ExplanationError
}

/** What may be shown. */
export interface ShownExplanation {
  readonly row: ExplanationRow
  readonly result: ExplainedResult
  readonly explanation: Explanation
}

/** What became of a wish. */
export type MadeExplanation =
  | ({ readonly kind: 'made' } & ShownExplanation)
  | { readonly kind: 'not-explained'; readonly reason: string }

export interface ExplanationDeskDependencies extends PassedObjectPorts {
  readonly records: Pick<Records, 'explanations' | 'radiomics' | 'studies' | 'transaction'>
  readonly pool: Pick<ScoringPool, 'explain'>
  readonly activeModels: () => readonly ModelPackage[]
  readonly audit: AuditSink
  readonly clock: Clock
  /** Told of each explanation that was made. */
  readonly onMade?: (made: ShownExplanation) => Promise<void>
}

/** Where scores are explained, one after the other and after live work, and where explanations are read. */
export class ExplanationDesk {
  readonly #dependencies: ExplanationDeskDependencies
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(dependencies: ExplanationDeskDependencies) {
    this.#dependencies = dependencies
  }

  /** Every explanation of a study, with whether it may be shown. Says nothing of what they show. */
  list(studyId: number): readonly HeldExplanation[] {
    const { explanations } = this.#dependencies.records
    return explanations.ofStudy(studyId).map((row) => {
      const result = explanations.resultOf(row.resultId, row.code)
      try {
        return { row, result, opened: openBound(row, result) }
      } catch (cause) {
        if (cause instanceof ExplanationError) return { row, result, opened: cause }
        throw cause
      }
    })
  }

  /**
   * Explains a score of the study's current revision; what was made before and still holds is given again.
   * @throws {ExplanationError} `score-unknown`, `explanation-model-gone`, `explanation-busy`, `explanation-failed`,
   * `object-gone`, `explanation-mismatch` when the object does not give the score on record.
   */
  async make(studyId: number, wanted: WantedExplanation, asking: Asking): Promise<MadeExplanation> {
    const { explanations } = this.#dependencies.records
    const find = (): ExplainedResult | undefined =>
      explanations.find(studyId, wanted.instance, wanted.model, wanted.code)
    const before = find()
    if (before === undefined) throw new ExplanationError('score-unknown')
    const known = this.#known(before, wanted)
    if (known !== undefined) return { kind: 'made', ...known }
    if (this.#waiting >= MOST_WAITING) throw new ExplanationError('explanation-busy')
    this.#waiting += 1
    const turn = this.#last.then(() => this.#explain(before, wanted, asking, find))
    this.#last = turn.catch(() => undefined)
    return turn.finally(() => {
      this.#waiting -= 1
    })
  }

  /**
   * Opens an explanation for somebody; that it was, or was refused, is in the audit log.
   * @throws {ExplanationError} as `openBound`, and `explanation-unknown`.
   */
  read(studyId: number, explanationId: number, shown: ShownImage, asking: Asking): ShownExplanation {
    const { records, audit } = this.#dependencies
    const row = records.explanations.read(explanationId)
    const result = row === undefined ? undefined : records.explanations.resultOf(row.resultId, row.code)
    if (row === undefined || result === undefined || result.studyId !== studyId) {
      throw new ExplanationError('explanation-unknown')
    }
    try {
      const explanation = openBound(row, result, shown)
      audit.recordNow({ event: 'explanation.read', ...about(result, asking), outcome: 'success', codes: codesOf(row) })
      return { row, result, explanation }
    } catch (cause) {
      if (cause instanceof ExplanationError) {
        const codes = [cause.code, ...(cause.detail === undefined ? [] : [`differs-${cause.detail}`]), ...codesOf(row)]
        audit.recordNow({ event: 'explanation.refused', ...about(result, asking), outcome: 'refused', codes })
      }
      throw cause
    }
  }

  #known(result: ExplainedResult, wanted: WantedExplanation): ShownExplanation | undefined {
    const { explanations } = this.#dependencies.records
    const row = explanations.made(result.resultId, wanted.code, wanted.method, wanted.frame)
    if (row === undefined) return undefined
    try {
      return { row, result, explanation: openBound(row, result) }
    } catch (cause) {
      // One that does not hold is made anew.
      if (cause instanceof ExplanationError) return undefined
      throw cause
    }
  }

  async #explain(
    before: ExplainedResult,
    wanted: WantedExplanation,
    asking: Asking,
    find: () => ExplainedResult | undefined,
  ): Promise<MadeExplanation> {
    const { activeModels, records, audit, clock } = this.#dependencies
    const model = activeModels().find(({ digest }) => digest === before.modelDigest)
    if (model === undefined) throw new ExplanationError('explanation-model-gone')
    const outcome = await this.#ask(before, model, wanted)
    if (outcome.kind === 'failed') throw new ExplanationError('explanation-failed', outcome.reason)
    if (outcome.kind === 'not-explained') return { kind: 'not-explained', reason: outcome.reason }
    const { frame, pixelDigest, imageRows, imageColumns, score, content } = outcome
    if (sameScoreIsDue(model, wanted) && !isSameScore(before.score, score)) {
      throw new ExplanationError('explanation-mismatch', 'score')
    }
    const { resultId, instanceId, objectDigest } = before
    const bound = { resultId, instanceId, objectDigest, frame, pixelDigest, imageRows, imageColumns, score, content }
    const { bytes, digest } = sealExplanation({
      ...bound,
      objectDigest: objectDigest as typeof pixelDigest,
      model: model.model,
      code: wanted.code,
      asked: wanted.method,
      ...(model.manifest.columns === undefined ? {} : { features: model.manifest.columns.map(({ name }) => name) }),
    })
    const explanationId = records.transaction(() => {
      // Another revision, or an image withdrawn in the meantime: what was made is of yesterday.
      if (find()?.resultId !== resultId) throw new ExplanationError('explanation-superseded')
      const madeBy = asking.id
      const asked = { resultId, code: wanted.code, method: wanted.method, askedFrame: wanted.frame }
      const made = records.explanations.put({ ...asked, content: bytes, contentDigest: digest, madeBy }, clock.now())
      const codes = [`digest-${digest.slice(0, 16)}`, `method-${content.method}`]
      audit.record({ event: 'explanation.made', ...about(before, asking), outcome: 'success', codes }, before.studyId)
      return made
    })
    const row = records.explanations.read(explanationId)
    if (row === undefined) throw new ExplanationError('explanation-failed')
    const made = { row, result: before, explanation: openBound(row, before) }
    await this.#dependencies.onMade?.(made)
    return { kind: 'made', ...made }
  }

  async #ask(result: ExplainedResult, model: ModelPackage, wanted: WantedExplanation): Promise<ExplainOutcome> {
    try {
      return await withPassedObject(this.#dependencies, result.objectDigest, async (passed) => {
        if (passed.kind === 'quarantined') throw new ExplanationError('object-gone', passed.reason)
        const row = rowAgain(model, result.revisionId, passed.object.original, this.#dependencies.records)
        return this.#dependencies.pool.explain({
          ...(row === undefined ? {} : { row }),
          packageFolder: model.folder,
          model: model.model,
          file: passed.object.file,
          output: wanted.code,
          frame: wanted.frame,
          method: wanted.method,
          timeoutMs: LONGEST_MS,
          memoryMiB: model.manifest.runtime.memoryMiB,
        })
      })
    } catch (cause) {
      if (cause instanceof ScoringError) throw new ExplanationError('explanation-busy', cause.code)
      throw cause
    }
  }
}

/** Of one frame, and of the frame with the largest score where the largest stands for all, the score is that on record. */
function sameScoreIsDue({ manifest }: ModelPackage, { frame }: WantedExplanation): boolean {
  return manifest.kind !== 'multi-frame' || (frame === null && manifest.frames?.aggregate === 'maximum')
}

function about({ studyPseudonym }: ExplainedResult, asking: Asking) {
  return { actor: asking, subject: { kind: 'study', id: studyPseudonym } } as const
}

function codesOf({ explanationId, method }: ExplanationRow): string[] {
  return [`explanation-${explanationId}`, `asked-${method}`]
}
