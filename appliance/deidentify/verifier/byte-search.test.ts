import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteSearch, lowered, type Pattern } from './byte-search.ts'

function pattern(text: string): Pattern {
  return { bytes: lowered(Buffer.from(text, 'latin1')), accepts: () => true }
}

/** Few letters, so that near misses and overlaps are common. */
const word = fc.stringMatching(/^[abA]{3,7}$/)

test('it finds exactly what a plain search in lower case finds', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), fc.stringMatching(/^[abAc]{0,60}$/), (words, text) => {
      const expected = words.some((one) => text.toLowerCase().includes(one.toLowerCase()))
      expect(new ByteSearch(words.map(pattern)).matches(Buffer.from(text, 'latin1'))).toBe(expected)
    }),
    { numRuns: 5000 },
  )
})

test('a pattern is found at every place of random bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 0, maxLength: 300 }),
      fc.uint8Array({ minLength: 3, maxLength: 40 }),
      fc.nat(),
      (bytes, needle, at) => {
        const place = at % (bytes.length + 1)
        const haystack = Buffer.concat([bytes.subarray(0, place), needle, bytes.subarray(place)])
        expect(new ByteSearch([{ bytes: lowered(needle), accepts: () => true }]).matches(haystack)).toBe(true)
      },
    ),
  )
})

test('no pattern finds nothing, and surroundings can refuse a match', () => {
  expect(new ByteSearch([]).matches(Buffer.from('anything'))).toBe(false)
  const refusing = { ...pattern('any'), accepts: () => false }
  expect(new ByteSearch([refusing]).matches(Buffer.from('any any'))).toBe(false)
})
