import { differingBits, viewDisagrees } from '../imaging/index.ts'
import type { PixelPrintRow, Records, RevisionInstance, WaitingRevision } from '../records/index.ts'
import { type AfterScoring, type Decision, reasonOf } from '../rules/index.ts'
import { figuresOf, type Outcome } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'

/** Bits of 256 up to which two radiographs count as the same picture; docs/quality.md has what that finds and misses. */
const NEAR_BITS = 24
/** How many of the newest radiographs of the box are compared by their look. */
const MOST_LOOKS = 20_000

/** A revision of which everything is known that is measured instance by instance. */
interface MeasuredWork {
  readonly studyId: number
  readonly outcomes: readonly Outcome[]
  readonly prepared: readonly PreparedInstance[]
  readonly instances: readonly RevisionInstance[]
}

/** Outcomes with every figure, and the prints that are to be kept. */
export interface Measured {
  readonly outcomes: readonly Outcome[]
  readonly prints: readonly PixelPrintRow[]
}

/**
 * Adds the figures that no worker can know, because they need more than one model or more than one instance:
 * `quality.view-disagrees` (0 or 1: the header's view against scores `view.*` of any model), `quality.same-pixels` (how many
 * other instances of this box have exactly these pixels) and `quality.near-duplicates` (how many radiographs of other
 * studies look the same). Digests and hashes stay in the record; only these counts are told.
 */
export function withOwnFigures(records: Pick<Records, 'prints'>, work: MeasuredWork): Measured {
  const prints = printsOf(work)
  const looks = [...prints.values()].some(({ look }) => look !== null) ? records.prints.looks(MOST_LOOKS) : []
  const added = new Map<number, Record<string, number>>()
  for (const ordinal of new Set(work.outcomes.map((outcome) => outcome.ordinal))) {
    const print = prints.get(ordinal)
    const disagrees = viewFigure(work, ordinal)
    const { digest = '', look = null } = print ?? {}
    added.set(ordinal, {
      ...(disagrees === undefined ? {} : { 'quality.view-disagrees': disagrees ? 1 : 0 }),
      ...(print === undefined
        ? {}
        : { 'quality.same-pixels': records.prints.countSame(digest, work.studyId) + twins(prints, print) }),
      ...(look === null
        ? {}
        : {
            'quality.near-duplicates': looks.filter(
              (other) => other.studyId !== work.studyId && differingBits(other.look, look) <= NEAR_BITS,
            ).length,
          }),
    })
  }
  return {
    outcomes: work.outcomes.map((outcome) => ({
      ...outcome,
      // What was not measured stays without figures.
      quality: { ...outcome.quality, ...added.get(outcome.ordinal) },
    })),
    prints: [...prints.values()],
  }
}

function viewFigure({ outcomes, prepared }: MeasuredWork, ordinal: number): boolean | undefined {
  const view = prepared.find((one) => one.ordinal === ordinal)?.facts.view ?? ''
  const scores = outcomes.flatMap((one) => (one.kind === 'scored' && one.ordinal === ordinal ? one.scores : []))
  return viewDisagrees(view, scores)
}

function printsOf({ studyId, outcomes, instances }: MeasuredWork): Map<number, PixelPrintRow> {
  const prints = new Map<number, PixelPrintRow>()
  for (const { ordinal, print } of outcomes) {
    const instance = instances.find((one) => one.ordinal === ordinal)
    if (print === undefined || instance === undefined) continue
    const { digest, look = null } = print
    prints.set(ordinal, { instanceId: instance.instanceId, studyId, digest, look })
  }
  return prints
}

/** Other instances of this very revision with the same pixels. */
function twins(prints: ReadonlyMap<number, PixelPrintRow>, print: PixelPrintRow): number {
  return [...prints.values()].filter((one) => one.instanceId !== print.instanceId && one.digest === print.digest).length
}

/** What the rules that look at figures say; without such rules the decision stands. */
export function judgeMeasured(
  afterScoring: Pick<AfterScoring, 'judge'> | undefined,
  revision: WaitingRevision,
  before: Decision,
  outcomes: readonly Outcome[],
): ReturnType<AfterScoring['judge']> {
  return afterScoring?.judge(revision, before, outcomes.map(figuresOf)) ?? { kind: 'go-on', decision: before }
}

/** Outcomes of which a rule keeps the results: the figures stay, the scores do not. */
export function keptByRule(outcomes: readonly Outcome[], decision: Decision): Outcome[] {
  return outcomes.map(({ ordinal, model, quality, print }) => ({
    kind: 'not-scored',
    ordinal,
    model,
    reason: reasonOf(decision),
    quality,
    print,
  }))
}
