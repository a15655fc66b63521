import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type SplitPart, splitOfPatient } from './split.js'

const golden = JSON.parse(readFileSync(new URL('./training/split-golden.json', import.meta.url), 'utf8')) as Record<
  string,
  SplitPart
>

describe('splitOfPatient', () => {
  it.each(Object.entries(golden))('puts patient %j into %s', (patientId, part) => {
    expect(splitOfPatient(patientId)).toBe(part)
  })

  it('gives the parts about 35, 35 and 30 of 100 patients', () => {
    const counts: Record<SplitPart, number> = { shipped: 0, site: 0, test: 0 }
    for (let patient = 0; patient < 10_000; patient += 1) counts[splitOfPatient(`${patient}`)] += 1
    expect(counts.shipped).toBeGreaterThan(3300)
    expect(counts.shipped).toBeLessThan(3700)
    expect(counts.site).toBeGreaterThan(3300)
    expect(counts.site).toBeLessThan(3700)
    expect(counts.test).toBeGreaterThan(2800)
    expect(counts.test).toBeLessThan(3200)
  })

  it('takes the identifier literally, leading zeros included', () => {
    expect(splitOfPatient('1326')).not.toBe(splitOfPatient('001326'))
  })
})
