import { describe, expect, it } from 'vitest'
import { wordsOfMap } from './heat-map.tsx'

function mapWith(at: number): { rows: number; columns: number; values: number[] } {
  return { rows: 6, columns: 6, values: Array.from({ length: 36 }, (_, cell) => (cell === at ? 0.2 : 0)) }
}

describe('a heat map in words', () => {
  it('says where and how much', () => {
    expect(wordsOfMap(mapWith(0), 0.2)).toContain('by 0.20, upper left of the picture')
    expect(wordsOfMap(mapWith(14), 0.2)).toContain('in the middle of the picture')
    expect(wordsOfMap(mapWith(35), 0.2)).toContain('lower right')
    expect(wordsOfMap(mapWith(17), 0.2)).toContain('middle right')
  })

  it('says so when hiding never lowers the score', () => {
    expect(wordsOfMap({ rows: 1, columns: 1, values: [-1] }, 0)).toContain('never lowers')
  })
})
