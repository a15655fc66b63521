import type { ModelPackage } from '@leadglass/models'
import { text } from '@leadglass/models/dicom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExplainJob, ScoringPool } from './index.ts'
import { FRAME_SIDE, framesObject, writeCinePackage } from './testing/cine.ts'
import { ScoringRoom } from './testing/scoring-room.ts'
import { writeTinyPackage } from './testing/tiny-package.ts'

const US_MULTI_FRAME = '1.2.840.10008.5.1.4.1.1.3.1'
const DIGITAL_XRAY = '1.2.840.10008.5.1.4.1.1.1.1'

const RADIOGRAPH = [text('00180015', 'CS', 'CHEST'), text('00185101', 'CS', 'PA')]

/** Dark frames, each with an upper left corner of one value. */
function object(sopClass: string, modality: string, values: readonly number[]): Uint8Array {
  return framesObject({ sopClass, modality, elements: RADIOGRAPH }, values, (frame, value) => {
    frame.fill(10)
    for (let row = 0; row < 16; row += 1) frame.fill(value, row * FRAME_SIDE, row * FRAME_SIDE + 16)
  })
}

describe('explaining in killable workers', () => {
  let room: ScoringRoom
  let pool: ScoringPool
  let cine: ModelPackage
  let good: ModelPackage
  let endless: ModelPackage
  const fileOf = async (name: string, bytes: Uint8Array): Promise<string> => {
    const file = await room.write(name, bytes)
    return file
  }
  const explain = (model: ModelPackage, file: string, change: Partial<ExplainJob> = {}) =>
    pool.explain({
      packageFolder: model.folder,
      model: model.model,
      file,
      output: model.manifest.outputs[0]?.code ?? '',
      frame: null,
      method: 'occlusion',
      timeoutMs: 30_000,
      ...change,
    })

  beforeAll(async () => {
    room = await ScoringRoom.open()
    cine = await writeCinePackage(room.models)
    good = await writeTinyPackage(room.models, { name: 'good', head: 'sigmoid' })
    endless = await writeTinyPackage(room.models, { name: 'endless', head: 'endless' })
    pool = await room.started({ workers: 2 })
  })
  afterAll(() => room.close())

  it('explains the frame that speaks most, or the one that is asked for, and each has a digest of its own', async () => {
    const file = await fileOf('cine.dcm', object(US_MULTI_FRAME, 'US', [40, 90, 240, 60, 80, 30]))
    const first = await explain(cine, file)
    if (first.kind !== 'explained' || first.content.method !== 'occlusion') throw new Error(JSON.stringify(first))
    // Of six frames the second, fourth and sixth are looked at: 90, 60, 30.
    expect(first.frame).toBe(1)
    const { values } = first.content
    const largest = [...values.keys()].toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0))[0] ?? -1
    expect(
      [Math.floor(largest / 14), largest % 14].every((place) => place < 4),
      'the bright corner',
    ).toBe(true)
    const asked = await explain(cine, file, { frame: 2 })
    if (asked.kind !== 'explained') throw new Error(JSON.stringify(asked))
    expect(asked.frame).toBe(2)
    expect(asked.score).toBeGreaterThan(first.score)
    expect(asked.pixelDigest).not.toBe(first.pixelDigest)
    expect(await explain(cine, file, { frame: 6 })).toEqual({ kind: 'not-explained', reason: 'frame-unknown' })
  })

  it('says why there is no explanation: no such score, no fit, no image, no sum', async () => {
    const file = await fileOf('good.dcm', object(DIGITAL_XRAY, 'DX', [200]))
    expect(await explain(good, file)).toMatchObject({ kind: 'explained', frame: 0, imageRows: 64 })
    expect(await explain(good, file, { output: 'other' })).toMatchObject({ reason: 'output-unknown' })
    expect(await explain(cine, file)).toMatchObject({ reason: 'no-fit' })
    expect(await explain(good, file, { method: 'attribution' })).toMatchObject({ reason: 'not-additive' })
    const cut = await fileOf('cut.dcm', object(DIGITAL_XRAY, 'DX', [200]).subarray(0, 2000))
    expect(await explain(good, cut)).toMatchObject({ kind: 'not-explained', reason: 'undecodable' })
    await expect(explain(good, '/etc/hostname')).rejects.toThrow('outside')
  })

  it('is killed when it takes too long, and keeps no live work waiting', async () => {
    const file = await fileOf('endless.dcm', object(DIGITAL_XRAY, 'DX', [200]))
    const stuck = explain(endless, file, { timeoutMs: 3000 })
    const live = await pool.score({
      jobId: 'live',
      packageFolder: good.folder,
      model: good.model,
      files: [file],
      timeoutMs: 10_000,
    })
    expect(live.kind).toBe('completed')
    expect(await stuck).toMatchObject({ kind: 'failed', reason: 'timed-out' })
    expect(await explain(good, file), 'and the next is explained').toMatchObject({ kind: 'explained' })
  })
})
