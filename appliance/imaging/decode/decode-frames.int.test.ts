import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import { parsePart10 } from '../dataset/index.ts'
import { type DecodedImage, DecodeError, decodeFrames } from './index.ts'

const run = promisify(execFile)
const data = sharedData('dicom')
const gdcmconv = peer('gdcmconv')
const limits = { maximumBytes: 2 ** 28 }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decode-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function decode(path: string): Promise<DecodedImage> {
  const file = parsePart10(await readFile(path))
  return decodeFrames(file.dataSet, file.meta.transferSyntaxUid, limits)
}

/** The same object as GDCM decodes it to native pixels. */
async function decodedByGdcm(path: string): Promise<DecodedImage> {
  const raw = join(folder, 'raw.dcm')
  await run(gdcmconv ?? '', ['--raw', path, raw])
  return decode(raw)
}

function largestDifference(a: DecodedImage, b: DecodedImage): number {
  expect(a.pixels.length).toBe(b.pixels.length)
  let largest = 0
  for (let i = 0; i < a.pixels.length; i += 1) {
    largest = Math.max(largest, Math.abs((a.pixels[i] ?? 0) - (b.pixels[i] ?? 0)))
  }
  return largest
}

/** Lossless, and lossy wavelet and near-lossless coding, whose decoding is defined to the last bit. */
const EXACT = [
  'codecs/CT1_J2KI.dcm',
  'codecs/CT1_J2KR.dcm',
  'codecs/CT1_JLSL.dcm',
  'codecs/CT1_JPLL.dcm',
  'codecs/CT1_RLE.dcm',
  'codecs/NM1_JPLL.dcm',
  'codecs/NM1_RLE.dcm',
  'codecs/RG2_J2KI.dcm',
  'codecs/RG3_J2KR.dcm',
  'codecs/US1_J2KR.dcm',
  'codecs/US1_RLE.dcm',
  'codecs/XA1_JLSL.dcm',
  'codecs/XA1_JPLL.dcm',
  'codecs/XA1_RLE.dcm',
  'pydicom-data/JLSL_08_07_0_1F.dcm',
  'pydicom-data/JLSL_16_15_1_1F.dcm',
  'pydicom-data/JLSL_RGB_ILV0.dcm',
  'pydicom-data/JLSN_RGB_ILV0.dcm',
  'pydicom-data/OBXXXX1A_rle_2frame.dcm',
  'pydicom-data/color-pl.dcm',
  'pydicom-data/emri_small_big_endian.dcm',
  'pydicom-data/emri_small_jpeg_2k_lossless.dcm',
  'pydicom-data/emri_small_RLE.dcm',
  'pydicom-data/explicit_VR-UN.dcm',
  'pydicom/ExplVR_BigEnd.dcm',
  'pydicom/J2K_pixelrep_mismatch.dcm',
  'pydicom/JPEGLSNearLossless_16.dcm',
  'pydicom/MR_small_bigendian.dcm',
  'pydicom/MR_small_implicit.dcm',
  'pydicom/SC_rgb_jpeg_gdcm.dcm',
  'pydicom/SC_rgb_small_odd_big_endian.dcm',
  'pydicom/image_dfl.dcm',
  'pydicom/liver_1frame.dcm',
]

/** DCT coding: decoders may round differently by one (ISO 10918-2). */
const WITHIN_ONE = [
  'codecs/NM1_JPLY.dcm',
  'codecs/RG2_JPLY.dcm',
  'codecs/XA1_JPLY.dcm',
  'pydicom/JPGExtended.dcm',
  'pydicom/SC_rgb_dcmtk_+eb+cr.dcm',
]

const comparable = data !== undefined && gdcmconv !== undefined

describe.skipIf(!comparable)('pixels equal those of GDCM (needs the shared DICOM data and gdcmconv)', () => {
  it.each(EXACT)('%s: every value', async (name) => {
    const path = join(data ?? '', name)
    expect(largestDifference(await decode(path), await decodedByGdcm(path))).toBe(0)
  })

  it.each(WITHIN_ONE)('%s: within one', async (name) => {
    const path = join(data ?? '', name)
    expect(largestDifference(await decode(path), await decodedByGdcm(path))).toBeLessThanOrEqual(1)
  })
})

describe.skipIf(data === undefined)('files of the shared DICOM data', () => {
  it('give equal pixels in coded and native form, where GDCM has no say', async () => {
    for (const [coded, native] of [
      ['pydicom/SC_rgb_rle_16bit.dcm', 'pydicom-data/SC_rgb_expb_16bit.dcm'],
      ['pydicom/SC_rgb_rle_32bit_2frame.dcm', 'pydicom-data/SC_rgb_expb_32bit_2frame.dcm'],
      ['pydicom/rtdose_rle.dcm', 'pydicom/rtdose.dcm'],
      ['pydicom/rtdose_expb.dcm', 'pydicom/rtdose.dcm'],
    ] as const) {
      expect(largestDifference(await decode(join(data ?? '', coded)), await decode(join(data ?? '', native)))).toBe(0)
    }
  })

  it('are refused with a reason when they are broken or unsupported', async () => {
    const codes = await Promise.all(
      [
        'pydicom/MR_truncated.dcm',
        'pydicom/JPEG2000-embedded-sequence-delimiter.dcm',
        'pydicom-data/liver_nonbyte_aligned_deflate.dcm',
        'pydicom/nested_priv_SQ.dcm',
      ].map((name) =>
        decode(join(data ?? '', name)).then(
          () => 'decoded',
          (error: unknown) => (error instanceof DecodeError ? error.code : 'no coded error'),
        ),
      ),
    )
    expect(codes).toEqual([
      'pixel-data-truncated',
      'codestream-contradicts-header',
      'unsupported-transfer-syntax',
      'image-description-invalid',
    ])
  })

  it('cut short or with flipped bytes never give anything but pixels or a coded error', async () => {
    const codecs = (await readdir(join(data ?? '', 'codecs'))).filter((name) => /^(?:NM1|CT1)_.*\.dcm$/.test(name))
    expect(codecs.length).toBeGreaterThan(8)
    for (const name of codecs) {
      const bytes = await readFile(join(data ?? '', 'codecs', name))
      for (let round = 0; round < 12; round += 1) {
        const file = parsePart10(bytes)
        const element = file.dataSet.elements.get(0x7fe00010)
        if (element?.value.kind !== 'fragments') throw new Error('the test file is not compressed')
        const broken = Buffer.concat(element.value.fragments)
        for (let k = 0; k <= round; k += 1)
          broken[(round * 7919 + k * 104_729) % broken.length] = (round * 37 + k) & 255
        const fragments = [round % 3 === 0 ? broken.subarray(0, (broken.length * (round + 1)) >> 4) : broken]
        file.dataSet.elements.set(0x7fe00010, { ...element, value: { ...element.value, fragments } })
        const outcome: unknown = await decodeFrames(file.dataSet, file.meta.transferSyntaxUid, limits).catch(
          (error: unknown) => error,
        )
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DecodeError)
        else expect(outcome).toMatchObject({ frames: 1 })
      }
    }
  })
})
