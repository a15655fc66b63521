import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wrapRadiograph } from '@leadglass/models'
import { egressList, mergeAnswer, studyDetail, studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { type DataSet, parsePart10, sequence, text, uid } from '../imaging/dataset/index.ts'
import { ApplianceProcess, eventually } from '../testing/appliance-process.ts'
import { activateModels, initialiseBox } from '../testing/model-box.ts'
import { sendObjects } from '../testing/send-objects.ts'
import { approvedRepository, SHIPPED_PACKAGE } from '../testing/update-kit.ts'
import { readKeyObject } from './rejection-note.ts'
import { keyObject } from './testing/key-objects.ts'

const SIDE = 96
const KOS = '1.2.840.10008.5.1.4.1.1.88.59'

function radiograph(study: string, patientId: string, instance: number): Uint8Array {
  return wrapRadiograph(
    {
      rows: SIDE,
      columns: SIDE,
      bitsStored: 8,
      values: Uint8Array.from({ length: SIDE * SIDE }, (_, at) => (at * (instance + 3)) % 251),
    },
    {
      studySeed: study,
      seriesNumber: 1,
      instanceNumber: instance,
      patientId,
      patientName: 'RECEIVED^NAME',
      patientBirthDate: '19600101',
      patientSex: 'F',
      patientAgeYears: 66,
      view: 'PA',
      spacing: [1, 1],
      studyDate: '20260105',
      studyTime: '080000',
      accessionNumber: 'WRONG1',
      studyDescription: 'CHEST',
      seriesDescription: 'PA',
      imageComments: '',
      institutionName: 'TEST',
      manufacturer: 'TEST',
      modelName: 'TEST',
      burnedInAnnotation: 'NO',
    },
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const storescp = peer('storescp')

describe.skipIf(storescp === undefined)('corrections through the real appliance to a DCMTK archive', () => {
  let root: string
  let appliance: ApplianceProcess
  let archive: ChildProcess
  let archiveFolder: string
  let hl7Port: number

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-corrections-'))
    archiveFolder = join(root, 'archive')
    await mkdir(archiveFolder)
    const archivePort = await freePort()
    hl7Port = await freePort()
    archive = spawn(storescp ?? '', ['-aet', 'PACS', '-od', archiveFolder, '+uf', String(archivePort)])
    appliance = new ApplianceProcess(root)
    const repository = await approvedRepository(SHIPPED_PACKAGE)
    await initialiseBox(appliance, repository, {
      assembly: { quietMs: 300 },
      destinations: [{ name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: archivePort }],
      hl7: { port: hl7Port, ownAuthorities: ['HOSP'] },
    })
    await appliance.start()
    await activateModels(appliance, repository)
  }, 60_000)

  afterAll(async () => {
    await appliance.stop()
    archive.kill()
    await rm(root, { recursive: true, force: true })
  })

  const send = async (...objects: Uint8Array[]): Promise<void> => {
    const refused: string[] = []
    await sendObjects(appliance.dimsePort, objects, (_at, _uid, result) => {
      if (result.kind !== 'accepted') refused.push(result.kind)
    })
    expect(refused).toEqual([])
  }
  const post = (path: string, body: object): Promise<Response> =>
    appliance.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const studyOf = (patientId: string, revision: number, state = 'scored') =>
    eventually(async () => {
      const { studies } = await appliance.get(`/api/studies?search=${patientId}`, studyList)
      return studies.find((one) => one.patientId === patientId && one.revision === revision && one.state === state)
    }, `revision ${revision} ${state}`)
  const arrived = (fits: (dataSet: DataSet) => boolean): Promise<{ bytes: Buffer; dataSet: DataSet; path: string }> =>
    eventually(async () => {
      for (const name of await readdir(archiveFolder)) {
        const path = join(archiveFolder, name)
        const bytes = await readFile(path)
        const { dataSet, truncated } = parsePart10(bytes)
        if (!truncated && fits(dataSet)) return { bytes, dataSet, path }
      }
      return undefined
    }, 'a result in the archive')
  const report = (study: string, patientId: string, accession: string) =>
    arrived((one) => {
      const same = uid(one, 0x0020000d) === study && text(one, 0x00080060) === 'SR'
      return same && text(one, 0x00100020) === patientId && text(one, 0x00080050) === accession
    })
  const identityOf = (object: Uint8Array) => {
    const { dataSet } = parsePart10(object)
    return {
      study: uid(dataSet, 0x0020000d) ?? '',
      series: uid(dataSet, 0x0020000e) ?? '',
      sop: uid(dataSet, 0x00080018) ?? '',
    }
  }
  const hl7 = async (...segments: string[]): Promise<string> => {
    const socket = connect(hl7Port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(Buffer.concat([Buffer.of(0x0b), Buffer.from(segments.join('\r'), 'utf8'), Buffer.of(0x1c, 0x0d)]))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return answer.toString('utf8')
  }

  it('sends a superseding result under the surviving patient after a merge over HL7', async () => {
    const object = radiograph('merged', 'GONE-1', 1)
    const { study } = identityOf(object)
    await send(object)
    const before = await studyOf('GONE-1', 1)
    const first = await report(study, 'GONE-1', 'WRONG1')
    const detailBefore = await appliance.get(`/api/studies/${before.study}`, studyDetail)
    const answer = await hl7(
      'MSH|^~\\&|HIS|HOSP|LEADGLASS|SITE|20260106||ADT^A40^ADT_A39|M1|P|2.5||||||UNICODE UTF-8',
      'PID|||KEPT-1^^^HOSP^MR||MÜLLER^EVA||19610202|F',
      'MRG|GONE-1^^^HOSP^MR',
    )
    expect(answer).toContain('MSA|AA|M1')
    await studyOf('KEPT-1', 2)
    const second = await report(study, 'KEPT-1', 'WRONG1')
    expect(text(second.dataSet, 0x00100010)).toBe('MÜLLER^EVA')
    expect(text(second.dataSet, 0x00100030)).toBe('19610202')
    const [predecessor] = sequence(second.dataSet, 0x0040a360)
    const [series] = predecessor === undefined ? [] : sequence(predecessor, 0x00081115)
    const [replaced] = series === undefined ? [] : sequence(series, 0x00081199)
    expect(replaced && uid(replaced, 0x00081155)).toBe(uid(first.dataSet, 0x00080018))
    const detail = await appliance.get(`/api/studies/${before.study}`, studyDetail)
    expect(detail.patientPseudonym).not.toBe(detailBefore.patientPseudonym)
    expect(detail.received).toEqual({ patientId: 'GONE-1', patientName: 'RECEIVED^NAME', accessionNumber: 'WRONG1' })
    expect(detail.corrections).toMatchObject([{ cause: 'patient-merge', by: 'hl7', revision: 2 }])
    expect(detail.revisions.map((one) => one.state)).toEqual(['scored', 'superseded'])
    const egress = await appliance.get(`/api/egress?study=${before.study}`, egressList)
    const told = egress.envelopes.find((one) => one.kind === 'study-revision')
    expect(told?.body).toMatchObject({ patient: detail.patientPseudonym, revision: 2, sameInstances: [1] })
    const features = egress.envelopes.filter((one) => one.kind === 'instance-features')
    expect(features.map((one) => (one.body as { patient: string }).patient)).toEqual([
      detail.patientPseudonym,
      detailBefore.patientPseudonym,
    ])
    expect(JSON.stringify(egress)).not.toMatch(/GONE|KEPT|LLER/)
  }, 60_000)

  it('takes a wrong merge back by command, and the result follows', async () => {
    const object = radiograph('wrong merge', 'MINE-1', 1)
    const { study } = identityOf(object)
    await send(object)
    await report(study, 'MINE-1', 'WRONG1')
    const request = { from: 'MINE-1', to: 'OTHER-1', reason: 'same person' }
    const merged = mergeAnswer.parse(await (await post('/api/corrections/merges', request)).json())
    expect(merged).toMatchObject({ known: false, studies: 1 })
    await report(study, 'OTHER-1', 'WRONG1')
    expect((await post('/api/corrections/merges', { ...request, from: 'OTHER-1', to: 'MINE-1' })).status).toBe(409)
    const undone = await post(`/api/corrections/merges/${merged.merge}/undo`, { reason: 'two people' })
    expect(mergeAnswer.parse(await undone.json())).toMatchObject({ studies: 1 })
    const current = await studyOf('MINE-1', 3)
    const last = await arrived((one) => uid(one, 0x0020000d) === study && text(one, 0x00200013) === '3')
    expect(text(last.dataSet, 0x00100020)).toBe('MINE-1')
    expect(current.patientName).toBe('RECEIVED^NAME')
  }, 60_000)

  it('sends the result again under a corrected accession number', async () => {
    const object = radiograph('accession', 'ACCESSION-1', 1)
    const { study } = identityOf(object)
    await send(object)
    const before = await studyOf('ACCESSION-1', 1)
    await report(study, 'ACCESSION-1', 'WRONG1')
    const path = `/api/studies/${before.study}/accession`
    const corrected = await post(path, { accession: 'RIGHT2', reason: 'typed wrongly' })
    expect(await corrected.json()).toEqual({ revision: 2 })
    await report(study, 'ACCESSION-1', 'RIGHT2')
    expect((await post(path, { accession: 'RIGHT2', reason: 'typed wrongly' })).status).toBe(409)
    expect((await post(path, { accession: 'WITH\\BACKSLASH', reason: 'no' })).status).toBe(400)
  }, 60_000)

  it('carries a correction out that was taken just before the power went', async () => {
    const object = radiograph('power cut', 'POWER-1', 1)
    const { study } = identityOf(object)
    await send(object)
    const before = await studyOf('POWER-1', 1)
    await report(study, 'POWER-1', 'WRONG1')
    const taken = await post(`/api/studies/${before.study}/accession`, { accession: 'RIGHT3', reason: 'typed wrongly' })
    await appliance.kill()
    expect(taken.status).toBe(200)
    await appliance.start()
    await report(study, 'POWER-1', 'RIGHT3')
  }, 60_000)

  it('scores without a rejected image, and takes results back when none is left', async () => {
    const objects = [radiograph('rejected', 'REJECT-1', 1), radiograph('rejected', 'REJECT-1', 2)]
    const [one, two] = objects.map(identityOf)
    if (one === undefined || two === undefined) throw new Error('no objects')
    const note = (sop: string, title: string, references: (typeof one)[]): Buffer =>
      keyObject({ sopInstanceUid: sop, studyInstanceUid: one.study, patientId: 'REJECT-1', title, references })
    await send(...objects)
    const before = await studyOf('REJECT-1', 1)
    await report(one.study, 'REJECT-1', 'WRONG1')
    await post(`/api/studies/${before.study}/label`, { finding: 'pneumonia', value: 'absent', blind: false })
    await send(note('1.2.3.4.1', '113001', [two]))
    await studyOf('REJECT-1', 2)
    const second = await arrived((sr) => uid(sr, 0x0020000d) === one.study && text(sr, 0x00200013) === '2')
    const image = JSON.stringify(
      [...second.bytes.toString('latin1').matchAll(/[0-9.]{20,64}/g)].map((match) => match[0]),
    )
    expect(image).toContain(one.sop)
    expect(image).not.toContain(two.sop)
    const detail = await appliance.get(`/api/studies/${before.study}`, studyDetail)
    expect(detail.withdrawn).toContainEqual({ sopInstanceUid: two.sop, reason: 'quality' })
    expect(detail.instances.map((instance) => instance.sopInstanceUid)).toEqual([one.sop])
    expect(detail.labels.map((label) => label.counts)).toEqual([false])

    await send(note('1.2.3.4.2', '113037', [one]))
    const last = await studyOf('REJECT-1', 3, 'not-scored')
    expect(last.reason).toBe('rejected.patient-safety')
    const own = await arrived((sr) => uid(sr, 0x0020000d) === one.study && text(sr, 0x00080060) === 'KO')
    expect(text(own.dataSet, 0x00080016)).toBe(KOS)
    expect(text(own.dataSet, 0x00100020)).toBe('REJECT-1')
    const read = readKeyObject(own.bytes)
    expect(read).toMatchObject({ kind: 'rejection', title: 'patient-safety' })
    expect(read.kind === 'rejection' && read.rejects).toContain(uid(second.dataSet, 0x00080018))
    const dsr2xml = peer('dsr2xml')
    // The reference implementation reads it as a document of its class, with its content tree.
    if (dsr2xml !== undefined) expect(execFileSync(dsr2xml, [own.path]).toString()).toContain('113037')
  }, 60_000)

  it('holds a note that came before its image against it', async () => {
    const object = radiograph('note first', 'EARLY-1', 1)
    const place = identityOf(object)
    const about = { sopInstanceUid: '1.2.3.4.9', studyInstanceUid: place.study, patientId: 'EARLY-1' }
    await send(keyObject({ ...about, title: '113038', references: [place] }))
    expect((await studyOf('EARLY-1', 1, 'not-scored')).reason).toBe('rejection-note-only')
    await send(object)
    expect((await studyOf('EARLY-1', 2, 'not-scored')).reason).toBe('rejected.worklist-entry')
  }, 60_000)

  it('answers what it does not take, and writes nothing identifying into its log', async () => {
    const header = 'MSH|^~\\&|HIS|HOSP|LEADGLASS|SITE|20260106||ADT^A08|M2|P|2.5'
    expect(await hl7(header, 'PID|||GONE-1')).toContain('MSA|AR|M2')
    expect(await hl7('MSH|^~\\&|')).toContain('MSA|AR|')
    const again = 'MSH|^~\\&|HIS|HOSP|LEADGLASS|SITE|20260106||ADT^A40|M3|P|2.5'
    expect(await hl7(again, 'PID|||KEPT-1^^^HOSP', 'MRG|GONE-1^^^HOSP')).toContain('MSA|AA|M3')
    expect(await hl7(again, 'PID|||GONE-1^^^HOSP', 'MRG|KEPT-1^^^HOSP')).toContain('MSA|AE|M3')
    expect(appliance.log.join('\n')).not.toMatch(/GONE|KEPT|MINE|REJECT-1|LLER/)
  })
})
