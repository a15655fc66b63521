import { describe, expect, it } from 'vitest'
import { withDeclaredColour } from './jpeg-colour.ts'

const segment = (marker: number, text: string, more: readonly number[]): number[] => {
  const body = [...Buffer.from(text, 'latin1'), ...more]
  return [0xff, marker, 0, body.length + 2, ...body]
}
const stream = (...segments: readonly number[][]): Uint8Array =>
  Uint8Array.from([0xff, 0xd8, ...segments.flat(), 0xff, 0xda, 0, 2])

describe('a colour JPEG whose header says RGB', () => {
  it('is told so where the codestream says nothing, or breaks off saying it', () => {
    const silent = stream(segment(0xdb, '', [0, 1]))
    const cut = stream(segment(0xee, 'Adobe', [0, 0, 0]))
    for (const one of [silent, cut]) {
      const told = withDeclaredColour(one, 'RGB')
      expect(Buffer.from(told).toString('latin1', 6, 11)).toBe('Adobe')
      expect(told[17]).toBe(0)
      expect(told.subarray(18)).toEqual(one.subarray(2))
    }
  })

  it('is left alone where the codestream says it, and so is every other', () => {
    const jfif = stream(segment(0xe0, 'JFIF\0', [1, 1, 0, 0, 1, 0, 1, 0, 0]))
    const adobe = stream(segment(0xee, 'Adobe', [0, 100, 0, 0, 0, 0, 0]))
    for (const one of [jfif, adobe]) expect(withDeclaredColour(one, 'RGB')).toBe(one)
    const silent = stream(segment(0xdb, '', [0, 1]))
    for (const photometric of ['YBR_FULL_422', 'MONOCHROME2']) {
      expect(withDeclaredColour(silent, photometric)).toBe(silent)
    }
  })

  it('never reads past the end', () => {
    for (const length of [2, 3, 4, 5, 9]) {
      const cut = stream(segment(0xee, 'Adobe', [0, 100])).subarray(0, length)
      expect(withDeclaredColour(cut, 'RGB')).toHaveLength(length + 16)
    }
  })
})
