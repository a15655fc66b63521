import { z } from 'zod'
import generated from '../table/safe-private.generated.json' with { type: 'json' }

/** Tag without its block, creator and VR of every row of PS3.15 table E.3.10-1. */
const SAFE = new Set(
  z
    .object({ rows: z.array(z.tuple([z.string(), z.string(), z.string(), z.string()])) })
    .parse(generated)
    .rows.map(([place, creator, vr]) => `${place} ${vr} ${creator}`),
)

/**
 * The private elements of one data set, which come in ascending order: creators of blocks (PS3.5 7.8.1), and what is
 * known to be safe under them.
 */
export class PrivateBlocks {
  readonly #creators = new Map<number, string>()

  /** True for an element that may be there. @param value of a creator. */
  accepts(tag: number, vr: string, value: string): boolean {
    const [group, element] = [tag >>> 16, tag & 0xffff]
    if (element >= 0x10 && element <= 0xff) {
      this.#creators.set((group << 8) | element, value.trim())
      return vr === 'LO'
    }
    const creator = this.#creators.get((group << 8) | (element >>> 8))
    const place = group.toString(16).padStart(4, '0') + (element & 0xff).toString(16).padStart(2, '0')
    return element >= 0x1000 && creator !== undefined && SAFE.has(`${place} ${vr} ${creator}`)
  }
}
