import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import { splitPart10 } from '../part10.ts'
import { freePort, startPeer } from '../testing/dcmtk.ts'
import { AssociationRequester } from './requester.ts'
import type { InstanceResult, OutgoingInstance } from './send-instances.ts'

const orthanc = peer('Orthanc')
const data = sharedData('dicom/pydicom')
const requester = new AssociationRequester()
/** CT explicit, MR explicit, RLE, JPEG 2000, JPEG-LS, deflated. */
const FILES = ['CT_small.dcm', 'MR_small.dcm', 'MR_small_RLE.dcm', 'JPEG2000.dcm', 'image_dfl.dcm']

describe.skipIf(orthanc === undefined)('Orthanc as the peer [needs Orthanc]', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadglass-orthanc-'))
  let dicomPort: number
  let httpPort: number
  let process: { stop: () => Promise<void> }
  beforeAll(async () => {
    dicomPort = await freePort()
    httpPort = await freePort()
    const configuration = {
      Name: 'peer',
      StorageDirectory: folder,
      IndexDirectory: folder,
      Plugins: [],
      HttpPort: httpPort,
      DicomPort: dicomPort,
      DicomAet: 'ORTHANC',
      DicomCheckCalledAet: true,
      RemoteAccessAllowed: false,
    }
    writeFileSync(join(folder, 'configuration.json'), JSON.stringify(configuration))
    process = await startPeer(orthanc ?? '', dicomPort, [join(folder, 'configuration.json')])
  })
  afterAll(async () => {
    await process.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const destination = (calledAeTitle = 'ORTHANC') => ({
    host: '127.0.0.1',
    port: dicomPort,
    calledAeTitle,
    callingAeTitle: 'LEADGLASS',
  })

  it('answers an echo', async () => {
    expect(await requester.echo(destination())).toEqual({ status: 0 })
  })

  it('rejects another called title, which is permanent', async () => {
    await expect(requester.echo(destination('SOMEBODY'))).rejects.toMatchObject({
      code: 'association-rejected-permanent',
      failureClass: 'permanent',
    })
  })

  it.skipIf(data === undefined)('stores what we send, with the same pixel data [needs ../shared/data]', async () => {
    const paths = FILES.map((name) => join(data ?? '', name))
    const instances: OutgoingInstance[] = await Promise.all(paths.map((path) => splitPart10(path)))
    const results: InstanceResult[] = []
    await requester.sendInstances(destination(), instances, (_, result) => {
      results.push(result)
    })
    expect(results).toEqual(FILES.map(() => ({ kind: 'accepted', status: 0 })))
    const stored = await getJson(httpPort, '/instances')
    expect(stored).toHaveLength(new Set(instances.map(({ sopInstanceUid }) => sopInstanceUid)).size)
    const ct = await lookup(httpPort, instances[0]?.sopInstanceUid ?? '')
    const pixels = Buffer.from(
      await (await fetch(`http://127.0.0.1:${httpPort}/instances/${ct}/frames/0/raw`)).arrayBuffer(),
    )
    expect(pixels.length).toBeGreaterThan(0)
    expect(readFileSync(paths[0] ?? '').includes(pixels)).toBe(true)
  })
})

async function getJson(port: number, path: string): Promise<unknown[]> {
  return (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as unknown[]
}

async function lookup(port: number, uid: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/tools/lookup`, { method: 'POST', body: uid })
  const [first] = (await answer.json()) as { ID: string }[]
  return first?.ID ?? ''
}
