import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceId, Envelope, StreamName, Watermark } from '../contract/index.ts'
import { syncFolder, writeFileAtomically } from '../foundation/index.ts'
import { MAX_BATCH_FILE_BYTES, packEnvelopes } from './batch.ts'
import { type BatchRange, batchFileName, parseBatchFileName } from './batch-name.ts'
import { readBoundedFile } from './bounded-file.ts'
import { ExchangeError } from './errors.ts'
import { EXCHANGE_FILE_MODE, ensureExchangeFolders, exchangePaths, removeTemporaryFiles } from './paths.ts'

/** What the appliance's relay needs to fill the outbox. */
export interface OutboxWriterOptions {
  readonly exchangeFolder: string
  readonly device: DeviceId
}

/** The appliance's side of the outbox. One instance writes at a time. */
export class OutboxWriter {
  readonly #options: OutboxWriterOptions
  readonly #folder: string

  constructor(options: OutboxWriterOptions) {
    this.#options = options
    this.#folder = exchangePaths(options.exchangeFolder).outbox
  }

  /** Makes the folders and removes what a killed relay left half written. */
  async start(): Promise<void> {
    await ensureExchangeFolders(this.#options.exchangeFolder)
    await removeTemporaryFiles(this.#folder)
  }

  /**
   * Writes envelopes as batch files. Writing the same envelopes again changes nothing; a file that was damaged is replaced,
   * and files that a longer one now covers are removed.
   * @returns the names of the files that hold the envelopes.
   * @throws {ExchangeError} when an envelope is of another device or too large; nothing is written then.
   */
  async write(envelopes: readonly Envelope[]): Promise<string[]> {
    if (envelopes.some((envelope) => envelope.device !== this.#options.device)) throw foreignDevice()
    const packed = packEnvelopes(envelopes)
    const names: string[] = []
    for (const { range, bytes } of packed) {
      const name = batchFileName(range)
      const path = join(this.#folder, name)
      const present = await readBoundedFile(path, MAX_BATCH_FILE_BYTES)
      if (present.kind !== 'bytes' || Buffer.compare(present.bytes, bytes) !== 0) {
        await writeFileAtomically(path, bytes, EXCHANGE_FILE_MODE)
      }
      names.push(name)
    }
    const ranges = packed.map(({ range }) => range)
    await this.#removeWhere((name, range) => !names.includes(name) && ranges.some((wide) => covers(wide, range)))
    return names
  }

  /** Removes files that the hub has committed as a whole. @returns their names. */
  async remove(watermarks: readonly Watermark[]): Promise<string[]> {
    const committed = new Map(watermarks.map((mark) => [`${mark.epoch}/${mark.stream}`, mark.sequence]))
    return this.#removeWhere((_name, range) => range.last <= (committed.get(`${range.epoch}/${range.stream}`) ?? 0))
  }

  /**
   * Number of batch files by stream. The relay stops writing a stream while this is high: what waits in the database costs
   * less than a folder of a million small files.
   */
  async backlog(): Promise<Readonly<Record<StreamName, number>>> {
    const counts: Record<StreamName, number> = { audit: 0, labels: 0, drift: 0, features: 0, health: 0 }
    for (const name of await readdir(this.#folder)) {
      const range = parseBatchFileName(name)
      if (range !== undefined) counts[range.stream] += 1
    }
    return counts
  }

  async #removeWhere(condition: (name: string, range: BatchRange) => boolean): Promise<string[]> {
    const removed: string[] = []
    for (const name of await readdir(this.#folder)) {
      const range = parseBatchFileName(name)
      if (range === undefined || !condition(name, range)) continue
      await rm(join(this.#folder, name), { force: true })
      removed.push(name)
    }
    if (removed.length > 0) await syncFolder(this.#folder)
    return removed
  }
}

function covers(wide: BatchRange, narrow: BatchRange): boolean {
  return (
    wide.epoch === narrow.epoch &&
    wide.stream === narrow.stream &&
    wide.first <= narrow.first &&
    wide.last >= narrow.last
  )
}

function foreignDevice(): ExchangeError {
  return new ExchangeError('foreign-device', {
    message: 'an envelope of another device was handed to the outbox',
    effect: 'nothing of this call was written',
    nextStep: 'report this as a defect, and check that the database belongs to this box',
  })
}
