import { describe, expect, it } from 'vitest'
import type { StoredRow } from '../lake/index.ts'
import type { HeadFit } from './fit-head.ts'
import { leaveSitesOut } from './leave-sites-out.ts'

const SCORE_OF = (embedding: Float32Array): number => embedding[0] ?? 0

/** Ten studies of a site, half of them positive; `flipped` turns the order of its scores round. */
function site(name: string, flipped = false, label?: 0 | 1): StoredRow[] {
  return Array.from({ length: 10 }, (_, i) => {
    const positive = i % 2 === 0
    return {
      ...{ site: name, study: `${name}-${i}`, patient: `${name}-${i >> 1}-${positive}`, instance: 0 },
      ...{ view: 'PA', sex: 'F', ageDecade: 5, month: '2026-01' },
      label: label ?? (positive ? 1 : 0),
      embedding: Float32Array.of(positive === flipped ? 0.1 + i / 100 : 0.8 + i / 100),
    }
  })
}

describe('leaving out one site after the other', () => {
  const given: (readonly StoredRow[])[] = []
  const fit: HeadFit = (rows) => {
    given.push(rows)
    return {
      probabilities: (embeddings) => embeddings.map(SCORE_OF),
      outOfFold: [],
      graph: new Uint8Array(),
      chosen: {},
      said: '',
    }
  }
  const leave = (rows: readonly StoredRow[]) => {
    given.length = 0
    const constant = rows.map(() => 0.5)
    return leaveSitesOut(rows, constant, fit, 'seed', () => undefined)
  }

  it('fits to the others alone, and measures on the one beside the version to improve', () => {
    const result = leave([...site('a'), ...site('b'), ...site('c', true)])
    expect(result?.map((one) => [one.site, one.studies, one.positives, one.candidate.value, one.parent.value])).toEqual(
      [
        ['a', 10, 5, 1, 0.5],
        ['b', 10, 5, 1, 0.5],
        ['c', 10, 5, 0, 0.5],
      ],
    )
    const sitesGiven = given.map((rows) => [...new Set(rows.map((row) => row.site))].sort().join())
    expect(sitesGiven).toEqual(['b,c', 'a,c', 'a,b'])
  })

  it('says nothing with two sites, nor of a site without cases of both classes', () => {
    expect(leave([...site('a'), ...site('b')])).toBeUndefined()
    const result = leave([...site('a'), ...site('b'), ...site('c', false, 0)])
    expect(result?.map((one) => one.site)).toEqual(['a', 'b'])
    expect(leave([...site('a', false, 0), ...site('b', false, 0), ...site('c', false, 0)])).toBeUndefined()
  })

  it('leaves out the largest eight of many sites', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
    expect(leave(names.flatMap((name) => site(name)))).toHaveLength(8)
  })
})
