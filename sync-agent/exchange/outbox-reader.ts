import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type DeviceId, type EnvelopeBatch, STREAMS, type StreamName } from '../contract/index.ts'
import { type BatchRefusal, decodeBatch, MAX_BATCH_FILE_BYTES } from './batch.ts'
import { type BatchRange, compareRanges, parseBatchFileName } from './batch-name.ts'
import { readBoundedFile } from './bounded-file.ts'
import { exchangePaths } from './paths.ts'

/** A batch file that waits, by its name alone. */
export interface OutboxEntry {
  readonly name: string
  readonly range: BatchRange
}

export type OutboxRefusal = BatchRefusal | 'not-a-file' | 'name-mismatch' | 'foreign-device'

export type OutboxRead =
  /** `upload`: too large for a message. */
  | { readonly kind: 'batch'; readonly bytes: Uint8Array; readonly batch: EnvelopeBatch; readonly upload: boolean }
  /** Removed since it was listed: acknowledged, or replaced by a longer one. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly code: OutboxRefusal }

/** What the agent needs to empty the outbox. */
export interface OutboxReaderOptions {
  readonly exchangeFolder: string
  readonly device: DeviceId
}

/**
 * The agent's side of the outbox. It carries only what it can read as the contract: the second pair of eyes on the door.
 */
export class OutboxReader {
  readonly #options: OutboxReaderOptions
  readonly #folder: string

  constructor(options: OutboxReaderOptions) {
    this.#options = options
    this.#folder = exchangePaths(options.exchangeFolder).outbox
  }

  /** Waiting files by stream, each in the order in which it must be sent. Other names are left alone. */
  async list(): Promise<ReadonlyMap<StreamName, readonly OutboxEntry[]>> {
    const byStream = new Map<StreamName, OutboxEntry[]>(STREAMS.map((stream) => [stream, []]))
    for (const name of await readdir(this.#folder)) {
      const range = parseBatchFileName(name)
      if (range !== undefined) byStream.get(range.stream)?.push({ name, range })
    }
    for (const entries of byStream.values()) entries.sort((a, b) => compareRanges(a.range, b.range))
    return byStream
  }

  /** Reads a file and checks that it is what its name says, of this device, and nothing else. */
  async read(entry: OutboxEntry): Promise<OutboxRead> {
    const read = await readBoundedFile(join(this.#folder, entry.name), MAX_BATCH_FILE_BYTES)
    if (read.kind === 'absent') return { kind: 'gone' }
    if (read.kind === 'refused') return read
    const decoded = decodeBatch(read.bytes)
    if (decoded.kind === 'refused') return decoded
    if (decoded.batch.envelopes.some((envelope) => envelope.device !== this.#options.device)) {
      return { kind: 'refused', code: 'foreign-device' }
    }
    const { range } = decoded
    const { epoch, stream, first, last } = entry.range
    if (range.epoch !== epoch || range.stream !== stream || range.first !== first || range.last !== last) {
      return { kind: 'refused', code: 'name-mismatch' }
    }
    return { kind: 'batch', bytes: read.bytes, batch: decoded.batch, upload: decoded.upload === true }
  }

  /**
   * Sets a file aside under `<name>.refused`, so that it blocks nothing. The hub then reports a gap, and the relay writes
   * the envelopes again from its database.
   */
  async setAside(entry: OutboxEntry): Promise<void> {
    try {
      await rename(join(this.#folder, entry.name), join(this.#folder, `${entry.name}.refused`))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}
