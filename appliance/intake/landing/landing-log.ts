import type { Randomness } from '@leadglass/sync-agent/foundation'
import { KEY_BYTES } from '../study-keys.ts'
import type { FoundFrame } from './frame.ts'
import type { LogFile } from './log-file.ts'
import { type FrameContent, type Landed, Segment } from './segment.ts'

/** What the log is made of. */
export interface LandingLogOptions {
  /** 32 bytes, wraps the keys of segments. */
  readonly siteKey: Uint8Array
  readonly randomness: Randomness
  /** Opens the file of a segment by its number, making it when it is not there; its directory entry is durable then. */
  readonly open: (number: number) => Promise<LogFile>
  /** Numbers of the segments that are there. */
  readonly existing: () => Promise<readonly number[]>
  readonly segmentBytes: number
  /** More segments are never made: senders wait until one is free. */
  readonly mostSegments: number
}

interface Waiting {
  readonly content: FrameContent
  readonly resolve: (landed: Landed) => void
  readonly reject: (cause: unknown) => void
}

/** A new segment's first megabytes, filled before use; the rest of the first one grows as it is used. */
const FIRST_FILL_BYTES = 4_194_304

/** A disk that takes longer than this is never waited for. */
const SLOW_SYNC_MS = 1.5

/**
 * A write-ahead log of instances on their way to files of their own. One fdatasync makes all that wait durable, content
 * and record in one. Batches follow each other, so that whatever is durable, everything before it is too. A segment is
 * used again when each of its frames is settled.
 */
export class LandingLog {
  readonly #options: LandingLogOptions
  readonly #free: Segment[] = []
  readonly #used = new Set<Segment>()
  #active: Segment | undefined
  #spare: Promise<unknown> | undefined
  #count = 0
  #generation = 0
  #waiting: Waiting[] = []
  #running = false
  #freed: (() => void) | undefined
  #stuck: Error | undefined
  #retiring = false
  #alone = false
  /** How long the disk took lately, in milliseconds. */
  #syncMs = SLOW_SYNC_MS

  constructor(options: LandingLogOptions) {
    this.#options = options
  }

