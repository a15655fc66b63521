import type { Envelope, StreamName } from '@leadglass/sync-agent/contract'
import type { OutboxWriter } from '@leadglass/sync-agent/exchange'
import type { Logger } from '@leadglass/sync-agent/foundation'
import type { Records, StreamCounter } from '../records/index.ts'
import type { AuditSink } from './audit-sink.ts'

/** Envelopes of one stream that are relayed at a time; also the most of one batch. */
const AT_A_TIME = 2000

/** Batch files of one stream that may wait in the exchange: what waits in the database costs less. */
const FILES_AT_MOST = 200

export interface RelayDependencies {
  readonly records: Pick<Records, 'egress' | 'transaction'>
  readonly outbox: Pick<OutboxWriter, 'start' | 'write' | 'remove' | 'backlog'>
  readonly logger: Logger
  /** Told what was put on its way; without it nothing is written down. */
  readonly audit?: AuditSink
}

/** Streams about which nothing is written down: the log's own, which would never end, and figures about the box. */
export const UNRECORDED_STREAMS: ReadonlySet<string> = new Set<StreamName>(['audit', 'health'])

/** Copies sealed envelopes from the record to the exchange folder. Relaying twice gives the same files. */
export class Relay {
  readonly #dependencies: RelayDependencies

  constructor(dependencies: RelayDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Relays what waits, stream by stream. Of a stream the next epoch comes after all of the one before it.
   * @param shut streams that stay in the database for now.
   * @returns how many envelopes.
   */
  async pass(shut: readonly StreamName[] = []): Promise<number> {
    const { records, outbox } = this.#dependencies
    const waiting = records.egress
      .counters()
      .filter(({ stream, relayed, lastSequence }) => relayed < lastSequence && !shut.includes(stream))
    const unfinished = new Set<StreamName>()
    if (waiting.length === 0) return 0
    const backlog = await outbox.backlog()
    let relayed = 0
    for (const counter of waiting) {
      if (backlog[counter.stream] >= FILES_AT_MOST || unfinished.has(counter.stream)) continue
      const count = await this.#relay(counter)
      relayed += count
      if (counter.relayed + count < counter.lastSequence) unfinished.add(counter.stream)
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
    const { records, outbox, audit } = this.#dependencies
    const rows = records.egress.envelopesAfter(epoch, stream, relayed, AT_A_TIME)
    const last = rows.at(-1)
    if (last === undefined) return 0
    // The rows were sealed by this program from parsed bodies; the outbox and the agent check the digests again.
    await outbox.write(rows.map((row) => JSON.parse(row.content) as Envelope))
    records.transaction(() => {
      records.egress.markRelayed(epoch, stream, last.sequence)
      if (UNRECORDED_STREAMS.has(stream)) return
      audit?.record({
        event: 'egress.sealed',
        actor: { kind: 'system', id: 'egress' },
        subject: { kind: 'stream', id: stream },
        outcome: 'success',
        codes: [`epoch-${epoch}`, `after-${relayed}`, `through-${last.sequence}`],
      })
    })
    return rows.length
  }
}
