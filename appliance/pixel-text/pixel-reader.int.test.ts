import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../installer/testing/peers.ts'
import { LineJudge } from './line-verdict.ts'
import { PIXEL_READER_LIMITS, PixelReader } from './pixel-reader.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..')
const ultrasound = sharedData('dicom/codecs/US1_RLE.dcm')
const palette = sharedData('dicom/pydicom/examples_palette.dcm')
const note = ultrasound === undefined ? ' (no ../shared/data/dicom)' : ''

let work: string
let reader: PixelReader

beforeAll(async () => {
  work = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-pixels-')))
  reader = new PixelReader({
    programRoot: PROGRAM_ROOT,
    workFolder: work,
    limits: PIXEL_READER_LIMITS,
    logger: silentLogger,
  })
  await reader.start()
})

afterAll(async () => {
  await reader.stop()
  await rm(work, { recursive: true, force: true })
})

describe.skipIf(ultrasound === undefined || palette === undefined)(`reading pixels of real objects${note}`, () => {
  it("reads an ultrasound machine's screen: the institution, the time, the settings", async () => {
    await copyFile(ultrasound ?? '', join(work, 'us.dcm'))
    const text = await reader.read(join(work, 'us.dcm'))
    if (text.kind !== 'read') throw new Error(text.reason)
    const words = text.lines.map((line) => line.text).join(' ')
    for (const word of ['BAPTIST', 'MED CTR', 'LYMPH', 'NODE']) expect(words).toContain(word)
    expect(text).toMatchObject({ frames: 1, framesRead: 1 })
  }, 60_000)

  it('masks what is not safe, changes nothing else, and finds nothing left of it', async () => {
    await copyFile(palette ?? '', join(work, 'palette.dcm'))
    const judge = new LineJudge({ words: ['PHILIPS HEALTHCARE'], dates: ['20110525'] })
    const text = await reader.read(join(work, 'palette.dcm'))
    if (text.kind !== 'read') throw new Error(text.reason)
    const unsafe = text.lines.filter((line) => judge.judge(line.text, line.confidence) !== 'safe')
    expect(unsafe.map((line) => line.text)).toEqual(expect.arrayContaining(['5/25/2011', 'Philips Healthcare']))
    const boxes = unsafe.map(({ box }) => ({ frame: null, box }))
    const target = join(work, 'palette.raw')
    const masked = await reader.mask(join(work, 'palette.dcm'), target, boxes)
    if (masked.kind !== 'masked') throw new Error(masked.reason)
    const left = masked.lines.map((line) => judge.judge(line.text, line.confidence))
    expect(left).not.toContain('identifier')
    expect(left).not.toContain('pattern')
    const pixels = await readFile(target)
    expect(masked.pixels).toMatchObject({ rows: 350, columns: 800, samplesPerPixel: 1, bytes: pixels.length })
    // Outside the boxes every stored value is the one that was there.
    const untouched = join(work, 'untouched.raw')
    await reader.mask(join(work, 'palette.dcm'), untouched, [])
    const before = await readFile(untouched)
    const inside = (x: number, y: number): boolean =>
      boxes.some(({ box }) => x >= box.left && x < box.left + box.width && y >= box.top && y < box.top + box.height)
    let [changedOutside, lettersInside] = [0, 0]
    pixels.forEach((value, at) => {
      const hidden = inside(at % 800, Math.floor(at / 800))
      if (!hidden && value !== before[at]) changedOutside += 1
      if (hidden && value !== 0) lettersInside += 1
    })
    expect([changedOutside, lettersInside]).toEqual([0, 0])
  }, 120_000)
})

describe('pixels that cannot be judged', () => {
  it('are a doubt, and the next object is read all the same', async () => {
    await writeFile(join(work, 'broken.dcm'), Buffer.alloc(300))
    expect(await reader.read(join(work, 'broken.dcm'))).toMatchObject({ kind: 'doubt', reason: 'unreadable' })
    expect(await reader.read(join(work, 'missing.dcm'))).toMatchObject({ kind: 'doubt', reason: 'internal-error' })
  }, 60_000)

  it('cannot be read from outside the work folder', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'leadglass-outside-'))
    await writeFile(join(outside, 'x.dcm'), Buffer.alloc(300))
    expect(await reader.read(join(outside, 'x.dcm'))).toMatchObject({ kind: 'doubt', detail: 'ERR_ACCESS_DENIED' })
    await rm(outside, { recursive: true })
  }, 60_000)

  it('are a doubt when the time is over, and the next object gets a new process', async () => {
    const folder = join(work, 'slow')
    await mkdir(folder)
    const limits = { ...PIXEL_READER_LIMITS, timeoutMs: 1 }
    const slow = new PixelReader({ programRoot: PROGRAM_ROOT, workFolder: folder, limits, logger: silentLogger })
    await slow.start()
    await writeFile(join(folder, 'x.dcm'), Buffer.alloc(300))
    const reasons = [(await slow.read(join(folder, 'x.dcm'))).kind, (await slow.read(join(folder, 'x.dcm'))).kind]
    expect(reasons).toEqual(['doubt', 'doubt'])
    await slow.stop()
    expect(await slow.read(join(folder, 'x.dcm'))).toMatchObject({ reason: 'stopped' })
  }, 60_000)
})
