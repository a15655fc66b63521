import type { Service } from '@leadglass/sync-agent/foundation'
import { PixelReader, type PixelReaderOptions } from './pixel-reader.ts'

/** What looks at pixels: one process, or several. */
export type PixelReading = Pick<PixelReader, 'read' | 'mask' | 'render'>

/** Several reading processes; each starts when the others are busy for the first time. */
export class ReaderPool implements PixelReading, Service {
  readonly #readers: readonly PixelReader[]

  constructor(options: PixelReaderOptions, processes: number) {
    this.#readers = Array.from({ length: Math.max(1, processes) }, () => new PixelReader(options))
  }

  async start(): Promise<void> {
    for (const reader of this.#readers) await reader.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.stop()))
  }

  read(...call: Parameters<PixelReader['read']>): ReturnType<PixelReader['read']> {
    return this.#idlest().read(...call)
  }

  mask(...call: Parameters<PixelReader['mask']>): ReturnType<PixelReader['mask']> {
    return this.#idlest().mask(...call)
  }

  render(...call: Parameters<PixelReader['render']>): ReturnType<PixelReader['render']> {
    return this.#idlest().render(...call)
  }

  #idlest(): PixelReader {
    const [first, ...others] = this.#readers
    if (first === undefined) throw new RangeError('a pool has at least one reader')
    return others.reduce((best, other) => (other.pending < best.pending ? other : best), first)
  }
}
