import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytesElement,
  concat,
  dataSetOf,
  parsePart10,
  sequenceElement,
  writePart10,
} from '../../imaging/dataset/index.ts'
import { deidentified, fileWith } from '../testing.ts'
import type { SearchedIdentifiers } from './common-words.ts'
import { EgressVerifier } from './egress-verifier.ts'

const verifier = new EgressVerifier()
const clean = deidentified(fileWith())

const letters = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzäöüßéèçñøåł')
const name = fc.array(letters, { minLength: 6, maxLength: 14 }).map((list) => list.join(''))
const number = fc
  .integer({ min: 10_000_000, max: 999_999_999 })
  .map(String)
  .filter((digits) => new Set(digits).size > 1)

/** The ways in which an identifier can be written into a text value. */
const spelling = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.normalize('NFD'),
  (text) => text.normalize('NFD').replaceAll(/\p{M}/gu, ''),
  (text) => [...text].join('\u200b'),
  (text) => encodeURIComponent(text),
  (text) => [...text].map((letter) => `&#${letter.codePointAt(0)};`).join(''),
  (text) => Buffer.from(`is ${text} here`).toString('base64'),
  (text) => Buffer.from(`is ${text} here`).toString('hex'),
  (text) => Buffer.from(`is ${text} here`, 'utf16le').toString('hex'),
)

/** JSON whose words have letters that no name of these tests has. */
const json = fc.jsonValue({
  maxDepth: 3,
  stringUnit: fc.constantFrom('Q', 'X', ' ', '"', '\\\\', '-', '\u200b', '&', '%'),
})

function identifiersOf(names: readonly string[]): SearchedIdentifiers {
  return { names, ids: [], birthDates: [], uids: [], places: [], raw: [] }
}

describe('for any identifier in any spelling', () => {
  test('it is found anywhere in any JSON, and not where it is not', () => {
    fc.assert(
      fc.property(
        fc.oneof(name, number),
        spelling,
        fc.array(json, { maxLength: 4 }),
        fc.nat(3),
        (identifier, spelled, values, depth) => {
          let planted: unknown = `${spelled(identifier)} seen`
          for (let level = 0; level < depth; level += 1) planted = level % 2 === 0 ? { inner: planted } : [planted]
          const searched = identifiersOf([identifier])
          expect(verifier.verifyJson(JSON.stringify({ values, planted }), searched).kind).toBe('hit')
          expect(verifier.verifyJson(JSON.stringify({ values }), searched).kind).toBe('clean')
        },
      ),
      { numRuns: 300 },
    )
  })

  test('it is found in any text element at any depth of an object, and not where it is not', () => {
    const tags = fc.constantFrom(
      [0x00081030, 'LO'],
      [0x0008103e, 'LO'],
      [0x00104000, 'LT'],
      [0x00181030, 'LO'],
      [0x00204000, 'LT'],
    )
    fc.assert(
      fc.property(fc.oneof(name, number), spelling, tags, fc.nat(2), (identifier, spelled, [tag, vr], depth) => {
        const searched = identifiersOf([identifier])
        const value = Buffer.from(`seen ${spelled(identifier)} `)
        let element = bytesElement(tag, vr, value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from(' ')]))
        for (let level = 0; level < depth; level += 1) element = sequenceElement(0x00082218, [dataSetOf([element])])
        const file = parsePart10(clean.bytes)
        file.dataSet.elements.set(element.tag, element)
        const leaking = concat(writePart10({ meta: file.meta, dataSet: dataSetOf(file.dataSet.elements.values()) }))
        expect(verifier.verifyObject(leaking, searched)).toMatchObject({ kind: 'hit', rule: 'identifier-found' })
        expect(verifier.verifyObject(clean.bytes, searched).kind).toBe('clean')
      }),
      { numRuns: 150 },
    )
  })

  test('ages over 89 and what is personal by its form are kept in, whoever it is', () => {
    const leaked = (tag: number, vr: 'AS' | 'LT', text: string): string => {
      const file = parsePart10(clean.bytes)
      file.dataSet.elements.set(tag, bytesElement(tag, vr, Buffer.from(text)))
      const bytes = concat(writePart10({ meta: file.meta, dataSet: dataSetOf(file.dataSet.elements.values()) }))
      const outcome = verifier.verifyObject(bytes, identifiersOf([]))
      return outcome.kind === 'hit' ? outcome.rule : outcome.kind
    }
    expect(leaked(0x00101010, 'AS', '093Y')).toBe('age-over-89')
    expect(leaked(0x00101010, 'AS', '090Y')).toBe('clean')
    expect(leaked(0x00204000, 'LT', 'call (312) 555-0143 ')).toBe('personal-pattern')
    expect(leaked(0x00204000, 'LT', 'kernel B30f, 120 kVp')).toBe('clean')
    expect(verifier.verifyJson('{"note":"MRN: 12"}', identifiersOf([]))).toMatchObject({ rule: 'personal-pattern' })
  })
})
