import { driftCounts } from '@leadglass/sync-agent/contract'
import { describe, expect, it } from 'vitest'
import { binsOf, STANDARD_FEATURES, standardBin, standardFeature } from './standard-features.ts'

const ALL = [...STANDARD_FEATURES, standardFeature('label.pneumonia')].filter((one) => one !== undefined)

describe('what every site counts', () => {
  it.each(ALL)('$feature has a name and bins that the contract can carry', (one) => {
    expect(driftCounts.shape.feature.safeParse(one.feature).success).toBe(true)
    expect(binsOf(one)).toBeGreaterThan(1)
    expect(binsOf(one)).toBeLessThanOrEqual(1001)
    expect(standardFeature(one.feature)).toEqual(one)
  })

  it.each(ALL)('$feature puts whatever a header says into a bin, or counts it not at all', (one) => {
    for (const value of ['PHANTOM^ALPHA', '', Number.NaN, Number.POSITIVE_INFINITY, -1e9, 1e9, 0]) {
      const bin = standardBin(one, value)
      expect(bin === undefined || (Number.isInteger(bin) && bin >= 0 && bin < binsOf(one))).toBe(true)
      if (typeof value === 'string') expect(bin).toBeUndefined()
    }
  })

  it('puts known values where they belong', () => {
    const binIn = (name: string, value: string | number): number | undefined => {
      const feature = standardFeature(name)
      return feature === undefined ? undefined : standardBin(feature, value)
    }
    expect(binIn('metadata.view', 'PA')).toBe(1)
    expect(binIn('metadata.kvp', 120)).toBe(8)
    expect(binIn('label.pneumonia', 'present')).toBe(2)
    expect(binIn('latency.score', 0)).toBe(0)
    expect(binIn('no.such', 1)).toBeUndefined()
  })
})