  /** Opens the log. @returns what the last run left, in the order in which it came; release each when it is settled. */
  async open(): Promise<(Landed & FoundFrame)[]> {
    const { existing, open, siteKey } = this.#options
    const found: (Landed & FoundFrame)[][] = []
    for (const number of await existing()) {
      const segment = new Segment(await open(number))
      this.#count = Math.max(this.#count, number + 1)
      found.push(segment.recover(siteKey))
      this.#generation = Math.max(this.#generation, segment.generation)
      this.#used.add(segment)
    }
    for (const segment of this.#used) if (segment.pending === 0) await this.#recycle(segment)
    const ordered = found.toSorted((a, b) => (a[0]?.segment.generation ?? 0) - (b[0]?.segment.generation ?? 0))
    return ordered.flat()
  }

  /**
   * Adds a frame; it is durable when this resolves. @throws what the file system throws: nothing is promised then.
   * @param alone nothing else is being received: while the disk answers fast, this thread waits for it, which saves two
   * changes of thread for each instance.
   */
  append(record: Uint8Array, pieces: readonly Uint8Array[], alone = false): Promise<Landed> {
    this.#alone = alone
    const bodyBytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ content: { record, pieces, bodyBytes }, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  /** A frame is settled: it is durable elsewhere. */
  release({ segment }: Landed): void {
    segment.release()
    if (segment.pending > 0 || (segment === this.#active && this.#running)) return
    if (segment === this.#active) this.#active = undefined
    // A head that cannot be written anew leaves the segment out of use; the next start finds it settled.
    this.#recycle(segment).catch((cause: unknown) => {
      this.fail(cause)
    })
  }

  /** Nothing can be settled now: whoever waits for room is refused until `release` makes some. */
  fail(cause: unknown): void {
    this.#stuck = cause instanceof Error ? cause : new Error('nothing can be settled')
    this.#freed?.()
  }

  /**
   * Writes no more behind what is there. @returns whether some of what is there now is still in the log, settled or not:
   * a segment keeps its frames until all of them are settled.
   */
  retire(): () => boolean {
    const held = [...this.#used].map((segment) => ({ segment, generation: segment.generation }))
    if (this.#running) this.#retiring = true
    else this.#endActive()
    return () => held.some(({ segment, generation }) => this.#used.has(segment) && segment.generation === generation)
  }

  /** How full the log is, from 0 to 1. */
  get load(): number {
    return this.#used.size / this.#options.mostSegments
  }

  /** Closes the files. */
  async close(): Promise<void> {
    await this.#spare
    for (const segment of [...this.#used, ...this.#free]) segment.close()
    this.#used.clear()
    this.#free.length = 0
    this.#active = undefined
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) await this.#commit()
    this.#running = false
    if (this.#retiring) this.#endActive()
  }

  async #commit(): Promise<void> {
    let batch = this.#waiting
    this.#waiting = []
    let segment: Segment | undefined
    try {
      const first = batch[0]?.content
      segment = first === undefined ? undefined : (this.#activeFor(first) ?? (await this.#rotate()))
      if (segment === undefined) return
      const { segmentBytes } = this.#options
      const taken: Waiting[] = []
      let room = segmentBytes - segment.position
      for (const one of batch) {
        const bytes = one.content.bodyBytes + one.content.record.length + 64
        if (taken.length > 0 && bytes > room) break
        taken.push(one)
        room -= bytes
      }
      this.#waiting = [...batch.slice(taken.length), ...this.#waiting]
      batch = taken
      const landed = segment.write(taken.map(({ content }) => content))
      await this.#sync(segment, taken.length === 1 && this.#alone)
      segment.keep(taken.length)
      taken.forEach((one, index) => {
        const where = landed[index]
        if (where !== undefined) one.resolve(where)
      })
    } catch (cause) {
      // After a failed write or fdatasync nobody knows what is on disk: the segment takes no more.
      if (segment !== undefined) this.#abandon(segment)
      for (const one of batch) one.reject(cause)
    }
  }

  async #sync(segment: Segment, alone: boolean): Promise<void> {
    const started = performance.now()
    const syncing = segment.sync(alone && this.#syncMs < SLOW_SYNC_MS)
    if (syncing !== undefined) await syncing
    this.#syncMs += (performance.now() - started - this.#syncMs) / 8
  }

  #activeFor(first: FrameContent): Segment | undefined {
    const active = this.#active
    if (this.#retiring) return undefined
    if (active === undefined || !active.fits(first, this.#options.segmentBytes)) return undefined
    if (active.position > this.#options.segmentBytes / 2) this.#prepareSpare()
    return active
  }

  #endActive(): void {
    const active = this.#active
    this.#retiring = false
    if (active !== undefined) this.#abandon(active)
  }

  #abandon(segment: Segment): void {
    if (this.#active === segment) this.#active = undefined
    if (segment.pending === 0 && this.#used.has(segment)) void this.#recycle(segment).catch(() => undefined)
  }

  async #rotate(): Promise<Segment> {
    const full = this.#active
    this.#active = undefined
    this.#retiring = false
    if (full !== undefined && full.pending === 0) await this.#recycle(full)
    await this.#spare
    while (this.#free.length === 0) {
      if (this.#count < this.#options.mostSegments) await this.#make(FIRST_FILL_BYTES)
      else await this.#room()
    }
    // The largest first: its blocks are allocated, so that its syncs are the cheapest.
    this.#free.sort((a, b) => b.size - a.size)
    const segment = this.#free.shift()
    if (segment === undefined) throw new TypeError('no segment is free')
    this.#used.add(segment)
    this.#active = segment
    return segment
  }

  /** Waits until a segment is free. @throws why none will be. */
  async #room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#freed = resolve
    })
    const stuck = this.#stuck
    this.#stuck = undefined
    if (stuck !== undefined && this.#free.length === 0) throw stuck
  }

  #prepareSpare(): void {
    if (this.#spare !== undefined || this.#free.length > 0 || this.#count >= this.#options.mostSegments) return
    this.#spare = this.#make(this.#options.segmentBytes)
      .catch(() => undefined)
      .finally(() => {
        this.#spare = undefined
      })
  }

  async #make(fill: number): Promise<void> {
    const segment = new Segment(await this.#options.open(this.#count))
    this.#count += 1
    await segment.fill(Math.min(fill, this.#options.segmentBytes))
    await this.#recycle(segment)
  }

  async #recycle(segment: Segment): Promise<void> {
    this.#used.delete(segment)
    this.#generation += 1
    const generation = this.#generation
    await segment.begin({ generation, key: this.#options.randomness.bytes(KEY_BYTES) }, this.#options.siteKey)
    this.#free.push(segment)
    this.#stuck = undefined
    this.#freed?.()
  }
}
