import { join } from 'node:path'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import type { DeviceHealth, DriftCounts } from '@leadglass/sync-agent/contract'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Fleet } from '../fleet/index.ts'
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
    core = await createHubCore()
    await core.enrolment.enrol(BOX)
    const store = new PackageStore({ folder: join(core.folder, 'packages') })
    const registry = new Registry({ database: core.database, store, clock: core.clock })
    const { model } = await registry.importPackage(PACKAGE, 'vendor')
    drift = new Drift(core.database, registry)
    counts = { kind: 'drift-counts', model, month: '2026-02' }
  })
  afterEach(() => core.close())

  const send = async (bodies: readonly DriftCounts[]): Promise<void> => {
    core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, bodies)))])
  }

  it('adds the cells of all envelopes of a month and compares them with the reference of the model', async () => {
    const feature = 'score.pneumonia'
    await send([
      {
        ...counts,
        feature,
        cells: [
          { bin: 18, count: 90 },
          { bin: 19, count: 60 },
        ],
      },
      { ...counts, feature, cells: [{ bin: 19, count: 50 }] },
      { ...counts, month: '2026-03', feature, cells: [{ bin: 0, count: 20 }] },
      { ...counts, feature: 'no.such-feature', cells: [{ bin: 0, count: 20 }] },
      { ...counts, model: { ...counts.model, digest: '00'.repeat(32) }, feature, cells: [{ bin: 0, count: 20 }] },
    ])
    const entries = await drift.entries()
    expect(entries.map((one) => [one.month, one.n, one.verdict])).toEqual([
      ['2026-02', 200, 'major'],
      ['2026-03', 20, 'too-few'],
    ])
    expect(entries[0]?.current.at(-1)).toBe(110)
    expect(entries[0]?.edges).toHaveLength((entries[0]?.reference.length ?? 0) + 1)
  })

  it('raises one alert for what moved too far, in the log with its row, until a person settles it', async () => {
    const alerts = new DriftAlerts({
      database: core.database,
      drift,
      audit: core.audit,
      clock: core.clock,
      logger: silentLogger,
    })
    const words = (): string[] =>
      [...core.audit.log.leaves()]
        .map((leaf) => decodeEvent(leaf)?.event ?? '')
        .filter((word) => word.startsWith('drift.'))
    expect(await alerts.look()).toBe(0)
    await send([
      { ...counts, feature: 'score.pneumonia', cells: [{ bin: 18, count: 200 }] },
      { ...counts, month: '2026-03', feature: 'score.pneumonia', cells: [{ bin: 18, count: 20 }] },
    ])
    expect([await alerts.look(), await alerts.look()]).toEqual([1, 0])
    expect(words()).toEqual(['drift.alerted'])
    const [raised] = alerts.list()
    expect(raised).toMatchObject({ device: BOX, feature: 'score.pneumonia', month: '2026-02', settledAt: null })
    const person = { kind: 'person', id: 'mlops' } as const
    expect(alerts.settle(raised?.alert ?? '', person, 'a new detector')).toBe(true)
    expect(alerts.settle(raised?.alert ?? '', person, 'again')).toBe(false)
    expect(alerts.settle(crypto.randomUUID(), person, 'none')).toBe(false)
    expect(words()).toEqual(['drift.alerted', 'drift.settled'])
    expect(alerts.list()).toMatchObject([{ settledBy: 'mlops', reason: 'a new detector' }])
    // Settled is settled: the same month does not come again.
    expect(await alerts.look()).toBe(0)
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
