import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import dcmjsDimse from 'dcmjs-dimse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../../testing/memory-records.ts'
import { INSTANCE_AVAILABILITY, PROCEDURE_STEP } from '../facts/uids.ts'
import { startListener } from '../testing/listener.ts'
import { ProcedureStepProvider } from './provider.ts'

const { Client, Dataset } = dcmjsDimse
const { NCreateRequest, NSetRequest } = dcmjsDimse.requests

dcmjsDimse.log.disableAll()

const STEP = '1.2.840.99.7'
const STUDY = '1.2.3'
const reference = (uid: string) => ({
  ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  ReferencedSOPInstanceUID: uid,
})

describe('procedure steps and availability with dcmjs-dimse as the modality', () => {
  const held = temporaryRecords()
  let listener: Awaited<ReturnType<typeof startListener>>
  beforeAll(async () => {
    const provider = new ProcedureStepProvider({
      store: held.records.evidence,
      transaction: (work) => held.records.transaction(work),
      clock: systemClock,
      logger: silentLogger,
    })
    listener = await startListener({}, { services: { procedureSteps: provider, availability: provider } })
  })
  afterAll(async () => {
    await listener.server.stop()
    held.dispose()
  })

  /** Sends one request on an association of its own. @returns the status of its response. */
  const send = (
    request: InstanceType<typeof NCreateRequest> | InstanceType<typeof NSetRequest>,
    elements: Record<string, unknown>,
  ): Promise<number> =>
    new Promise((resolve, reject) => {
      request.setDataset(new Dataset(elements))
      request.on('response', (response: { getStatus(): number }) => {
        resolve(response.getStatus())
      })
      const client = new Client()
      client.addRequest(request)
      client.on('networkError', reject)
      client.send('127.0.0.1', listener.port, 'CT1', 'LEADGLASS')
    })

  it('a step from its creation to its end', async () => {
    const step = {
      PerformedProcedureStepStatus: 'IN PROGRESS',
      ScheduledStepAttributesSequence: [{ StudyInstanceUID: STUDY }],
    }
    expect(await send(new NCreateRequest(PROCEDURE_STEP, STEP), step)).toBe(0)
    expect(await send(new NCreateRequest(PROCEDURE_STEP, STEP), step)).toBe(0x0111)
    expect(held.records.evidence.steps(STUDY)).toEqual({ steps: 1, inProgress: 1 })
    const series = { SeriesInstanceUID: '1.2.3.1', ReferencedImageSequence: [reference('1.1'), reference('1.2')] }
    const end = { PerformedProcedureStepStatus: 'COMPLETED', PerformedSeriesSequence: [series] }
    expect(await send(new NSetRequest(PROCEDURE_STEP, STEP), end)).toBe(0)
    expect(await send(new NSetRequest(PROCEDURE_STEP, STEP), end)).toBe(0x0110)
    expect(held.records.evidence.steps(STUDY)).toEqual({ steps: 1, inProgress: 0 })
    expect(held.records.evidence.stepInstances(STUDY)).toEqual({ instances: 2, missing: 2 })
  })

  it('a notification of availability', async () => {
    const sops = [{ ...reference('1.1'), InstanceAvailability: 'ONLINE', RetrieveAETitle: 'PACS' }]
    const notification = {
      StudyInstanceUID: STUDY,
      ReferencedSeriesSequence: [{ SeriesInstanceUID: '1.2.3.1', ReferencedSOPSequence: sops }],
    }
    expect(await send(new NCreateRequest(INSTANCE_AVAILABILITY, '1.2.840.99.8'), notification)).toBe(0)
    expect(held.records.evidence.announced(STUDY)).toEqual({ instances: 1, missing: 1 })
  })
})
