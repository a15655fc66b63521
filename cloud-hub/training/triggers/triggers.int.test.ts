import type { StudyLabel } from '@leadglass/sync-agent/contract'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { syntheticSite } from '../../testing/synthetic-site.ts'
import { TrainingRig } from '../testing/training-rig.ts'
import { NEWEST_LABEL, UNUSED_LABELS } from './label-ledger.ts'
import { triggerPolicy } from './policy.ts'
import { ScheduleTimes } from './schedule-times.ts'
import { LABEL_MARK, TriggerStore } from './trigger-store.ts'
import { type OpenDriftAlert, Triggers } from './triggers.ts'

const DAY_MS = 86_400_000
const PERSON = { kind: 'person', id: 'mlops' } as const
const NAMED = { model: 'chest-radiograph', finding: 'pneumonia' }

describe('what starts training', () => {
  let rig: TrainingRig
  let store: TriggerStore
  let triggers: Triggers
  let alerts: OpenDriftAlert[]
  /** Runs are only queued: what a trigger decides does not depend on how a run goes. */
  let woken: number

  const make = (declared: readonly object[] = []): Triggers =>
    new Triggers({
      store,
      runs: rig.runs,
      training: {
        plan: (request) => rig.training.plan(request),
        wake: () => {
          woken += 1
        },
      },
      labels: rig.labels,
      driftAlerts: () => alerts,
      versionToImprove: (model) => rig.registry.versions(model)[0]?.model.version,
      times: new ScheduleTimes(),
      audit: rig.core.audit,
      clock: rig.core.clock,
      logger: silentLogger,
      declared: declared.map((one) => triggerPolicy.parse({ ...NAMED, ...one })),
      everyMs: 3_600_000,
    })
  const declare = (policy: object): void => triggers.declare(triggerPolicy.parse({ ...NAMED, ...policy }), PERSON)
  const look = (later = 0): string[] => {
    rig.core.clock.advance(later)
    triggers.look()
    return store
      .standing()
      .map(({ cause, outcome }) => `${cause} ${outcome}`)
      .sort()
  }
  /** The run has ended, one way or the other. */
  const end = (): void => void rig.core.database.prepare(`UPDATE training_run SET state = 'stopped'`).run()

  beforeEach(async () => {
    rig = await TrainingRig.create()
    store = new TriggerStore(rig.core.database, rig.core.clock)
    alerts = []
    woken = 0
    triggers = make()
  })
  afterEach(() => rig.close())

  it('starts one run for enough labels, as the system, and none for the same labels again', async () => {
    declare({ labels: { atLeast: 30, cooldownHours: 0 } })
    const { labels } = await rig.fill(30)
    expect(look()).toEqual(['labels fired'])
    const [run, ...others] = rig.runs.runs()
    expect(others).toEqual([])
    expect(run).toMatchObject({ ...NAMED, cause: 'labels', requestedBy: 'hub.training', labelMark: 60, seed: '60' })
    expect(rig.words().at(-1)).toBe('training.triggered')
    expect(woken).toBe(1)
    // Labels that came again, under another name, of the same studies count as new; the old ones never do.
    expect(look(DAY_MS)).toEqual(['labels too-few'])
    end()
    expect(look(DAY_MS)).toEqual(['labels too-few'])
    await rig.send(labels.map((label) => ({ ...label, label: crypto.randomUUID() })))
    expect(look(DAY_MS)).toEqual(['labels fired'])
    expect(rig.runs.runs()).toHaveLength(2)
  })

  it('counts studies with an answer that the model has scored, not labels', async () => {
    declare({ labels: { atLeast: 10 } })
    const { features, labels } = syntheticSite(rig.parent, rig.digest, 20)
    await rig.send(features.slice(0, 10))
    const [first, second] = labels as [StudyLabel, StudyLabel]
    // Of 20 labels ten are of studies that were never scored; one is given twice; one is no answer.
    await rig.send([...labels, { ...first, label: crypto.randomUUID() }])
    expect(look()).toEqual(['labels fired'])
    end()
    await rig.send([{ ...second, label: crypto.randomUUID(), value: 'uncertain' }])
    expect(look(2 * DAY_MS)).toEqual(['labels too-few'])
    expect(rig.labels.unused('chest-radiograph', 'pneumonia', 0)).toMatchObject({ studies: 10 })
    expect(rig.labels.unused('chest-radiograph', 'effusion', 0)).toEqual({ studies: 0, oldestAt: null })
  })

  it('starts nothing, and forgets nothing, when a kill comes before the end of the look', async () => {
    declare({ labels: { atLeast: 30 } })
    await rig.fill(30)
    // The process ends at the last statement of the look.
    rig.core.database.exec(
      `CREATE TRIGGER kill BEFORE UPDATE OF looked_at ON training_trigger_policy BEGIN SELECT raise(ABORT, 'killed'); END`,
    )
    expect(() => look()).toThrow(/killed/)
    expect(rig.runs.runs()).toEqual([])
    expect(store.standing()).toEqual([])
    expect(rig.words()).not.toContain('training.triggered')
    rig.core.database.exec('DROP TRIGGER kill')
    triggers = make()
    expect(look()).toEqual(['labels fired'])
    triggers = make()
    expect(look()).toEqual(['labels too-few'])
    expect(rig.runs.runs()).toHaveLength(1)
  })

  it('tells what holds it back, and counts equal decisions as one', async () => {
    declare({ maximumPerDay: 1, labels: { atLeast: 10, cooldownHours: 12 } })
    const site = syntheticSite(rig.parent, rig.digest, 40)
    await rig.send(site.features)
    await rig.send(site.labels.slice(0, 10))
    expect(look()).toEqual(['labels fired'])
    await rig.send(site.labels.slice(10, 30))
    expect(look(60_000)).toEqual(['labels run-under-way'])
    end()
    expect(look(60_000)).toEqual(['labels cooling-down'])
    expect(look(60_000)).toEqual(['labels cooling-down'])
    expect(look(13 * 3_600_000)).toEqual(['labels daily-maximum'])
    expect(look(12 * 3_600_000)).toEqual(['labels fired'])
    expect(store.decisions().map(({ outcome, looks, newLabels }) => [outcome, looks, newLabels])).toEqual([
      ['fired', 1, 20],
      ['daily-maximum', 1, 20],
      ['cooling-down', 2, 20],
      ['run-under-way', 1, 20],
      ['fired', 1, 10],
    ])
  })

  it('starts for labels that wait too long, for an alert once, and at its times', async () => {
    const due = new Date(rig.core.clock.now() + DAY_MS / 2)
    declare({
      maximumPerDay: 24,
      age: { olderThanDays: 3, atLeast: 2, cooldownHours: 0 },
      drift: { priorities: ['P1'], cooldownHours: 0 },
      schedule: { cron: `${due.getUTCMinutes()} ${due.getUTCHours()} * * *` },
    })
    const site = syntheticSite(rig.parent, rig.digest, 40)
    await rig.send(site.features)
    expect(look()).toEqual(['age too-few', 'drift too-few', 'schedule too-few'])
    await rig.send(site.labels.slice(0, 10))
    alerts = [{ alert: 'a1', model: 'chest-radiograph', priority: 'P2' }]
    expect(look(1000)).toEqual(['age none', 'drift none', 'schedule none'])
    alerts.push({ alert: 'a2', model: 'another', priority: 'P1' }, { alert: 'a3', model: NAMED.model, priority: 'P1' })
    expect(look(1000)[1]).toBe('drift fired')
    end()
    await rig.send(site.labels.slice(10, 20))
    expect(look(1000)[1]).toBe('drift none')
    expect(look(DAY_MS).filter((one) => one.includes('fired'))).toEqual(['schedule fired'])
    end()
    await rig.send(site.labels.slice(20, 40))
    expect(look(4 * DAY_MS).filter((one) => one.includes('fired'))).toEqual(['age fired'])
    expect(store.standing().find((one) => one.cause === 'schedule')?.outcome).toBe('not-first')
    expect(rig.runs.runs().map((run) => run.cause)).toEqual(['age', 'schedule', 'drift'])
  })

  it('says why no run could be started, and holds up no other policy', async () => {
    declare({ finding: 'effusion', labels: { atLeast: 1 } })
    declare({ model: 'no-such-model', labels: { atLeast: 1 } })
    declare({ labels: { atLeast: 1 } })
    const { labels } = await rig.fill(5)
    await rig.send(labels.map((label) => ({ ...label, finding: 'effusion' })))
    expect(look()).toEqual(['labels cannot-start', 'labels fired', 'labels too-few'])
    expect(store.decisions().find((one) => one.outcome === 'cannot-start')?.reason).toContain('does not score')
  })

  it('takes what the configuration declares once, and keeps what a person made of it', async () => {
    triggers = make([{ labels: { atLeast: 50 } }])
    await triggers.start()
    declare({ labels: { atLeast: 70 } })
    await triggers.stop()
    triggers = make([{ labels: { atLeast: 50 } }])
    await triggers.start()
    expect(store.policies()).toMatchObject([{ policy: { labels: { atLeast: 70 } }, changedBy: 'mlops' }])
    triggers.remove(NAMED, PERSON)
    expect(() => triggers.remove(NAMED, PERSON)).toThrow(/no such trigger/)
    expect(rig.words().filter((word) => word === 'setting.changed')).toHaveLength(3)
    await triggers.stop()
  })

  it('reads labels and marks by indexes', () => {
    const planOf = (sql: string, parameters: object | readonly string[]): string =>
      (rig.core.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters) as { detail: string }[])
        .map((row) => row.detail)
        .join('; ')
    const of = { model: 'm', finding: 'f', after: 0 }
    for (const plan of [planOf(UNUSED_LABELS, of), planOf(NEWEST_LABEL, ['f']), planOf(LABEL_MARK, ['m', 'f'])]) {
      expect(plan).toMatch(/USING (?:COVERING )?INDEX|USING INTEGER PRIMARY KEY/)
      expect(plan).not.toMatch(/SCAN (?!CONSTANT)/)
    }
  })
})
