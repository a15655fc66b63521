import { FRAMES_READ, type LocalDoubt, type LocalObject } from '../pixel-text/index.ts'
import type { PreparedInstance } from './prepared-instance.ts'

/** What reads risky pixels by the table of risks. */
export type PixelDoubts = (object: LocalObject) => Promise<LocalDoubt | undefined>

/**
 * Why nothing about a revision may leave: the first instance in whose pixels something identifies, or that could not be
 * judged. Its result is another matter: that stays with who sent the pixels.
 * @param pixels `undefined`: nothing reads, so every risky instance is doubted.
 */
export async function whatBlocks(
  prepared: readonly Pick<PreparedInstance, 'pixelRisk' | 'source' | 'identifiers' | 'header'>[],
  pixels: PixelDoubts | undefined,
): Promise<string | undefined> {
  for (const { pixelRisk, source, identifiers, header } of prepared) {
    if (FRAMES_READ[pixelRisk] === 0) continue
    if (source.kind === 'withheld') return source.reason
    if (pixels === undefined) return 'pixels-not-read'
    const doubt = await pixels({ file: source.path, risk: pixelRisk, identifiers, original: header })
    if (doubt !== undefined) return doubt
  }
  return undefined
}
