import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededUid, sequence, text, unsigned, writePart10 } from '@leadglass/models/dicom'

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
/** 512 x 512 x 16 bit. */
export const CT_SIDE = 512

/**
 * Writes CT slices of one series, 16 bit, with noise that does not compress. Equal seeds give equal files.
 * @param side rows and columns; 512 make 0.52 MB each.
 */
export async function writeCtSlices(folder: string, count: number, seed: number, side = CT_SIDE): Promise<void> {
  await mkdir(folder, { recursive: true })
  const pixels = noise(seed, side)
  for (let slice = 0; slice < count; slice++) {
    await writeFile(join(folder, `${String(slice).padStart(5, '0')}.dcm`), ctSlice(seed, slice, pixels, side))
  }
}

function ctSlice(seed: number, slice: number, pixels: Uint8Array, side: number): Uint8Array {
  const study = `bench ${seed}`
  const instance = seededUid(`${study} instance ${slice}`)
  return writePart10(CT_IMAGE_STORAGE, instance, [
    text('00080008', 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'),
    text('00080016', 'UI', CT_IMAGE_STORAGE),
    text('00080018', 'UI', instance),
    text('00080020', 'DA', '20200101'),
    text('00080030', 'TM', '120000'),
    text('00080050', 'SH', `BENCH${seed}`),
    text('00080060', 'CS', 'CT'),
    text('00080070', 'LO', 'LEADGLASS'),
    text('00080090', 'PN', ''),
    text('0008103E', 'LO', 'Generated for a bench'),
    text('00100010', 'PN', 'BENCH^PHANTOM'),
    text('00100020', 'LO', `BENCH-${seed}`),
    text('00100030', 'DA', ''),
    text('00100040', 'CS', 'O'),
    text('00180050', 'DS', '1'),
    text('0020000D', 'UI', seededUid(study)),
    text('0020000E', 'UI', seededUid(`${study} series`)),
    text('00200010', 'SH', '1'),
    text('00200011', 'IS', '1'),
    text('00200013', 'IS', String(slice + 1)),
    text('00200032', 'DS', `0\\0\\${slice}`),
    text('00200037', 'DS', '1\\0\\0\\0\\1\\0'),
    text('00200052', 'UI', seededUid(`${study} frame of reference`)),
    unsigned('00280002', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    unsigned('00280010', side),
    unsigned('00280011', side),
    text('00280030', 'DS', '0.7\\0.7'),
    unsigned('00280100', 16),
    unsigned('00280101', 16),
    unsigned('00280102', 15),
    unsigned('00280103', 0),
    text('00281052', 'DS', '-1024'),
    text('00281053', 'DS', '1'),
    sequence('00081140'),
    { tag: '7FE00010', vr: 'OW', value: pixels },
  ])
}

/** Mulberry32: small, seeded, good enough for noise. */
function noise(seed: number, side: number): Uint8Array {
  const bytes = new Uint8Array(side * side * 2)
  let state = seed >>> 0
  for (let index = 0; index < bytes.length; index++) {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    bytes[index] = (mixed ^ (mixed >>> 14)) & 0xff
  }
  return bytes
}
