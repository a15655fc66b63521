import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { AssociationRequester, DimseError, type InstanceResult, parseFileMeta, VERIFICATION } from '../dimse/index.ts'
import { freePort, startPeer } from '../dimse/testing/dcmtk.ts'
import { acceptAnyone, MemoryStorage, type MemoryStorageHooks } from '../dimse/testing/memory-storage.ts'
import { instanceUid, outgoing } from '../dimse/testing/objects.ts'
import { nativeEngine } from './native/engine.ts'
import { nativeAddon } from './native/locate.ts'
import { ownEngine } from './own-engine.ts'
import type { DimseEngine, DimseListener } from './ports.ts'

const storescp = peer('storescp')
const FOLDER = process.env.LEADGLASS_NATIVE_ENGINE
const built = nativeAddon(FOLDER) !== undefined
const ENGINES: readonly [string, boolean, () => DimseEngine][] = [
  ['own', true, () => ownEngine],
  [built ? 'native' : 'native (not built: npm run engine:native)', built, () => nativeEngine(FOLDER)],
]
const IMPLICIT = '1.2.840.10008.1.2'
const objects = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ patient: 1, study: 1, series: 1, instance: index + 1 }))

describe.each(ENGINES)('the DIMSE engine %s', (_, isThere, make) => {
  const test = it.skipIf(!isThere)
  let engine: DimseEngine
  let listener: DimseListener | undefined
  let folder: string

  beforeEach(async () => {
    if (isThere) engine = make()
    folder = await mkdtemp(join(tmpdir(), 'leadglass-engine-'))
  })

  afterEach(async () => {
    await listener?.stop()
    listener = undefined
    await rm(folder, { recursive: true, force: true })
  })

  async function listen(hooks: MemoryStorageHooks = {}) {
    const storage = new MemoryStorage(hooks)
    const port = await freePort()
    const options = {
      host: '127.0.0.1',
      aeTitle: 'LEADGLASS',
      policy: acceptAnyone,
      storage,
      clock: systemClock,
      logger: silentLogger,
    }
    listener = engine.listener({ options, plan: () => ({ plain: port, tls: undefined }), logger: silentLogger })
    await listener.start()
    const destination = { host: '127.0.0.1', port, calledAeTitle: 'LEADGLASS', callingAeTitle: 'TESTER' }
    return { storage, destination }
  }

  async function send(destination: Awaited<ReturnType<typeof listen>>['destination'], count: number) {
    const results: InstanceResult[] = []
    const sent = objects(count).map(outgoing)
    await new AssociationRequester().sendInstances(destination, sent, (_instance, result) => void results.push(result))
    return { sent, results }
  }

  test('answers C-ECHO', async () => {
    const { destination } = await listen()
    expect(await new AssociationRequester().echo(destination)).toEqual({ status: 0 })
  })

  test('takes every object, once, under its UID', async () => {
    const { storage, destination } = await listen()
    const { results } = await send(destination, 25)
    expect(results).toEqual(Array.from({ length: 25 }, () => ({ kind: 'accepted', status: 0 })))
    await expect.poll(() => storage.instances.length, { timeout: 10_000 }).toBe(25)
    const uids = storage.instances.map(({ facts }) => facts.sopInstanceUid)
    expect(new Set(uids)).toEqual(new Set(objects(25).map(instanceUid)))
  })

  test('tells the storage the end of every association that it told the start of', async () => {
    const { storage, destination } = await listen()
    await send(destination, 3)
    await expect
      .poll(() => storage.ended.reduce((sum, { counts }) => sum + counts.stored, 0), { timeout: 10_000 })
      .toBe(3)
    expect(storage.ended.length).toBe(storage.accepted.length)
  })

  test('closes its port when stopped, and opens it again', async () => {
    const { destination } = await listen()
    await listener?.stop()
    expect(await connects(destination.port)).toBe(false)
    await listener?.start()
    expect(await new AssociationRequester().echo(destination)).toEqual({ status: 0 })
  })

  test('calls a peer: C-ECHO, and says when there is none', async () => {
    const { destination } = await listen()
    const sender = engine.sender({ logger: silentLogger })
    expect(await sender.echo(destination)).toEqual({ status: 0 })
    await listener?.stop()
    await expect(sender.echo(destination)).rejects.toThrow(DimseError)
  })

  it.skipIf(!isThere || storescp === undefined)('sends objects to DCMTK', async () => {
    const port = await freePort()
    const peerProcess = await startPeer(storescp ?? '', port, [
      '-q',
      '+B',
      '+xa',
      '-aet',
      'PEER',
      '-od',
      folder,
      String(port),
    ])
    try {
      const results: InstanceResult[] = []
      const to = { host: '127.0.0.1', port, calledAeTitle: 'PEER', callingAeTitle: 'LEADGLASS' }
      const sent = objects(5).map(outgoing)
      await engine
        .sender({ logger: silentLogger })
        .sendInstances(to, sent, (_instance, result) => void results.push(result))
      expect(results.map(({ kind }) => kind)).toEqual(Array.from({ length: 5 }, () => 'accepted'))
      const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))
      const uids = files.map((file) => parseFileMeta(file)?.meta.sopInstanceUid)
      expect(new Set(uids)).toEqual(new Set(objects(5).map(instanceUid)))
    } finally {
      await peerProcess.stop()
    }
  })

  describe('promises: what is stated is so, and what is not stated is missing', () => {
    test('durable-success: an object that is not kept is refused', async () => {
      const refusal = { kind: 'refused', status: 0xa700, comment: 'full' } as const
      const { storage, destination } = await listen({ onCommit: () => refusal })
      const { results } = await send(destination, 1)
      expect(storage.instances).toEqual([])
      expect(results[0]?.kind).toBe(engine.capabilities['durable-success'] ? 'refused' : 'accepted')
    })

    test('unchanged-object: the data set is the bytes that were sent', async () => {
      const { storage, destination } = await listen()
      // A data set with a group length, which writers that encode again leave out or make anew.
      const padded = Buffer.concat([await bytesOf(outgoing({ patient: 1, study: 2, series: 1, instance: 1 }).open())])
      const instance = {
        ...outgoing({ patient: 1, study: 2, series: 1, instance: 1 }),
        transferSyntaxUid: '1.2.840.10008.1.2.1',
      }
      const withEmpty = Buffer.concat([Buffer.from('080000' + '00554c0400' + '0c000000', 'hex'), padded])
      const changed = {
        ...instance,
        open: async function* () {
          yield withEmpty
        },
      }
      await new AssociationRequester().sendInstances(destination, [changed], () => undefined)
      await expect.poll(() => storage.instances.length, { timeout: 10_000 }).toBe(1)
      expect(storage.instances[0]?.dataSet.equals(withEmpty)).toBe(engine.capabilities['unchanged-object'])
    })

    test('several-associations: one caller that says nothing does not keep another out', async () => {
      const { destination } = await listen()
      const first = await new AssociationRequester().requestAssociation({
        ...destination,
        presentationContexts: [{ abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }],
      })
      const timeouts = { associationMs: 1500, responseMs: 1500 }
      const second = await new AssociationRequester().echo({ ...destination, timeouts }).then(
        () => true,
        () => false,
      )
      await first.release()
      expect(second).toBe(engine.capabilities['several-associations'])
    })

    test('caller-policy: the storage learns who calls', async () => {
      const { storage, destination } = await listen()
      await send(destination, 1)
      await expect.poll(() => storage.instances.length, { timeout: 10_000 }).toBe(1)
      const knows = storage.instances[0]?.facts.association.callingAeTitle === 'TESTER'
      expect(knows).toBe(engine.capabilities['caller-policy'])
    })

    test('survives-bad-input: bytes against the standard end one association only', async () => {
      const { destination } = await listen()
      for (const bytes of [
        'GET / HTTP/1.1\r\n\r\n',
        '\x01\x00\xff\xff\xff\xff\x00',
        '\x04\x00\x00\x00\x00\x06aaaaaa',
      ]) {
        await say(destination.port, Buffer.from(bytes, 'latin1'))
      }
      const half = createConnection({ port: destination.port, host: '127.0.0.1' })
      half.on('error', () => undefined)
      // A request that says it is 200 bytes long, and never is.
      half.write(Buffer.from([1, 0, 0, 0, 0, 200, 0, 1]))
      await new Promise((resolve) => setTimeout(resolve, 200))
      const timeouts = { connectMs: 2000, associationMs: 2000, responseMs: 2000 }
      const survives = await new AssociationRequester().echo({ ...destination, timeouts }).then(
        () => true,
        () => false,
      )
      half.destroy()
      expect(survives).toBe(engine.capabilities['survives-bad-input'])
    })

    test('bind-address: the port is open on the address of the configuration alone', async () => {
      const { destination } = await listen()
      // All of 127/8 is this machine's: 127.0.0.2 answers only when the port is open on every address.
      expect(await connects(destination.port, '127.0.0.2')).toBe(!engine.capabilities['bind-address'])
    })
  })
})

function connects(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host })
    const settle = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}

async function say(port: number, bytes: Buffer): Promise<void> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  socket.end(bytes)
  socket.resume()
  await new Promise((resolve) => setTimeout(resolve, 300))
  socket.destroy()
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}
