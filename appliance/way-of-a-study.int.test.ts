import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { phantomDicom, wrapRadiograph } from '@leadglass/models'
import { createNoteVerifier, decodeEvent, parseVerifierKey, verifyLog } from '@leadglass/sync-agent/audit-log'
import {
  deviceStatus,
  EXPORT_NAME_HEADER,
  egressList,
  exportPlan,
  labelDetail,
  localModelList,
  logExport,
  notExported,
  pixelReviewList,
  quarantineList,
  studyDetail,
  studyEvent,
  studyList,
} from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { burnText } from '../installer/deid/score/corpus/pixels.ts'
import { peer } from '../installer/testing/peers.ts'
import type { FakeRepository } from '../sync-agent/updates/testing/fake-repository.ts'
import { initialiseAppliance } from './commands.ts'
import { encodeFileMeta, type InstanceResult } from './dimse/index.ts'
import { parsePart10, text } from './imaging/index.ts'
import { ApplianceProcess, eventually } from './testing/appliance-process.ts'
import { OrthancProcess } from './testing/orthanc.ts'
import { sendObjects } from './testing/send-objects.ts'
import { approvedRepository, SHIPPED_PACKAGE } from './testing/update-kit.ts'

/** Sends PS3.10 objects and gives what became of each. */
async function send(port: number, objects: readonly Uint8Array[]): Promise<InstanceResult[]> {
  const results: InstanceResult[] = []
  await sendObjects(port, objects, (_at, _uid, result) => results.push(result))
  return results
}

