import { gunzipSync } from 'node:zlib'
import { RadiomicsError } from './errors.ts'
import { LARGEST_VOLUME, type Triple, type Volume, type VolumeValues } from './volume.ts'

const HEADER_BYTES = 348
/** A header of 348 bytes and an extender of 4. */
const FIRST_VOXEL = 352
/** 512 x 512 x 1024 voxels of 16 bit, and room for header extensions: what a small gzip stream may grow to. */
const LARGEST_FILE = (1 << 29) + 65_536

/** NIfTI-1 `datatype` by bytes a voxel and how one is read. */
const DATA_TYPES: Readonly<
  Record<number, { bytes: number; read: (view: DataView, at: number, little: boolean) => number; make: Maker }>
> = {
  2: { bytes: 1, read: (view, at) => view.getUint8(at), make: (n) => new Uint8Array(n) },
  4: { bytes: 2, read: (view, at, little) => view.getInt16(at, little), make: (n) => new Int16Array(n) },
  8: { bytes: 4, read: (view, at, little) => view.getInt32(at, little), make: (n) => new Int32Array(n) },
  16: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little), make: (n) => new Float32Array(n) },
  64: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little), make: (n) => new Float64Array(n) },
  256: { bytes: 1, read: (view, at) => view.getInt8(at), make: (n) => new Int16Array(n) },
  512: { bytes: 2, read: (view, at, little) => view.getUint16(at, little), make: (n) => new Uint16Array(n) },
}

type Maker = (voxels: number) => VolumeValues

/**
 * Reads a single-file NIfTI-1 volume (`n+1`), gzip-compressed or not, of either byte order. The figures come scaled by
 * scl_slope and scl_inter; the orientation is not read, so image and mask must be of the same grid.
 * @throws {RadiomicsError} nifti-invalid, nifti-unsupported, nifti-truncated, too-large
 */
export function readNifti(file: Uint8Array): Volume {
  const bytes = expanded(file)
  if (bytes.length < FIRST_VOXEL)
    throw new RadiomicsError('nifti-truncated', 'A NIfTI-1 file has a header of at least 352 bytes.')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = byteOrder(view)
  if (view.getUint32(344, false) !== 0x6e2b3100)
    throw new RadiomicsError('nifti-unsupported', 'Only single-file NIfTI-1 (magic n+1) is read.')
  const dimensions = dimensionsOf(view, little)
  const code = view.getInt16(70, little)
  const type = DATA_TYPES[code]
  if (type === undefined) throw new RadiomicsError('nifti-unsupported', `NIfTI data type ${code} is not read.`)
  if (view.getInt16(72, little) !== type.bytes * 8)
    throw new RadiomicsError('nifti-invalid', 'bitpix contradicts the data type.')
  const start = view.getFloat32(108, little)
  if (!Number.isInteger(start) || start < FIRST_VOXEL)
    throw new RadiomicsError('nifti-invalid', 'vox_offset does not lie behind the header.')
  const count = dimensions[0] * dimensions[1] * dimensions[2]
  if (start + count * type.bytes > bytes.length)
    throw new RadiomicsError('nifti-truncated', 'The file ends before its last voxel.')
  const stored = type.make(count)
  for (let i = 0; i < count; i++) stored[i] = type.read(view, start + i * type.bytes, little)
  return { dimensions, spacing: spacingOf(view, little), values: scaled(stored, view, little) }
}

function expanded(file: Uint8Array): Uint8Array {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file
  try {
    return gunzipSync(file, { maxOutputLength: LARGEST_FILE })
  } catch (cause) {
    const tooLarge = cause instanceof RangeError
    throw new RadiomicsError(tooLarge ? 'too-large' : 'nifti-invalid', 'The gzip stream cannot be expanded.', cause)
  }
}

/** sizeof_hdr is 348 in the byte order of the file. */
function byteOrder(view: DataView): boolean {
  if (view.getInt32(0, true) === HEADER_BYTES) return true
  if (view.getInt32(0, false) === HEADER_BYTES) return false
  throw new RadiomicsError('nifti-invalid', 'The file does not begin with the header size of NIfTI-1.')
}

/** dim[0] is the number of axes; those above the third must have length 1. */
function dimensionsOf(view: DataView, little: boolean): Triple {
  const axes = view.getInt16(40, little)
  if (axes < 1 || axes > 7) throw new RadiomicsError('nifti-invalid', 'dim[0] is not from 1 to 7.')
  const lengths = [1, 2, 3, 4, 5, 6, 7].map((axis) => (axis <= axes ? view.getInt16(40 + 2 * axis, little) : 1))
  if (lengths.some((length) => length < 1)) throw new RadiomicsError('nifti-invalid', 'A dimension is not positive.')
  const [nx = 1, ny = 1, nz = 1, ...more] = lengths
  if (more.some((length) => length !== 1))
    throw new RadiomicsError('nifti-unsupported', 'Only volumes of up to three axes are read.')
  if (nx * ny * nz > LARGEST_VOLUME) throw new RadiomicsError('too-large', 'The volume has too many voxels.')
  return [nx, ny, nz]
}

/** pixdim[1..3] in mm; xyzt_units says metres (1), millimetres (2, and 0 taken as such) or micrometres (3). */
function spacingOf(view: DataView, little: boolean): Triple {
  const factor = ({ 0: 1, 1: 1000, 2: 1, 3: 0.001 } as Record<number, number>)[view.getUint8(123) & 7]
  if (factor === undefined) throw new RadiomicsError('nifti-invalid', 'The unit of length is not one of NIfTI-1.')
  const spacing = [80, 84, 88].map((at) => Math.abs(view.getFloat32(at, little)) * factor)
  if (!spacing.every((step) => Number.isFinite(step) && step > 0))
    throw new RadiomicsError('nifti-invalid', 'A voxel spacing is not positive and finite.')
  const [x = 1, y = 1, z = 1] = spacing
  return [x, y, z]
}

/** A slope of 0 means that the figures are not scaled. */
function scaled(stored: VolumeValues, view: DataView, little: boolean): VolumeValues {
  const [slope, intercept] = [view.getFloat32(112, little), view.getFloat32(116, little)]
  if (!Number.isFinite(slope) || !Number.isFinite(intercept))
    throw new RadiomicsError('nifti-invalid', 'The scaling of the figures is not finite.')
  if (slope === 0 || (slope === 1 && intercept === 0)) return stored
  return Float64Array.from(stored, (value) => value * slope + intercept)
}
