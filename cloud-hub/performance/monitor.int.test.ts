import { join } from 'node:path'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { performanceView } from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePayload } from '../ingest/index.ts'
import { PackageStore, Registry } from '../registry/index.ts'
import { device, payloadOf, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { PerformanceError } from './errors.ts'
import { PerformanceMonitor } from './monitor.ts'
import { READ_SCORES } from './study-cases.ts'
import { madeCases } from './testing/made-cases.ts'
import { StudySender } from './testing/sent-studies.ts'

const BOX = device('box-01')
const COUNTING_BOX = device('box-02')
const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
const PERSON = { kind: 'person', id: 'mlops' } as const

describe('how versions perform in use', () => {
  let core: HubCore
  let model: ModelReference
  let monitor: PerformanceMonitor
  let sender: StudySender

  beforeEach(async () => {
    core = await createHubCore()
    await core.enrolment.enrol(BOX)
    const store = new PackageStore({ folder: join(core.folder, 'packages') })
    const registry = new Registry({ database: core.database, store, clock: core.clock })
    model = (await registry.importPackage(PACKAGE, 'vendor')).model
    const { database, audit, clock } = core
    monitor = new PerformanceMonitor({ database, registry, audit, clock, logger: silentLogger })
    sender = new StudySender(core, BOX, model)
  })
  afterEach(() => core.close())

  const words = (): string[] =>
    [...core.audit.log.leaves()]
      .map((leaf) => decodeEvent(leaf)?.event ?? '')
      .filter((word) => word.startsWith('performance.'))

  it('estimates nothing before there is a reference, and says so', async () => {
    await sender.send(madeCases({ count: 20, seed: 1 }), { labelled: true, blind: false })
    expect(await monitor.look()).toBe(0)
    expect(monitor.views()).toMatchObject([
      {
        device: '*',
        state: 'no-reference',
        studies: 20,
        reference: null,
        labels: { used: 0, excluded: { unblinded: 20 } },
      },
    ])
    expect(words()).toEqual([])
  })

  it('fixes the first labels as the reference, sees performance fall without labels, and believes labels more', async () => {
    await sender.send(madeCases({ count: 500, seed: 1 }), { labelled: true })
    expect(await monitor.look()).toBe(0)
    expect(words()).toEqual(['performance.referenced'])
    const [before] = monitor.views({ device: BOX })
    expect(before).toMatchObject({ state: 'estimated', studies: 500, reference: { source: 'site-labels', cases: 300 } })
    expect(before?.chunkings[0]?.chunks[0]).toMatchObject({
      n: 500,
      ofReference: true,
      realised: { n: 500, coverage: 1 },
    })

    core.clock.advance(40 * 86_400_000)
    // Scores all in the middle: the model can no longer tell, and the estimate shows it.
    const dull = madeCases({ count: 1000, seed: 2, spread: 0.2 })
    await sender.send(dull, { labelled: false })
    expect([await monitor.look(), await monitor.look()]).toEqual([1, 0])
    const [alert] = monitor.alerts.list()
    expect(alert).toMatchObject({ device: BOX, model, finding: 'pneumonia', priority: 'P2', settledAt: null })
    expect(alert?.detail).toContain('roc-auc.estimated-below')
    const [view] = monitor.views({ device: BOX })
    expect(performanceView.parse(view)).toEqual(view)
    const counted = view?.chunkings.find((one) => one.chunking === 'count')
    expect(counted?.chunks.map((chunk) => [chunk.n, chunk.ofReference, chunk.realised.figures === null])).toEqual([
      [500, true, false],
      [500, false, true],
      [500, false, true],
    ])
    expect(view?.chunkings.find((one) => one.chunking === 'month')?.chunks).toHaveLength(2)

    // Labels of a third batch come, and say the same: the open alert becomes more urgent, no second one is raised.
    await sender.send(madeCases({ count: 500, seed: 3, spread: 0.2 }), { labelled: true })
    expect(await monitor.look()).toBe(0)
    expect(monitor.alerts.list()).toMatchObject([{ alert: alert?.alert, priority: 'P1' }])
    expect(monitor.alerts.settle(alert?.alert ?? '', PERSON, 'a detector was changed')).toBe(true)
    expect(monitor.alerts.settle(alert?.alert ?? '', PERSON, 'again')).toBe(false)
    expect(words()).toEqual(['performance.referenced', 'performance.alerted', 'performance.settled'])
    // The same evidence, read again after one more study, raises nothing more.
    await sender.send(madeCases({ count: 1, seed: 4 }), { labelled: false })
    expect(await monitor.look()).toBe(0)
  }, 120_000)

  it('takes cases that somebody brings, refuses those that cannot be a reference, and bounds a site that only counts', async () => {
    const request = { model: model.digest, finding: 'pneumonia', reason: 'held-out set of the maker' }
    const cases = madeCases({ count: 1500, seed: 5 })
    expect(() => monitor.takeReference({ ...request, cases: cases.slice(0, 40) }, PERSON)).toThrow(PerformanceError)
    expect(() => monitor.takeReference({ ...request, model: '00'.repeat(32), cases }, PERSON)).toThrow(PerformanceError)
    expect(monitor.takeReference({ ...request, cases }, PERSON)).toMatch(/^[0-9a-f]{64}$/)
    await core.enrolment.enrol(COUNTING_BOX)
    const cells = Array.from({ length: 20 }, (_, bin) => ({ bin, count: 11 + bin }))
    const body = { kind: 'drift-counts', model, month: '2026-02', feature: 'score.pneumonia', cells } as const
    core.inbox.commit([await parsePayload(COUNTING_BOX, payloadOf(sealAll(COUNTING_BOX, [body])))])
    await monitor.look()
    const [view] = monitor.views({ device: COUNTING_BOX })
    expect(view).toMatchObject({ state: 'from-counts', studies: 410, chunkings: [] })
    const recall = view?.counts[0]?.figures?.recall
    expect(recall?.low).toBeLessThan(recall?.high ?? 0)
    expect(recall?.low).toBeGreaterThan(0.3)
  })

  it('reads scores of a version by its index', () => {
    const plan = core.database.prepare(`EXPLAIN QUERY PLAN ${READ_SCORES}`).all('pneumonia', model.digest, 0) as {
      readonly detail: string
    }[]
    expect(plan.map((one) => one.detail).join('\n')).toContain(
      'instance_features_by_version (model_digest=? AND envelope>?)',
    )
    expect(plan.map((one) => one.detail).join('\n')).not.toContain('TEMP B-TREE')
  })
})
