import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AssociationRequester, type InstanceResult, type OutgoingInstance } from '../dimse/index.ts'
import {
  bytesElement,
  concat,
  dataSetOf,
  EXPLICIT_LITTLE,
  textElement,
  writeDataSet,
} from '../imaging/dataset/index.ts'
import { ApplianceProcess, eventually } from '../testing/appliance-process.ts'

const CHUNK = Buffer.alloc(262_144, 3)
const FRAME_BYTES = 524_288
const ENHANCED_CT = '1.2.840.10008.5.1.4.1.1.2.1'
const RLE = '1.2.840.10008.1.2.5'

/** A CT of so many frames of 512 x 512, 16 bits; the study's UID follows from the instance's. */
function header(sopInstanceUid: string, frames: number): Uint8Array {
  const word = (tag: number, value: number) => bytesElement(tag, 'US', Buffer.from(Uint16Array.of(value).buffer))
  const elements = [
    textElement(0x00080016, 'UI', ENHANCED_CT),
    textElement(0x00080018, 'UI', sopInstanceUid),
    textElement(0x00080020, 'DA', '20240105'),
    textElement(0x00080060, 'CS', 'CT'),
    textElement(0x00100010, 'PN', 'LARGE^ANNA'),
    textElement(0x00100020, 'LO', 'LARGE-4711'),
    textElement(0x0020000d, 'UI', `${sopInstanceUid}.1`),
    textElement(0x0020000e, 'UI', `${sopInstanceUid}.2`),
    word(0x00280002, 1),
    textElement(0x00280004, 'CS', 'MONOCHROME2'),
    textElement(0x00280008, 'IS', String(frames)),
    word(0x00280010, 512),
    word(0x00280011, 512),
    word(0x00280100, 16),
    word(0x00280101, 16),
    word(0x00280102, 15),
    word(0x00280103, 0),
  ]
  return concat(writeDataSet(dataSetOf(elements), EXPLICIT_LITTLE))
}

/** Head of Pixel Data (7FE0,0010), PS3.5 7.1.2. */
function pixelData(vr: 'OB' | 'OW', length: number): Buffer {
  const head = Buffer.from([0xe0, 0x7f, 0x10, 0x00, vr.charCodeAt(0), vr.charCodeAt(1), 0, 0, 0, 0, 0, 0])
  head.writeUInt32LE(length, 8)
  return head
}

/** An item or delimiter of encapsulated Pixel Data, PS3.5 A.4. */
function item(element: number, length: number): Buffer {
  const head = Buffer.from([0xfe, 0xff, 0, 0, 0, 0, 0, 0])
  head.writeUInt16LE(element, 2)
  head.writeUInt32LE(length, 4)
  return head
}

/** So many bytes of native pixels, never in memory as a whole. */
function large(sopInstanceUid: string, bytes: number): OutgoingInstance {
  return {
    sopClassUid: ENHANCED_CT,
    sopInstanceUid,
    transferSyntaxUid: EXPLICIT_LITTLE,
    async *open() {
      yield header(sopInstanceUid, bytes / FRAME_BYTES)
      yield pixelData('OW', bytes)
      for (let left = bytes; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length))
    },
  }
}

/** So many frames, a fragment each. */
function manyFrames(sopInstanceUid: string, frames: number): OutgoingInstance {
  const frame = Buffer.concat([item(0xe000, 16_384), CHUNK.subarray(0, 16_384)])
  return {
    sopClassUid: ENHANCED_CT,
    sopInstanceUid,
    transferSyntaxUid: RLE,
    async *open() {
      yield header(sopInstanceUid, frames)
      yield pixelData('OB', 0xffffffff)
      yield item(0xe000, 0)
      for (let sent = 0; sent < frames; sent += 1) yield frame
      yield item(0xe0dd, 0)
    },
  }
}

/** States of a study that is not done. */
const OPEN = new Set(['receiving', 'queued', 'running'])

describe('memory while large objects are received, de-identified and verified', () => {
  let root: string
  let appliance: ApplianceProcess

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-memory-'))
    appliance = new ApplianceProcess(root)
    await appliance.writeSettings({ assembly: { quietMs: 500, idleMs: 3_600_000, capMs: 86_400_000 } })
    await appliance.start()
  }, 60_000)
  afterAll(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  /** Resident memory of the appliance now, in mebibytes. */
  async function resident(): Promise<number> {
    const status = await readFile(`/proc/${appliance.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024
  }

  /** Sends an object and waits for the end of its study. */
  async function largestWhile(
    instance: OutgoingInstance,
  ): Promise<{ result: InstanceResult['kind']; peak: number; state: string; reason: string | null }> {
    let peak = await resident()
    let result: InstanceResult['kind'] | undefined
    const destination = {
      host: '127.0.0.1',
      port: appliance.dimsePort,
      calledAeTitle: 'LEADGLASS',
      callingAeTitle: 'MR1',
    }
    const sending = new AssociationRequester().sendInstances(destination, [instance], (_instance, outcome) => {
      result = outcome.kind
    })
    const looking = setInterval(() => {
      resident().then(
        (now) => {
          peak = Math.max(peak, now)
        },
        () => undefined,
      )
    }, 50)
    await sending
    const end = await eventually(
      async () => {
        const { studies } = await appliance.get('/api/studies', studyList)
        const [newest] = studies
        return newest === undefined || OPEN.has(newest.state) ? undefined : newest
      },
      'the end of the study',
      240_000,
    )
    clearInterval(looking)
    return { result: result ?? 'not-sent', peak, state: end.state, reason: end.reason }
  }

  it('stays below 300 MiB with an object of 2 GB (4,000 frames)', { timeout: 300_000 }, async () => {
    const { result, peak, state, reason } = await largestWhile(large('1.2.3.1', 4000 * FRAME_BYTES))
    expect(result).toBe('accepted')
    expect([state, reason]).toEqual(['not-scored', expect.anything()])
    console.log(`largest resident size: ${peak.toFixed(0)} MiB (${reason ?? ''})`)
    expect(peak).toBeLessThan(300)
    expect(peak).toBeGreaterThan(30)
  })

  it('stays below 300 MiB with an object of 10,000 frames', { timeout: 120_000 }, async () => {
    const { result, peak, state, reason } = await largestWhile(manyFrames('1.2.3.2', 10_000))
    expect(result).toBe('accepted')
    expect([state, reason]).toEqual(['not-scored', expect.anything()])
    console.log(`largest resident size: ${peak.toFixed(0)} MiB (${reason ?? ''})`)
    expect(peak).toBeLessThan(300)
  })
})
