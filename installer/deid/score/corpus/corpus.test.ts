import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTree } from '../codec/read.ts'
import { bytesValue, type Tree, walk } from '../codec/tree.ts'
import { writeTree } from '../codec/write.ts'
import { Dice } from '../dice.ts'
import { scanForResiduals } from '../judge/residual.ts'
import { type CorpusPlan, makeCorpus } from './generate.ts'
import { makePatient } from './person.ts'
import { CHARACTER_SETS, encodeText } from './text-encoding.ts'

const PLAN: CorpusPlan = { seed: 3, patients: 5, studies: 1, rows: [], realFiles: [] }

/** Deflated, and big endian. */
const TURNED = new Set(['1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2'])

async function objectsOf(plan: CorpusPlan) {
  const objects = []
  for await (const object of makeCorpus(plan)) objects.push(object)
  return objects
}

describe('the corpus', () => {
  test('equal plans give equal bytes, another seed gives others', async () => {
    const [one, two, other] = [await objectsOf(PLAN), await objectsOf(PLAN), await objectsOf({ ...PLAN, seed: 4 })]
    expect(one.map(({ bytes }) => bytes.toString('base64'))).toEqual(two.map(({ bytes }) => bytes.toString('base64')))
    expect(one.some(({ bytes }, index) => other[index] !== undefined && bytes.equals(other[index].bytes))).toBe(false)
  })

  test('every token stands in the original, where the syntax leaves text readable', async () => {
    for (const object of await objectsOf(PLAN)) {
      // Deflated text is not readable, and big endian words are turned.
      if (TURNED.has(readTree(object.bytes).syntax)) continue
      const { hits } = scanForResiduals(object, [object.bytes])
      const missing = object.tokens.filter((token) => !hits.includes(token)).map(({ plant }) => plant)
      expect({ kind: object.kind, missing }).toEqual({ kind: object.kind, missing: [] })
    }
  })

  test('all twelve further plants are there, as tokens or as checks', async () => {
    const objects = await objectsOf(PLAN)
    const plants = new Set(objects.flatMap(({ tokens }) => tokens.map(({ plant }) => plant)))
    for (const number of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) expect(plants).toContain(`P${number}`)
    const checks = objects.flatMap((object) => object.checks)
    expect(checks.some(({ action }) => action === 'pixels_hidden')).toBe(true)
    expect(checks.some(({ category }) => category === 'TCIA-PTKB-K')).toBe(true)
    expect(new Set(checks.map(({ action }) => action)).size).toBe(10)
  })

  test('names come in all character sets, and collide with ordinary words', () => {
    const patients = Array.from({ length: 40 }, (_, index) => makePatient(new Dice(`test ${index}`), index))
    expect(new Set(patients.map(({ set }) => set))).toEqual(new Set(CHARACTER_SETS))
    expect(patients.some(({ family }) => ['Hand', 'Baker', 'Crohn', 'Wilson', 'Genou'].includes(family))).toBe(true)
  })
})

test.each([
  ['ISO_IR 100', 'Müller', 'latin1'],
  ['ISO_IR 192', '山田', 'utf8'],
  ['GB18030', '王小东', 'gb18030'],
  ['\\ISO 2022 IR 87', '山田', 'iso-2022-jp'],
] as const)('%s is what a decoder reads', (set, text, decoder) => {
  expect(new TextDecoder(decoder).decode(encodeText(`A^${text}`, set))).toBe(`A^${text}`)
})

test('ISO 2022 IR 149 switches to the code that PS3.5 annex I shows', () => {
  expect(encodeText('洪', '\\ISO 2022 IR 149').toString('hex')).toBe('1b242943fbf3')
})

test('the third reader reads what the third writer wrote, in every native syntax', () => {
  const syntaxes = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99']
  fc.assert(
    fc.property(
      fc.constantFrom(...syntaxes),
      fc.boolean(),
      fc.uint8Array({ maxLength: 40 }),
      (syntax, open, content) => {
        const value = bytesValue(content)
        const inner: Tree = new Map([[0x00080100, { tag: 0x00080100, vr: 'SH', value }]])
        const dataSet: Tree = new Map([
          [0x00081030, { tag: 0x00081030, vr: 'LO', value }],
          [0x0040a730, { tag: 0x0040a730, vr: 'SQ', value: { kind: 'items', items: [inner, new Map(inner)] } }],
        ])
        const meta: Tree = new Map([
          [0x00020010, { tag: 0x00020010, vr: 'UI', value: bytesValue(Buffer.from(syntax)) }],
        ])
        const file = writeTree(
          { preamble: Buffer.alloc(128), meta, syntax, dataSet },
          { undefinedLengths: open, turnValues: true },
        )
        const read = readTree(file)
        const found = [...walk(read.dataSet)].filter(
          ({ element }) => element.value.kind === 'bytes' && element.vr !== 'SQ',
        )
        // Implicit files name no VR, so a sequence of known length stays bytes there.
        const expected = syntax === '1.2.840.10008.1.2' && !open ? 2 : 3
        expect(found).toHaveLength(expected)
        const first = read.dataSet.get(0x00081030)?.value
        expect(first?.kind === 'bytes' && first.bytes.subarray(0, content.length).equals(Buffer.from(content))).toBe(
          true,
        )
      },
    ),
    { numRuns: 200 },
  )
})
