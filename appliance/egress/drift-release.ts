import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { EgressRecords, Records } from '../records/index.ts'
import type { EgressDoor } from './door.ts'
import { releaseCells } from './drift-cells.ts'

const HOUR_MS = 3_600_000

/** What the release of counts works with. */
interface DriftReleaseDependencies {
  readonly records: {
    transaction: Records['transaction']
    readonly egress: Pick<EgressRecords, 'ripeDrift' | 'releaseDrift'>
  }
  readonly door: Pick<EgressDoor, 'seal' | 'isFull'>
  readonly clock: Clock
}

/**
 * Lets counts of drift out when an hour has ended: cells that are large enough, all in one transaction, each count once.
 * After a start it waits for the next hour; what was counted before is in the records and leaves then.
 */
export class DriftRelease {
  readonly #dependencies: DriftReleaseDependencies
  #hour: number | undefined

  constructor(dependencies: DriftReleaseDependencies) {
    this.#dependencies = dependencies
  }

  /** @returns how many envelopes were sealed. */
  pass(): number {
    const { records, door, clock } = this.#dependencies
    const hour = Math.floor(clock.now() / HOUR_MS)
    if (this.#hour === undefined || hour < this.#hour) this.#hour = hour
    // Counts that the door would turn away stay where they are, and leave later.
    if (hour === this.#hour || door.isFull('drift')) return 0
    const bodies = records.transaction(() => {
      const ripe = releaseCells(records.egress, hourOfMonth((hour - 1) * HOUR_MS))
      for (const body of ripe) door.seal(body)
      return ripe
    })
    this.#hour = hour
    return bodies.length
  }
}

/** The month of an instant, and which hour of it, counted from 0. */
export function hourOfMonth(at: number): { readonly month: string; readonly hour: number } {
  const month = toIsoInstant(at).slice(0, 7)
  return { month, hour: Math.floor((at - Date.parse(`${month}-01T00:00:00Z`)) / HOUR_MS) }
}
