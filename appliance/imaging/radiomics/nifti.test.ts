import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RadiomicsError, readNifti } from './index.ts'

interface Fields {
  readonly dim?: readonly number[]
  readonly pixdim?: readonly [number, number, number]
  readonly datatype?: number
  readonly bitpix?: number
  readonly offset?: number
  readonly slope?: number
  readonly intercept?: number
  readonly magic?: string
  readonly little?: boolean
}

/** A NIfTI-1 file of the given voxel bytes. */
function nifti(body: Uint8Array, fields: Fields = {}): Uint8Array {
  const little = fields.little ?? true
  const file = new Uint8Array(352 + body.length)
  const view = new DataView(file.buffer)
  view.setInt32(0, 348, little)
  for (const [axis, length] of (fields.dim ?? [3, 2, 1, 1, 1, 1, 1, 1]).entries())
    view.setInt16(40 + 2 * axis, length, little)
  view.setInt16(70, fields.datatype ?? 4, little)
  view.setInt16(72, fields.bitpix ?? 16, little)
  for (const [axis, step] of (fields.pixdim ?? [1, 1, 1]).entries()) view.setFloat32(80 + 4 * axis, step, little)
  view.setFloat32(108, fields.offset ?? 352, little)
  view.setFloat32(112, fields.slope ?? 0, little)
  view.setFloat32(116, fields.intercept ?? 0, little)
  file.set(Buffer.from(fields.magic ?? 'n+1\0', 'latin1'), 344)
  file.set(body, 352)
  return file
}

const codeOf = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    if (error instanceof RadiomicsError) return error.code
    throw error
  }
  return undefined
}

describe('the NIfTI-1 reader', () => {
  const twoShorts = new Uint8Array(Int16Array.of(-3, 7).buffer)

  it('reads int16 of both byte orders, compressed or not', () => {
    expect([...readNifti(nifti(twoShorts)).values]).toEqual([-3, 7])
    expect([...readNifti(gzipSync(nifti(twoShorts))).values]).toEqual([-3, 7])
    const swapped = Uint8Array.of(0xff, 0xfd, 0x00, 0x07)
    expect([...readNifti(nifti(swapped, { little: false })).values]).toEqual([-3, 7])
  })

  it.each([
    ['uint8', 2, 8, Uint8Array.of(1, 255), [1, 255]],
    ['int8', 256, 8, Uint8Array.of(1, 255), [1, -1]],
    ['uint16', 512, 16, new Uint8Array(Uint16Array.of(1, 65535).buffer), [1, 65535]],
    ['int32', 8, 32, new Uint8Array(Int32Array.of(-70000, 1).buffer), [-70000, 1]],
    ['float32', 16, 32, new Uint8Array(Float32Array.of(0.5, -2).buffer), [0.5, -2]],
    ['float64', 64, 64, new Uint8Array(Float64Array.of(0.1, -2).buffer), [0.1, -2]],
  ])('reads %s', (_, datatype, bitpix, body, expected) => {
    expect([...readNifti(nifti(body, { datatype, bitpix })).values]).toEqual(expected)
  })

  it('scales by slope and intercept, and takes the spacing in mm', () => {
    const volume = readNifti(nifti(twoShorts, { slope: 2, intercept: 10, pixdim: [-0.5, 2, 3] }))
    expect([...volume.values]).toEqual([4, 24])
    expect(volume.spacing).toEqual([0.5, 2, 3])
  })

  it.each<[string, Fields, string]>([
    ['no axes', { dim: [0] }, 'nifti-invalid'],
    ['eight axes', { dim: [8] }, 'nifti-invalid'],
    ['a negative length', { dim: [3, -2, 1, 1] }, 'nifti-invalid'],
    ['a time axis', { dim: [4, 2, 1, 1, 5] }, 'nifti-unsupported'],
    ['more voxels than any volume', { dim: [3, 32767, 32767, 32767] }, 'too-large'],
    ['more voxels than bytes', { dim: [3, 200, 200, 200] }, 'nifti-truncated'],
    ['a complex data type', { datatype: 32, bitpix: 64 }, 'nifti-unsupported'],
    ['a bit depth of another type', { bitpix: 8 }, 'nifti-invalid'],
    ['voxels within the header', { offset: 4 }, 'nifti-invalid'],
    ['voxels far behind the end', { offset: 1e30 }, 'nifti-truncated'],
    ['no finite offset', { offset: Number.NaN }, 'nifti-invalid'],
    ['a spacing of 0', { pixdim: [1, 0, 1] }, 'nifti-invalid'],
    ['a slope that is no number', { slope: Number.NaN }, 'nifti-invalid'],
    ['a header without its voxels', { magic: 'ni1\0' }, 'nifti-unsupported'],
  ])('refuses %s', (_, fields, code) => {
    expect(codeOf(() => readNifti(nifti(twoShorts, fields)))).toBe(code)
  })

  it('refuses what is no NIfTI file, and a damaged gzip stream', () => {
    expect(codeOf(() => readNifti(new Uint8Array(0)))).toBe('nifti-truncated')
    expect(codeOf(() => readNifti(new Uint8Array(400)))).toBe('nifti-invalid')
    expect(codeOf(() => readNifti(gzipSync(nifti(twoShorts)).subarray(0, 30)))).toBe('nifti-invalid')
  })

  it('answers any damaged header with a volume of its size or a coded error', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 351 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const file = nifti(twoShorts)
        file[at] = byte
        let volume: ReturnType<typeof readNifti> | undefined
        expect(codeOf(() => (volume = readNifti(file)))).not.toBe('mask-empty')
        if (volume !== undefined) expect(volume.values.length).toBe(volume.dimensions.reduce((a, b) => a * b, 1))
      }),
      { numRuns: 500 },
    )
  })
})
