import { mkdirSync, symlinkSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deviceId, type Envelope, type StreamName, sealEnvelope } from '../contract/index.ts'
import { AcknowledgedFile, nothingAcknowledged } from './acknowledged-file.ts'
import { batchFileName } from './batch-name.ts'
import { OutboxReader } from './outbox-reader.ts'
import { OutboxWriter } from './outbox-writer.ts'
import { type ExchangePaths, ensureExchangeFolders, removeTemporaryFiles } from './paths.ts'
import { AgentStatusFile } from './status-files.ts'

const DEVICE = deviceId.parse('test-box')
let folder: string
let paths: ExchangePaths
let writer: OutboxWriter
let reader: OutboxReader

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exchange-'))
  paths = await ensureExchangeFolders(folder)
  writer = new OutboxWriter({ exchangeFolder: folder, device: DEVICE })
  reader = new OutboxReader({ exchangeFolder: folder, device: DEVICE })
  await writer.start()
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function health(sequence: number, device = DEVICE): Envelope {
  return sealEnvelope(
    { device, epoch: 1, sequence },
    { kind: 'device-health', softwareVersion: '1.0.0', models: [], figures: { 'disk.free': sequence } },
  )
}
const range = (from: number, to: number): Envelope[] =>
  Array.from({ length: to - from + 1 }, (_, i) => health(from + i))
const nameOf = (first: number, last: number, stream: StreamName = 'health'): string =>
  batchFileName({ epoch: 1, stream, first, last })

async function entryOf(first: number, last: number) {
  const entry = (await reader.list()).get('health')?.find((one) => one.name === nameOf(first, last))
  if (entry === undefined) throw new Error('not listed')
  return entry
}

