import { gunzipSync } from 'node:zlib'

const LARGEST_FILE = (1 << 29) + 65_536
const HEADER_BYTES = 348

/** A 3 x 4 matrix from voxel indices (i, j, k, 1) to millimetres. */
export type Affine = readonly (readonly [number, number, number, number])[]

/** Where a NIfTI-1 volume lies in the patient, in the coordinates of DICOM: x to the left, y to the back, z to the head. */
export interface NiftiGeometry {
  /** Patient position of the first voxel. */
  readonly origin: readonly [number, number, number]
  /** Unit vectors along which i, j and k grow. */
  readonly directions: readonly (readonly [number, number, number])[]
  readonly spacing: readonly [number, number, number]
  /** Whether i, j, k make right angles; a grid that does not is no series of slices. */
  readonly isOrthogonal: boolean
}

/**
 * Reads the geometry of a NIfTI-1 header: the sform when its code is above 0, else the qform, else the spacing alone
 * (nifti1.h, methods 3, 2 and 1). NIfTI counts x to the right and y to the front, so both change sign.
 * @param file as it lies on disk, gzip-compressed or not; `readNifti` has accepted it.
 */
export function niftiGeometry(file: Uint8Array): NiftiGeometry {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file, { maxOutputLength: LARGEST_FILE }) : file
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = view.getInt32(0, true) === HEADER_BYTES
  const affine = affineOf(view, little)
  const columns = [0, 1, 2].map((axis): readonly [number, number, number] => [
    -(affine[0]?.[axis] ?? 0),
    -(affine[1]?.[axis] ?? 0),
    affine[2]?.[axis] ?? 0,
  ])
  const lengths = columns.map((column) => Math.hypot(...column) || 1)
  const directions = columns.map(([x, y, z], axis): readonly [number, number, number] => [
    x / (lengths[axis] ?? 1),
    y / (lengths[axis] ?? 1),
    z / (lengths[axis] ?? 1),
  ])
  const dot = (a = directions[0], b = directions[0]): number =>
    (a?.[0] ?? 0) * (b?.[0] ?? 0) + (a?.[1] ?? 0) * (b?.[1] ?? 0) + (a?.[2] ?? 0) * (b?.[2] ?? 0)
  const skew = Math.max(
    Math.abs(dot(directions[0], directions[1])),
    Math.abs(dot(directions[0], directions[2])),
    Math.abs(dot(directions[1], directions[2])),
  )
  return {
    origin: [-(affine[0]?.[3] ?? 0), -(affine[1]?.[3] ?? 0), affine[2]?.[3] ?? 0],
    directions,
    spacing: [lengths[0] ?? 1, lengths[1] ?? 1, lengths[2] ?? 1],
    isOrthogonal: skew < 1e-4,
  }
}

function affineOf(view: DataView, little: boolean): Affine {
  const float = (at: number): number => view.getFloat32(at, little)
  const unit = ({ 1: 1000, 3: 0.001 } as Record<number, number>)[view.getUint8(123) & 7] ?? 1
  const row = (a: number, b: number, c: number, d: number): Affine[number] => [a * unit, b * unit, c * unit, d * unit]
  if (view.getInt16(254, little) > 0) {
    const rows = [280, 296, 312].map((at) => row(float(at), float(at + 4), float(at + 8), float(at + 12)))
    if (rows.flat().every(Number.isFinite)) return rows
  }
  const [dx, dy, dz] = [Math.abs(float(80)), Math.abs(float(84)), Math.abs(float(88))]
  if (view.getInt16(252, little) <= 0) return [row(dx, 0, 0, 0), row(0, dy, 0, 0), row(0, 0, dz, 0)]
  // Method 2: a unit quaternion whose first part is what the other three leave.
  const [b, c, d] = [float(256), float(260), float(264)]
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d))
  const last = (float(76) < 0 ? -1 : 1) * dz
  return [
    row((a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * last, float(268)),
    row(2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * last, float(272)),
    row(2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - b * b - c * c) * last, float(276)),
  ]
}
