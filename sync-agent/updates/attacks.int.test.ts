import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { attackCode } from './attacks.ts'
import { ATTACK_FAMILIES, ATTACKS, verdictOn } from './testing/attacks/index.ts'
import { fakePackage } from './testing/fake-repository.ts'
import { Site, verified } from './testing/site.ts'

let site: Site

beforeEach(async () => {
  site = await Site.create()
})

afterEach(() => site.dispose())

describe.each(ATTACK_FAMILIES)('%s', (family) => {
  it.each(ATTACKS.filter((attack) => attack.family === family).map((attack) => [attack.name, attack] as const))(
    '%s',
    async (_name, attack) => {
      const sightings = await attack.run(site)
      const verdict = verdictOn(attack, sightings)
      expect(sightings.length).toBeGreaterThan(0)
      expect({ seen: verdict.seen, unapproved: verdict.unapprovedInstalled }, JSON.stringify(sightings)).toEqual({
        seen: attack.expected,
        unapproved: false,
      })
      expect(verdict.holds, JSON.stringify(sightings)).toBe(true)
    },
  )
})

describe('the list of attacks', () => {
  it('names each attack once', () => {
    expect(new Set(ATTACKS.map((attack) => attack.name)).size).toBe(ATTACKS.length)
  })

  it('brings up every refusal that a device knows, but those that recalls bring up', () => {
    const seen = new Set(ATTACKS.map((attack) => attack.expected))
    const missing = attackCode.options.filter((code) => !seen.has(code) && !code.startsWith('recall'))
    expect(missing).toEqual([])
  })
})

describe('a fault in one release', () => {
  it('does not stop another model', async () => {
    site.repository.list(fakePackage({ name: 'hand-radiograph', author: 'technical-approver' }))
    site.repository.publish()
    const outcome = verified(await site.refresh())
    expect(outcome.releases.map((release) => release.model.name)).toEqual(['chest-radiograph'])
    expect(outcome.refused.map((refusal) => [refusal.model?.name, refusal.attack])).toEqual([
      ['hand-radiograph', 'author-approved'],
    ])
  })
})
