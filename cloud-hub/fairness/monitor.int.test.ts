import { join } from 'node:path'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { fairnessView } from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LabelledCase } from '../performance/figures.ts'
import { madeCases } from '../performance/testing/made-cases.ts'
import { StudySender } from '../performance/testing/sent-studies.ts'
import { PackageStore, Registry } from '../registry/index.ts'
import { device } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { FairnessMonitor } from './monitor.ts'

const BOX = device('box-01')
const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')

describe('whom versions serve worse', () => {
  let core: HubCore
  let model: ModelReference
  let monitor: FairnessMonitor
  let sender: StudySender

  beforeEach(async () => {
    core = await createHubCore()
    await core.enrolment.enrol(BOX)
    const store = new PackageStore({ folder: join(core.folder, 'packages') })
    const registry = new Registry({ database: core.database, store, clock: core.clock })
    model = (await registry.importPackage(PACKAGE, 'vendor')).model
    const { database, audit, clock } = core
    monitor = new FairnessMonitor({ database, registry, audit, clock, logger: silentLogger })
    sender = new StudySender(core, BOX, model)
  })
  afterEach(() => core.close())

  const words = (): string[] =>
    [...core.audit.log.leaves()]
      .map((leaf) => decodeEvent(leaf)?.event ?? '')
      .filter((word) => word.startsWith('fairness.'))

  /** Of every second patient, a man, half of what is found in women is missed; the last four are of a third group. */
  const unequal = async (count: number, seed: number): Promise<void> => {
    const cases = madeCases({ count, seed }).map(
      (one, place): LabelledCase => (place % 2 === 1 ? { ...one, score: one.score / 2 } : one),
    )
    const sexOf = (place: number): 'F' | 'M' | 'O' => (place >= count - 4 ? 'O' : place % 2 === 1 ? 'M' : 'F')
    await sender.send(cases, { labelled: true, facts: (place) => ({ sex: sexOf(place) }) })
  }

  it('raises one alert when a gap lasts, never tells of four patients, and is settled with a reason', async () => {
    await unequal(500, 1)
    expect(await monitor.look()).toBe(0)
    const [view] = monitor.views()
    expect(fairnessView.parse(view)).toEqual(view)
    expect(view).toMatchObject({ model, finding: 'pneumonia', state: 'assessed', labelled: 500 })
    const sex = view?.dimensions.find((one) => one.dimension === 'sex')
    expect(sex).toMatchObject({
      withheld: 1,
      groups: [
        { group: 'F', n: 250 },
        { group: 'M', n: 250 },
      ],
    })
    const gap = sex?.disparities.find((one) => one.measure === 'equal-opportunity-difference')
    expect(gap).toMatchObject({ verdict: 'beyond', limit: 0.1 })
    expect(gap?.low).toBeGreaterThan(0.1)
    expect(JSON.stringify(view)).not.toContain('"O')
    // The same labels again are no second look; more of them that say the same are.
    expect([words(), await monitor.look()]).toEqual([[], 0])
    await unequal(60, 2)
    expect(await monitor.look()).toBeGreaterThan(0)
    const alert = monitor.alerts.list().find((one) => one.what === 'sex')
    expect(alert).toMatchObject({ device: '*', priority: 'P1', settledAt: null })
    expect(monitor.alerts.list().every((one) => one.what === 'sex' || one.priority === 'P3')).toBe(true)
    const person = { kind: 'person', id: 'mlops' } as const
    expect(monitor.alerts.settle(alert?.alert ?? '', person, 'the threshold is being reviewed')).toBe(true)
    expect(words().at(-1)).toBe('fairness.settled')
    expect(new Set(words())).toEqual(new Set(['fairness.alerted', 'fairness.settled']))
  }, 120_000)

  it('says nothing of few labels', async () => {
    await unequal(20, 1)
    expect(await monitor.look()).toBe(0)
    expect(monitor.views()).toMatchObject([{ state: 'too-few-labelled', labelled: 20, dimensions: [] }])
  })
})
