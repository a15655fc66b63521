import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { splitOfPatient } from '@leadglass/models'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../installer/testing/peers.ts'
import { preprocess } from '../imaging/index.ts'
import { loadModel, releaseModel, runModel } from '../scoring/worker/model-sessions.ts'
import { channelMeans, fill, type ImageTensor, occlusionMap } from '../scoring/worker/occlusion.ts'

const data = sharedData('cxr-nih')
const why = data === undefined ? ' (no ../shared/data/cxr-nih)' : ''
const SHIPPED = resolve(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
const CELLS = 14
const STEPS = 14
/** More for the figures of the documentation; `LEADGLASS_EXPLAIN_REPORT` names a file for them. */
const IMAGES = Number(process.env.LEADGLASS_EXPLAIN_IMAGES ?? 6)

interface Areas {
  readonly deletion: number
  readonly insertion: number
}

/** Test patients, half of them with the finding. */
async function chosen(folder: string): Promise<readonly string[]> {
  const [head = '', ...lines] = (await readFile(join(folder, 'index.csv'), 'utf8')).trim().split('\n')
  const names = head.split(',')
  const rows = lines
    .map((line) => line.split(','))
    .map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ''])))
    .filter((row) => splitOfPatient(row.patient_id ?? '') === 'test')
  const isPositive = (row: Record<string, string>): boolean =>
    (row.finding_labels ?? '').split('|').includes('Pneumonia')
  const half = IMAGES / 2
  const picked = [...rows.filter(isPositive).slice(0, half), ...rows.filter((row) => !isPositive(row)).slice(0, half)]
  return picked.map((row) => row.file ?? '')
}

async function tensorOf(path: string, steps: Parameters<typeof preprocess>[1]): Promise<ImageTensor> {
  const plane = sharp(path).toColourspace('b-w').extractChannel(0)
  const { data: bytes, info } = await plane.raw().toBuffer({ resolveWithObject: true })
  const stored = Uint8Array.from(bytes)
  const frame = { rows: info.height, columns: info.width, photometric: 'MONOCHROME2', stored } as const
  return preprocess({ ...frame, modalityLut: { kind: 'identity' } }, steps)
}

/** Areas under the score while cells are hidden in this order (deletion), and shown in this order on a flat image (insertion). */
async function areasOf(
  image: ImageTensor,
  order: readonly number[],
  run: (values: Float32Array) => Promise<number>,
): Promise<Areas> {
  const means = channelMeans(image)
  const hidden = image.values.slice()
  const shown = new Float32Array(image.values.length)
  const patch = (cell: number) => {
    const [top, left] = [Math.floor(cell / CELLS), cell % CELLS]
    return { top, left, bottom: top + 1, right: left + 1 }
  }
  const whole = { top: 0, left: 0, bottom: CELLS, right: CELLS }
  fill(shown, image, whole, CELLS, (channel) => means[channel] ?? 0)
  let [deletion, insertion] = [(await run(hidden)) / 2, (await run(shown)) / 2]
  const side = image.height / CELLS
  for (let step = 0; step < STEPS; step += 1) {
    for (const cell of order.slice((step * order.length) / STEPS, ((step + 1) * order.length) / STEPS)) {
      fill(hidden, image, patch(cell), CELLS, (channel) => means[channel] ?? 0)
      const { top, left } = patch(cell)
      for (let channel = 0; channel < image.channels; channel += 1) {
        for (let y = top * side; y < (top + 1) * side; y += 1) {
          const from = (channel * image.height + y) * image.width + left * side
          shown.set(image.values.subarray(from, from + side), from)
        }
      }
    }
    const weight = step === STEPS - 1 ? 0.5 : 1
    deletion += weight * (await run(hidden))
    insertion += weight * (await run(shown))
  }
  return { deletion: deletion / STEPS, insertion: insertion / STEPS }
}

/** The same order every time (mulberry32). */
function shuffled(seed: number): number[] {
  let state = seed
  const order = Array.from({ length: CELLS * CELLS }, (_, at) => at)
  for (let at = order.length - 1; at > 0; at -= 1) {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    const other = ((mixed ^ (mixed >>> 14)) >>> 0) % (at + 1)
    ;[order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0]
  }
  return order
}

describe.skipIf(data === undefined)(`heat maps of real radiographs of unseen patients${why}`, () => {
  it('find what the score hangs on: hiding by the map lowers it sooner than at random, showing raises it sooner', async () => {
    const model = await loadModel(SHIPPED)
    const run = async (values: Float32Array) => (await runModel(model, values)).scores[0]?.value ?? Number.NaN
    const results: { map: Areas; random: Areas; milliseconds: number }[] = []
    for (const [number, file] of (await chosen(data ?? '')).entries()) {
      const image = await tensorOf(join(data ?? '', 'png256', file), model.package.manifest.preprocessing)
      const started = performance.now()
      const { values } = await occlusionMap(image, await run(image.values), run)
      const milliseconds = performance.now() - started
      const order = [...values.keys()].toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b)
      const map = await areasOf(image, order, run)
      results.push({ map, random: await areasOf(image, shuffled(number + 1), run), milliseconds })
    }
    await releaseModel(model)
    const mean = (of: (one: (typeof results)[number]) => number): number =>
      results.reduce((sum, one) => sum + of(one), 0) / results.length
    const share = (of: (one: (typeof results)[number]) => boolean): number => mean((one) => (of(one) ? 1 : 0))
    const figures = {
      images: results.length,
      deletion: { map: mean(({ map }) => map.deletion), random: mean(({ random }) => random.deletion) },
      insertion: { map: mean(({ map }) => map.insertion), random: mean(({ random }) => random.insertion) },
      deletionBetter: share(({ map, random }) => map.deletion < random.deletion),
      insertionBetter: share(({ map, random }) => map.insertion > random.insertion),
      milliseconds: mean((one) => one.milliseconds),
    }
    const report = process.env.LEADGLASS_EXPLAIN_REPORT
    if (report !== undefined) await writeFile(report, `${JSON.stringify(figures, null, 2)}\n`)
    expect(results).toHaveLength(IMAGES)
    expect(figures.deletion.map).toBeLessThan(figures.deletion.random)
    expect(figures.insertion.map).toBeGreaterThan(figures.insertion.random)
    expect(figures.insertionBetter).toBeGreaterThan(0.5)
  }, 600_000)
})
