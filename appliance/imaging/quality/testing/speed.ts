import { join } from 'node:path'
import { readPackage } from '@leadglass/models'
import type { DecodedImage } from '../../decode/index.ts'
import type { InstanceFacts } from '../../facts.ts'
import { countValues, preprocess } from '../../preprocess/index.ts'
import { countedFigures } from '../histogram.ts'
import { imageQuality } from '../index.ts'
import { sharpnessAndNoise } from '../sharpness-noise.ts'

// `node speed.ts` prints what measuring costs per image, beside the preprocessing of the shipped package
const FACTS: InstanceFacts = {
  modality: 'CT',
  sopClassUid: '',
  bodyPart: 'CHEST',
  view: 'PA',
  rows: 0,
  columns: 0,
  frames: 1,
  monochrome: true,
  exposureIndex: 200,
  deviationIndex: 0,
}
const SHIPPED = join(import.meta.dirname, '..', '..', '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
const { preprocessing } = (await readPackage(SHIPPED)).manifest
const ROUNDS = 101

/** Median processor time of several runs in ms: another program on the machine does not count. */
function median(work: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage()
    work()
    return process.cpuUsage(start).user / 1000
  })
  return times.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN
}

for (const [modality, side] of [
  ['CT', 512],
  ['DX', 512],
  ['DX', 2048],
] as const) {
  const pixels = Uint16Array.from({ length: side * side }, (_, i) => {
    const [row, column] = [Math.floor(i / side), i % side]
    return 1500 + 900 * Math.sin(row / 37) * Math.cos(column / 53) + ((i * 7919) % 64)
  })
  const common = { rows: side, columns: side, frames: 1, samplesPerPixel: 1, bitsStored: 12, signed: false } as const
  const image: DecodedImage = { ...common, photometric: 'MONOCHROME2', pixels }
  const counted = countValues(pixels)
  const window = { low: 600, high: 2400 }
  const before = median(() => [
    counted && countedFigures(counted, 12, false, window),
    sharpnessAndNoise(pixels, side, side, 1800),
  ])
  const all = median(() => imageQuality(image, pixels, { ...FACTS, modality }, counted))
  const frame = { rows: side, columns: side, photometric: 'MONOCHROME2', stored: pixels, counted } as const
  const modalityLut = { kind: 'identity' } as never
  const prepared = median(() => preprocess({ ...frame, modalityLut }, preprocessing.slice(1)))
  const told = [before, all, prepared].map((ms) => ms.toFixed(2))
  process.stdout.write(
    `${modality} ${side}: noise and clipping ${told[0]} ms, all figures ${told[1]} ms, preprocessing ${told[2]} ms\n`,
  )
}
