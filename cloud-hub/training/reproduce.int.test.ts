import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TrainingRig } from './testing/training-rig.ts'

describe('a run that is done again', () => {
  let rig: TrainingRig

  beforeEach(async () => {
    rig = await TrainingRig.create()
    await rig.fill(300)
    await rig.training.start()
  })
  afterEach(() => rig.close())

  const words = (): readonly (string | undefined)[][] =>
    [...rig.core.audit.log.leaves()].flatMap((leaf) => {
      const event = decodeEvent(leaf)
      return event?.event === 'training.reproduced' ? [[event.outcome, event.codes[0]]] : []
    })
  const trained = async (): Promise<string> => {
    const run = rig.ask()
    await rig.training.settle()
    expect(rig.runs.run(run)?.state).toBe('candidate')
    return run
  }

  it('gives the same bytes of head, report and package, also in a hub that was started anew', async () => {
    const run = await trained()
    const record = rig.runs.run(run)?.record
    expect(record).toMatchObject({
      snapshot: rig.runs.run(run)?.snapshot,
      executor: 'local',
      runtime: { node: process.version },
      release: { version: '1.1.0', releaseCounter: 2 },
      results: { package: rig.runs.run(run)?.candidate?.digest },
    })
    await rig.restart()
    rig.training.reproduce(run, 'auditor')
    await rig.training.settle()
    const [again] = rig.reproductions.ofRun(run)
    expect(again).toMatchObject({ state: 'equal', reason: null, requestedBy: 'auditor' })
    expect(again?.parts.map(({ part, isEqual }) => [part, isEqual])).toEqual([
      ['head', true],
      ['report', true],
      ['package', true],
      ['code', true],
      ['node', true],
      ['onnx-runtime', true],
      ['platform', true],
    ])
    expect(words()).toEqual([['success', 'equal']])
    // Nothing but the one candidate came of it.
    expect(rig.registry.versions('chest-radiograph')).toHaveLength(2)
  })

  it('says which part differs when the record asks for another seed than the results are of', async () => {
    const run = await trained()
    rig.core.database
      .prepare(`UPDATE training_run SET record = json_set(record, '$.job.seed', '2') WHERE run = ?`)
      .run(run)
    rig.training.reproduce(run, 'mlops')
    await rig.training.settle()
    const [again] = rig.reproductions.ofRun(run)
    expect(again?.state).toBe('differs')
    expect(again?.parts.filter((one) => !one.isEqual).map((one) => one.part)).toEqual(['head', 'report', 'package'])
    expect(again?.reason).toContain('head')
    expect(words()).toEqual([['failure', 'differs']])
  })

  it('says that a dataset was altered by erasure, and trains nothing from it', async () => {
    const run = await trained()
    await rig.eraseOnePatient()
    rig.training.reproduce(run, 'mlops')
    await rig.training.settle()
    expect(rig.reproductions.ofRun(run)[0]).toMatchObject({ state: 'altered-by-erasure', parts: [] })
    expect(words()).toEqual([['failure', 'altered-by-erasure']])
  })

  it('is taken up again after a kill, and refuses a run that never trained', async () => {
    const run = await trained()
    rig.training.reproduce(run, 'mlops')
    const killed = rig.core.database.prepare(`UPDATE training_reproduction SET state = 'running'`)
    await rig.restart({ between: () => killed.run() })
    await rig.training.settle()
    expect(rig.reproductions.ofRun(run)[0]?.state).toBe('equal')
    const cancelled = rig.ask()
    rig.training.cancel(cancelled)
    await rig.training.settle()
    expect(() => rig.training.reproduce(cancelled, 'mlops')).toThrow(/no record/)
    expect(() => rig.training.reproduce('6a204bd8-9b0e-4c0b-9f52-77e6a0e6f3b1', 'mlops')).toThrow(/no such run/)
  })
})
