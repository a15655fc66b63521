import { type ModelPackage, phantomDicom } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { computeRadiomics, decodeFrames, parsePart10 } from '../imaging/index.ts'
import type { RadiomicsNote, ScoringPool } from './index.ts'
import { ScoringRoom } from './testing/scoring-room.ts'
import { writeTinyPackage } from './testing/tiny-package.ts'

const settings = { discretisation: { kind: 'FBN', bins: 32 } } as const
const features = ['stat_mean', 'cm_contrast_2D_avg', 'ih_entropy', 'ivh_auc']

let room: ScoringRoom
let pool: ScoringPool
let whole: ModelPackage
let empty: ModelPackage

beforeAll(async () => {
  room = await ScoringRoom.open()
  const models = room.models
  const image = { region: { kind: 'image' }, settings, features } as const
  const threshold = { region: { kind: 'threshold', minimum: 900_000 }, settings, features } as const
  whole = await writeTinyPackage(models, {
    name: 'whole',
    head: 'sigmoid',
    radiomics: { ...image, features: [...features] },
  })
  empty = await writeTinyPackage(models, {
    name: 'empty',
    head: 'sigmoid',
    radiomics: { ...threshold, features: [...features] },
  })
  pool = await room.started()
})
afterAll(() => room.close())

/** What the worker said of one phantom besides its score. */
async function measured(from: ModelPackage, bytes: Uint8Array) {
  const path = await room.write('phantom.dcm', bytes)
  const job = { jobId: 'job', packageFolder: from.folder, model: from.model, files: [path], timeoutMs: 30_000 }
  const outcome = await pool.score(job)
  const instance = outcome.kind === 'completed' ? outcome.instances[0] : undefined
  if (instance?.kind !== 'scored') throw new Error(`not scored: ${JSON.stringify(outcome)}`)
  return instance
}

describe('a package that asks for radiomics', () => {
  const phantom = phantomDicom({ seed: 3, index: 1, rows: 64, columns: 48 })

  it('gets the values that the reference implementation gives, with flag and settings', async () => {
    const { radiomics } = await measured(whole, phantom.bytes)
    const { dataSet, meta } = parsePart10(phantom.bytes)
    const { pixels, rows, columns } = await decodeFrames(dataSet, meta.transferSyntaxUid, { maximumBytes: 1e7 })
    const image = { dimensions: [columns, rows, 1], spacing: [1, 1, 1], values: new Float64Array(pixels) } as const
    const direct = computeRadiomics({ image, mask: new Uint8Array(rows * columns).fill(1), settings })
    const value = (code: string) => Number(direct.find((one) => one.code === code)?.value?.toPrecision(9))
    expect(radiomics).toMatchObject({ voxels: rows * columns, reason: null })
    expect(radiomics?.settings).toMatch(/^[0-9a-f]{64}$/)
    const rowsOf = (note: RadiomicsNote | undefined) =>
      note?.rows.map(({ code, ibsi, verified }) => [code, ibsi, verified])
    expect(rowsOf(radiomics)).toEqual([
      ['radiomics.stat-mean', 'Q4LE', true],
      ['radiomics.cm-contrast-2d-avg', 'ACUI', true],
      ['radiomics.ih-entropy', 'TLU2', true],
      ['radiomics.unverified.ivh-auc', '9CMM', false],
    ])
    expect(radiomics?.rows.map((row) => row.value)).toEqual(features.map(value))
  })

  it('gets a reason and its score where the region is empty', async () => {
    const instance = await measured(empty, phantom.bytes)
    expect(instance.radiomics).toMatchObject({ voxels: 0, reason: 'region-too-small', rows: [] })
    expect(instance.scores).toHaveLength(1)
  })

  it('measures quality, and a print of the pixels that is the same for the same pixels', async () => {
    const one = await measured(whole, phantom.bytes)
    const again = await measured(empty, phantom.bytes)
    const other = await measured(whole, phantomDicom({ seed: 4, index: 1, rows: 64, columns: 48 }).bytes)
    expect(one.print?.digest).toBe(again.print?.digest)
    expect(one.print?.digest).not.toBe(other.print?.digest)
    expect(one.quality).toMatchObject({ 'quality.rows': 64, 'quality.columns': 48, 'quality.frames': 1 })
    for (const figure of ['collimated-share', 'side-marker', 'inversion', 'relative-exposure', 'noise'])
      expect(one.quality).toHaveProperty([`quality.${figure}`])
  })
})
