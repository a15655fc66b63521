/** The lanes of the queue, first served first. */
export const LANES = ['stat', 'urgent', 'routine', 'off-peak'] as const
export type Lane = (typeof LANES)[number]

/** How the record writes a lane; a held revision stands in no lane that is ever served. */
export const LANE_NUMBERS: Readonly<Record<Lane, number>> = { stat: 0, urgent: 1, routine: 2, 'off-peak': 3 }
export const HELD = 4

/** So many times in a row work of a lower lane is passed over; the next turn is its. */
export const MOST_PASSED_OVER = 7

/** The revision that waits longest in one lane. */
export interface Waiting {
  readonly lane: Lane
  readonly revisionId: number
  /** Milliseconds since 1970. */
  readonly waitingSince: number
}

/** Which revision is next, and how often lower lanes have now been passed over in a row. */
export interface Turn {
  readonly next: Waiting | undefined
  readonly passedOver: number
}

/**
 * Chooses the next revision among the heads of the lanes: the highest lane, but every eighth turn, while a lower lane
 * waits, the one of the lower lanes that waits longest. Nobody starves, and STAT waits for at most one other study.
 * Off-peak work has no turn outside its window.
 */
export function chooseTurn(heads: readonly Waiting[], offPeakIsOpen: boolean, passedOver: number): Turn {
  const ready = heads
    .filter((head) => head.lane !== 'off-peak' || offPeakIsOpen)
    .toSorted((a, b) => LANE_NUMBERS[a.lane] - LANE_NUMBERS[b.lane])
  const [first, ...lower] = ready
  if (first === undefined || lower.length === 0) return { next: first, passedOver: 0 }
  if (passedOver < MOST_PASSED_OVER) return { next: first, passedOver: passedOver + 1 }
  const next = lower.toSorted((a, b) => a.waitingSince - b.waitingSince || a.revisionId - b.revisionId)[0]
  return { next, passedOver: 0 }
}
