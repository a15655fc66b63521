import { readFile } from 'node:fs/promises'
import { readPackage, readPackageFile } from '@leadglass/models'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { z } from 'zod'
import {
  applyValueMap,
  assembleVolume,
  decimals,
  decodeFrames,
  modalityLut,
  parsePart10,
  prepareVolume,
  preprocess,
  voiLut,
} from '../../imaging/index.ts'

/**
 * A bare loop of the model runtime, for `npm run bench -- scoring`: what somebody writes who wants nothing but the scores.
 * No fit rules, quality figures, limits, permissions or second process. A child process that is told what to do by its one
 * argument (JSON), says `ready` when it is warm, runs at each `run` message, and answers with milliseconds.
 */
const request = z.strictObject({
  packageFolder: z.string(),
  /** One image each; of a volume all slices. */
  files: z.array(z.string()).min(1),
  isVolume: z.boolean(),
  threads: z.number().int().min(1),
  /** Without it every run uses the input that was prepared first. */
  withPreprocessing: z.boolean(),
  warmUp: z.number().int().min(1),
})
const run = z.strictObject({ images: z.number().int().min(1) })

const job = request.parse(JSON.parse(process.argv[2] ?? '{}'))
const model = await readPackage(job.packageFolder)
const sessions = new Map<string, InferenceSession>()
for (const { id, file } of model.manifest.graphs) {
  const session = await InferenceSession.create(await readPackageFile(model, file), {
    executionProviders: ['cpu'],
    intraOpNumThreads: job.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  })
  sessions.set(id, session)
}
const shape = [1, ...model.manifest.input.shape.slice(1)].map(Number)
const first = await prepare(0)
for (let i = 0; i < job.warmUp; i += 1) await once(i)
process.on('message', (message) => void answer(run.parse(message).images))
// Without the bench there is nothing to do.
process.on('disconnect', () => process.exit(0))
process.send?.({ kind: 'ready' })

async function answer(images: number): Promise<void> {
  const before = process.cpuUsage()
  const started = performance.now()
  for (let i = 0; i < images; i += 1) await once(i)
  const milliseconds = performance.now() - started
  const { user, system } = process.cpuUsage(before)
  process.send?.({ kind: 'done', milliseconds, processorMs: (user + system) / 1000 })
}

async function once(i: number): Promise<void> {
  const made = new Map<string, Tensor>([
    ['$input', new Tensor('float32', job.withPreprocessing ? await prepare(i) : first, shape)],
  ])
  for (const { id, inputs, outputs } of model.manifest.graphs) {
    const feeds = Object.entries(inputs).flatMap(([input, source]) => {
      const tensor = made.get(source)
      return tensor === undefined ? [] : [[input, tensor] as const]
    })
    const results = (await sessions.get(id)?.run(Object.fromEntries(feeds), outputs)) ?? {}
    for (const output of outputs) {
      const tensor = results[output]
      if (tensor !== undefined) made.set(`${id}.${output}`, tensor)
    }
  }
}

async function prepare(i: number): Promise<Float32Array> {
  return job.isVolume ? prepareSeries() : prepareImage(job.files[i % job.files.length] ?? '')
}

async function prepareImage(path: string): Promise<Float32Array> {
  const { dataSet, meta } = parsePart10(await readFile(path))
  const { pixels, ...image } = await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes: 2 ** 28 })
  const input = { ...image, stored: pixels, modalityLut: modalityLut(dataSet, image), voiLut: voiLut(dataSet, image) }
  return preprocess(input, model.manifest.preprocessing).values
}

async function prepareSeries(): Promise<Float32Array> {
  const slices = []
  for (const path of job.files) {
    const { dataSet, meta } = parsePart10(await readFile(path))
    const image = await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes: 2 ** 28 })
    slices.push({
      rows: image.rows,
      columns: image.columns,
      values: new Float32Array(applyValueMap(modalityLut(dataSet, image), image.pixels)),
      position: decimals(dataSet, 0x00200032),
      orientation: decimals(dataSet, 0x00200037),
      spacing: decimals(dataSet, 0x00280030),
    })
  }
  const assembly = assembleVolume(slices)
  if (assembly.kind === 'fault') throw new Error(`the slices are no volume: ${assembly.fault}`)
  return prepareVolume(assembly.volume, model.manifest.preprocessing)
}
