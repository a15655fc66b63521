import { readFile } from 'node:fs/promises'
import type { Clock } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import type { AuditSink } from '../egress/index.ts'
import { type MaskBox, maskBox, type PixelReading, type PixelRules, releaseObject } from '../pixel-text/index.ts'
import type { PixelReviewRow, PixelReviewState, Records } from '../records/index.ts'
import { PixelReviewError } from './errors.ts'
import { type PassedObjectPorts, withPassedObject } from './passed-object.ts'

const boxes = z.array(maskBox)

/** Who looks or decides, as the audit log names them. */
export interface Reviewer {
  readonly kind: 'person' | 'system'
  readonly id: string
}

/** An object in the queue. `proposed`: where text was found; `boxes`: what a person decided. */
export interface PixelReview
  extends Omit<PixelReviewRow, 'proposed' | 'boxes' | 'digest' | 'instanceId' | 'sopClassUid'> {
  readonly sopClassUid: string
  readonly proposed: readonly MaskBox[]
  readonly boxes: readonly MaskBox[] | null
}

/** One frame as a picture. */
export interface SeenFrame {
  readonly png: Uint8Array
  readonly frames: number
  readonly width: number
  readonly height: number
}

/** What a release came to: done, or where something can still be read. */
export type ReleaseAnswer =
  | { readonly kind: 'released' }
  | { readonly kind: 'text-remains'; readonly found: readonly MaskBox[] }

export interface ReviewDeskDependencies extends PassedObjectPorts {
  readonly records: Pick<Records, 'pixels' | 'transaction'>
  readonly reader: PixelReading
  readonly rules: () => PixelRules
  readonly audit: AuditSink
  readonly clock: Clock
}

/** Where a person looks at objects that may not leave by themselves, and decides. */
export class ReviewDesk {
  readonly #dependencies: ReviewDeskDependencies

  constructor(dependencies: ReviewDeskDependencies) {
    this.#dependencies = dependencies
  }

  /** The objects in a state, newest first. */
  list(state: PixelReviewState, limit: number): readonly PixelReview[] {
    return this.#dependencies.records.pixels.list(state, limit).map(reviewOf)
  }

  /** @throws {PixelReviewError} `review-unknown`. */
  find(review: number): PixelReview {
    return reviewOf(this.#row(review))
  }

  /** Renders a frame; every look is an entry in the audit log. @throws {PixelReviewError} */
  async look(review: number, frame: number, reviewer: Reviewer): Promise<SeenFrame> {
    const row = this.#row(review)
    const seen = await withPassedObject(this.#dependencies, row.digest, async (passed) => {
      if (passed.kind === 'quarantined') throw new PixelReviewError('object-gone')
      const target = passed.object.newTarget()
      const rendered = await this.#dependencies.reader.render(passed.object.file, target, frame)
      if (rendered.kind === 'doubt') throw new PixelReviewError('pixels-unreadable')
      const { frames, width, height } = rendered
      return { png: await readFile(target), frames, width, height }
    })
    this.#dependencies.audit.recordNow(eventOf('pixels.viewed', row, reviewer, [`review-${review}`]))
    return seen
  }

  /**
   * Lets an object leave with these boxes blacked out. It is masked and read again first: what identifies must be covered.
   * @throws {PixelReviewError} `review-unknown`, `review-decided`, `object-gone`, `pixels-unreadable`.
   */
  async release(
    review: number,
    wanted: { readonly boxes: readonly MaskBox[]; readonly reason: string },
    reviewer: Reviewer,
  ): Promise<ReleaseAnswer> {
    const row = this.#waiting(review)
    const { reader, rules } = this.#dependencies
    const released = await withPassedObject(this.#dependencies, row.digest, async (passed) => {
      if (passed.kind === 'quarantined') throw new PixelReviewError('object-gone')
      return releaseObject(passed.object, wanted.boxes, reader, rules())
    })
    if (released.kind === 'unreadable') throw new PixelReviewError('pixels-unreadable')
    if (released.kind === 'text-remains') return released
    const decision = { state: 'released', boxes: JSON.stringify(wanted.boxes), reason: wanted.reason } as const
    this.#decide(row, decision, reviewer, [`boxes-${wanted.boxes.length}`])
    return { kind: 'released' }
  }

  /** The object never leaves. @throws {PixelReviewError} `review-unknown`, `review-decided`. */
  refuse(review: number, reason: string, reviewer: Reviewer): void {
    this.#decide(this.#waiting(review), { state: 'refused', boxes: null, reason }, reviewer, [])
  }

  #decide(
    row: PixelReviewRow,
    decision: { readonly state: 'released' | 'refused'; readonly boxes: string | null; readonly reason: string },
    reviewer: Reviewer,
    codes: readonly string[],
  ): void {
    const { records, audit, clock } = this.#dependencies
    records.transaction(() => {
      // Somebody else may have decided while the pixels were read.
      if (!records.pixels.decide(row.reviewId, { ...decision, by: reviewer.id }, clock.now())) {
        throw new PixelReviewError('review-decided')
      }
      const event = decision.state === 'released' ? 'pixels.released' : 'pixels.refused'
      audit.record(eventOf(event, row, reviewer, [`review-${row.reviewId}`, row.reason, ...codes]))
    })
  }

  #row(review: number): PixelReviewRow {
    const row = this.#dependencies.records.pixels.find(review)
    if (row === undefined) throw new PixelReviewError('review-unknown')
    return row
  }

  #waiting(review: number): PixelReviewRow {
    const row = this.#row(review)
    if (row.state !== 'held') throw new PixelReviewError('review-decided')
    return row
  }
}

function eventOf(
  event: 'pixels.viewed' | 'pixels.released' | 'pixels.refused',
  { studyPseudonym }: PixelReviewRow,
  actor: Reviewer,
  codes: readonly string[],
) {
  return { event, actor, subject: { kind: 'study', id: studyPseudonym }, outcome: 'success', codes } as const
}

function reviewOf({ proposed, boxes: decided, digest: _, instanceId: __, ...row }: PixelReviewRow): PixelReview {
  return {
    ...row,
    proposed: boxes.parse(JSON.parse(proposed)),
    boxes: decided === null ? null : boxes.parse(JSON.parse(decided)),
  }
}
