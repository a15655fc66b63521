import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TrialRig } from '../deployment/testing/rig.ts'
import type { ModelRow } from '../records/index.ts'
import { activationSettings } from '../settings-activation.ts'
import { eventually } from '../testing/appliance-process.ts'
import { Activator } from './index.ts'

describe('a new version beside the one in use', () => {
  let rig: TrialRig
  let folder: string
  let clock: ManualClock
  let activator: Activator
  let shadowStudies: number
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-shadow-gate-'))
    shadowStudies = 2
    rig = new TrialRig()
    await rig.start()
    await rig.activate(await rig.addVersion('1.0.0', 'sigmoid'))
    clock = new ManualClock(Date.now())
    activator = new Activator({
      records: rig.records,
      library: rig.library,
      modelsFolder: folder,
      pool: { runGoldenCases: async () => ({ kind: 'passed', cases: 1, maximumDeviation: 0 }) },
      shadow: rig.room.trialShadow,
      settings: () =>
        activationSettings.parse({ shadowStudies, trialSeconds: 60, maximumLatencyRatioMilli: 1_000_000 }),
      audit: rig.audit,
      clock,
      logger: silentLogger,
    })
  }, 60_000)
  afterEach(async () => {
    await rig.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  const stateOf = (row: ModelRow): string | undefined => rig.records.activations.find(row.digest)?.state
  const inUse = (): string[] => rig.library.active().map(({ model }) => model.version)

  /** Its bytes are here and verified, as the watcher leaves a version. */
  async function arrive(): Promise<ModelRow> {
    const row = await rig.addVersion('2.0.0', 'sigmoid')
    activator.begin(row)
    activator.happened(row.digest, 'done')
    activator.happened(row.digest, 'done')
    await activator.proceed(row.digest)
    await activator.tick()
    return row
  }

  it('scores only after enough live studies held, and stays after its trial', { timeout: 120_000 }, async () => {
    const row = await arrive()
    expect(stateOf(row)).toBe('shadow')
    expect(inUse()).toEqual(['1.0.0'])
    for (let at = 0; at < 3; at += 1) await rig.study({ study: `study ${at}`, instance: at + 1 })
    await eventually(async () => {
      await activator.tick()
      return stateOf(row) === 'trial' ? true : undefined
    }, 'the trial')
    expect(inUse()).toEqual(['2.0.0'])
    expect(rig.records.deployments.running('tiny')).toEqual([])
    clock.advance(600_000)
    await activator.tick()
    expect(stateOf(row)).toBe('committed')
  })

  it('goes back by itself when live studies fail in its trial', { timeout: 120_000 }, async () => {
    shadowStudies = 0
    const row = await arrive()
    expect(stateOf(row)).toBe('trial')
    expect(inUse()).toEqual(['2.0.0'])
    rig.records.activations.count(row.digest, 10, 5)
    await activator.tick()
    expect(inUse()).toEqual(['1.0.0'])
    expect(rig.records.activations.find(row.digest)).toMatchObject({
      state: 'waiting',
      reason: '5 of 10 studies failed in its trial',
    })
  })

  it('is taken out of use when it fails in its trial and there is none before it', { timeout: 120_000 }, async () => {
    shadowStudies = 0
    const before = rig.records.models.active().find(({ name }) => name === 'tiny')
    rig.records.models.setState(before?.digest ?? '', 'staged', null, clock.now())
    const row = await arrive()
    expect(stateOf(row)).toBe('trial')
    rig.records.activations.count(row.digest, 10, 5)
    await activator.tick()
    expect(inUse()).not.toContain('2.0.0')
    expect(rig.events('model.retired')).toEqual(['model.retired failure tried-again'])
  })
})
