import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { packageTemplate, readPackage, writePackage } from '@leadglass/models'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeMeshnet } from '../../models/testing/meshnet.ts'

const CLI = resolve(import.meta.dirname, 'main.ts')
const SHIPPED = resolve(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadglass-import-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

function run(...args: readonly string[]) {
  const done = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', timeout: 60_000 })
  return { status: done.status, out: done.stdout, error: done.stderr }
}

describe('leadglass model import', () => {
  it('makes an ONNX file of a TensorFlow.js folder, with a report of parity', async () => {
    const out = join(root, 'meshnet')
    const folder = join(root, 'tfjs')
    await writeMeshnet(folder)
    const { status, out: said } = run('model', 'import', 'tfjs', folder, '--out', out, '--seed', '3', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(said)).toMatchObject({ parity: { passed: true, seed: 3 }, inputs: [{ moved: true }] })
    expect((await readdir(out)).toSorted()).toEqual(['net.onnx', 'parity.json', 'parity.txt'])
    expect(await readFile(join(out, 'parity.txt'), 'utf8')).toMatch(/layers model against onnxruntime: agrees/)
    const made = run('model', 'new', join(root, 'brain'), '--kind', 'volume-3d', '--onnx', join(out, 'net.onnx'))
    expect(made.status).toBe(0)
  }, 120_000)

  it('says which file is missing, and leaves nothing', async () => {
    const { status, error } = run('model', 'import', 'tfjs', root, '--out', join(root, 'none'))
    expect(status).not.toBe(0)
    expect(error).toMatch(/model\.json cannot be opened/)
    expect(await readdir(root)).not.toContain('none')
  }, 60_000)

  it('compares an ONNX file with what its training framework gave', async () => {
    const onnx = join(SHIPPED, 'head.onnx')
    const length = (await readPackage(SHIPPED)).manifest.embedding.length
    const reference = (probability: number) => ({
      schema: 'leadglass.parity-case/1',
      framework: 'a framework',
      inputs: [{ name: 'embedding', shape: [1, length], values: new Array(length).fill(0) }],
      outputs: [{ name: 'probability', shape: [1, 1], values: [probability] }],
    })
    const file = join(root, 'reference.json')
    await writeFile(file, JSON.stringify(reference(0.999)))
    const wrong = run('model', 'import', 'onnx', onnx, '--out', join(root, 'a'), '--reference', file, '--json')
    expect(wrong.status).toBe(1)
    const { parity } = JSON.parse(wrong.out) as { parity: { outputs: { maximumAbsolute: number }[] } }
    await writeFile(file, JSON.stringify(reference(0.999 - (parity.outputs[0]?.maximumAbsolute ?? 0))))
    expect(run('model', 'import', 'onnx', onnx, '--out', join(root, 'b'), '--reference', file).status).toBe(0)
    await writeFile(file, '{}')
    expect(run('model', 'import', 'onnx', onnx, '--out', join(root, 'c'), '--reference', file).error).toMatch(
      /parity-case/,
    )
  }, 120_000)
})

describe('leadglass model augment', () => {
  it('shows what the declared augmentation makes, the same for the same seed', async () => {
    const shipped = await readPackage(SHIPPED)
    const goldenPng = await readFile(join(SHIPPED, 'golden', 'phantom-0.png'))
    const onnx = await readFile(join(SHIPPED, 'backbone.onnx'))
    const { manifest, files } = packageTemplate({ name: 'augmented', kind: 'image-2d', onnx, goldenPng })
    const training = {
      laterality: 'matters' as const,
      augmentation: [{ step: 'affine' as const, rotationDegrees: 10, scale: 0.1, shift: 0.05 }],
    }
    const expected = new TextEncoder().encode('{"embedding":[0],"outputs":{"output-0":0},"tolerance":0.1}')
    const content = { manifest: { ...manifest, training }, files: new Map([...files, ['golden/first.json', expected]]) }
    await writePackage(join(root, 'augmented'), content)
    const picture = join(root, 'picture.png')
    await writeFile(picture, goldenPng)
    const make = (out: string) =>
      run('model', 'augment', join(root, 'augmented'), picture, '--out', join(root, out), '--seed', '9', '--count', '2')
    expect([make('one').status, make('two').status]).toEqual([0, 0])
    expect(await readdir(join(root, 'one'))).toEqual(['seed-10.png', 'seed-9.png'])
    const pixels = (name: string) => sharp(join(root, name)).raw().toBuffer()
    expect(await pixels('one/seed-9.png')).toEqual(await pixels('two/seed-9.png'))
    expect(await pixels('one/seed-9.png')).not.toEqual(await pixels('one/seed-10.png'))
    expect(run('model', 'augment', SHIPPED, picture, '--out', join(root, 'no')).error).toMatch(
      /declares no augmentation/,
    )
    expect(shipped.manifest.training).toBeUndefined()
  }, 120_000)
})
