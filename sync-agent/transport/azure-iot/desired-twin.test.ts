import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DesiredTwin } from './desired-twin.ts'
import { type JsonObject, mergePatch } from './json.ts'

describe('the desired twin', () => {
  it('takes the next version only', () => {
    const twin = new DesiredTwin()
    expect(twin.push({ a: 1, $version: 1 })).toBe('gap')
    expect(twin.reset({ a: 1, list: [1, 2, 3], $version: 4 })).toBe(true)
    expect(twin.push({ a: 2, $version: 4 })).toBe('stale')
    expect(twin.push({ a: 2, $version: 6 })).toBe('gap')
    expect(twin.push({ a: 2 })).toBe('gap')
    expect(twin.push({ a: null, list: [9], $version: 5 })).toBe('applied')
    expect([twin.properties, twin.version]).toEqual([{ list: [9] }, 5])
  })

  it('follows a hub whose version went back', () => {
    const twin = new DesiredTwin()
    twin.reset({ a: 9, $version: 90 })
    twin.reset({ a: 1, $version: 1 })
    expect(twin.push({ a: 2, $version: 2 })).toBe('applied')
    expect(twin.reset(undefined)).toBe(false)
    expect(twin.reset({ a: 1 })).toBe(false)
    expect(twin.properties).toEqual({ a: 2 })
  })

  it('ends like the hub whatever pushes were lost, doubled or late, once it reads after each gap', () => {
    const events = fc.array(fc.record({ key: fc.constantFrom('a', 'b'), value: fc.integer(), lost: fc.boolean() }))
    fc.assert(
      fc.property(events, (changes) => {
        const twin = new DesiredTwin()
        let hub: JsonObject = {}
        let version = 1
        twin.reset({ ...hub, $version: version })
        for (const { key, value, lost } of [...changes, { key: 'a', value: 0, lost: false }]) {
          const patch = { [key]: value }
          hub = mergePatch(hub, patch)
          version += 1
          if (lost) continue
          for (let i = 0; i < 2; i++) {
            if (twin.push({ ...patch, $version: version }) === 'gap') twin.reset({ ...hub, $version: version })
          }
        }
        expect(twin.properties).toEqual(hub)
      }),
    )
  })
})
