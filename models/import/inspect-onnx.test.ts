import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OnnxError } from './errors.ts'
import { inspectOnnx } from './inspect-onnx.ts'

const PACKAGE = join(import.meta.dirname, '..', 'packages', 'chest-radiograph', '1.0.0')

/** A field of a message: length-delimited, or a small varint. */
function field(number: number, value: Uint8Array | string | number): Buffer {
  if (typeof value === 'number') return Buffer.of(number * 8, value)
  const bytes = Buffer.from(value as Uint8Array)
  const key = number * 8 + 2
  const head = key < 128 ? [key] : [(key & 0x7f) | 0x80, key >> 7]
  if (bytes.length > 127) throw new RangeError('this writer is for short messages')
  return Buffer.concat([Buffer.from([...head, bytes.length]), bytes])
}

interface Parts {
  readonly irVersion?: number
  readonly operatorSet?: Buffer
  readonly operator?: string
  readonly domain?: string
  readonly attribute?: Buffer
  readonly initialiser?: Buffer
  readonly more?: Buffer
}

/** x -> y by one operator; both float32 [1, ?]. */
function modelOf(parts: Parts): Buffer {
  const type = field(
    1,
    Buffer.concat([field(1, 1), field(2, Buffer.concat([field(1, field(1, 1)), field(1, field(2, 'N'))]))]),
  )
  const value = (name: string): Buffer => Buffer.concat([field(1, name), field(2, type)])
  const node = [
    field(1, 'x'),
    field(2, 'y'),
    field(4, parts.operator ?? 'Relu'),
    ...(parts.domain === undefined ? [] : [field(7, parts.domain)]),
    ...(parts.attribute === undefined ? [] : [field(5, parts.attribute)]),
  ]
  const graph = Buffer.concat([
    field(1, Buffer.concat(node)),
    ...(parts.initialiser === undefined ? [] : [field(5, parts.initialiser)]),
    field(11, value('x')),
    field(12, value('y')),
  ])
  return Buffer.concat([
    field(1, parts.irVersion ?? 8),
    field(8, parts.operatorSet ?? field(2, 17)),
    field(7, graph),
    parts.more ?? Buffer.alloc(0),
  ])
}

describe('the inspection of an ONNX file', () => {
  it('reads what the shipped graphs say of themselves', async () => {
    const head = inspectOnnx(await readFile(join(PACKAGE, 'head.onnx')))
    expect(head).toMatchObject({
      irVersion: 8,
      operatorSets: { '': 17 },
      operators: { Add: 1, Div: 1, MatMul: 1, Sigmoid: 1, Sub: 1 },
      inputs: [{ name: 'embedding', elementType: 1, dimensions: ['N', 112] }],
      outputs: [{ name: 'probability', elementType: 1, dimensions: ['N', 1] }],
      parameters: 3 * 112 + 1,
      problems: [],
    })
    expect(inspectOnnx(await readFile(join(PACKAGE, 'backbone.onnx'))).problems).toEqual([])
  })

  it('finds nothing wrong with one harmless operator', () => {
    expect(inspectOnnx(modelOf({}))).toMatchObject({ operators: { Relu: 1 }, problems: [] })
  })

  const external = Buffer.concat([field(8, 'w'), field(13, Buffer.concat([field(1, 'location'), field(2, '/etc/x')]))])
  it.each<[string, Parts, RegExp]>([
    ['a loop', { operator: 'Loop' }, /operator Loop is not allowed/],
    ['a random generator', { operator: 'RandomNormal' }, /RandomNormal is not allowed/],
    ['an operator of another domain', { domain: 'com.example', operator: 'Relu' }, /com\.example::Relu/],
    [
      'an imported domain',
      { operatorSet: Buffer.concat([field(1, 'com.example'), field(2, 1)]) },
      /domain com\.example/,
    ],
    ['an old operator set', { operatorSet: field(2, 6) }, /operator set 6/],
    ['a new file format', { irVersion: 13 }, /IR version 13/],
    ['weights elsewhere', { initialiser: external }, /other files/],
    ['weights elsewhere in an attribute', { attribute: field(5, external) }, /other files/],
    ['functions of its own', { more: Buffer.concat([Buffer.of(0xca, 0x01, 2), field(1, 0)]) }, /functions of its own/],
    ['a loop inside a branch', { attribute: field(6, field(1, field(4, 'Loop'))) }, /operator Loop/],
  ])('finds %s', (_, parts, problem) => {
    expect(inspectOnnx(modelOf(parts)).problems.join('\n')).toMatch(problem)
  })

  it('refuses graphs that lie too deep in each other', () => {
    let attribute = field(4, 'Relu')
    for (let i = 0; i < 6; i += 1) attribute = field(6, field(1, field(5, attribute)))
    expect(() => inspectOnnx(modelOf({ attribute }))).toThrow(OnnxError)
  })

  it('answers with an inspection or a coded error whatever the bytes are', async () => {
    const head = await readFile(join(PACKAGE, 'head.onnx'))
    const change = fc.record({ at: fc.nat(head.length - 1), byte: fc.nat(255), length: fc.nat(head.length) })
    fc.assert(
      fc.property(change, ({ at, byte, length }) => {
        const bytes = Buffer.from(head)
        bytes[at] = byte
        try {
          expect(inspectOnnx(bytes.subarray(0, length)).irVersion).toBeTypeOf('number')
        } catch (error) {
          expect(error).toBeInstanceOf(OnnxError)
        }
      }),
    )
  })
})
