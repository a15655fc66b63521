/** The lanes of work, first served first. */
export const SCORING_LANES = ['stat', 'urgent', 'routine', 'off-peak'] as const
export type Lane = (typeof SCORING_LANES)[number]

/** So many jobs in a row a waiting lower lane is passed over; the next turn is its. */
const MOST_PASSED_OVER = 7

interface Place<Item> {
  readonly item: Item
  /** Order of arrival over all lanes. */
  readonly number: number
}

/**
 * A bounded queue of four lanes: the highest lane first, each in order of arrival, but every eighth turn goes to what
 * waits longest below it, so that nothing starves. When off-peak work may start at all, the rules of the site decide
 * before it comes here.
 */
export class LaneQueue<Item> {
  readonly #capacity: number
  readonly #lanes: Readonly<Record<Lane, Place<Item>[]>> = { stat: [], urgent: [], routine: [], 'off-peak': [] }
  #arrivals = 0
  #passedOver = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get length(): number {
    return SCORING_LANES.reduce((sum, lane) => sum + this.#lanes[lane].length, 0)
  }

  /** @returns false when the queue is full; STAT has the same bound, so that it cannot crowd out memory. */
  offer(lane: Lane, item: Item): boolean {
    if (this.length >= this.#capacity) return false
    this.#arrivals += 1
    this.#lanes[lane].push({ item, number: this.#arrivals })
    return true
  }

  /** Puts an item back at the head of its lane, bound or not: it had its place before. */
  putBack(lane: Lane, item: Item): void {
    this.#lanes[lane].unshift({ item, number: 0 })
  }

  /** Takes the job whose turn it is. */
  take(): Item | undefined {
    const [highest, ...lower] = SCORING_LANES.filter((lane) => this.#lanes[lane].length > 0)
    if (highest === undefined) return undefined
    const isTheirTurn = lower.length > 0 && this.#passedOver >= MOST_PASSED_OVER
    this.#passedOver = lower.length === 0 || isTheirTurn ? 0 : this.#passedOver + 1
    const lane = isTheirTurn ? lower.reduce((a, b) => (this.#headOf(b) < this.#headOf(a) ? b : a)) : highest
    return this.#lanes[lane].shift()?.item
  }

  /** Empties the queue. */
  drain(): Item[] {
    return SCORING_LANES.flatMap((lane) => this.#lanes[lane].splice(0).map(({ item }) => item))
  }

  #headOf(lane: Lane): number {
    return this.#lanes[lane][0]?.number ?? Number.POSITIVE_INFINITY
  }
}
