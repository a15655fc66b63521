import type { Sha256Hex } from '../../foundation/index.ts'
import { type BlobStream, FetchError, type RepositoryFetcher } from '../fetcher.ts'
import { type HighWaterMarks, type HighWaterMarksState, mergeMarks, NO_MARKS } from '../high-water-marks.ts'

/** Marks in memory; also the shape of an adapter over a database. */
export class MemoryHighWaterMarks implements HighWaterMarks {
  state: HighWaterMarksState = NO_MARKS

  async read(): Promise<HighWaterMarksState> {
    return this.state
  }

  async raise(marks: HighWaterMarksState): Promise<void> {
    this.state = mergeMarks(this.state, marks)
  }
}

/** A repository in memory. `requests` names what was asked for, in order; `failing` makes names unreachable. */
export class MemoryFetcher implements RepositoryFetcher {
  readonly requests: string[] = []
  readonly failing = new Set<string>()
  readonly #files: ReadonlyMap<string, Uint8Array>

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files
  }

  async metadata(name: string, maximumBytes: number): Promise<Uint8Array | undefined> {
    return this.#whole(`metadata/${name}`, maximumBytes)
  }

  async target(path: string, maximumBytes: number): Promise<Uint8Array | undefined> {
    return this.#whole(`targets/${path}`, maximumBytes)
  }

  async blob(sha256: Sha256Hex, from: number): Promise<BlobStream | undefined> {
    const bytes = this.#read(`blobs/${sha256}`)
    return bytes === undefined ? undefined : { offset: from, chunks: chunksOf(bytes.subarray(from)) }
  }

  #whole(path: string, maximumBytes: number): Uint8Array | undefined {
    const bytes = this.#read(path)
    if (bytes !== undefined && bytes.length > maximumBytes)
      throw new FetchError('too-large', 'a file exceeds its limit')
    return bytes
  }

  #read(path: string): Uint8Array | undefined {
    this.requests.push(path)
    if (this.failing.has(path)) throw new FetchError('unreachable', 'the connection broke')
    return this.#files.get(path)
  }
}

async function* chunksOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 16_384) yield bytes.subarray(at, at + 16_384)
}
