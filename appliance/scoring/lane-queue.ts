/** STAT overtakes routine. */
export type Lane = 'stat' | 'routine'

/** A bounded queue of two lanes: all of `stat` first, each lane in order of arrival. */
export class LaneQueue<Item> {
  readonly #capacity: number
  readonly #lanes: Readonly<Record<Lane, Item[]>> = { stat: [], routine: [] }

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get length(): number {
    return this.#lanes.stat.length + this.#lanes.routine.length
  }

  /** @returns false when the queue is full; STAT has the same bound, so that it cannot crowd out memory. */
  offer(lane: Lane, item: Item): boolean {
    if (this.length >= this.#capacity) return false
    this.#lanes[lane].push(item)
    return true
  }

  /** Puts an item back at the head of its lane, bound or not: it had its place before. */
  putBack(lane: Lane, item: Item): void {
    this.#lanes[lane].unshift(item)
  }

  take(): Item | undefined {
    return this.#lanes.stat.shift() ?? this.#lanes.routine.shift()
  }

  /** Empties the queue. */
  drain(): Item[] {
    return [...this.#lanes.stat.splice(0), ...this.#lanes.routine.splice(0)]
  }
}
