import { modelList } from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HubWithLabels } from './testing/hub-with-labels.ts'

describe('a hub that is killed while it trains', () => {
  let site: HubWithLabels

  beforeEach(async () => {
    site = await HubWithLabels.start([{ labels: { atLeast: 300, cooldownHours: 0 }, maximumPerDay: 24 }])
  })
  afterEach(() => site.close())

  it.each(['freezing', 'training', 'packaging'] as const)(
    'while %s: goes on by itself at the next start, with one run, one candidate and the same dataset',
    async (state) => {
      const reached = site.untilState(state)
      await Promise.all([site.sendSite(300), reached.then(() => site.kill())].map((one) => one.catch(() => undefined)))
      await site.again()
      const ended = await site.until(async () => {
        const [run] = await site.runs()
        return run?.endedAt == null ? undefined : run
      }, 120_000)
      expect(ended).toMatchObject({ state: 'succeeded', attempt: 2, candidate: { version: '1.1.0' } })
      // Two further looks of the triggers: what was used up starts nothing again.
      await new Promise((resolve) => setTimeout(resolve, 2500))
      expect(await site.runs()).toHaveLength(1)
      const { versions } = modelList.parse(await site.hub.get('/api/models'))
      expect(versions.map((one) => one.model.version).sort()).toEqual(['1.0.0', '1.1.0'])
    },
    180_000,
  )
})
