import { copyFile, cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import { digestOfInstance, Spool, StudyKeys } from './index.ts'
import type { LandedInstance } from './landed-instance.ts'
import { oldSpoolFile } from './testing/old-spool-file.ts'

const KEY = new Uint8Array(32).fill(3)
const META = Buffer.alloc(200, 1)
const NAMES = { sopClassUid: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxUid: '1.2.840.10008.1.2.1' }
const LARGE = 5_000_000

/** The whole instance through ranges that meet chunks at every angle, and backwards once. */
async function piecewise(spool: Spool, digest: string): Promise<Buffer> {
  const object = await spool.open(digest)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < object.size; at += 333_333) pieces.push(Buffer.from(await object.read(at, 333_333)))
  const last = await object.read(Math.max(0, object.size - 10), 100)
  const first = await object.read(0, 10)
  await object.close()
  const whole = Buffer.concat(pieces)
  expect(Buffer.from(last)).toEqual(whole.subarray(-10))
  expect(Buffer.from(first)).toEqual(whole.subarray(0, 10))
  return whole
}

describe('the spool on disk', () => {
  let folder: string
  let held: ReturnType<typeof temporaryRecords>
  let keys: StudyKeys
  let spool: Spool
  let encrypts: boolean
  let errors: string[]

  const open = (at = folder): Spool =>
    new Spool({
      folder: at,
      key: KEY,
      keys,
      randomness: systemRandomness,
      logger: { ...silentLogger, error: (event: string) => errors.push(event) },
      encrypts: () => encrypts,
    })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-spool-'))
    held = temporaryRecords()
    keys = new StudyKeys(held.records.keys, KEY, systemRandomness)
    encrypts = true
    errors = []
    spool = open()
    await spool.prepare()
    await spool.recover()
  })
  afterEach(async () => {
    await spool.close()
    held.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  async function land(uid: string, bytes: number): Promise<{ instance: LandedInstance; whole: Buffer }> {
    const dataSet = Buffer.alloc(bytes, uid)
    const names = { ...NAMES, sopInstanceUid: uid }
    const incoming = spool.begin()
    await incoming.write(META)
    for (let at = 0; at < bytes; at += 65_536) await incoming.write(dataSet.subarray(at, at + 65_536))
    const instance = await spool.land(incoming, {
      ...names,
      digest: digestOfInstance(names, dataSet),
      bytes,
      metaBytes: META.length,
      callingAeTitle: 'CT1',
      remoteAddress: '127.0.0.1',
      associationId: 'a',
      receivedAt: 1,
    })
    return { instance, whole: Buffer.concat([META, dataSet]) }
  }

  const settle = (instance: LandedInstance, studyId: number | null, known = false): void => {
    const { fileKey } = instance
    spool.settle(instance, fileKey === null ? null : keys.wrap(studyId, Buffer.from(fileKey, 'base64')), known)
  }

  /** What a start would find if the process ended now, without touching what is there. */
  async function afterKill<T>(look: (spool: Spool, left: LandedInstance[], folder: string) => Promise<T>): Promise<T> {
    const copy = await mkdtemp(join(tmpdir(), 'leadglass-spool-'))
    await cp(folder, copy, { recursive: true })
    const other = open(copy)
    try {
      return await look(other, await other.recover(), copy)
    } finally {
      await other.close()
      await rm(copy, { recursive: true, force: true })
    }
  }

  it.each([
    ['encrypted, in the log', true, 70_000],
    ['encrypted, in a file of its own', true, LARGE],
    ['plain, in the log', false, 70_000],
    ['plain, in a file of its own', false, LARGE],
  ])('gives an instance back before and after it settles, and after a kill: %s', async (_name, encrypt, bytes) => {
    encrypts = encrypt
    const { instance, whole } = await land('1.1', bytes)
    expect((await spool.read(instance.digest)).equals(whole)).toBe(true)
    expect(await piecewise(spool, instance.digest)).toEqual(whole)
    expect(await spool.has(instance.digest)).toBe(true)
    await afterKill(async (other, left) => {
      expect(left.map((one) => one.sopInstanceUid)).toEqual(['1.1'])
      expect((await other.read(instance.digest)).equals(whole)).toBe(true)
    })
    settle(instance, 7)
    await spool.drain()
    expect((await spool.read(instance.digest)).equals(whole)).toBe(true)
    expect(await piecewise(spool, instance.digest)).toEqual(whole)
    const file = await readFile(spool.pathOf(instance.digest))
    expect(file.includes(whole.subarray(300, 400))).toBe(!encrypt)
    expect(await readdir(join(folder, 'incoming'))).toEqual([])
    await afterKill(async (other, left) => {
      expect(left).toEqual([])
      expect((await other.read(instance.digest)).equals(whole)).toBe(true)
    })
  })

  it('cannot read a study whose key was destroyed, nor what the log once held of it; other studies stay', async () => {
    const [first, second] = [await land('1.1', 5000), await land('1.2', LARGE)]
    const set = await land('1.3', 5000)
    settle(first.instance, 7)
    settle(second.instance, 7)
    settle(set.instance, null)
    await spool.drain()
    held.records.transaction(() => held.records.keys.destroy(7, 1))
    for (const { instance } of [first, second])
      await expect(spool.read(instance.digest)).rejects.toMatchObject({ code: 'spool-key-destroyed' })
    expect((await spool.read(set.instance.digest)).equals(set.whole)).toBe(true)
    await afterKill(async (_other, left) => expect(left).toEqual([]))
    await spool.remove(first.instance.digest)
    expect(await spool.has(first.instance.digest)).toBe(false)
  })

  it('removes what has no file yet for good', async () => {
    const { instance } = await land('1.1', 5000)
    settle(instance, 7)
    await spool.remove(instance.digest)
    expect(await spool.has(instance.digest)).toBe(false)
    await afterKill(async (other, left) => {
      expect(left).toEqual([])
      expect(await other.has(instance.digest)).toBe(false)
    })
  })

  it('leaves a file that is there when the same content comes again', async () => {
    const { instance } = await land('1.1', LARGE)
    settle(instance, 7)
    await spool.drain()
    const before = await readFile(spool.pathOf(instance.digest))
    const again = await land('1.1', LARGE)
    settle(again.instance, 7, true)
    await spool.drain()
    expect((await readFile(spool.pathOf(instance.digest))).equals(before)).toBe(true)
    expect(await readdir(join(folder, 'incoming'))).toEqual([])
  })

  it('drops a torn instance at the end of the log and keeps those before it', async () => {
    const first = await land('1.1', 3000)
    const second = await land('1.2', 3000)
    const log = join('landing', '00.log')
    const end = second.instance.landed.bodyAt + second.instance.landed.bodyBytes
    for (const cut of [end - 1, end - 2000, second.instance.landed.bodyAt - 3, end]) {
      const copy = await mkdtemp(join(tmpdir(), 'leadglass-spool-'))
      await cp(folder, copy, { recursive: true })
      await truncate(join(copy, log), cut)
      const other = open(copy)
      const left = await other.recover()
      expect(left.map((one) => one.sopInstanceUid)).toEqual(cut === end ? ['1.1', '1.2'] : ['1.1'])
      expect((await other.read(first.instance.digest)).equals(first.whole)).toBe(true)
      await other.close()
      await rm(copy, { recursive: true, force: true })
    }
  })

  it('forgets a large instance that was never finished', async () => {
    const incoming = spool.begin()
    await incoming.write(Buffer.alloc(LARGE))
    expect(await readdir(join(folder, 'incoming'))).toHaveLength(1)
    await afterKill(async (other, left) => {
      expect(left).toEqual([])
      expect(await other.clearIncoming()).toBe(1)
    })
    await incoming.discard()
    expect(await readdir(join(folder, 'incoming'))).toEqual([])
  })

  it('reads files of the form before, and refuses damaged and missing ones', async () => {
    const old = 'ab'.padEnd(64, '0')
    await writeFile(spool.pathOf(old), oldSpoolFile(Buffer.from('an old one'), KEY))
    expect((await spool.read(old)).toString()).toBe('an old one')
    const { instance } = await land('1.1', 5000)
    settle(instance, 7)
    await spool.drain()
    const path = spool.pathOf(instance.digest)
    const kept = join(folder, 'kept')
    await copyFile(path, kept)
    for (const size of [5000, 63, 0]) {
      await copyFile(kept, path)
      await truncate(path, size)
      await expect(spool.read(instance.digest)).rejects.toMatchObject({ code: 'spool-damaged' })
      await expect(spool.open(instance.digest)).rejects.toMatchObject({ code: 'spool-damaged' })
    }
    await rm(path)
    await expect(spool.read(instance.digest)).rejects.toMatchObject({ code: 'spool-missing' })
    await expect(spool.open(instance.digest)).rejects.toMatchObject({ code: 'spool-missing' })
  })

  it('says so when somebody takes away a file that waits for its place, and goes on with the others', async () => {
    const { instance } = await land('1.1', LARGE)
    await rm(join(folder, 'incoming', instance.file ?? ''))
    const other = await land('1.2', LARGE)
    for (const one of [instance, other.instance]) settle(one, 7)
    await spool.drain()
    expect(errors).toEqual(['intake.instance-vanished'])
    await expect(spool.read(instance.digest)).rejects.toMatchObject({ code: 'spool-missing' })
    expect((await spool.read(other.instance.digest)).equals(other.whole)).toBe(true)
  })

  it('takes more at once than the log can hold: files are written meanwhile', async () => {
    await spool.close()
    spool = new Spool({
      folder,
      key: KEY,
      keys,
      randomness: systemRandomness,
      logger: silentLogger,
      segmentBytes: 200_000,
    })
    await spool.recover()
    const wholes = new Map<string, Buffer>()
    const takeOne = async (number: number): Promise<void> => {
      const { instance, whole } = await land(`1.${number}`, 60_000)
      wholes.set(instance.digest, whole)
      settle(instance, number % 5)
    }
    await Promise.all(Array.from({ length: 90 }, (_, number) => takeOne(number)))
    await spool.drain()
    for (const [digest, whole] of wholes) expect((await spool.read(digest)).equals(whole)).toBe(true)
    expect((await readdir(join(folder, 'landing'))).length).toBeLessThanOrEqual(16)
  })
})
