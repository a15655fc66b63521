import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { deliveryList, deviceStatus, localModelList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningOrthanc, startOrthanc } from '../../installer/testing/dicom-peers.ts'
import { peer } from '../../installer/testing/peers.ts'
import { ApplianceProcess, eventually } from '../testing/appliance-process.ts'
import { initialiseBox } from '../testing/model-box.ts'
import { sendObjects } from '../testing/send-objects.ts'
import { approvedRepository, SHIPPED_PACKAGE } from '../testing/update-kit.ts'
import { FhirServer } from './testing/fhir-server.ts'

const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'
const program = peer('Orthanc')
const isMissing = program === undefined || !existsSync(PLUGIN)
if (isMissing && process.env.LEADGLASS_REQUIRE_PEERS === '1')
  throw new Error('the package orthanc-dicomweb is required')

describe.skipIf(isMissing)('results of the real appliance over the web [needs orthanc-dicomweb]', () => {
  let root: string
  let appliance: ApplianceProcess
  let orthanc: RunningOrthanc
  let repository: Awaited<ReturnType<typeof approvedRepository>>
  const fhir = new FhirServer()

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-results-'))
    appliance = new ApplianceProcess(root)
    const plugins = { Plugins: [PLUGIN], DicomWeb: { Enable: true, Root: '/dicom-web/' } }
    orthanc = await startOrthanc(program ?? '', join(root, 'orthanc'), undefined, plugins)
    await fhir.start()
    repository = await approvedRepository(SHIPPED_PACKAGE)
    await initialiseBox(appliance, repository, {
      assembly: { quietMs: 300 },
      destinations: [
        {
          name: 'vna',
          protocol: 'stow',
          url: `http://127.0.0.1:${orthanc.httpPort}/dicom-web`,
          kinds: ['sr', 'sc', 'not-scored'],
          confirm: 'query',
        },
        { name: 'ehr', protocol: 'fhir', url: fhir.url },
      ],
    })
    await appliance.start()
  }, 120_000)
  afterAll(async () => {
    await appliance.stop()
    await orthanc.stop()
    await fhir.stop()
    await rm(root, { recursive: true, force: true })
  })

  const send = async (index: number): Promise<void> => {
    const kinds = new Set<string>()
    const { bytes } = phantomDicom({ seed: 1, index, rows: 96, columns: 96 })
    await sendObjects(appliance.dimsePort, [bytes], (_at, _uid, result) => kinds.add(result.kind))
    expect([...kinds]).toEqual(['accepted'])
  }
  const delivered = (count: number): Promise<string[]> =>
    eventually(
      async () => {
        const { deliveries } = await appliance.get('/api/deliveries', deliveryList)
        const done = deliveries.filter((one) => one.standing === 'accepted')
        return done.length === count ? done.map((one) => `${one.destination} ${one.kind}`).sort() : undefined
      },
      `${count} results delivered`,
      60_000,
    )
  const descriptions = async (): Promise<string[]> => {
    const url = `http://127.0.0.1:${orthanc.httpPort}`
    const ids = (await (await fetch(`${url}/instances`)).json()) as string[]
    const tags = await Promise.all(
      ids.map(async (id) => (await (await fetch(`${url}/instances/${id}/simplified-tags`)).json()) as object),
    )
    return tags.map((one) => String((one as { SeriesDescription?: string }).SeriesDescription)).sort()
  }

  it('tells why a study was not scored to the destination that wants to know', async () => {
    await send(1)
    expect(await delivered(1)).toEqual(['vna not-scored'])
    expect(await descriptions()).toEqual(['AI: not scored'])
    expect(fhir.resources.size).toBe(0)
  }, 90_000)

  it('sends report and picture of a scored study, each confirmed, and the report as FHIR', async () => {
    await repository.writeTo(join(appliance.configuration.exchangeFolder, 'inbox', 'updates'))
    await eventually(
      async () => {
        const { models } = await appliance.get('/api/models', localModelList)
        return models.some((one) => one.state === 'active') ? true : undefined
      },
      'an active model',
      90_000,
    )
    await send(2)
    expect(await delivered(4)).toEqual(['ehr sr', 'vna not-scored', 'vna sc', 'vna sr'])
    expect(await descriptions()).toEqual([
      expect.stringMatching(/^AI picture chest-radiograph /),
      expect.stringMatching(/^AI result chest-radiograph /),
      'AI: not scored',
    ])
    const types = [...fhir.resources.keys()].map((key) => key.split('/')[0])
    expect(types.filter((type) => type === 'DiagnosticReport')).toHaveLength(1)
    expect(types.length).toBeGreaterThan(1)
    const { deliveries = [], blockedResults } = await appliance.get('/api/device', deviceStatus)
    expect(deliveries.map((one) => [one.destination, one.circuit, one.late])).toEqual([
      ['vna', 'closed', false],
      ['ehr', 'closed', false],
    ])
    expect(blockedResults).toBe(0)
  }, 180_000)
})
