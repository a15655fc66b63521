import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { DataSetError, type Part10File, parsePart10 } from '../../dataset/index.ts'
import { type DecodedImage, DecodeError, decodeFrames } from '../index.ts'
import {
  decodedByDcmtk,
  decodedByGdcm,
  decodedByPydicom,
  type ReferenceName,
  type ReferencePixels,
} from './reference-decoders.ts'

/** What became of one file. */
export interface DecodingRow {
  readonly file: string
  readonly syntax: string
  /** Photometric interpretation, bits, sign, frames and size, of a decoded file. */
  readonly what: string
  readonly lossy: boolean
  /** Largest difference from each reference that could decode it. */
  readonly differences: ReadonlyMap<ReferenceName, number>
  /** Code of the refusal. */
  readonly refused: string | undefined
}

/** Where decoders may round differently (ISO 10918-2, and HTJ2K in floating point). Everything else is equal or wrong. */
export const LOSSY_TOLERANCE: Readonly<Record<string, number>> = {
  '1.2.840.10008.1.2.4.50': 1,
  '1.2.840.10008.1.2.4.51': 1,
  '1.2.840.10008.1.2.4.203': 1,
}

/** What the difference from the closest reference may be. */
export function toleranceOf(row: DecodingRow): number {
  return LOSSY_TOLERANCE[row.syntax] ?? 0
}

/** The smallest difference from a reference; infinity where none could decode the file. */
export function closest(row: DecodingRow): number {
  return Math.min(...row.differences.values())
}

const LIMITS = { maximumBytes: 2 ** 28 }

/** Decodes every file below a folder and compares it with every reference that can decode it too. */
export async function decodingRows(
  root: string,
  python: string,
  folder: string,
  programs: 'all' | 'pydicom' = 'all',
): Promise<readonly DecodingRow[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const dicom: { path: string; file: Part10File }[] = []
  const rows: DecodingRow[] = []
  for (const path of paths.sort()) {
    const name = relative(root, path)
    try {
      dicom.push({ path, file: parsePart10(await readFile(path)) })
    } catch (error) {
      if (!(error instanceof DataSetError)) throw error
      rows.push({ ...EMPTY, file: name, refused: error.code })
    }
  }
  const byPydicom = await decodedByPydicom(
    python,
    dicom.map(({ path }) => path),
    folder,
  )
  for (const { path, file } of dicom) {
    const syntax = file.meta.transferSyntaxUid
    const base = { ...EMPTY, file: relative(root, path), syntax, lossy: syntax in LOSSY_TOLERANCE }
    try {
      const image = await decodeFrames(file.dataSet, syntax, LIMITS)
      const references: [ReferenceName, ReferencePixels | undefined][] = [
        ['DCMTK', programs === 'all' ? await decodedByDcmtk(path, syntax, folder) : undefined],
        ['GDCM', programs === 'all' ? await decodedByGdcm(path, syntax, folder) : undefined],
        ['pydicom', byPydicom.get(path)],
      ]
      const differences = new Map<ReferenceName, number>()
      for (const [reference, pixels] of references) {
        if (pixels !== undefined) differences.set(reference, largestDifference(image, pixels))
      }
      rows.push({ ...base, what: describe(image), differences })
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      rows.push({ ...base, refused: error.code })
    }
  }
  return rows.sort((a, b) => (a.file < b.file ? -1 : 1))
}

const EMPTY: Omit<DecodingRow, 'file'> = {
  syntax: '',
  what: '',
  lossy: false,
  differences: new Map(),
  refused: undefined,
}

function describe(image: DecodedImage): string {
  const { photometric, bitsStored, signed, frames, columns, rows } = image
  return `${photometric}, ${bitsStored} bits${signed ? ' signed' : ''}, ${frames > 1 ? `${frames} x ` : ''}${columns} x ${rows}`
}

/** Infinity where the references' pixels are others altogether (number of samples, colour space). */
function largestDifference(image: DecodedImage, reference: ReferencePixels): number {
  if (image.pixels.length !== reference.values.length) return Number.POSITIVE_INFINITY
  const values = inColourSpaceOf(image, reference)
  if (values === undefined) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < values.length; i += 1) {
    largest = Math.max(largest, Math.abs((image.pixels[i] ?? 0) - (values[i] ?? 0)))
  }
  return largest
}

function inColourSpaceOf(image: DecodedImage, { photometric, values }: ReferencePixels): ArrayLike<number> | undefined {
  const ycc = (name: string): boolean => name.startsWith('YBR_FULL')
  if (photometric === image.photometric || image.samplesPerPixel === 1) return values
  if (ycc(photometric) && ycc(image.photometric)) return values
  return ycc(photometric) && image.photometric === 'RGB' ? rgbOf(values) : undefined
}

/** PS3.3 C.7.6.3.1.2, the inverse of YBR_FULL. */
function rgbOf(values: ArrayLike<number>): Float64Array {
  const rgb = new Float64Array(values.length)
  const clip = (value: number): number => Math.min(255, Math.max(0, Math.round(value)))
  for (let i = 0; i < rgb.length; i += 3) {
    const [y, b, r] = [values[i] ?? 0, (values[i + 1] ?? 0) - 128, (values[i + 2] ?? 0) - 128]
    rgb[i] = clip(y + 1.402 * r)
    rgb[i + 1] = clip(y - 0.344136 * b - 0.714136 * r)
    rgb[i + 2] = clip(y + 1.772 * b)
  }
  return rgb
}
