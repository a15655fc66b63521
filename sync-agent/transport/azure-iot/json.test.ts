import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffPatch, type JsonObject, mergePatch } from './json.ts'

const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }))
const section: fc.Arbitrary<JsonObject> = fc.letrec<{ node: JsonObject }>((tie) => ({
  node: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.oneof(leaf, tie('node')), { maxKeys: 4 }),
})).node

describe('twin patches', () => {
  it('remove with null, merge objects, and replace everything else', () => {
    const before = { a: { b: 1, c: [1, 2, 3] }, d: 'x' }
    expect(mergePatch(before, { a: { b: null, c: [9] }, d: null, e: { f: null } })).toEqual({ a: { c: [9] }, e: {} })
  })

  it('do not reach into prototypes', () => {
    const patch = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as JsonObject
    mergePatch({}, patch)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it('bring one section to any other, and are absent between equals', () => {
    fc.assert(
      fc.property(section, section, (before, after) => {
        const patch = diffPatch(before, after)
        const result = patch === undefined ? before : mergePatch(before, patch)
        expect(result).toEqual(after)
        expect(diffPatch(after, after)).toBeUndefined()
      }),
    )
  })
})
