import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BulkSearch } from './bulk-search.ts'
import { ByteSearch, lowered, type Pattern } from './byte-search.ts'
import { SlidingSearch } from './sliding-search.ts'

function pattern(text: string, accepts: Pattern['accepts'] = () => true): Pattern {
  return { bytes: lowered(Buffer.from(text, 'latin1')), accepts }
}

/** Few letters, so that near misses, overlaps and matches at every place are common. */
const word = fc.stringMatching(/^[abA]{5,9}$/)
const words = fc.array(word, { minLength: 1, maxLength: 5 })
const texts = fc.stringMatching(/^[abAc]{0,90}$/)

/** Needs a `c` or an edge on both sides, so that surroundings decide. */
const alone: Pattern['accepts'] = (bytes, start, end) =>
  [bytes[start - 1], bytes[end]].every((byte) => byte === undefined || byte === 0x63)

test('it finds exactly what the search of headers finds, wherever the bytes begin in memory', () => {
  fc.assert(
    fc.property(words, texts, fc.nat(7), (list, text, shift) => {
      const memory = Buffer.alloc(text.length + 8)
      memory.write(text, shift, 'latin1')
      const haystack = memory.subarray(shift, shift + text.length)
      for (const accepts of [() => true, alone]) {
        const patterns = list.map((one) => pattern(one, accepts))
        expect(new BulkSearch(patterns).matches(haystack)).toBe(new ByteSearch(patterns).matches(haystack))
      }
    }),
    { numRuns: 2000 },
  )
})

test('in pieces of any size it finds exactly what it finds in one', () => {
  fc.assert(
    fc.property(words, texts, fc.array(fc.integer({ min: 1, max: 70 }), { maxLength: 12 }), (list, text, sizes) => {
      // Longer than what is kept between pieces, with a match near any seam.
      const haystack = Buffer.from(`${'c'.repeat(20)}${text}${'c'.repeat(sizes.length * 3)}${text}`, 'latin1')
      for (const accepts of [() => true, alone]) {
        const search = new BulkSearch(list.map((one) => pattern(one, accepts)))
        const sliding = new SlidingSearch(search)
        let at = 0
        for (const size of [...sizes, haystack.length]) {
          sliding.push(Buffer.from(haystack.subarray(at, at + size)))
          at += size
        }
        expect(sliding.finish()).toBe(search.matches(haystack))
      }
    }),
    { numRuns: 2000 },
  )
})

test('a pattern is found across every seam', () => {
  const haystack = Buffer.from(`${'.'.repeat(200)}Quixano${'.'.repeat(200)}`, 'latin1')
  for (let seam = 1; seam < haystack.length; seam += 1) {
    const sliding = new SlidingSearch(new BulkSearch([pattern('quixano')]))
    sliding.push(haystack.subarray(0, seam))
    sliding.push(haystack.subarray(seam))
    expect(sliding.finish(), String(seam)).toBe(true)
  }
})

test('patterns that are too short for it are refused, and none finds nothing', () => {
  expect(() => new BulkSearch([pattern('abcd')])).toThrow(RangeError)
  expect(new BulkSearch([]).matches(Buffer.from('anything'))).toBe(false)
})
