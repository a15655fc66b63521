import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawQaPhantom, qaPhantomTruth, renderQaPhantom } from '../phantom/render-qa-phantom.ts'

/**
 * Writes constancy phantoms for `train_phantom.py`: `phantoms.u16` (512 x 512 little-endian words each, one after
 * another) and `truth.json`.
 *
 *     node write-qa-phantoms.ts FOLDER FIRST_SEED COUNT
 */
export function writeQaPhantoms(folder: string, first: number, count: number): void {
  const seeds = Array.from({ length: count }, (_, index) => first + index)
  const planes = seeds.map((seed) => Buffer.from(renderQaPhantom(drawQaPhantom(seed)).buffer))
  writeFileSync(join(folder, 'phantoms.u16'), Buffer.concat(planes))
  writeFileSync(join(folder, 'truth.json'), JSON.stringify(seeds.map((seed) => qaPhantomTruth(drawQaPhantom(seed)))))
}

if (import.meta.main) {
  const [folder = '.', first = '1', count = '0'] = process.argv.slice(2)
  writeQaPhantoms(folder, Number(first), Number(count))
}
