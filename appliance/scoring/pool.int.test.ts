import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ModelPackage, phantomDicom } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../installer/testing/peers.ts'
import type { InstanceOutcome, ScoringPool } from './index.ts'
import { ScoringRoom } from './testing/scoring-room.ts'
import { writeTinyPackage } from './testing/tiny-package.ts'

const codecs = sharedData('dicom/codecs')

let room: ScoringRoom
let models: string
let pool: ScoringPool
let shipped: ModelPackage
let tiny: ModelPackage

beforeAll(async () => {
  room = await ScoringRoom.open()
  models = room.models
  shipped = await room.ship()
  tiny = await writeTinyPackage(models, { name: 'tiny', head: 'sigmoid' })
  pool = await room.started({ workers: 2 })
})
afterAll(() => room.close())

async function scoreAll(
  from: ModelPackage,
  files: readonly string[],
  timeoutMs = 30_000,
): Promise<readonly InstanceOutcome[]> {
  const outcome = await pool.score({ jobId: 'job', packageFolder: from.folder, model: from.model, files, timeoutMs })
  if (outcome.kind === 'failed') throw new Error(`the job failed: ${outcome.reason} ${outcome.detail}`)
  return outcome.instances
}

describe('the shipped package', () => {
  it('passes its golden cases in a worker', async () => {
    const outcome = await pool.runGoldenCases(shipped.folder)
    expect(outcome).toMatchObject({ kind: 'passed', cases: shipped.manifest.golden.length })
    if (outcome.kind === 'passed') expect(outcome.maximumDeviation).toBeLessThan(1e-4)
  })

  it('scores phantoms, alike each time, with embedding and quality', async () => {
    const files = await Promise.all(
      [1, 2].map((index) => room.write(`phantom-${index}.dcm`, phantomDicom({ seed: 1, index }).bytes)),
    )
    const first = await scoreAll(shipped, files)
    expect(first.map((outcome) => outcome.kind)).toEqual(['scored', 'scored'])
    expect(await scoreAll(shipped, files)).toEqual(first)
    const [one] = first
    if (one?.kind !== 'scored') throw new Error('the phantom was not scored')
    expect(one.embedding).toHaveLength(shipped.manifest.embedding.length)
    expect(one.scores.map(({ code }) => code)).toEqual(['pneumonia'])
    expect(one.scores.every(({ value }) => value > 0 && value < 1)).toBe(true)
    const measured = shipped.reference.features
      .map(({ feature }) => feature)
      .filter((name) => name.startsWith('quality.'))
    expect(Object.keys(one.quality)).toEqual(expect.arrayContaining(measured))
  })

  it('gives each instance that does not fit its reason, and scores the others', async () => {
    const files = [
      await room.write('pa.dcm', phantomDicom({ seed: 2, index: 1 }).bytes),
      await room.write('ll.dcm', phantomDicom({ seed: 2, index: 2, view: 'LL' }).bytes),
      await room.write('small.dcm', phantomDicom({ seed: 2, index: 3, rows: 32, columns: 200 }).bytes),
      await room.write('cut.dcm', phantomDicom({ seed: 2, index: 4 }).bytes.subarray(0, 200_000)),
      await room.write('text.dcm', Buffer.from('not a DICOM object, but long enough to look at')),
      join(room.work, 'absent.dcm'),
    ]
    const outcomes = await scoreAll(shipped, files)
    expect(outcomes.map((outcome) => (outcome.kind === 'scored' ? 'scored' : outcome.reason))).toEqual([
      'scored',
      'no-fit-view',
      'too-small',
      'undecodable',
      'unreadable',
      'internal-error',
    ])
    expect(outcomes[3]).toMatchObject({ detail: 'pixel-data-truncated' })
    expect(outcomes[5]).toMatchObject({ detail: 'enoent' })
  })

  it.skipIf(codecs === undefined)('refuses foreign modalities of the shared DICOM data', async () => {
    const files = await Promise.all(
      ['CT1_J2KR.dcm', 'US1_RLE.dcm'].map(async (name) => room.write(name, await readFile(join(codecs ?? '', name)))),
    )
    const outcomes = await scoreAll(shipped, files)
    expect(outcomes).toEqual([
      { kind: 'not-scored', instance: 0, reason: 'no-fit-modality' },
      { kind: 'not-scored', instance: 1, reason: 'no-fit-modality' },
    ])
  })
})

describe('a job', () => {
  it('that loops inside the model runtime is killed in time while others are scored', async () => {
    const endless = await writeTinyPackage(models, { name: 'endless', head: 'endless' })
    const file = await room.write('endless.dcm', phantomDicom({ seed: 3, index: 1, rows: 64, columns: 64 }).bytes)
    const stuck = pool.score({
      jobId: 'stuck',
      packageFolder: endless.folder,
      model: endless.model,
      files: [file],
      timeoutMs: 2000,
    })
    const others = await Promise.all(Array.from({ length: 4 }, () => scoreAll(tiny, [file])))
    expect(others.flat().every((outcome) => outcome.kind === 'scored')).toBe(true)
    expect(await stuck).toEqual({ kind: 'failed', reason: 'timed-out', detail: 'SIGKILL' })
    expect(await scoreAll(tiny, [file])).toMatchObject([{ kind: 'scored' }])
  })

  it('gives not-finite where the model does', async () => {
    const nan = await writeTinyPackage(models, { name: 'nan', head: 'not-a-number' })
    const file = await room.write('nan.dcm', phantomDicom({ seed: 3, index: 2, rows: 64, columns: 64 }).bytes)
    expect(await scoreAll(nan, [file])).toMatchObject([{ kind: 'not-scored', reason: 'not-finite', quality: {} }])
  })

  it('fails as package-invalid when the folder holds another package, a changed one, or a graph that is none', async () => {
    const file = await room.write('any.dcm', phantomDicom({ seed: 3, index: 3, rows: 64, columns: 64 }).bytes)
    const job = { jobId: 'wrong', packageFolder: tiny.folder, files: [file], timeoutMs: 10_000 }
    const other = { ...tiny.model, digest: 'f'.repeat(64) }
    expect(await pool.score({ ...job, model: other })).toMatchObject({ kind: 'failed', reason: 'package-invalid' })
    const changed = await writeTinyPackage(models, { name: 'changed', head: 'sigmoid' })
    await writeFile(join(changed.folder, 'head.onnx'), 'not onnx')
    expect(await pool.score({ ...job, packageFolder: changed.folder, model: changed.model })).toMatchObject({
      kind: 'failed',
      reason: 'package-invalid',
    })
    expect(await pool.runGoldenCases(changed.folder)).toMatchObject({ kind: 'failed', reason: 'package-invalid' })
  })

  it('finds golden cases that deviate', async () => {
    const wrong = await writeTinyPackage(models, { name: 'wrong', head: 'sigmoid', expectedScore: 0.51 })
    expect(await pool.runGoldenCases(wrong.folder)).toMatchObject({ kind: 'failed', reason: 'deviates' })
    expect(await pool.runGoldenCases(tiny.folder)).toEqual({
      kind: 'passed',
      cases: 1,
      maximumDeviation: 0,
      provider: 'cpu',
    })
  })
})
