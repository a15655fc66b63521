import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import { isDeflated } from '../facts/uids.ts'
import { parseFileMeta, splitPart10 } from '../part10.ts'
import { freePort, startPeer } from '../testing/dcmtk.ts'
import { startListener } from '../testing/listener.ts'
import { AssociationRequester } from './requester.ts'
import type { InstanceResult, OutgoingInstance } from './send-instances.ts'

const data = sharedData('dicom')
const requester = new AssociationRequester()

/** The files below `folder` that are Part 10, one for each SOP Instance UID. */
async function part10Files(folder: string): Promise<(OutgoingInstance & { path: string; dataSetOffset: number })[]> {
  const found = new Map<string, OutgoingInstance & { path: string; dataSetOffset: number }>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (!statSync(path).isFile()) continue
    try {
      const instance = await splitPart10(path)
      found.set(instance.sopInstanceUid, { ...instance, path })
    } catch {
      // Not a Part 10 file.
    }
  }
  return [...found.values()]
}

/** The data set bytes of a file as they go over the network. */
function dataSetOf(path: string, instance: { dataSetOffset: number; transferSyntaxUid: string }): Buffer {
  const bytes = readFileSync(path).subarray(instance.dataSetOffset)
  return isDeflated(instance.transferSyntaxUid) && bytes.length % 2 !== 0
    ? Buffer.concat([bytes, Buffer.alloc(1)])
    : bytes
}

const count = (results: readonly InstanceResult[], kind: InstanceResult['kind']) =>
  results.filter((result) => result.kind === kind).length

describe.skipIf(peer('storescp') === undefined)('DCMTK as the peer [needs dcmtk]', () => {
  let port: number
  let scp: { stop: () => Promise<void> }
  const output = mkdtempSync(join(tmpdir(), 'leadglass-storescp-'))
  beforeAll(async () => {
    port = await freePort()
    scp = await startPeer('storescp', port, ['+B', '+xa', '-pm', '-od', output, String(port)])
  })
  afterAll(async () => {
    await scp.stop()
    rmSync(output, { recursive: true, force: true })
  })
  const destination = () => ({ host: '127.0.0.1', port, calledAeTitle: 'STORESCP', callingAeTitle: 'LEADGLASS' })

  it('storescp answers an echo', async () => {
    expect(await requester.echo(destination())).toEqual({ status: 0 })
  })

  it.skipIf(data === undefined)(
    'storescp gets the shared files bit for bit [needs ../shared/data]',
    async () => {
      const instances = await part10Files(data ?? '')
      const results: InstanceResult[] = []
      await requester.sendInstances(destination(), instances, (_, result) => {
        results.push(result)
      })
      expect(results.length).toBe(instances.length)
      expect(count(results, 'accepted')).toBeGreaterThanOrEqual(150)
      const received = new Map(
        readdirSync(output).map((name) => {
          const bytes = readFileSync(join(output, name))
          const parsed = parseFileMeta(bytes)
          return [parsed?.meta.sopInstanceUid, bytes.subarray(parsed?.dataSetOffset)] as const
        }),
      )
      for (const [index, instance] of instances.entries()) {
        if (results[index]?.kind !== 'accepted') continue
        expect(received.get(instance.sopInstanceUid)?.equals(dataSetOf(instance.path, instance)), instance.path).toBe(
          true,
        )
      }
    },
    120_000,
  )
})

describe.skipIf(data === undefined)('our own listener [needs ../shared/data]', () => {
  it('gets the shared files bit for bit, in every transfer syntax there is', async () => {
    const { server, storage, port } = await startListener()
    const instances = await part10Files(data ?? '')
    const results: InstanceResult[] = []
    const destination = { host: '127.0.0.1', port, calledAeTitle: 'LEADGLASS', callingAeTitle: 'LEADGLASS' }
    await requester.sendInstances(destination, instances, (_, result) => {
      results.push(result)
    })
    await server.stop()
    const received = new Map(storage.instances.map(({ facts, dataSet }) => [facts.sopInstanceUid, dataSet]))
    for (const [index, instance] of instances.entries()) {
      if (results[index]?.kind !== 'accepted') continue
      expect(received.get(instance.sopInstanceUid)?.equals(dataSetOf(instance.path, instance)), instance.path).toBe(
        true,
      )
    }
    expect(count(results, 'accepted')).toBeGreaterThanOrEqual(170)
    expect(new Set(storage.instances.map(({ facts }) => facts.transferSyntaxUid)).size).toBeGreaterThanOrEqual(15)
  }, 120_000)
})
