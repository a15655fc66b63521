import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import { decodingPage } from './testing/decoding-page.ts'
import { closest, type DecodingRow, decodingRows, toleranceOf } from './testing/decoding-table.ts'

const data = sharedData('dicom')
const programs = ['dcmconv', 'dcmdrle', 'dcmdjpeg', 'dcmdjpls', 'gdcmconv'].map((name) => peer(name))
const python = process.env.LEADGLASS_PYTHON
const ready = data !== undefined && python !== undefined && programs.every((program) => program !== undefined)

describe.skipIf(!ready)('docs/decoding.md (needs the shared DICOM data, DCMTK, GDCM and LEADGLASS_PYTHON)', () => {
  let folder: string
  let corpus: readonly DecodingRow[]
  let patients: readonly DecodingRow[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'decoding-'))
    const unpacked = join(folder, 'ct-pet-mr')
    await mkdir(unpacked)
    await promisify(execFile)('tar', ['xJf', join(data ?? '', 'ct-pet-mr', 'sts_2_patients.tar.xz'), '-C', unpacked])
    corpus = await decodingRows(data ?? '', python ?? '', folder)
    patients = await decodingRows(unpacked, python ?? '', folder, 'pydicom')
  }, 600_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('has a reference that agrees on every file that is decoded', () => {
    const wrong = [...corpus, ...patients].filter(
      (row) => row.refused === undefined && !(closest(row) <= toleranceOf(row)),
    )
    expect(wrong.map((row) => row.file)).toEqual([])
    expect(corpus.filter((row) => row.refused === undefined).length).toBeGreaterThan(140)
  })

  it('is the table of every file', async () => {
    const page = resolve(import.meta.dirname, '..', '..', '..', 'docs', 'decoding.md')
    await expect(decodingPage(corpus, patients)).toMatchFileSnapshot(page)
  })
})
