import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binOf, referenceDistributions } from './reference.ts'

const feature = { feature: 'score.finding', edges: [0, 0.25, 0.5, 1], counts: [1, 2, 3] }

describe('reference distributions', () => {
  it('puts every finite value in the bin whose edges enclose it, the outer bins open-ended', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const bin = binOf(feature, value)
        const inner = feature.edges.slice(1, -1)
        expect(bin).toBe(inner.filter((edge) => value >= edge).length)
      }),
    )
  })

  it('counts an edge to the bin above it', () => {
    expect([0, 0.25, 0.5, 1].map((value) => binOf(feature, value))).toEqual([0, 1, 2, 2])
  })

  it.each([
    ['edges that do not rise', { ...feature, edges: [0, 0.5, 0.5, 1] }],
    ['another number of counts', { ...feature, counts: [1, 2] }],
    ['free text as a name', { ...feature, feature: 'Score of John' }],
  ])('refuses %s', (_what, wrong) => {
    const schema = 'leadglass.reference-distributions/1'
    expect(referenceDistributions.safeParse({ schema, features: [wrong] }).success).toBe(false)
    expect(referenceDistributions.safeParse({ schema, features: [feature] }).success).toBe(true)
    expect(referenceDistributions.safeParse({ schema, features: [feature, feature] }).success).toBe(false)
  })
})