/** One radiograph of the study of a phantom patient, by its number within the study. */
function radiograph(
  instance: number,
  change: { readonly patientId?: string; readonly study?: string; readonly burnedIn?: 'YES' } = {},
): Uint8Array {
  const side = change.burnedIn === undefined ? 96 : 320
  const values = Buffer.from(Uint8Array.from({ length: side * side }, (_, at) => (at * (instance + 3)) % 251))
  if (change.burnedIn !== undefined) {
    values.fill(20)
    const shape = { rows: side, columns: side, bits: 8, samples: 1, frames: 1 } as const
    burnText(values, shape, 'BURNED ARRIVAL', 40, {
      scale: 5,
      value: 240,
      ground: undefined,
      frame: 0,
      vertical: false,
    })
  }
  return wrapRadiograph(
    { rows: side, columns: side, bitsStored: 8, values },
    {
      studySeed: change.study ?? 'late instances',
      seriesNumber: 1,
      instanceNumber: instance,
      patientId: change.patientId ?? 'LATE-1',
      patientName: 'LATE^ARRIVAL',
      patientBirthDate: '19600101',
      patientSex: 'F',
      patientAgeYears: 66,
      view: 'PA',
      spacing: [1, 1],
      studyDate: '20260105',
      studyTime: '080000',
      accessionNumber: 'LATE1',
      studyDescription: 'CHEST',
      seriesDescription: 'PA',
      imageComments: '',
      institutionName: 'TEST',
      manufacturer: 'TEST',
      modelName: 'TEST',
      burnedInAnnotation: change.burnedIn ?? 'NO',
    },
  )
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
    const results = await send(
      appliance.dimsePort,
      phantoms.map((phantom) => phantom.bytes),
    )
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
    expect(tags.Modality).toBe('SR')
    expect(String(tags.PatientID)).toMatch(/^PHANTOM-[123]$/)
    await eventually(async () => {
      const status = await appliance.get('/api/device', deviceStatus)
      return status.queues.deliveriesPending === 0 ? status : undefined
    }, 'all deliveries accepted')
  })

  it('supersedes a result when another instance of the study comes late', async () => {
    await send(appliance.dimsePort, [radiograph(1)])
    const find = async (state: string) =>
      (await appliance.get(`/api/studies?state=${state}&search=LATE-1`, studyList)).studies[0]
    const first = await eventually(() => find('scored'), 'the first revision')
    expect(first).toMatchObject({ revision: 1, instances: 1 })
    await send(appliance.dimsePort, [radiograph(2)])
    const second = await eventually(async () => {
      const found = await find('scored')
      return found?.revision === 2 ? found : undefined
    }, 'the second revision')
    const detail = await appliance.get(`/api/studies/${second.study}`, studyDetail)
    expect(detail.revisions.map((revision) => revision.state)).toEqual(['scored', 'superseded'])
    expect(detail.instances).toHaveLength(2)
  })

  it('keeps an instance of another patient under the same study in quarantine', async () => {
    const results = await send(appliance.dimsePort, [radiograph(3, { patientId: 'SOMEBODY-ELSE' })])
    expect(results.map((result) => result.kind)).toEqual(['accepted'])
    const { entries } = await appliance.get('/api/quarantine', quarantineList)
    expect(entries.map((entry) => entry.reason)).toContain('patient-mismatch')
  })

  it('scores an image that says identities stand in its pixels, and lets nothing about it out while it is doubted', async () => {
    await send(appliance.dimsePort, [radiograph(1, { study: 'burned in', patientId: 'BURNED', burnedIn: 'YES' })])
    const found = await eventually(async () => {
      const { studies } = await appliance.get('/api/studies?search=BURNED', studyList)
      return studies.find((study) => study.state === 'scored')
    }, 'the study')
    const { revisions } = await appliance.get(`/api/studies/${found.study}`, studyDetail)
    expect(revisions[0]?.egressBlocked).toBe('identifier-in-pixels')
    const { envelopes } = await appliance.get(`/api/egress?study=${found.study}`, egressList)
    expect(envelopes.filter(({ kind }) => kind !== 'audit-leaf')).toEqual([])
    const { leaves } = await appliance.get('/api/audit/export', logExport)
    const words = leaves.map((leaf) => {
      const event = decodeEvent(Buffer.from(leaf, 'base64'))
      return [event?.event, event?.outcome, event?.codes[0]].join(' ')
    })
    expect(words).toContain('study.egress-blocked refused identifier-in-pixels')
  })

  it('exports a study only after a person has looked at its doubted pixels, and then masked', async () => {
    const { studies } = await appliance.get('/api/studies?search=BURNED', studyList)
    const path = `/api/studies/${studies[0]?.study ?? ''}/export`
    const { instances } = await appliance.get(path, exportPlan)
    const take = () => appliance.fetch(`${path}/${instances[0]?.instance ?? ''}`, { method: 'POST' })
    const held = notExported.parse(await (await take()).json())
    expect(held).toMatchObject({ kind: 'held', reason: 'unknown-device' })
    const [review] = (await appliance.get('/api/pixel-reviews', pixelReviewList)).reviews
    expect(review?.proposed.length).toBeGreaterThan(0)
    const decide = (boxes: unknown) =>
      appliance.fetch(`/api/pixel-reviews/${review?.review ?? 0}/release`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ boxes, reason: 'looked at' }),
      })
    expect(await (await decide([])).json()).toMatchObject({ released: false })
    expect(await (await decide(review?.proposed)).json()).toEqual({ released: true })
    const written = await take()
    expect(written.headers.get(EXPORT_NAME_HEADER)).toMatch(/^2\.25\.\d+\.dcm$/)
    const { dataSet } = parsePart10(Buffer.from(await written.arrayBuffer()))
    expect(text(dataSet, 0x00280301)).toBe('NO')
    expect(text(dataSet, 0x00100010)).not.toContain('LATE')
  })

  it('takes bytes that are no data set, and keeps them in quarantine', async () => {
    const uids = { sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1', sopInstanceUid: '1.2.3.4.5' }
    const meta = encodeFileMeta({ ...uids, transferSyntaxUid: '1.2.840.10008.1.2.1' })
    const results = await send(appliance.dimsePort, [Buffer.concat([meta, Buffer.alloc(64, 0xff)])])
    expect(results.map((result) => result.kind)).toEqual(['accepted'])
    const { entries } = await appliance.get('/api/quarantine', quarantineList)
    expect(entries.find((entry) => entry.study === null && entry.stage === 'intake')).toBeDefined()
  })

  it('records a label, and the log that tells of it all can be exported', async () => {
    const { studies } = await appliance.get('/api/studies?state=scored&limit=1', studyList)
    const response = await appliance.fetch(`/api/studies/${studies[0]?.study ?? ''}/label`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ finding: 'pneumonia', value: 'absent', blind: false }),
    })
    expect(labelDetail.parse(await response.json()).value).toBe('absent')
    const exported = await appliance.get('/api/audit/export', logExport)
    const key = parseVerifierKey((await readFile(appliance.folders.auditVerifierKey, 'utf8')).trim())
    const verdict = verifyLog({
      leaves: exported.leaves.map((leaf, index) => ({ index, leaf: Buffer.from(leaf, 'base64') })),
      checkpointNote: exported.checkpoint.note,
      trustedKeys: key === undefined ? [] : [createNoteVerifier(key)],
    })
    expect(verdict).toMatchObject({ kind: 'verified', size: exported.leaves.length })
    const text = exported.leaves.map((leaf) => Buffer.from(leaf, 'base64').toString('utf8')).join('\n')
    for (const event of [
      'association.ended',
      'study.completed',
      'study.scored',
      'study.superseded',
      'label.recorded',
    ]) {
      expect(text).toContain(event)
    }
    expect(text).not.toMatch(/PHANTOM|LATE|SOMEBODY|BURNED/)
  })

  it('refuses instances while the disk is too full, keeps what it has, and recovers by itself', async () => {
    const full = { limits: { minimumFreeBytes: Number.MAX_SAFE_INTEGER } }
    await appliance.writeSettings(full)
    const refused = await eventually(async () => {
      const [result] = await send(appliance.dimsePort, [phantomDicom({ seed: 9, index: 1 }).bytes])
      return result?.kind === 'not-sent' ? result : undefined
    }, 'a refusal')
    expect(refused.error).toMatchObject({ code: 'association-rejected-transient', failureClass: 'transient' })
    await appliance.writeSettings({ assembly: { quietMs: 500 } })
    await eventually(async () => {
      const [result] = await send(appliance.dimsePort, [phantomDicom({ seed: 9, index: 2 }).bytes])
      return result?.kind === 'accepted' ? true : undefined
    }, 'acceptance again')
  })

  it('tells open pages when a study changes', async () => {
    const stop = new AbortController()
    const response = await appliance.fetch('/api/events', { signal: stop.signal })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    await send(appliance.dimsePort, [radiograph(1, { study: 'seen live', patientId: 'LIVE' })])
    let said = ''
    // An earlier study may still be on its way: the one that is seen to arrive is ours.
    const statesOfOurs = (): string[] => {
      const events = [...said.matchAll(/event: study\ndata: (.*)\n/g)].map(([, data]) =>
        studyEvent.parse(JSON.parse(data ?? '')),
      )
      const ours = events.find((event) => event.state === 'receiving')?.study
      return events.filter((event) => event.study === ours).map((event) => event.state)
    }
    while (statesOfOurs().at(-1) !== 'scored') said += (await reader?.read())?.value ?? ''
    stop.abort()
    expect(statesOfOurs()).toEqual(['receiving', 'queued', 'running', 'scored'])
    expect(said).not.toContain('LIVE')
  })

  it('lets nothing identifying into the exchange folder', async () => {
    const folder = join(appliance.configuration.exchangeFolder, 'outbox')
    const names = (await readdir(folder)).filter((name) => name.endsWith('.batch'))
    const texts = await Promise.all(
      names.map(async (name) => gunzipSync(await readFile(join(folder, name))).toString('utf8')),
    )
    const everything = texts.join('\n')
    expect(everything.includes('instance-features')).toBe(true)
    expect(/PHANTOM|LATE|SOMEBODY|BURNED|LIVE|19600101|19700101/.exec(everything)?.[0]).toBeUndefined()
    expect(everything.includes(phantomDicom({ seed: 5, index: 1 }).study)).toBe(false)
  })

  it('writes no identifying value into its log', () => {
    expect(appliance.log.length).toBeGreaterThan(5)
    expect(appliance.log.join('\n')).not.toMatch(/PHANTOM|LATE-1|SOMEBODY|a long enough password/)
  })
})
