import { join } from 'node:path'
import { latencySketchBin } from '@leadglass/models'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import type { DeviceHealth, DriftCounts } from '@leadglass/sync-agent/contract'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Fleet } from '../fleet/index.ts'
import { EffectReader } from '../ingest/effect-reader.ts'
import { parsePayload } from '../ingest/index.ts'
import { PackageStore, Registry } from '../registry/index.ts'
import { device, payloadOf, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { Drift } from './drift.ts'
import { DriftAlerts } from './drift-alerts.ts'

const BOX = device('box-01')
const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')

describe('drift from what sites counted', () => {
  let core: HubCore
  let drift: Drift
  let counts: Pick<DriftCounts, 'kind' | 'model' | 'month'>

  beforeEach(async () => {
    sent = 0
    core = await createHubCore()
    await core.enrolment.enrol(BOX)
    const store = new PackageStore({ folder: join(core.folder, 'packages') })
    const registry = new Registry({ database: core.database, store, clock: core.clock })
    const { model } = await registry.importPackage(PACKAGE, 'vendor')
    drift = new Drift(core.database, registry)
    counts = { kind: 'drift-counts', model, month: '2026-02' }
  })
  afterEach(() => core.close())

  let sent = 0
  const send = async (bodies: readonly DriftCounts[]): Promise<void> => {
    core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, bodies, sent + 1)))])
    sent += bodies.length
  }

  const DAY = 86_400_000
  /** Where counts stand that left so many days before now, at noon. */
  const daysAgo = (days: number): { readonly month: string; readonly hour: number } => {
    const at = (Math.floor(core.clock.now() / DAY) - days) * DAY + DAY / 2
    const month = new Date(at).toISOString().slice(0, 7)
    return { month, hour: (at - Date.parse(`${month}-01T00:00:00Z`)) / 3_600_000 }
  }
  const scores = (days: number, cells: DriftCounts['cells']): DriftCounts => ({
    ...counts,
    ...daysAgo(days),
    feature: 'score.pneumonia',
    cells,
  })
  const moved: DriftCounts['cells'] = [{ bin: 18, count: 200 }]

  it('adds the cells of all envelopes of a window and compares them with the reference of the model', async () => {
    const feature = 'score.pneumonia'
    await send([
      { ...scores(3, [{ bin: 18, count: 90 }]), hour: daysAgo(3).hour + 2 },
      scores(3, [
        { bin: 18, count: 20 },
        { bin: 19, count: 90 },
      ]),
      scores(2, [{ bin: 0, count: 20 }]),
      // Boxes of earlier versions say the month alone.
      { ...counts, feature, cells: [{ bin: 18, count: 200 }] },
      { ...counts, ...daysAgo(2), feature: 'no.such-feature', cells: [{ bin: 0, count: 20 }] },
      { ...scores(2, [{ bin: 0, count: 20 }]), model: { ...counts.model, digest: '00'.repeat(32) } },
    ])
    const entries = (await drift.entries()).toSorted((x, y) => y.n - x.n || y.window.from.localeCompare(x.window.from))
    expect(entries.map((one) => [one.n, one.verdict, Date.parse(one.window.to) - Date.parse(one.window.from)])).toEqual(
      [
        [200, 'major', DAY],
        [200, 'major', 28 * DAY],
        [20, 'too-few', DAY],
      ],
    )
    const [day] = entries
    expect(day?.current.slice(-2)).toEqual([110, 90])
    expect(day?.edges).toHaveLength((day?.reference.length ?? 0) + 1)
    expect(day).toMatchObject({ test: 'ks', referenceOf: 'package', group: 'scores' })
    expect(day?.positives?.current).toBeCloseTo(1, 9)
    expect(day?.level).toBeGreaterThan(1)
    const [row] = core.database.prepare('SELECT month, hour FROM drift_counts ORDER BY hour DESC').all() as {
      month: string
      hour: number
    }[]
    expect(Math.floor(((row?.hour ?? 0) * 3_600_000) / DAY)).toBe(Math.floor(core.clock.now() / DAY) - 2)
  })

  it('gives back every envelope as it was sent, with and without its hour', async () => {
    const bodies = [scores(1, moved), { ...counts, feature: 'score.pneumonia', cells: moved }]
    await send(bodies)
    const rows = core.database.prepare(`SELECT id FROM envelope_inbox WHERE kind = 'drift-counts' ORDER BY id`).all()
    const reader = new EffectReader(core.database)
    expect(rows.map((row) => reader.read('drift-counts', (row as { id: number }).id))).toEqual(bodies)
  })

  const alertsOf = (): DriftAlerts =>
    new DriftAlerts({ database: core.database, drift, audit: core.audit, clock: core.clock, logger: silentLogger })
  const words = (): string[] =>
    [...core.audit.log.leaves()]
      .map((leaf) => decodeEvent(leaf)?.event ?? '')
      .filter((word) => word.startsWith('drift.'))

  it('raises one alert for what moved in two of three windows, in the log with its row, until a person settles it', async () => {
    const alerts = alertsOf()
    await send([scores(3, moved)])
    // One window is no drift, and the window of today has not ended.
    expect(await alerts.look()).toBe(0)
    await send([scores(0, moved)])
    expect(await alerts.look()).toBe(0)
    await send([scores(2, moved)])
    expect([await alerts.look(), await alerts.look()]).toEqual([1, 0])
    expect(words()).toEqual(['drift.alerted'])
    const [raised] = alerts.open()
    expect(raised).toMatchObject({
      device: BOX,
      feature: 'score.pneumonia',
      test: 'ks',
      priority: 'P1',
      settledAt: null,
    })
    expect(raised?.advice).toContain('above the operating point')
    // It goes on: the same alert, seen again. A hub that starts anew knows what it has looked at.
    await send([scores(1, moved)])
    core.clock.advance(3 * 3_600_000)
    expect(await alertsOf().look()).toBe(0)
    expect(alerts.list()).toHaveLength(1)
    expect(alerts.list()[0]?.lastSeenAt).not.toBe(raised?.raisedAt)
    const person = { kind: 'person', id: 'mlops' } as const
    expect(alerts.settle(raised?.alert ?? '', person, 'a new detector')).toBe(true)
    expect(alerts.settle(raised?.alert ?? '', person, 'again')).toBe(false)
    expect(alerts.settle(crypto.randomUUID(), person, 'none')).toBe(false)
    expect(words()).toEqual(['drift.alerted', 'drift.settled'])
    expect(alerts.list()).toMatchObject([{ settledBy: 'mlops', reason: 'a new detector' }])
    // Settled is settled: the same cause does not come again while it is there.
    core.clock.advance(DAY)
    expect(await alerts.look()).toBe(0)
    expect(alerts.open()).toEqual([])
  })

  it('clears an alert whose cause is gone, and leaves it to a person all the same', async () => {
    const alerts = alertsOf()
    await send([scores(4, moved), scores(3, moved)])
    expect(await alerts.look()).toBe(1)
    const shipped = (await drift.entries())[0]?.reference ?? []
    const same = shipped.flatMap((count, bin) => (count * 20 >= 11 ? [{ bin, count: count * 20 }] : []))
    await send([scores(2, same)])
    expect(await alerts.look()).toBe(0)
    expect(alerts.open()).toMatchObject([{ clearedAt: expect.any(String) as string, settledAt: null }])
  })

  it('takes the first windows of a site as its reference where the package has none, and never moves it', async () => {
    const alerts = alertsOf()
    const views = (days: number, pa: number, ap: number): DriftCounts => ({
      ...scores(days, [
        { bin: 0, count: ap },
        { bin: 1, count: pa },
      ]),
      feature: 'metadata.view',
    })
    await send([views(6, 150, 50), views(5, 150, 50)])
    expect((await drift.entries()).map(({ verdict, referenceOf }) => [verdict, referenceOf])).toEqual([
      ['too-few', 'site'],
      ['too-few', 'site'],
    ])
    await alerts.look()
    await send([views(4, 149, 51), views(3, 20, 180), views(2, 20, 180)])
    expect(await alerts.look()).toBe(1)
    const entries = (await drift.entries()).toSorted((x, y) => x.window.from.localeCompare(y.window.from))
    expect(entries.map(({ verdict, reference, test }) => [verdict, reference.slice(0, 2), test])).toEqual([
      ['stable', [100, 300], 'chi-square'],
      ['major', [100, 300], 'chi-square'],
      ['major', [100, 300], 'chi-square'],
    ])
    expect(alerts.open()).toMatchObject([{ feature: 'metadata.view', priority: 'P3' }])
  })

  it('shows all sites together where there are several', async () => {
    const other = device('box-02')
    await core.enrolment.enrol(other)
    await send([scores(2, moved)])
    core.inbox.commit([await parsePayload(other, payloadOf(sealAll(other, [scores(2, [{ bin: 0, count: 200 }])])))])
    const { features, groups } = await drift.view()
    expect(features.map(({ device: of, n }) => [of, n])).toEqual([
      ['box-01', 200],
      ['box-02', 200],
      ['*', 400],
    ])
    expect(groups.map(({ group, concordance }) => [group, concordance])).toEqual([
      ['scores', null],
      ['scores', null],
      ['scores', null],
    ])
  })

  it('says of a time its quantiles', async () => {
    await send([{ ...scores(2, [{ bin: latencySketchBin(120), count: 400 }]), feature: 'latency.score' }])
    const [entry] = await drift.entries()
    expect(entry).toMatchObject({ group: 'operation', verdict: 'too-few' })
    for (const quantile of entry?.quantiles ?? []) expect(Math.abs((quantile ?? 0) - 120)).toBeLessThan(1.3)
  })

  it('shows a device as it last reported itself', async () => {
    const fleet = new Fleet(core.database, core.clock)
    expect(fleet.device(BOX)).toMatchObject({ connected: false, health: null, lastSeenAt: null })
    const figures = { 'disk.free': 7 }
    const health: DeviceHealth = { kind: 'device-health', softwareVersion: '1.2.3', models: [], figures }
    const later: DeviceHealth = { ...health, models: [{ model: counts.model, state: 'active' }] }
    core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, [health, later])))])
    expect(fleet.device(BOX)).toMatchObject({ connected: true, health: { models: [{ state: 'active' }] } })
    expect(fleet.streams(BOX)).toEqual([
      { epoch: 1, stream: 'health', watermark: 2, effects: 2, duplicates: 0, refused: 0 },
    ])
    core.clock.advance(121_000)
    expect(fleet.device(BOX)?.connected).toBe(false)
  })
})
