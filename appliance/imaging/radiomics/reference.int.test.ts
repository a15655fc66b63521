import { describe, expect, it } from 'vitest'
import verified from './reference/verified.generated.json' with { type: 'json' }
import exceptions from './reference/without-agreement.json' with { type: 'json' }
import {
  compareWithReference,
  IBSI_FOLDER,
  phantomFeatures,
  readReferenceTable,
  referenceTable,
} from './testing/digital-phantom.ts'

const missing = IBSI_FOLDER === undefined
const table = missing ? [] : readReferenceTable(referenceTable())
const features = missing ? [] : phantomFeatures()
const findings = compareWithReference(features, table)
const families = [...new Set(table.map(({ code }) => code.split('_')[0] ?? ''))]
const ofFamily = (family: string) => table.filter(({ code }) => code.startsWith(`${family}_`))

describe.skipIf(missing)('the digital phantom of IBSI 1 [needs ../shared/data/ibsi]', () => {
  it('has 487 rows in the reference table, 482 of them with a value', () => {
    expect(table).toHaveLength(487)
    expect(new Set(table.map(({ code }) => code)).size).toBe(487)
    expect(findings.withoutReference).toHaveLength(5)
  })

  it.each(families.map((family) => [family, ofFamily(family).length] as const))(
    'agrees in every %s row that has a value (%i rows)',
    (family) => {
      const expected = ofFamily(family).flatMap(({ code, value }) => (value === undefined ? [] : [code]))
      expect(findings.differ.filter(({ code }) => code.startsWith(`${family}_`))).toEqual([])
      expect(findings.agree.filter((code) => code.startsWith(`${family}_`))).toEqual(expected)
    },
  )

  it.each(exceptions.map(({ code, reason }) => [code, reason] as const))('does not verify %s: %s', (code) => {
    expect(findings.agree).not.toContain(code)
    expect(verified).not.toContain(code)
    const computed = exceptions.find((each) => each.code === code)?.computed
    expect(features.some((feature) => feature.code === code)).toBe(computed)
  })

  it('names a reason for every row that does not agree', () => {
    const without = table.map(({ code }) => code).filter((code) => !findings.agree.includes(code))
    expect(exceptions.map(({ code }) => code).sort()).toEqual(without.sort())
  })

  it('keeps the list of verified codes equal to what it finds, and features say so', () => {
    expect(verified).toEqual(findings.agree)
    const flagged = features.filter((feature) => feature.verified).map(({ code }) => code)
    expect(flagged.sort()).toEqual([...findings.agree].sort())
  })

  it('notices a value that is off in the third digit', () => {
    const wrong = features.map((feature) =>
      feature.code === 'stat_mean' ? { ...feature, value: (feature.value ?? 0) + 0.01 } : feature,
    )
    expect(compareWithReference(wrong, table).differ.map(({ code }) => code)).toEqual(['stat_mean'])
  })

  it('gives a permalink code to every feature of IBSI, and one code to one definition', () => {
    const withCode = features.filter((feature) => feature.ibsi !== undefined)
    expect(withCode).toHaveLength(features.length)
    for (const { ibsi } of withCode) expect(ibsi).toMatch(/^[0-9A-Z]{4}$/)
    const definitions = new Map(
      withCode.map(({ code, ibsi, settings }) => [
        settings.aggregation === null ? code : code.slice(0, -settings.aggregation.length - 1),
        ibsi,
      ]),
    )
    // v10 and v90, and i10 and i90, are one definition each
    expect(new Set(definitions.values()).size).toBe(definitions.size - 2)
  })
})
