import {
  decodeSegmentHead,
  encodeFrame,
  encodeSegmentHead,
  type FoundFrame,
  frameBytes,
  SEGMENT_HEAD_BYTES,
  type SegmentUse,
  scanFrames,
} from './frame.ts'
import type { LogFile } from './log-file.ts'

/** Where a frame's body lies. */
export interface Landed {
  readonly segment: Segment
  readonly bodyAt: number
  readonly bodyBytes: number
}

/** A frame to be written. The pieces make up the body. */
export interface FrameContent {
  readonly record: Uint8Array
  readonly pieces: readonly Uint8Array[]
  readonly bodyBytes: number
}

/** One file of the landing log and the use it is in. */
export class Segment {
  readonly #file: LogFile
  #use: SegmentUse | undefined
  #position = SEGMENT_HEAD_BYTES
  #sequence = 0
  #pending = 0

  constructor(file: LogFile) {
    this.#file = file
  }

  /** Frames that are not settled yet. */
  get pending(): number {
    return this.#pending
  }

  /** Where the next frame goes. */
  get position(): number {
    return this.#position
  }

  get generation(): number {
    return this.#use?.generation ?? 0
  }

  get size(): number {
    return this.#file.size
  }

  /** What the last run left here. Each frame found is pending. */
  recover(siteKey: Uint8Array): (Landed & FoundFrame)[] {
    this.#use = decodeSegmentHead(this.#file.read(0, SEGMENT_HEAD_BYTES), siteKey)
    if (this.#use === undefined) return []
    const frames = [...scanFrames((at, bytes) => this.#file.read(at, bytes), this.#use)]
    this.#pending = frames.length
    return frames.map((frame) => ({ ...frame, segment: this }))
  }

  /** Makes the segment empty, durably: what it held is unreadable from now on, because its key is written over. */
  async begin(use: SegmentUse, siteKey: Uint8Array): Promise<void> {
    this.#file.write([encodeSegmentHead(use, siteKey)], 0)
    await this.#file.sync()
    this.#use = use
    this.#position = SEGMENT_HEAD_BYTES
    this.#sequence = 0
    this.#pending = 0
  }

  /** True when a frame fits below `limit` bytes. A segment takes any first frame. */
  fits({ record, bodyBytes }: FrameContent, limit: number): boolean {
    return this.#sequence === 0 || this.#position + frameBytes(record.length, bodyBytes) <= limit
  }

  /** Writes frames, not durably yet. @throws what the file system throws; the segment must not be written on then. */
  write(frames: readonly FrameContent[]): Landed[] {
    const use = this.#use
    if (use === undefined) throw new TypeError('the segment is not in use')
    const buffers: Uint8Array[] = []
    const from = this.#position
    const landed = frames.map(({ record, pieces, bodyBytes }) => {
      const head = encodeFrame(use, this.#sequence, record, bodyBytes)
      buffers.push(head, ...pieces)
      const bodyAt = this.#position + head.length
      this.#position = bodyAt + bodyBytes
      this.#sequence += 1
      return { segment: this, bodyAt, bodyBytes }
    })
    this.#file.write(buffers, from)
    return landed
  }

  /** Counts frames as pending: they are durable. */
  keep(frames: number): void {
    this.#pending += frames
  }

  /** One frame less is pending. */
  release(): void {
    this.#pending -= 1
  }

  /** Makes what was written durable. @param alone nobody else waits for this thread. */
  sync(alone: boolean): Promise<void> | undefined {
    if (!alone) return this.#file.sync()
    this.#file.syncNow()
    return undefined
  }

  /** Makes the file larger ahead of what is written, so that later syncs need not change its extents. */
  async fill(bytes: number): Promise<void> {
    const from = this.size
    if (from < bytes) await this.#file.fill(from, bytes - from)
  }

  /** Bytes of a body from its start. */
  read({ bodyAt, bodyBytes }: Landed, bytes = bodyBytes): Buffer {
    return this.#file.read(bodyAt, Math.min(bytes, bodyBytes))
  }

  close(): void {
    this.#file.close()
  }
}
