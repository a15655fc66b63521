import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MESHNET_SHARD, writeMeshnet } from '../../testing/meshnet.ts'
import { convertTfjs } from './convert.ts'
import { TfjsError } from './errors.ts'
import { readTfjsFolder } from './read-tfjs.ts'
import { decodeWeights, halfFloat } from './weights.ts'

const SHARD = MESHNET_SHARD

let folder: string
let json: { modelTopology: Record<string, unknown>; weightsManifest: { paths: string[]; weights: object[] }[] }
let shard: Buffer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfjs-hostile-'))
  await writeMeshnet(folder)
  json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as typeof json
  shard = await readFile(join(folder, SHARD))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The code and message of the refusal, or `accepted`. */
async function refusal(content: unknown = json): Promise<string> {
  await writeFile(join(folder, 'model.json'), typeof content === 'string' ? content : JSON.stringify(content))
  try {
    await convertTfjs(await readTfjsFolder(folder))
    return 'accepted'
  } catch (error) {
    if (error instanceof TfjsError) return `${error.code}: ${error.message}`
    throw error
  }
}

const withWeight = (change: object): typeof json => {
  const [group] = json.weightsManifest
  const weights = [{ ...group?.weights[0], ...change }, ...(group?.weights.slice(1) ?? [])]
  return { ...json, weightsManifest: [{ paths: [SHARD], weights }] }
}
const layersOf = (): { class_name: string; config: Record<string, unknown>; inbound_nodes: unknown }[] =>
  (json.modelTopology as { model_config: { config: { layers: never } } }).model_config.config.layers

describe('a folder of TensorFlow.js', () => {
  it('is accepted as it was written', async () => {
    expect(await refusal()).toBe('accepted')
  })

  it('is refused when a shard is cut short, too long, or missing', async () => {
    await writeFile(join(folder, SHARD), shard.subarray(0, -4))
    expect(await refusal()).toMatch(/^tfjs-shard-length: the shards end before/)
    await writeFile(join(folder, SHARD), Buffer.concat([shard, Buffer.alloc(4)]))
    expect(await refusal()).toMatch(/^tfjs-shard-length: the shards hold more/)
    await rm(join(folder, SHARD))
    expect(await refusal()).toMatch(/^tfjs-missing/)
  })

  it.each(['../secret.bin', '/etc/hostname', 'a/b.bin', '..', '.hidden', 'https://example.org/w.bin', 'a\u0000b'])(
    'is refused when a shard is called %j',
    async (path) => {
      expect(await refusal({ ...json, weightsManifest: [{ ...json.weightsManifest[0], paths: [path] }] })).toMatch(
        /^tfjs-(path|malformed)/,
      )
    },
  )

  it('is refused when a shard is a link or a folder', async () => {
    await rm(join(folder, SHARD))
    await writeFile(join(folder, 'elsewhere'), shard)
    await symlink(join(folder, 'elsewhere'), join(folder, SHARD))
    expect(await refusal()).toMatch(/^tfjs-path/)
    await rm(join(folder, SHARD))
    await mkdir(join(folder, SHARD))
    expect(await refusal()).toMatch(/^tfjs-(path|missing)/)
  })

  it.each<[string, object, RegExp]>([
    ['huge sizes', { shape: [65_536, 65_536, 65_536] }, /^tfjs-too-large/],
    ['a negative size', { shape: [-1, 3] }, /^tfjs-malformed/],
    ['text', { dtype: 'string' }, /^tfjs-weight-type/],
    ['a type that is none', { dtype: 'float8' }, /^tfjs-malformed/],
    ['quantisation without a scale', { quantization: { dtype: 'uint8' } }, /^tfjs-(malformed|shard-length)/],
    ['another shape', { shape: [3, 3, 3, 5, 1] }, /^tfjs-malformed/],
  ])('is refused when a weight has %s', async (_, change, reason) => {
    expect(await refusal(withWeight(change))).toMatch(reason)
  })

  it.each(['', '[]', '{"format":"layers-model"}', '{"modelTopology":{},"weightsManifest":[]}', '{"a":'])(
    'is refused when model.json is %j',
    async (text) => {
      expect(await refusal(text)).toMatch(/^tfjs-malformed/)
    },
  )

  it('is refused with the name of every layer that cannot be converted', async () => {
    const [, first, second] = layersOf()
    if (first !== undefined) first.class_name = 'LSTM'
    if (second !== undefined) second.config.activation = 'maxout'
    expect(await refusal()).toBe('tfjs-unsupported: cannot convert LSTM 21; Activation 22 (maxout)')
  })

  it('is refused when a layer reads what comes later, or channels come first', async () => {
    const [, first] = layersOf()
    if (first !== undefined) first.inbound_nodes = [[['26', 0, 0, {}]]]
    expect(await refusal()).toMatch(/^tfjs-malformed: 26 is read before/)
    if (first !== undefined) first.config.data_format = 'channels_first'
    expect(await refusal()).toMatch(/^tfjs-unsupported: cannot convert Conv3D 21 \(channels_first\)/)
  })

  it('is refused when a graph names an operation outside the list, or goes round in a circle', async () => {
    const graph = (...node: object[]): object => ({
      format: 'graph-model',
      modelTopology: { node },
      weightsManifest: [{ paths: ['none.bin'], weights: [] }],
    })
    await writeFile(join(folder, 'none.bin'), '')
    const relu = (name: string, input: string): object => ({ name, op: 'Relu', input: [input] })
    expect(await refusal(graph({ name: 'l', op: 'While', input: [] }, { name: 'r', op: 'RandomUniform' }))).toBe(
      'tfjs-unsupported: cannot convert While l; RandomUniform r',
    )
    expect(await refusal(graph(relu('a', 'b'), relu('b', 'a')))).toMatch(/^tfjs-malformed: the graph goes round/)
    expect(await refusal(graph(relu('a', 'z')))).toMatch(/^tfjs-malformed: the node a reads an unknown/)
    const deep = Array.from({ length: 5_000 }, (_, i) => relu(`n${i}`, `n${i + 1}`))
    expect(await refusal(graph(...deep, { name: 'n5000', op: 'Const' }))).toMatch(/^tfjs-malformed/)
  })
})

describe('quantised weights', () => {
  it('are scaled as tfjs does, 8 and 16 bits and half floats', () => {
    const spec = (dtype: 'uint8' | 'uint16' | 'float16', more: object) => ({
      name: dtype,
      shape: [3],
      dtype: 'float32' as const,
      quantization: { dtype, ...more },
    })
    const bytes = Uint8Array.from([0, 128, 255, 0, 0, 1, 0, 0xff, 0xff, 0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00])
    const weights = decodeWeights(
      [spec('uint8', { scale: 0.5, min: -1 }), spec('uint16', { scale: 2, min: 1 }), spec('float16', {})],
      bytes,
    )
    expect([...(weights.get('uint8')?.values ?? [])]).toEqual([-1, 63, 126.5])
    expect([...(weights.get('uint16')?.values ?? [])]).toEqual([1, 3, 131_071])
    expect([...(weights.get('float16')?.values ?? [])]).toEqual([1, -2, 2 ** -24])
    expect([halfFloat(0x7c00), halfFloat(0xfc00), halfFloat(0x7e00)]).toEqual([Infinity, -Infinity, Number.NaN])
  })
})
