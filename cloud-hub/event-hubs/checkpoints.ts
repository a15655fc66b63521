import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'

/** Which stream of events is read, and in whose name. */
export interface EventHubReading {
  readonly namespace: string
  readonly eventHub: string
  readonly consumerGroup: string
}

/** A place in a partition. `place` is the service's own offset, opaque; `sequence` counts events. */
export interface Checkpoint {
  readonly partition: string
  readonly place: string
  readonly sequence: number
}

const READ = `SELECT partition, place, sequence FROM event_hub_checkpoint
  WHERE namespace = ? AND event_hub = ? AND consumer_group = ?`
const WRITE = `INSERT INTO event_hub_checkpoint
  (namespace, event_hub, consumer_group, partition, place, sequence, written_at) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (namespace, event_hub, consumer_group, partition) DO UPDATE SET
    place = excluded.place, sequence = excluded.sequence, written_at = excluded.written_at`

/** Checkpoints in the hub's own database, whichever database the inbox is in. */
export class Checkpoints {
  readonly #read: Database.Statement
  readonly #write: Database.Statement
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#read = database.prepare(READ)
    this.#write = database.prepare(WRITE)
    this.#clock = clock
  }

  /** The last checkpoint of each partition, by partition. */
  of({ namespace, eventHub, consumerGroup }: EventHubReading): ReadonlyMap<string, Checkpoint> {
    const rows = this.#read.all(namespace, eventHub, consumerGroup) as Checkpoint[]
    return new Map(rows.map((row) => [row.partition, row]))
  }

  /** Everything of the partition up to this place is committed. On disk when this returns. */
  write({ namespace, eventHub, consumerGroup }: EventHubReading, { partition, place, sequence }: Checkpoint): void {
    const at = toIsoInstant(this.#clock.now())
    this.#write.run(namespace, eventHub, consumerGroup, partition, place, sequence, at)
  }
}
