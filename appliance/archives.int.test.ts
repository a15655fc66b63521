import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import { logExport, type StudyDetail, studyDetail, studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../installer/testing/peers.ts'
import { AssociationRequester, INSTANCE_AVAILABILITY, PROCEDURE_STEP } from './dimse/index.ts'
import { freePort } from './dimse/testing/dcmtk.ts'
import { availability, newStep, sendNormalized, stepChange } from './dimse/testing/normalized.ts'
import { instanceUid, type MadeObject, outgoing, studyUid } from './dimse/testing/objects.ts'
import { type Orthanc, startOrthanc } from './dimse/testing/orthanc.ts'
import { ApplianceProcess, eventually } from './testing/appliance-process.ts'
import { initialiseBox } from './testing/model-box.ts'
import { sendObjects } from './testing/send-objects.ts'
import { approvedRepository, SHIPPED_PACKAGE } from './testing/update-kit.ts'

const program = peer('Orthanc')
const EARLIER: readonly MadeObject[] = [1, 2].map((instance) => ({
  patient: 1,
  study: 1,
  series: 1,
  instance,
  studyDate: '20260301',
}))
const NOW: readonly MadeObject[] = [1, 2, 3].map((instance) => ({
  patient: 1,
  study: 2,
  series: 1,
  instance,
  studyDate: '20260401',
}))
/** A study that the archive does not have: the modality tells of it in a procedure step. */
const STEPPED: readonly MadeObject[] = [1, 2].map((instance) => ({ patient: 7, study: 7, series: 1, instance }))

describe.skipIf(program === undefined)('archives, with the real appliance and Orthanc [needs Orthanc]', () => {
  const requester = new AssociationRequester()
  let root: string
  let appliance: ApplianceProcess
  let orthanc: Orthanc

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-archives-'))
    appliance = new ApplianceProcess(root)
    appliance.configuration.dimsePort = await freePort()
    orthanc = await startOrthanc(program ?? '', appliance.configuration.dimsePort)
    await archived([...EARLIER, ...NOW])
    const repository = await approvedRepository(SHIPPED_PACKAGE)
    const node = { aeTitle: 'ORTHANC', host: '127.0.0.1', port: orthanc.dicomPort }
    await initialiseBox(appliance, repository, {
      assembly: { quietMs: 300, procedureSteps: true, availability: true },
      sources: [{ name: 'pacs', ...node, retrieve: 'move', counts: ['MODALITY'] }],
      priors: { maximum: 1 },
      destinations: [{ name: 'pacs', ...node, confirm: 'commitment' }],
    })
    await appliance.start()
    await repository.writeTo(join(appliance.configuration.exchangeFolder, 'inbox', 'updates'))
  }, 120_000)
  afterAll(async () => {
    await appliance.stop()
    await orthanc.stop()
    await rm(root, { recursive: true, force: true })
  })

  async function archived(objects: readonly MadeObject[]): Promise<void> {
    const destination = { host: '127.0.0.1', port: orthanc.dicomPort, calledAeTitle: 'ORTHANC', callingAeTitle: 'X' }
    const results = new Set<string>()
    await requester.sendInstances(destination, objects.map(outgoing), (_, { kind }) => {
      results.add(kind)
    })
    expect([...results]).toEqual(['accepted'])
  }
  const box = (callingAeTitle: string) => ({
    host: '127.0.0.1',
    port: appliance.dimsePort,
    calledAeTitle: 'LEADGLASS',
    callingAeTitle,
  })
  async function send(title: string, objects: readonly MadeObject[]): Promise<void> {
    const results = new Set<string>()
    await requester.sendInstances(box(title), objects.map(outgoing), (_, { kind }) => {
      results.add(kind)
    })
    expect([...results]).toEqual(['accepted'])
  }
  async function studyOf(search: string): Promise<StudyDetail | undefined> {
    const { studies } = await appliance.get(`/api/studies?search=${search}`, studyList)
    const study = studies[0]?.study
    return study === undefined ? undefined : appliance.get(`/api/studies/${study}`, studyDetail)
  }

  it('waits for what the archive counts, also over kill -9, and says why the study is complete', async () => {
    await send('MODALITY', NOW.slice(0, 2))
    await eventually(() => studyOf('P1'), 'the study')
    await new Promise((resolve) => setTimeout(resolve, 2000))
    expect((await studyOf('P1'))?.summary.state).toBe('receiving')
    await appliance.kill()
    await appliance.start()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect((await studyOf('P1'))?.summary.state).toBe('receiving')
    await send('MODALITY', NOW.slice(2))
    const detail = await eventually(async () => {
      const found = await studyOf('P1')
      return found?.completion == null ? undefined : found
    }, 'a complete study')
    expect(detail.completion).toBe('instance-count')
    expect(detail.instances).toHaveLength(3)
    expect(detail.revisions).toMatchObject([{ expectedInstances: 3 }])
  }, 60_000)

  it('fetches the prior of the patient by C-MOVE, and makes no study of it', async () => {
    const detail = await eventually(async () => {
      const found = await studyOf('P1')
      return found?.priors?.[0]?.state === 'whole' ? found : undefined
    }, 'the prior')
    expect(detail.priors).toMatchObject([{ studyInstanceUid: studyUid({ study: 1 }), instances: 2, source: 'pacs' }])
    const { studies } = await appliance.get('/api/studies', studyList)
    expect(studies).toHaveLength(1)
  }, 60_000)

  it('closes a study when its procedure step is complete', async () => {
    const step = '1.2.840.99.77'
    expect(await sendNormalized(box('CR1'), 'create', PROCEDURE_STEP, step, newStep([studyUid({ study: 7 })]))).toBe(0)
    await send('CR1', STEPPED)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect((await studyOf('P7'))?.summary.state).toBe('receiving')
    const made = STEPPED.map((one) => instanceUid(one))
    expect(await sendNormalized(box('CR1'), 'set', PROCEDURE_STEP, step, stepChange('COMPLETED', made))).toBe(0)
    const detail = await eventually(async () => {
      const found = await studyOf('P7')
      return found?.completion == null ? undefined : found
    }, 'a complete study')
    expect(detail.completion).toBe('procedure-step')
    const notice = availability(studyUid({ study: 7 }), made)
    expect(await sendNormalized(box('CR1'), 'create', INSTANCE_AVAILABILITY, '1.2.840.99.78', notice)).toBe(0)
    const words = (await appliance.get('/api/audit/export', logExport)).leaves.map((leaf) => {
      const event = decodeEvent(Buffer.from(leaf, 'base64'))
      return [event?.event, event?.outcome, ...(event?.codes ?? [])].join(' ')
    })
    expect(words).toContain('procedure-step.reported success created')
    expect(words).toContain('procedure-step.reported success completed instances-2')
    expect(words).toContain('availability.notified success instances-2')
  }, 60_000)

  it('counts a result as delivered when Orthanc has committed to it', async () => {
    await eventually(async () => {
      const { models } = (await (await appliance.fetch('/api/models')).json()) as { models: { state: string }[] }
      return models.some((model) => model.state === 'active') ? true : undefined
    }, 'an active model')
    const { bytes } = phantomDicom({ seed: 5, index: 1 })
    await sendObjects(appliance.dimsePort, [bytes], (_at, _uid, { kind }) => {
      expect(kind).toBe('accepted')
    })
    const detail = await eventually(
      async () => {
        const found = await studyOf('PHANTOM')
        return found?.deliveries[0]?.state === 'accepted' ? found : undefined
      },
      'a confirmed delivery',
      60_000,
    )
    expect(detail.deliveries).toMatchObject([{ destination: 'pacs', confirmedBy: 'commitment', attempts: 1 }])
  }, 120_000)
})
