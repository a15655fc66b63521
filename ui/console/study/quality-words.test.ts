import { expect, test } from 'vitest'
import { qualityNote, qualityTitle } from './quality-words.ts'

test('figures that speak for themselves get a note, others none', () => {
  expect(qualityNote('quality.inversion', 0.93)).toMatch(/black for white/)
  expect(qualityNote('quality.inversion', 0.07)).toBeUndefined()
  expect(qualityNote('quality.side-marker', 0)).toMatch(/no side marker/)
  expect(qualityNote('quality.side-marker', 1)).toBeUndefined()
  expect(qualityNote('quality.same-pixels', 2)).toMatch(/exactly these pixels/)
  expect(qualityNote('quality.noise', 0.9)).toBeUndefined()
})

test('a figure that has no title keeps its code', () => {
  expect(qualityTitle('quality.noise')).toBe('Noise')
  expect(qualityTitle('quality.of-a-later-version')).toBe('quality.of-a-later-version')
})