describe('the outbox', () => {
  it('is written once and the same however often it is written', async () => {
    expect(await writer.write(range(1, 10))).toEqual([nameOf(1, 10)])
    const path = join(paths.outbox, nameOf(1, 10))
    const before = await stat(path)
    await writer.write(range(1, 10))
    const after = await stat(path)
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
    expect((after.mode & 0o777).toString(8)).toBe('640')
  })

  it('is read back as it was written', async () => {
    await writer.write(range(1, 10))
    const read = await reader.read(await entryOf(1, 10))
    expect(read.kind).toBe('batch')
    if (read.kind !== 'batch') return
    expect(read.batch.envelopes).toEqual(range(1, 10))
    expect(Buffer.from(read.bytes)).toEqual(await readFile(join(paths.outbox, nameOf(1, 10))))
  })

  it('replaces shorter files by a longer one and a damaged file by a good one', async () => {
    await writer.write(range(1, 3))
    await writer.write(range(4, 6))
    await writer.write(range(1, 9))
    expect(await readdir(paths.outbox)).toEqual([nameOf(1, 9)])
    await writeFile(join(paths.outbox, nameOf(1, 9)), 'damaged')
    await writer.write(range(1, 9))
    expect((await reader.read(await entryOf(1, 9))).kind).toBe('batch')
  })

  it('gives up only what is committed as a whole', async () => {
    await writer.write(range(1, 5))
    await writer.write(range(6, 10))
    expect(await writer.backlog()).toEqual({ audit: 0, labels: 0, drift: 0, features: 0, health: 2 })
    expect(await writer.remove([{ epoch: 1, stream: 'health', sequence: 7 }])).toEqual([nameOf(1, 5)])
    expect(await writer.remove([{ epoch: 2, stream: 'health', sequence: 99 }])).toEqual([])
    expect(await writer.remove([{ epoch: 1, stream: 'health', sequence: 10 }])).toEqual([nameOf(6, 10)])
  })

  it('refuses envelopes of another device as a whole', async () => {
    const stranger = health(2, deviceId.parse('other-box'))
    await expect(writer.write([health(1), stranger])).rejects.toMatchObject({ code: 'foreign-device' })
    expect(await readdir(paths.outbox)).toEqual([])
  })

  it('ignores what a killed writer left, and removes it at the next start', async () => {
    await writeFile(join(paths.outbox, '.3f0c.tmp'), 'half a file')
    await writeFile(join(paths.outbox, 'notes.txt'), 'not ours')
    await writer.write(range(1, 1))
    expect((await reader.list()).get('health')).toHaveLength(1)
    await writer.start()
    expect((await readdir(paths.outbox)).sort()).toEqual([nameOf(1, 1), 'notes.txt'])
    expect(await removeTemporaryFiles(paths.outbox)).toBe(0)
  })

  it('reads nothing through a link, from a folder, or beyond the limit', async () => {
    await writeFile(join(folder, 'secret'), 'secret')
    symlinkSync(join(folder, 'secret'), join(paths.outbox, nameOf(1, 1)))
    mkdirSync(join(paths.outbox, nameOf(2, 2)))
    await writeFile(join(paths.outbox, nameOf(3, 3)), Buffer.alloc(9_000_000))
    await writeFile(join(paths.outbox, nameOf(4, 4)), '')
    const codes: string[] = []
    for (const entry of (await reader.list()).get('health') ?? []) {
      const read = await reader.read(entry)
      codes.push(read.kind === 'refused' ? read.code : read.kind)
      await reader.setAside(entry)
    }
    expect(codes).toEqual(['not-a-file', 'not-a-file', 'too-large', 'not-gzip'])
    expect((await reader.list()).get('health')).toEqual([])
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret')
  })

  it('refuses a file whose name says something else, and one of another device', async () => {
    await writer.write(range(1, 5))
    const bytes = await readFile(join(paths.outbox, nameOf(1, 5)))
    await writeFile(join(paths.outbox, nameOf(6, 10)), bytes)
    expect(await reader.read(await entryOf(6, 10))).toEqual({ kind: 'refused', code: 'name-mismatch' })
    const other = new OutboxReader({ exchangeFolder: folder, device: deviceId.parse('other-box') })
    expect(await other.read(await entryOf(1, 5))).toEqual({ kind: 'refused', code: 'foreign-device' })
  })

  it('says of a file that went away since it was listed that it is gone', async () => {
    await writer.write(range(1, 5))
    const entry = await entryOf(1, 5)
    await writer.remove([{ epoch: 1, stream: 'health', sequence: 5 }])
    expect(await reader.read(entry)).toEqual({ kind: 'gone' })
    await reader.setAside(entry)
    expect(await readdir(paths.outbox)).toEqual([])
  })
})

describe('the files of the agent', () => {
  const AT = '2026-11-22T14:00:00.000Z'

  it('are absent, then what was written, then damaged when somebody damages them', async () => {
    const file = new AcknowledgedFile(paths.acknowledged)
    expect(await file.read()).toEqual({ kind: 'absent' })
    const state = {
      ...nothingAcknowledged(AT),
      watermarks: [{ epoch: 1, stream: 'audit' as const, sequence: 4 }],
    }
    await file.write(state)
    expect(await file.read()).toEqual({ kind: 'value', value: state })
    const whole = await readFile(paths.acknowledged)
    for (const length of [0, 1, whole.length - 3]) {
      await writeFile(paths.acknowledged, whole.subarray(0, length))
      expect(await file.read()).toEqual({ kind: 'damaged' })
    }
    await rm(paths.acknowledged)
    symlinkSync(join(folder, 'elsewhere'), paths.acknowledged)
    expect(await file.read()).toEqual({ kind: 'damaged' })
  })

  it('do not take what their schema does not say', async () => {
    const file = new AgentStatusFile(paths.agentStatus)
    const wrong = { schema: 'leadglass.agent-status/1', device: 'Not A Device' }
    await expect(file.write(wrong as unknown as Parameters<typeof file.write>[0])).rejects.toThrow()
    expect(await file.read()).toEqual({ kind: 'absent' })
  })
})
