import { join } from 'node:path'
import { readPackage, readPackageFile } from '@leadglass/models'
import onnxProto from 'onnx-proto'
import { describe, expect, it } from 'vitest'
import { goldenEmbeddings } from './golden/golden-embedding.ts'
import { headProbability, readHead, writeHead } from './head-graph.ts'
import { headWiring } from './head-wiring.ts'
import { assertParity, runHead } from './parity.ts'

const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
const parent = await readPackage(PACKAGE)
const wiring = headWiring(parent.manifest, 'pneumonia')
const graph = await readPackageFile(parent, wiring.file)

describe('the head of the shipped package', () => {
  it('reads to parameters that give what the graph gives', async () => {
    const head = readHead(graph)
    const golden = await goldenEmbeddings(parent)
    const embeddings = golden.map((one) => one.embedding)
    const scores = await runHead(graph, wiring, embeddings)
    assertParity(
      embeddings.map((embedding) => headProbability(head, embedding)),
      scores,
    )
    for (const [i, { expectation }] of golden.entries()) {
      expect(Math.abs((scores[i] ?? 0) - (expectation.outputs.pneumonia ?? 0))).toBeLessThan(expectation.tolerance)
    }
  })

  it('is written with other weights and the same names', async () => {
    const head = readHead(graph)
    const weight = head.weight.map((value) => value * -2)
    const written = writeHead(graph, { weight, bias: Math.fround(0.3) })
    expect(readHead(written)).toEqual({ ...head, weight, bias: Math.fround(0.3) })
    expect(writeHead(graph, head)).toEqual(writeHead(graph, head))
    const embeddings = (await goldenEmbeddings(parent)).map((one) => one.embedding)
    const expected = embeddings.map((one) => headProbability(readHead(written), one))
    expect(assertParity(expected, await runHead(written, wiring, embeddings)).largestDifference).toBeLessThan(1e-6)
  })

  it('is refused when the exported graph says something else', () => {
    expect(() => assertParity([0.5, 0.5], [0.5, 0.500_01])).toThrow(/differs from the trainer/)
    expect(() => assertParity([0.5], [Number.NaN])).toThrow(/differs from the trainer/)
    expect(() => assertParity([0.5], [])).toThrow(/differs from the trainer/)
  })

  it('is refused when it is not linear, or no graph at all', () => {
    const model = onnxProto.onnx.ModelProto.decode(graph)
    model.graph?.node?.reverse()
    expect(() => readHead(onnxProto.onnx.ModelProto.encode(model).finish())).toThrow(/other operators/)
    expect(() => readHead(Buffer.from('no graph'))).toThrow(/head graph/)
    expect(() => headWiring(parent.manifest, 'effusion')).toThrow(/does not score/)
  })
})
