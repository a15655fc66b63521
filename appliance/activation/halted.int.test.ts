import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TrialRig } from '../deployment/testing/rig.ts'
import { DatabaseRecallBook, StopDesk } from './index.ts'

const PERSON = { kind: 'person', id: '1'.repeat(32) } as const

describe('a model that may not run', () => {
  let rig: TrialRig
  let digest: string
  beforeEach(async () => {
    rig = new TrialRig()
    await rig.start()
    const row = await rig.addVersion('1.0.0', 'sigmoid')
    digest = row.digest
    await rig.activate(row)
  }, 60_000)
  afterEach(() => rig.dispose())

  const recall = async (): Promise<void> => {
    const book = new DatabaseRecallBook({
      records: rig.records,
      audit: rig.audit,
      clock: systemClock,
      logger: silentLogger,
      onChange: () => undefined,
    })
    const model = { name: 'tiny', version: '1.0.0', digest: digest as never }
    const recalledAt = '2026-11-20T08:00:00.000Z'
    await book.add([
      { schema: 'leadglass.recall/1', model, reason: 'wrong side', person: 'safety-officer', recalledAt },
    ])
  }
  const chosen = () => rig.room.inForce.choose({ studyId: 1, studyInstanceUid: '1.2.3' })

  it('is not chosen for the next study once it is recalled, nor after a restart, and is never put to use again', {
    timeout: 60_000,
  }, async () => {
    expect(chosen()).toHaveLength(1)
    await recall()
    expect(chosen()).toEqual([])
    await rig.restart()
    expect(chosen()).toEqual([])
    expect(rig.library.halted()).toMatchObject([{ reason: 'recalled' }])
    await recall()
    expect(rig.events('model.recalled')).toEqual(['model.recalled success stopped'])
    const row = rig.records.models.find(digest)
    if (row === undefined) throw new Error('no row')
    await expect(rig.activate(row)).rejects.toMatchObject({ code: 'version-recalled' })
    await expect(rig.room.desk.promote('tiny', '1.0.0', PERSON)).rejects.toMatchObject({ code: 'version-not-approved' })
    expect(() => rig.records.database.exec('DELETE FROM model_recall')).toThrow(/a recall is kept/)
  })

  it('is not what a person goes back to', { timeout: 60_000 }, async () => {
    await rig.activate(await rig.addVersion('2.0.0', 'sigmoid'))
    await recall()
    expect(await rig.library.rollBack('tiny', PERSON.id)).toMatchObject({ kind: 'impossible' })
  })

  it('is named in the result with the reason, in place of "no active model"', { timeout: 60_000 }, async () => {
    const desk = new StopDesk({ records: rig.records, audit: rig.audit, clock: systemClock, onChange: () => undefined })
    desk.stop('tiny', 'marks the wrong side', PERSON)
    expect(chosen()).toEqual([])
    const { revisionId } = await rig.study({ study: '1.2.3.4' })
    const row = rig.records.database.prepare('SELECT processing, reason FROM revision WHERE revision_id = ?')
    expect(row.get(revisionId)).toEqual({ processing: 'not-scored', reason: 'stopped-at-site' })
    desk.start('tiny', 'the cause was found', PERSON)
    expect(chosen()).toHaveLength(1)
    expect(() => desk.start('tiny', 'again', PERSON)).toThrow(/nobody stopped/)
    expect([...rig.events('model.disabled'), ...rig.events('model.enabled')]).toEqual([
      'model.disabled success at-site',
      'model.enabled success at-site',
    ])
  })
})
