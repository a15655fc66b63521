import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A weight of a model under construction, filled with values that its position decides. */
export interface MadeWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly values?: readonly number[]
  readonly dtype?: 'float32' | 'int32'
}

/** A node of a TensorFlow graph in JSON. */
export interface MadeNode {
  readonly name: string
  readonly op: string
  readonly input?: readonly string[]
  readonly attr?: Readonly<Record<string, unknown>>
}

export const ints = (...values: number[]): unknown => ({ list: { i: values.map(String) } })
export const text = (value: string): unknown => ({ s: Buffer.from(value).toString('base64') })
export const texts = (...values: string[]): unknown => ({
  list: { s: values.map((value) => Buffer.from(value).toString('base64')) },
})
export const float = { type: 'DT_FLOAT' }

/** A float32 input of a graph; -1 is free. */
export function placeholder(name: string, ...sizes: number[]): MadeNode {
  const dim = sizes.map((size) => ({ size: String(size) }))
  return { name, op: 'Placeholder', attr: { dtype: float, shape: { shape: { dim } } } }
}

/** Writes a graph model: `model.json` and one shard. Each weight becomes a constant of its name. */
export async function writeGraphModel(
  folder: string,
  nodes: readonly MadeNode[],
  weights: readonly MadeWeight[],
): Promise<void> {
  const constants = weights.map(({ name, dtype }) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT' }, value: { tensor: {} } },
  }))
  await writeModel(folder, 'graph-model', { node: [...constants, ...nodes], versions: { producer: 1 } }, weights)
}

/** Writes a layers model: `model.json` and one shard. */
export async function writeLayersModel(
  folder: string,
  layers: readonly { readonly class_name: string; readonly config: Readonly<Record<string, unknown>> }[],
  weights: readonly MadeWeight[],
): Promise<void> {
  const config = { name: 'made', layers }
  await writeModel(folder, 'layers-model', { model_config: { class_name: 'Sequential', config } }, weights)
}

async function writeModel(
  folder: string,
  format: string,
  modelTopology: unknown,
  weights: readonly MadeWeight[],
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const parts = weights.map((weight, position) => {
    const count = weight.shape.reduce((product, size) => product * size, 1)
    const values = weight.values ?? Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + position) * 0.4)
    const bytes = Buffer.alloc(4 * count)
    values.forEach((value, i) => {
      if (weight.dtype === 'int32') bytes.writeInt32LE(value, 4 * i)
      else bytes.writeFloatLE(value, 4 * i)
    })
    return bytes
  })
  const specs = weights.map(({ name, shape, dtype = 'float32' }) => ({ name, shape, dtype }))
  const json = { format, modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: specs }] }
  await writeFile(join(folder, 'model.json'), JSON.stringify(json))
  await writeFile(join(folder, 'weights.bin'), Buffer.concat(parts))
}
