import { PROBABILITIES, SEVERITIES } from '@leadglass/models'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ATTRIBUTE_GROUPS, CHAI_MEMBERS, SOURCE_ATTRIBUTES } from './attributes.ts'
import { assertCardComplete, cardGaps } from './completeness.ts'
import { RISK_TABLE, riskClass } from './risk.ts'
import { SHIPPED_PACKAGES, shippedCard } from './testing/shipped-card.ts'

describe('the source attributes', () => {
  it('are the 31 of 170.315(b)(11)(iv)(B), in nine groups of 4, 4, 2, 4, 2, 4, 5, 4 and 2', () => {
    const counts = ATTRIBUTE_GROUPS.map(
      (_, index) => SOURCE_ATTRIBUTES.filter((one) => one.clause.startsWith(`(${index + 1})`)).length,
    )
    expect(counts).toEqual([4, 4, 2, 4, 2, 4, 5, 4, 2])
    expect(new Set(SOURCE_ATTRIBUTES.map((one) => one.clause)).size).toBe(31)
  })
})

describe('the gate', () => {
  it.each(SHIPPED_PACKAGES)('lets the shipped package %s through', async (name) => {
    const { card, declaration } = await shippedCard(name)
    expect(cardGaps(card, declaration)).toEqual([])
    expect(() => assertCardComplete(card, declaration)).not.toThrow()
  })

  it('names every missing field of a card that declares nothing', async () => {
    const { card } = await shippedCard()
    const members = SOURCE_ATTRIBUTES.flatMap(({ source }) => (source.from === 'declaration' ? [source.member] : []))
    const fields = [...members, ...CHAI_MEMBERS.map((one) => one.member), 'weightsLicence', 'hazards']
    expect(cardGaps(card, {}).map((gap) => gap.field)).toEqual(fields.map((field) => `declaration.${field}`))
    const words = fields.map((field) => `declaration.${field}`)
    try {
      assertCardComplete(card, {})
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'card-incomplete', failureClass: 'permanent' })
      for (const word of words) expect(String(error)).toContain(word)
    }
  })

  it('names any one field that is taken away, and only that', async () => {
    const { card, declaration } = await shippedCard()
    const needed = Object.keys(declaration).filter((member) => member !== 'subgroups')
    fc.assert(
      fc.property(fc.constantFrom(...needed), (member) => {
        const less = { ...declaration, [member]: undefined }
        const fields = new Set(cardGaps(card, less).map((gap) => gap.field))
        expect([...fields]).toEqual([`declaration.${member}`])
      }),
    )
  })

  it('takes "not assessed" only where the rule lets it stand', async () => {
    const { card, declaration } = await shippedCard()
    const notAssessed = { notAssessed: 'nobody looked' }
    expect(cardGaps(card, { ...declaration, externalParty: notAssessed })).toEqual([])
    expect(cardGaps(card, { ...declaration, population: notAssessed })).toMatchObject([
      { field: 'declaration.population', reason: 'not-assessed' },
    ])
  })

  it('wants figures with intervals, cases and subgroups', async () => {
    const { card, declaration } = await shippedCard()
    const reasons = (metrics: unknown, subgroups = declaration.subgroups): string[] =>
      cardGaps({ ...card, metrics: metrics as never }, { ...declaration, subgroups }).map((gap) => gap.reason)
    const figure = { metric: 'auc', split: 'test', value: 0.9, low: 0.8, high: 1, images: 10 }
    const group = { ...figure, metric: 'auc within male' }
    expect(reasons([figure, group])).toEqual([])
    expect(reasons('none')).toEqual(['missing', 'missing'])
    expect(reasons([{ ...figure, low: undefined }, group])).toEqual(['no-interval'])
    expect(reasons([{ ...figure, images: undefined }, group])).toEqual(['no-cases'])
    expect(reasons([figure])).toEqual(['missing'])
    expect(reasons([figure], { notAssessed: 'no patients' })).toEqual([])
    expect(reasons([{ ...figure, split: 'held-out, sex M' }, figure])).toEqual([])
  })

  it('refuses a hazard whose residual risk is not acceptable, and a card of hostile size', async () => {
    const { card, declaration } = await shippedCard()
    const [hazard] = declaration.hazards ?? []
    if (hazard === undefined) throw new Error('the shipped card declares no hazard')
    const hazards = [{ ...hazard, severity: 'catastrophic' as const, residualProbability: 'frequent' as const }]
    expect(cardGaps(card, { ...declaration, hazards })).toMatchObject([{ reason: 'risk-not-acceptable' }])
    const bloated = { ...card, extra: 'x'.repeat(300_000) }
    expect(() => assertCardComplete(bloated, declaration)).toThrow(/more than/)
  })
})

describe('the risk table', () => {
  it('covers every severity and probability, and never falls when either rises', () => {
    const rank = { low: 0, medium: 1, high: 2 } as const
    expect(RISK_TABLE.map((row) => row.length)).toEqual(SEVERITIES.map(() => PROBABILITIES.length))
    for (const [s, severity] of SEVERITIES.entries()) {
      for (const [p, probability] of PROBABILITIES.entries()) {
        const here = rank[riskClass(severity, probability)]
        expect(rank[riskClass(SEVERITIES[s + 1] ?? severity, probability)]).toBeGreaterThanOrEqual(here)
        expect(rank[riskClass(severity, PROBABILITIES[p + 1] ?? probability)]).toBeGreaterThanOrEqual(here)
      }
    }
  })
})
