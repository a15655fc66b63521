import { bordersOf, collimatedShare } from '../collimation.ts'
import { inversionLikelihood } from '../inversion.ts'
import { differingBits, pixelPrint } from '../pixel-print.ts'
import { letterLikeBlobs } from '../side-marker.ts'
import type { Thumbnail } from '../thumbnail.ts'
import { MARKED, UNMARKED } from './marker-labels.ts'
import { type Radiograph, radiographs, thumbnailFor } from './radiographs.ts'

/** Right and wrong answers to one question. */
export interface Answers {
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
}

/** What was measured of the figures that are judgements, on radiographs of patients that nothing was trained on. */
export interface QualityMeasurement {
  readonly inversion: Answers
  readonly marker: Answers
  readonly collimation: Answers & { readonly meanError: number }
  readonly exactDuplicates: Answers
  readonly nearDuplicates: Answers
}

/** Bits of 256 up to which two images count as the same picture. */
const NEAR_BITS = 24

/** Measures everything; the same data give the same figures. */
export async function measureQuality(): Promise<QualityMeasurement> {
  const all = await radiographs()
  const unseen = all.filter(({ part }) => part !== 'shipped')
  return {
    inversion: answers(
      unseen.map((one) => inversionLikelihood(thumbnailFor(one, 'MONOCHROME1')) > 0.5),
      unseen.map((one) => inversionLikelihood(thumbnailFor(one)) > 0.5),
    ),
    marker: markers(all),
    collimation: collimation(unseen),
    ...duplicates(all),
  }
}

/** Share of the found that is there, and share of what is there that is found. */
export function precisionAndRecall({ truePositives, falsePositives, falseNegatives }: Answers) {
  return {
    precision: truePositives / (truePositives + falsePositives),
    recall: truePositives / (truePositives + falseNegatives),
  }
}

function answers(positives: readonly boolean[], negatives: readonly boolean[]): Answers {
  const truePositives = positives.filter(Boolean).length
  const falsePositives = negatives.filter(Boolean).length
  return {
    truePositives,
    falsePositives,
    falseNegatives: positives.length - truePositives,
    trueNegatives: negatives.length - falsePositives,
  }
}

/** Images that a person looked at; nearly all have a marker, so the same ones without letters are the negatives. */
function markers(all: readonly Radiograph[]): Answers {
  const named = (files: readonly string[]) => all.filter(({ file }) => files.includes(file))
  const found = (one: Radiograph) => letterLikeBlobs(thumbnailFor(one)).length > 0
  return answers(named(MARKED).map(found), [
    ...named(UNMARKED).map(found),
    ...named(MARKED).map((one) => found({ ...one, pixels: withoutLetters(one) })),
  ])
}

/** Everything near the border blurred until no letter can be read; what lies further in stays as it is. */
function withoutLetters({ pixels, rows, columns }: Radiograph): Uint8Array {
  const radius = 7
  const result = pixels.slice()
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const toSide = Math.min(column, columns - 1 - column) / columns
      const toEnd = Math.min(row, rows - 1 - row) / rows
      if (toSide > 0.3 && toEnd > 0.2) continue
      let [sum, count] = [0, 0]
      for (let y = Math.max(0, row - radius); y <= Math.min(rows - 1, row + radius); y += 1) {
        for (let x = Math.max(0, column - radius); x <= Math.min(columns - 1, column + radius); x += 1) {
          sum += pixels[y * columns + x] ?? 0
          count += 1
        }
      }
      result[row * columns + column] = sum / count
    }
  }
  return result
}

/** Black shutters of known depth are put on images in which none is found. */
function collimation(images: readonly Radiograph[]) {
  const open = images.filter((one) => share(thumbnailFor(one)) < 0.02)
  const errors: number[] = []
  const shuttered = open.map((one, k) => {
    const depth = 8 + ((k * 7) % 40)
    const pixels = one.pixels.slice()
    for (let row = 0; row < one.rows; row += 1) {
      for (let column = 0; column < one.columns; column += 1) {
        const inside = row >= depth && row < one.rows - depth && column >= depth && column < one.columns - depth
        if (!inside) pixels[row * one.columns + column] = (row * 31 + column * 17) % 4
      }
    }
    const truth = 1 - ((one.rows - 2 * depth) * (one.columns - 2 * depth)) / (one.rows * one.columns)
    const measured = share(thumbnailFor({ ...one, pixels }))
    errors.push(Math.abs(measured - truth))
    return Math.abs(measured - truth) < 0.03
  })
  const meanError = errors.reduce((sum, error) => sum + error, 0) / errors.length
  return {
    ...answers(
      shuttered,
      open.map((one) => share(thumbnailFor(one)) >= 0.02),
    ),
    meanError,
  }
}

function share(thumbnail: Thumbnail): number {
  return collimatedShare(thumbnail, bordersOf(thumbnail))
}

/** Every image against itself, brightened by a tenth and cut to seven bits, and against all others. */
function duplicates(all: readonly Radiograph[]) {
  const printOf = (one: Radiograph, pixels: Uint8Array) => {
    const { rows, columns } = one
    const image = { rows, columns, frames: 1, samplesPerPixel: 1, bitsStored: 8, signed: false } as const
    return pixelPrint({ ...image, photometric: 'MONOCHROME2', pixels }, thumbnailFor({ rows, columns, pixels }))
  }
  const prints = all.map((one) => printOf(one, one.pixels))
  const changed = all.map((one) =>
    printOf(
      one,
      one.pixels.map((value) => Math.min(255, value * 1.1) & 0xfe),
    ),
  )
  const near = (a: { look?: string }, b: { look?: string } | undefined) =>
    differingBits(a.look ?? '', b?.look ?? '') <= NEAR_BITS
  const pairs: boolean[] = []
  const same: boolean[] = []
  for (const [i, one] of prints.entries()) {
    for (const other of prints.slice(i + 1)) {
      pairs.push(near(one, other))
      same.push(one.digest === other.digest)
    }
  }
  return {
    nearDuplicates: answers(
      prints.map((one, i) => near(one, changed[i])),
      pairs,
    ),
    exactDuplicates: answers(
      all.map((one, i) => printOf(one, one.pixels.slice()).digest === prints[i]?.digest),
      [...same, ...prints.map((one, i) => one.digest === changed[i]?.digest)],
    ),
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await measureQuality(), undefined, 2)}\n`)
