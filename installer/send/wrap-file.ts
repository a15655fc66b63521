import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { readNifti } from '@leadglass/appliance/imaging'
import { type RadiographPixels, wrapRadiograph } from '@leadglass/models'
import { wrapSlices } from '@leadglass/models/dicom'
import { digestOf, isCodedError } from '@leadglass/sync-agent/foundation'
import sharp from 'sharp'
import { niftiGeometry } from './nifti-geometry.ts'

/** What the header of a wrapped file is to say; nothing of it stands in a picture or a volume. */
export interface WrapFacts {
  readonly patientId: string | undefined
  /** Of a volume. */
  readonly modality: 'MR' | 'CT'
  /** Of a picture. */
  readonly view: 'PA' | 'AP' | 'LL'
  /** YYYYMMDD. */
  readonly studyDate: string
}

/** What a file is, by its first bytes, never by its name. */
export type WrappedFile =
  | { readonly kind: 'objects'; readonly objects: Iterable<Uint8Array>; readonly from: 'picture' | 'volume' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Neither a picture nor a volume: whether it is DICOM, the sender sees. */
  | { readonly kind: 'other' }

/** 512 MiB: what a volume of the appliance may be. */
const LARGEST_FILE = 512 * 2 ** 20
const LARGEST_PICTURE = 10_000 * 10_000
/** Compression colours grey a little. */
const GREY_DIFFERENCE = 32
const TIME = '120000'
const SAYS = 'wrapped by leadglass send'

/**
 * Wraps a PNG or JPEG picture as a radiograph, and a NIfTI-1 volume as a series of slices. Equal files give equal objects, each
 * file a study of its own. Pixels are not changed but for their order; a volume keeps its place in the patient.
 */
export async function wrapFile(path: string, facts: WrapFacts): Promise<WrappedFile> {
  const bytes = await readFile(path)
  if (isPicture(bytes)) return wrapPicture(bytes, facts)
  if (!isPossiblyNifti(bytes)) return { kind: 'other' }
  if (bytes.length > LARGEST_FILE) return { kind: 'refused', reason: 'the file is too large' }
  return wrapVolume(bytes, basename(path), facts)
}

function isPicture(bytes: Uint8Array): boolean {
  const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  const jpeg = [0xff, 0xd8, 0xff]
  return [png, jpeg].some((magic) => magic.every((byte, at) => bytes[at] === byte))
}

/** The header size of NIfTI-1 in either byte order, or a gzip stream, which may hold one. */
function isPossiblyNifti(bytes: Buffer): boolean {
  if (bytes.length < 4) return false
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return true
  return bytes.readInt32LE(0) === 348 || bytes.readInt32BE(0) === 348
}

async function wrapPicture(bytes: Buffer, facts: WrapFacts): Promise<WrappedFile> {
  const pixels = await readPicture(bytes).catch(() => 'the picture cannot be decoded')
  if (typeof pixels === 'string') return { kind: 'refused', reason: pixels }
  const seed = digestOf(bytes)
  const object = wrapRadiograph(pixels, {
    studySeed: `picture ${seed}`,
    seriesNumber: 1,
    instanceNumber: 1,
    patientId: facts.patientId ?? `UNKNOWN-${seed.slice(0, 12)}`,
    patientName: '',
    patientBirthDate: '',
    patientSex: '',
    patientAgeYears: null,
    view: facts.view,
    spacing: [1, 1],
    studyDate: facts.studyDate,
    studyTime: TIME,
    accessionNumber: '',
    studyDescription: SAYS,
    seriesDescription: SAYS,
    imageComments: SAYS,
    institutionName: '',
    manufacturer: '',
    modelName: '',
    burnedInAnnotation: null,
  })
  return { kind: 'objects', objects: [object], from: 'picture' }
}

/** Grey pixels of 8 or 16 bits. @returns a reason where there are none. */
async function readPicture(bytes: Buffer): Promise<RadiographPixels | string> {
  const picture = sharp(bytes, { limitInputPixels: LARGEST_PICTURE, failOn: 'error' })
  const { depth, channels = 1, width = 0, height = 0 } = await picture.metadata()
  if (width > 65_535 || height > 65_535) return 'the picture is larger than an object may be'
  if (depth !== 'uchar' && depth !== 'ushort') return 'the picture has another depth than 8 or 16 bits'
  const wide = depth === 'ushort'
  const { data, info } = await picture
    .removeAlpha()
    .toColourspace(channels < 3 ? (wide ? 'grey16' : 'b-w') : wide ? 'rgb16' : 'srgb')
    .raw({ depth })
    .toBuffer({ resolveWithObject: true })
  const values = wide ? new Uint16Array(Uint8Array.from(data).buffer) : new Uint8Array(data)
  const plane = wide ? new Uint16Array(info.width * info.height) : new Uint8Array(info.width * info.height)
  const allowed = wide ? GREY_DIFFERENCE * 257 : GREY_DIFFERENCE
  for (let i = 0; i < plane.length; i += 1) {
    const at = i * info.channels
    const [first = 0, second = first, third = first] = info.channels < 3 ? [values[at]] : values.subarray(at, at + 3)
    if (Math.max(first, second, third) - Math.min(first, second, third) > allowed) return 'the picture is in colour'
    plane[i] = second
  }
  return { rows: info.height, columns: info.width, bitsStored: wide ? 16 : 8, values: plane }
}

function wrapVolume(bytes: Buffer, name: string, facts: WrapFacts): WrappedFile {
  try {
    const { dimensions, values } = readNifti(bytes)
    const { origin, directions, spacing, isOrthogonal } = niftiGeometry(bytes)
    if (!isOrthogonal) return { kind: 'refused', reason: 'the axes of the volume are not at right angles' }
    const seed = digestOf(bytes)
    const objects = wrapSlices(
      { dimensions, spacing, origin, directions, values },
      {
        modality: facts.modality,
        studySeed: `volume ${seed}`,
        patientId: facts.patientId ?? `UNKNOWN-${seed.slice(0, 12)}`,
        patientName: '',
        studyDate: facts.studyDate,
        studyTime: TIME,
        accessionNumber: '',
        description: SAYS,
      },
    )
    return { kind: 'objects', objects, from: 'volume' }
  } catch (error) {
    if (!isCodedError(error)) throw error
    // A gzip stream of something else is not ours to judge.
    const isNamed = /\.nii(\.gz)?$/i.test(name)
    return isNamed ? { kind: 'refused', reason: `${error.code}: ${error.message}` } : { kind: 'other' }
  }
}
