import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guardrails } from '../deployment/index.ts'
import { TrialRig } from '../deployment/testing/rig.ts'
import { WAITS_FOR_PERSON } from './model-library.ts'

const PERSON = { kind: 'person', id: '1'.repeat(32) } as const

describe('a version that arrives', () => {
  let rig: TrialRig
  beforeEach(async () => {
    rig = new TrialRig()
    await rig.start()
    await rig.activate(await rig.addVersion('1.0.0', 'sigmoid'))
  })
  afterEach(() => rig.dispose())

  it('waits for a person where the site says so, and while another is compared with the one in use', {
    timeout: 60_000,
  }, async () => {
    expect(rig.library.waitsForPerson('tiny')).toBe(false)
    rig.room.desk.newVersions('tiny', 'stage', PERSON)
    expect(rig.library.waitsForPerson('tiny')).toBe(true)
    rig.room.desk.newVersions('tiny', 'activate', PERSON)
    await rig.addVersion('2.0.0', 'sigmoid')
    const request = {
      name: 'tiny',
      version: '2.0.0',
      role: 'shadow',
      permille: 0,
      guardrails: guardrails.parse({}),
    } as const
    await rig.room.desk.start(request, PERSON)
    expect(rig.library.waitsForPerson('tiny')).toBe(true)
    rig.room.desk.end('tiny', '2.0.0', PERSON)
    expect(rig.library.waitsForPerson('tiny')).toBe(false)
  })

  it('is kept ready, verified, and runs after a person promoted it', { timeout: 60_000 }, async () => {
    const row = await rig.addVersion('2.0.0', 'sigmoid', undefined, false)
    rig.library.stage(row)
    expect(rig.records.models.find(row.digest)).toMatchObject({ state: 'staged', message: WAITS_FOR_PERSON })
    expect(rig.library.active().map(({ model }) => model.version)).toEqual(['1.0.0'])
    await rig.room.desk.promote('tiny', '2.0.0', PERSON)
    expect(rig.library.active().map(({ model }) => model.version)).toEqual(['2.0.0'])
  })
})
