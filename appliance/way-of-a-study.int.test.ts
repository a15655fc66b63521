import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { deviceStatus, egressList, localModelList, studyDetail, studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../installer/testing/peers.ts'
import type { FakeRepository } from '../sync-agent/updates/testing/fake-repository.ts'
import { AssociationRequester, type InstanceResult, splitPart10 } from './dimse/index.ts'
import { initialiseAppliance } from './commands.ts'
import { ApplianceProcess, eventually } from './testing/appliance-process.ts'
import { OrthancProcess } from './testing/orthanc.ts'
import { approvedRepository, SHIPPED_PACKAGE } from './testing/update-kit.ts'

/** Sends PS3.10 objects to an appliance. */
async function send(port: number, objects: readonly Uint8Array[]): Promise<InstanceResult[]> {
  const results: InstanceResult[] = []
  const instances = await Promise.all(
    objects.map((bytes) =>
      splitPart10(async function* () {
        yield bytes
      }),
    ),
  )
  const destination = { host: '127.0.0.1', port, calledAeTitle: 'LEADGLASS', callingAeTitle: 'MODALITY' }
  await new AssociationRequester().sendInstances(destination, instances, (_instance, result) => {
    results.push(result)
  })
  return results
}

describe('the way of a study through the real appliance', () => {
  let root: string
  let appliance: ApplianceProcess
  let repository: FakeRepository
  let pacs: OrthancProcess | undefined

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-way-'))
    appliance = new ApplianceProcess(root)
    repository = await approvedRepository(SHIPPED_PACKAGE)
    const orthanc = peer('Orthanc')
    if (orthanc !== undefined) {
      pacs = new OrthancProcess(orthanc, join(root, 'orthanc'))
      await pacs.prepare()
    }
    await initialiseAppliance({
      folder: appliance.configuration.dataFolder,
      device: appliance.configuration.device as Parameters<typeof initialiseAppliance>[0]['device'],
      accounts: [{ userName: 'reader', role: 'radiologist', password: 'a long enough password' }],
      trust: { initialRoot: repository.initialRoot, policy: repository.policy },
      settings: {
        assembly: { quietMs: 500 },
        ...(pacs === undefined
          ? {}
          : { destinations: [{ name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: pacs.dicomPort }] }),
      },
    })
    await appliance.start()
    await repository.writeTo(join(appliance.configuration.exchangeFolder, 'inbox', 'updates'))
  })

  afterAll(async () => {
    await appliance.stop()
    await pacs?.stop()
    await rm(root, { recursive: true, force: true })
  })

  it('verifies an update kit, runs its golden cases and puts the model to use', async () => {
    const model = await eventually(async () => {
      const list = await appliance.get('/api/models', localModelList)
      return list.models.find((one) => one.state === 'active')
    }, 'an active model')
    expect(model.model).toMatchObject({ name: 'chest-radiograph', version: '1.0.0' })
    expect(model.approvals.map((approval) => approval.role).sort()).toEqual(['clinical', 'technical'])
  })

  it('scores a radiograph, shows it with version and operating point, and seals what leaves', async () => {
    const phantoms = [1, 2, 3].map((index) => phantomDicom({ seed: 5, index }))
    const results = await send(appliance.dimsePort, phantoms.map((phantom) => phantom.bytes))
    expect(results.map((result) => result.kind)).toEqual(['accepted', 'accepted', 'accepted'])
    const list = await eventually(async () => {
      const found = await appliance.get('/api/studies?state=scored', studyList)
      return found.studies.length === 3 ? found : undefined
    }, 'three scored studies')
    const [first] = list.studies
    expect(first?.scores[0]).toMatchObject({ code: 'pneumonia', thresholdMilli: 412 })
    const detail = await appliance.get(`/api/studies/${first?.study ?? ''}`, studyDetail)
    expect(detail.completion).toBe('association-end-and-quiet')
    expect(detail.instances).toHaveLength(1)
    const egress = await appliance.get(`/api/egress?study=${first?.study ?? ''}`, egressList)
    const features = egress.envelopes.find((envelope) => envelope.kind === 'instance-features')
    expect(features?.body).toMatchObject({ model: { name: 'chest-radiograph' }, acquisition: { modality: 'DX' } })
    expect(JSON.stringify(egress)).not.toContain('PHANTOM')
  })

  it.skipIf(peer('Orthanc') === undefined)('delivers the report once the PACS is up again', async () => {
    if (pacs === undefined) return
    await eventually(async () => {
      const status = await appliance.get('/api/device', deviceStatus)
      return status.queues.deliveriesPending === 3 ? status : undefined
    }, 'three pending deliveries while the PACS is down')
    await pacs.start()
    const held = pacs
    const instances = await eventually(async () => {
      const found = await held.instances()
      return found.length === 3 ? found : undefined
    }, 'three reports in the PACS')
    const tags = await pacs.tags(instances[0] ?? '')
    expect(tags['Modality']).toBe('SR')
    expect(String(tags['PatientID'])).toMatch(/^PHANTOM-[123]$/)
    await eventually(async () => {
      const status = await appliance.get('/api/device', deviceStatus)
      return status.queues.deliveriesPending === 0 ? status : undefined
    }, 'all deliveries accepted')
    await writeFile(join(root, 'report.dcm'), await pacs.file(instances[0] ?? ''))
  })
})
