import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer, sharedData } from '../../installer/testing/peers.ts'
import { Deidentifier, deriveSiteKeys, EgressVerifier } from '../deidentify/index.ts'
import type { AuditSink } from '../egress/index.ts'
import { decodeFrames, integer, parsePart10, sequence, text, texts } from '../imaging/index.ts'
import { DeidentifyingGate } from '../pipeline/index.ts'
import { PIXEL_READER_LIMITS, type PixelReaderOptions, type PixelRules, ReaderPool } from '../pixel-text/index.ts'
import type { RevisionInstance } from '../records/index.ts'
import { arrivalOf } from '../testing/arrivals.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { Exporter } from './exporter.ts'
import { ReviewDesk } from './review-desk.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..')
const ultrasound = sharedData('dicom/codecs/US1_RLE.dcm')
const palette = sharedData('dicom/pydicom/examples_palette.dcm')
const ct = sharedData('dicom/pydicom/CT_small.dcm')
const dciodvfy = peer('dciodvfy')
const dcmdump = peer('dcmdump')
const note = ultrasound === undefined || ct === undefined ? ' (no ../shared/data/dicom)' : ''
const STUDY = 'a'.repeat(32)
const PERSON = { kind: 'person', id: '1'.repeat(32) } as const

describe.skipIf(note !== '')(`objects that leave${note}`, () => {
  let folder: string
  let held: ReturnType<typeof temporaryRecords>
  let reader: ReaderPool
  let rules: PixelRules = { exportHeads: false, safeWords: [], devices: [] }
  const files = new Map<string, string>()
  const events: string[] = []
  const audit: AuditSink = { record: ({ event }) => events.push(event), recordNow: ({ event }) => events.push(event) }
  const clock = new ManualClock(1_700_000_000_000)

  const poolOf = (options: Partial<PixelReaderOptions> = {}): ReaderPool =>
    new ReaderPool(
      { programRoot: PROGRAM_ROOT, workFolder: folder, limits: PIXEL_READER_LIMITS, logger: silentLogger, ...options },
      1,
    )
  const portsOf = (used: ReaderPool) => ({
    records: held.records,
    spool: { read: async (digest: string) => readFile(files.get(digest) ?? '') },
    gate: new DeidentifyingGate(
      new Deidentifier({ keys: deriveSiteKeys(new Uint8Array(32).fill(5)), profile: { patientIssuer: '' } }),
      new EgressVerifier(),
    ),
    workFolder: folder,
    reader: used,
    rules: () => rules,
    audit,
    clock,
  })
  const exporterOf = (used: ReaderPool) => new Exporter({ ...portsOf(used), verifier: new EgressVerifier() })
  const study = { studyId: 1, studyPseudonym: STUDY }

  /** An instance of the record, whose bytes are those of a file. */
  function instanceOf(path: string, ordinal: number): RevisionInstance {
    const digest = String(ordinal).repeat(64)
    files.set(digest, path)
    held.records.transaction(() =>
      held.records.intake.register(
        arrivalOf(`1.2.${ordinal}`, {
          studyPseudonym: STUDY,
          modality: 'US',
          digest,
          sopClassUid: '1.2.840.10008.5.1.4.1.1.6.1',
          transferSyntaxUid: '1.2.840.10008.1.2.5',
          receivedAt: clock.now(),
        }),
      ),
    )
    const [revision] = held.records.studies.revisions(1)
    const instance = held.records.revisions.instances(revision?.revisionId ?? 0).find((one) => one.digest === digest)
    if (instance === undefined) throw new Error('the instance was not registered')
    return instance
  }

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-export-')))
    held = temporaryRecords()
    reader = poolOf()
    await reader.start()
  })
  afterAll(async () => {
    await reader.stop()
    held.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  it('hold an unknown ultrasound machine, show it, and leave masked by the boxes of a person', async () => {
    const instance = instanceOf(ultrasound ?? '', 1)
    const exporter = exporterOf(reader)
    const desk = new ReviewDesk(portsOf(reader))
    const first = await exporter.export(study, instance)
    expect(first).toMatchObject({ kind: 'held', reason: 'unknown-device' })
    const [review] = desk.list('held', 10)
    if (review === undefined) throw new Error('nothing is held')
    expect(review.proposed.length).toBeGreaterThan(1)
    const seen = await desk.look(review.reviewId, 0, PERSON)
    expect(Buffer.from(seen.png).subarray(1, 4).toString()).toBe('PNG')
    expect(seen).toMatchObject({ frames: 1, width: 640, height: 480 })

    const release = (boxes: typeof review.proposed) => desk.release(review.reviewId, { boxes, reason: 'seen' }, PERSON)
    expect(await release([]), "the institution's name").toMatchObject({ kind: 'text-remains' })
    expect(await release(review.proposed)).toEqual({ kind: 'released' })
    await expect(release(review.proposed)).rejects.toThrow('decided')

    const written = await exporter.export(study, instance)
    if (written.kind !== 'written') throw new Error(JSON.stringify(written))
    const path = join(folder, 'out.dcm')
    await writeFile(path, written.bytes)
    const { dataSet, meta } = parsePart10(await readFile(path))
    expect(meta.transferSyntaxUid).toBe('1.2.840.10008.1.2.1')
    expect(text(dataSet, 0x00280301)).toBe('NO')
    expect(text(dataSet, 0x00280004)).toBe('RGB')
    expect(integer(dataSet, 0x00280006)).toBe(0)
    const codes = sequence(dataSet, 0x00120064).flatMap((item) => texts(item, 0x00080100))
    expect(codes).toContain('113101')
    const image = await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes: 2 ** 28 })
    const before = parsePart10(await readFile(ultrasound ?? ''))
    const original = await decodeFrames(before.dataSet, before.meta.transferSyntaxUid, { maximumBytes: 2 ** 28 })
    const inside = (pixel: number): boolean =>
      review.proposed.some(
        ({ box }) =>
          pixel % 640 >= box.left &&
          pixel % 640 < box.left + box.width &&
          Math.floor(pixel / 640) >= box.top &&
          Math.floor(pixel / 640) < box.top + box.height,
      )
    const wrong = image.pixels.findIndex((value, at) =>
      inside(Math.floor(at / 3)) ? value !== 0 : value !== original.pixels[at],
    )
    expect(wrong, 'black within the boxes, untouched without').toBe(-1)
    expect(events).toEqual(expect.arrayContaining(['pixels.held', 'pixels.viewed', 'pixels.released']))
    if (dcmdump !== undefined) {
      const dump = execFileSync(dcmdump, [path], { encoding: 'utf8' })
      expect(dump).toContain('LittleEndianExplicit')
      expect(dump).toContain('Clean Pixel Data Option')
    }
    if (dciodvfy !== undefined) expect(pixelComplaints(dciodvfy, path)).toEqual([])
  }, 120_000)

  it('leave by themselves when the device is known, masked where it writes and where text was read', async () => {
    const mask = [{ left: 0, top: 0, width: 640, height: 40 }]
    const facts = parsePart10(await readFile(ultrasound ?? '')).dataSet
    const [manufacturer = '', model = ''] = [text(facts, 0x00080070), text(facts, 0x00081090)]
    const device = { name: 'ours', modality: 'US', manufacturer: manufacturer || '.', model: model || '.', mask }
    rules = { ...rules, devices: manufacturer === '' || model === '' ? [] : [device] }
    const outcome = await exporterOf(reader).export(study, instanceOf(ultrasound ?? '', 2))
    rules = { ...rules, devices: [] }
    expect(outcome.kind).toBe(manufacturer === '' || model === '' ? 'held' : 'written')
  }, 120_000)

  it('are not released while a date can be read, and never leave once a person has refused them', async () => {
    const instance = instanceOf(palette ?? '', 3)
    const exporter = exporterOf(reader)
    const desk = new ReviewDesk(portsOf(reader))
    const first = await exporter.export(study, instance)
    if (first.kind !== 'held') throw new Error(first.kind)
    const released = await desk.release(first.review, { boxes: [], reason: 'seen' }, PERSON)
    if (released.kind !== 'text-remains') throw new Error(released.kind)
    expect(released.found.length).toBeGreaterThan(0)
    expect(desk.find(first.review).state).toBe('held')
    desk.refuse(first.review, 'not needed', PERSON)
    expect(await exporter.export(study, instance)).toMatchObject({ kind: 'refused', review: first.review })
  }, 60_000)

  it('are held while the models for reading are missing', async () => {
    const missing = join(folder, 'missing.onnx')
    const models = { detectionPath: missing, recognitionPath: missing, dictionaryPath: missing }
    const blind = poolOf({ models })
    await blind.start()
    const outcome = await exporterOf(blind).export(study, instanceOf(ct ?? '', 4))
    await blind.stop()
    expect(outcome).toMatchObject({ kind: 'held', reason: 'crashed' })
  }, 60_000)

  it('leave with their pixels untouched when nothing stands in them, and nothing stays in the work folder', async () => {
    const outcome = await exporterOf(reader).export(study, instanceOf(ct ?? '', 5))
    if (outcome.kind !== 'written') throw new Error(JSON.stringify(outcome))
    expect(outcome.masked).toBe(0)
    const { dataSet } = parsePart10(outcome.bytes)
    expect(text(dataSet, 0x00280301)).toBe('NO')
    expect((await readdir(folder)).filter((name) => name.startsWith('pixels-'))).toEqual([])
  }, 60_000)
})

/** What dciodvfy says about the image's own attributes. */
function pixelComplaints(program: string, path: string): string[] {
  let said: string
  try {
    said = execFileSync(program, [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (cause) {
    const { stderr, stdout } = cause as { stderr: string; stdout: string }
    said = `${stderr}${stdout}`
  }
  const subjects = /Pixel|Photometric|Planar|Bits|Samples|Burned|DeidentificationMethod|Transfer/
  return said.split('\n').filter((line) => line.startsWith('Error') && subjects.test(line))
}
