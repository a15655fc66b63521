import type { Envelope } from '@leadglass/sync-agent/contract'
import type { OutboxWriter } from '@leadglass/sync-agent/exchange'
import type { Logger } from '@leadglass/sync-agent/foundation'
import type { Records, StreamCounter } from '../records/index.ts'

/** Envelopes of one stream that are relayed at a time; also the most of one batch. */
const AT_A_TIME = 2000

/** Batch files of one stream that may wait in the exchange: what waits in the database costs less. */
const FILES_AT_MOST = 200

export interface RelayDependencies {
  readonly records: Pick<Records, 'egress' | 'transaction'>
  readonly outbox: Pick<OutboxWriter, 'start' | 'write' | 'remove' | 'backlog'>
  readonly logger: Logger
}

/** Copies sealed envelopes from the record to the exchange folder. Relaying twice gives the same files. */
export class Relay {
  readonly #dependencies: RelayDependencies

  constructor(dependencies: RelayDependencies) {
    this.#dependencies = dependencies
  }

  /** Relays what waits, stream by stream in order of priority. @returns how many envelopes. */
  async pass(): Promise<number> {
    const { records, outbox } = this.#dependencies
    const waiting = records.egress.counters().filter((counter) => counter.relayed < counter.lastSequence)
    if (waiting.length === 0) return 0
    const backlog = await outbox.backlog()
    let relayed = 0
    for (const counter of waiting) {
      if (backlog[counter.stream] < FILES_AT_MOST) relayed += await this.#relay(counter)
    }
    return relayed
  }

  /** Removes files that the hub has committed as a whole. */
  async clear(): Promise<void> {
    const { records, outbox } = this.#dependencies
    const marks = records.egress.counters().map(({ epoch, stream, acknowledged }) => ({
      epoch,
      stream,
      sequence: acknowledged,
    }))
    await outbox.remove(marks)
  }

  async #relay({ epoch, stream, relayed }: StreamCounter): Promise<number> {
    const { records, outbox } = this.#dependencies
    const rows = records.egress.envelopesAfter(epoch, stream, relayed, AT_A_TIME)
    const last = rows.at(-1)
    if (last === undefined) return 0
    // The rows were sealed by this program from parsed bodies; the outbox and the agent check the digests again.
    await outbox.write(rows.map((row) => JSON.parse(row.content) as Envelope))
    records.transaction(() => {
      records.egress.markRelayed(epoch, stream, last.sequence)
    })
    return rows.length
  }
}
