import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TrainingTable, trainingTable } from '@leadglass/cloud-hub/trainers'
import { parseSource, readPackage, readPackageFile } from '@leadglass/models'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { radiographs } from '../../../appliance/imaging/quality/testing/radiographs.ts'
import { preprocess } from '../../../cloud-hub/training/golden/preprocess.ts'

const PACKAGE = join(import.meta.dirname, '..', '..', '..', 'models', 'packages', 'chest-radiograph', '1.1.0')

/**
 * The shared NIH radiographs through the shipped backbone, as a table: was "Pneumonia" among the text-mined labels. Groups are
 * patients.
 * @param dataSet folder of the shared NIH data.
 */
export async function nihEmbeddings(dataSet: string): Promise<TrainingTable> {
  const lines = (await readFile(join(dataSet, 'index.csv'), 'utf8')).trim().split(/\r?\n/)
  const isPositive = new Map(lines.map((line) => [line.split(',')[0], line.split(',')[1] === 'Pneumonia']))
  const { manifest, ...rest } = await readPackage(PACKAGE)
  const source = parseSource(manifest.embedding.from)
  const backbone = manifest.graphs.find(({ id }) => id === source?.graph)
  const input = Object.keys(backbone?.inputs ?? {})[0]
  if (source === undefined || backbone === undefined || input === undefined) throw new TypeError('no backbone')
  const graph = await readPackageFile({ manifest, ...rest }, backbone.file)
  const session = await InferenceSession.create(graph, { logSeverityLevel: 3, intraOpNumThreads: 1 })
  const [, channels = 1, height = 1, width = 1] = manifest.input.shape
  const all = await radiographs()
  const columns = manifest.embedding.length
  const values = new Float32Array(all.length * columns)
  try {
    for (const [i, image] of all.entries()) {
      const plane = { width: image.columns, height: image.rows, values: Float64Array.from(image.pixels) }
      const tensor = new Tensor('float32', preprocess(plane, manifest.preprocessing), [1, channels, height, width])
      const answer = await session.run({ [input]: tensor })
      values.set(answer[source.output]?.data as Float32Array, i * columns)
    }
  } finally {
    await session.release()
  }
  return trainingTable({
    columns,
    values,
    labels: all.map(({ file }) => (isPositive.get(file) === true ? 1 : 0)),
    groups: all.map(({ file }) => Number(file.split('_')[0])),
  })
}
