import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ScoringPool } from '@leadglass/appliance/scoring'
import { type ModelPackage, wrapRadiograph } from '@leadglass/models'
import sharp from 'sharp'
import type { MeasuredInstance } from '../../../appliance/egress/index.ts'
import { syntheticHeader } from '../../../appliance/imaging/quality/testing/synthetic-header.ts'

const SIDE = 256
const BATCH = 25

/** A radiograph of the shared NIH data. */
export interface RealRadiograph {
  readonly file: string
  readonly patient: string
  readonly view: string
}

/** One radiograph as the shipped model measures it. */
export interface RealMeasured extends RealRadiograph {
  readonly measured: MeasuredInstance
}

/** The list of radiographs in a folder. */
export async function radiographsOf(folder: string): Promise<RealRadiograph[]> {
  const [head = '', ...lines] = (await readFile(join(folder, 'index.csv'), 'utf8')).trim().split('\n')
  const names = head.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    const cell = (name: string): string => cells[names.indexOf(name)] ?? ''
    return { file: cell('file'), patient: cell('patient_id'), view: cell('view') }
  })
}

/** The image as another scanner would give it: softer, darker in the middle tones, noisier, and compressed harder. */
export async function asAnotherScanner(picture: Uint8Array): Promise<Buffer> {
  const { data, info } = await sharp(picture)
    .toColourspace('b-w')
    .extractChannel(0)
    .blur(1.1)
    .gamma(1.4)
    .raw()
    .toBuffer({ resolveWithObject: true })
  const shape = { width: info.width, height: info.height, channels: 1 as const }
  return sharp(data, { raw: shape }).jpeg({ quality: 25 }).toBuffer()
}

/** Measures radiographs through the product's own workers. @param change what becomes of each picture before. */
export async function measureAll(
  given: { readonly pool: ScoringPool; readonly model: ModelPackage; readonly work: string; readonly folder: string },
  radiographs: readonly RealRadiograph[],
  change: (picture: Uint8Array) => Promise<Uint8Array> = async (picture) => picture,
): Promise<RealMeasured[]> {
  const batches = Array.from({ length: Math.ceil(radiographs.length / BATCH) }, (_, i) =>
    radiographs.slice(i * BATCH, (i + 1) * BATCH),
  )
  const done = await Promise.all(batches.map((batch, index) => measureBatch(given, batch, index, change)))
  return done.flat()
}

async function measureBatch(
  { pool, model, work, folder }: Parameters<typeof measureAll>[0],
  batch: readonly RealRadiograph[],
  index: number,
  change: (picture: Uint8Array) => Promise<Uint8Array>,
): Promise<RealMeasured[]> {
  const files = await Promise.all(
    batch.map(async ({ file, view }) => {
      const picture = await change(await readFile(join(folder, 'png256', file)))
      const path = join(work, `${index}-${file}.dcm`)
      await writeFile(path, await dicomOf(picture, file, view))
      return path
    }),
  )
  const job = { jobId: `batch-${index}`, packageFolder: model.folder, model: model.model, files, timeoutMs: 120_000 }
  const outcome = await pool.score(job)
  await Promise.all(files.map((file) => rm(file)))
  if (outcome.kind === 'failed') throw new Error(`${outcome.reason} ${outcome.detail}`)
  return batch.map((one, place) => {
    const scored = outcome.instances.find(({ instance }) => instance === place)
    if (scored?.kind !== 'scored') throw new Error(`not scored: ${scored?.reason ?? 'nothing'}`)
    return { ...one, measured: { scores: scored.scores, embedding: [...scored.embedding], quality: scored.quality } }
  })
}

async function dicomOf(picture: Uint8Array, name: string, view: string): Promise<Uint8Array> {
  const values = await sharp(picture).toColourspace('b-w').extractChannel(0).raw().toBuffer()
  return wrapRadiograph(
    { rows: SIDE, columns: SIDE, bitsStored: 8, values: Uint8Array.from(values) },
    syntheticHeader(`drift ${name}`, view === 'AP' ? 'AP' : 'PA'),
  )
}
