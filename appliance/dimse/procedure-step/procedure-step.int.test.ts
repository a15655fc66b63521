import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dataSetOf } from '../../imaging/dataset/index.ts'
import { temporaryRecords } from '../../testing/memory-records.ts'
import { INSTANCE_AVAILABILITY, PROCEDURE_STEP } from '../facts/uids.ts'
import { nodeAt } from '../testing/commitment-nodes.ts'
import { startListener } from '../testing/listener.ts'
import { availability, newStep, sendNormalized, stepChange } from '../testing/normalized.ts'
import { ProcedureStepProvider } from './provider.ts'

const STEP = '1.2.840.99.7'
const STUDY = '1.2.3'

describe('procedure steps and availability, over real sockets', () => {
  let held: ReturnType<typeof temporaryRecords>
  let listener: Awaited<ReturnType<typeof startListener>>
  let clock: ManualClock
  beforeEach(async () => {
    held = temporaryRecords()
    clock = new ManualClock(1_800_000_000_000)
    const provider = new ProcedureStepProvider({
      store: held.records.evidence,
      transaction: (work) => held.records.transaction(work),
      clock,
      logger: silentLogger,
    })
    listener = await startListener({}, { services: { procedureSteps: provider, availability: provider } })
  })
  afterEach(async () => {
    await listener.server.stop()
    held.dispose()
  })

  const modality = () => nodeAt(listener.port, 'LEADGLASS', 'CT1')
  const create = (dataSet = newStep([STUDY]), uid: string | undefined = STEP) =>
    sendNormalized(modality(), 'create', PROCEDURE_STEP, uid, dataSet)
  const set = (dataSet: ReturnType<typeof stepChange>, uid = STEP) =>
    sendNormalized(modality(), 'set', PROCEDURE_STEP, uid, dataSet)
  const evidence = () => held.records.evidence

  it('keeps a step from its creation to its end, with all that it names', async () => {
    expect(await create()).toBe(0)
    expect(evidence().steps(STUDY)).toEqual({ steps: 1, inProgress: 1 })
    expect(await set(stepChange(undefined, ['1.1']))).toBe(0)
    expect(evidence().stepInstances(STUDY)).toEqual({ instances: 1, missing: 1 })
    expect(await set(stepChange('COMPLETED', ['1.1', '1.2'], ['1.3']))).toBe(0)
    expect(evidence().steps(STUDY)).toEqual({ steps: 1, inProgress: 0 })
    expect(evidence().stepInstances(STUDY)).toEqual({ instances: 3, missing: 3 })
  })

  it('leaves a finished step as it is, and says so (PS3.4 F.7.2.2)', async () => {
    await create()
    expect(await set(stepChange('DISCONTINUED', ['1.1']))).toBe(0)
    expect(await set(stepChange('COMPLETED', ['1.1', '1.2']))).toBe(0x0110)
    expect(evidence().step(STEP)?.status).toBe('DISCONTINUED')
    expect(evidence().stepInstances(STUDY).instances).toBe(1)
  })

  it.each([
    ['the same step twice', async () => (await create()) || create(), 0x0111],
    ['a step that begins finished', () => create(newStep([STUDY], 'COMPLETED')), 0x0106],
    ['a step without a status', () => create(dataSetOf([])), 0x0120],
    ['a step of no study', () => create(newStep([])), 0x0120],
    ['a change of an unknown step', () => set(stepChange('COMPLETED', []), '1.2.840.99.404'), 0x0112],
    ['an unknown status', async () => (await create()) || set(stepChange('DONE', [])), 0x0106],
    ['a malformed reference', async () => (await create()) || set(stepChange('COMPLETED', ['x y'])), 0x0106],
  ])('%s', async (_name, act, status) => {
    expect(await act()).toBe(status)
    expect(evidence().stepInstances(STUDY).instances).toBe(0)
  })

  it('names a step itself when the modality did not (PS3.7 10.1.5.1.4)', async () => {
    expect(await sendNormalized(modality(), 'create', PROCEDURE_STEP, undefined, newStep([STUDY, '1.2.4']))).toBe(0)
    expect(evidence().steps('1.2.4').steps).toBe(1)
  })

  it('keeps what is announced, and not what is called unavailable', async () => {
    const announce = (dataSet = availability(STUDY, ['1.1', '1.2'], ['1.3'])) =>
      sendNormalized(modality(), 'create', INSTANCE_AVAILABILITY, '1.2.840.99.8', dataSet)
    expect(await announce()).toBe(0)
    expect(await announce(availability(STUDY, ['1.2', '1.4']))).toBe(0)
    expect(evidence().announced(STUDY)).toEqual({ instances: 3, missing: 3 })
    expect(await announce(dataSetOf([]))).toBe(0x0120)
  })

  it('forgets what is old', async () => {
    await create()
    clock.advance(91 * 86_400_000)
    expect(await create(newStep(['1.2.4']), '1.2.840.99.9')).toBe(0)
    expect(evidence().steps(STUDY).steps).toBe(0)
  })

  it('is not offered where it is not configured', async () => {
    const plain = await startListener({}, { services: {} })
    await expect(
      sendNormalized(nodeAt(plain.port, 'LEADGLASS', 'CT1'), 'create', PROCEDURE_STEP, STEP, newStep([STUDY])),
    ).rejects.toMatchObject({ code: 'no-presentation-context' })
    await plain.server.stop()
  })
})
