import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { peer } from '../../../../installer/testing/peers.ts'
import { bytesOf, type DataSet, integer, parsePart10, text } from '../../dataset/index.ts'

const run = promisify(execFile)

/** Samples as another program decodes them, samples of a pixel together, frames one after another. */
export interface ReferencePixels {
  readonly photometric: string
  readonly values: ArrayLike<number>
}

/** Programs that none of this code is built on. */
export type ReferenceName = 'DCMTK' | 'GDCM' | 'pydicom'

const DCMTK_PROGRAM: Readonly<Record<string, readonly string[]>> = {
  '1.2.840.10008.1.2': ['dcmconv', '+te'],
  '1.2.840.10008.1.2.1': ['dcmconv', '+te'],
  '1.2.840.10008.1.2.1.99': ['dcmconv', '+te'],
  '1.2.840.10008.1.2.2': ['dcmconv', '+te'],
  '1.2.840.10008.1.2.5': ['dcmdrle', '+te'],
  '1.2.840.10008.1.2.4.50': ['dcmdjpeg', '+te'],
  '1.2.840.10008.1.2.4.51': ['dcmdjpeg', '+te'],
  '1.2.840.10008.1.2.4.57': ['dcmdjpeg', '+te'],
  '1.2.840.10008.1.2.4.70': ['dcmdjpeg', '+te'],
  '1.2.840.10008.1.2.4.80': ['dcmdjpls', '+te'],
  '1.2.840.10008.1.2.4.81': ['dcmdjpls', '+te'],
}

/** Lossy JPEG: a decoder may overshoot the bits stored. */
const DCT = ['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51']

/** Decodes with DCMTK; `undefined` when it cannot, or has no program for the syntax. */
export async function decodedByDcmtk(
  path: string,
  transferSyntaxUid: string,
  folder: string,
): Promise<ReferencePixels | undefined> {
  const [program, ...options] = DCMTK_PROGRAM[transferSyntaxUid] ?? []
  const mayOvershoot = DCT.includes(transferSyntaxUid)
  return program === undefined ? undefined : convert(program, [...options, path], folder, mayOvershoot)
}

/** Decodes with GDCM; `undefined` when it cannot. */
export function decodedByGdcm(
  path: string,
  transferSyntaxUid: string,
  folder: string,
): Promise<ReferencePixels | undefined> {
  return convert('gdcmconv', ['--raw', path], folder, DCT.includes(transferSyntaxUid))
}

async function convert(
  program: string,
  parameters: readonly string[],
  folder: string,
  mayOvershoot: boolean,
): Promise<ReferencePixels | undefined> {
  const target = join(folder, 'reference.dcm')
  try {
    await run(peer(program) ?? program, [...parameters, target], { timeout: 30_000 })
    const file = parsePart10(await readFile(target))
    if (file.meta.transferSyntaxUid.startsWith('1.2.840.10008.1.2.4')) return undefined
    const isBigEndian = file.meta.transferSyntaxUid === '1.2.840.10008.1.2.2'
    return plainSamples(file.dataSet, isBigEndian, mayOvershoot)
  } catch {
    return undefined
  }
}

/**
 * Reads native pixel data in the plainest way, one sample at a time, with none of the product's unpacking.
 * `undefined` where the layout is none of those that the corpus has.
 */
function plainSamples(dataSet: DataSet, bigEndian: boolean, mayOvershoot: boolean): ReferencePixels | undefined {
  const element = dataSet.elements.get(0x7fe00010)
  const bytes = element === undefined ? undefined : bytesOf(dataSet, 0x7fe00010)
  const rows = integer(dataSet, 0x00280010) ?? 0
  const columns = integer(dataSet, 0x00280011) ?? 0
  const samples = integer(dataSet, 0x00280002) ?? 1
  const allocated = integer(dataSet, 0x00280100) ?? 0
  const stored = integer(dataSet, 0x00280101) ?? allocated
  const highBit = integer(dataSet, 0x00280102) ?? stored - 1
  const signed = integer(dataSet, 0x00280103) === 1
  const planar = samples > 1 && integer(dataSet, 0x00280006) === 1
  const photometric = text(dataSet, 0x00280004) ?? ''
  const plane = rows * columns
  const count = plane * samples * (integer(dataSet, 0x00280008) ?? 1)
  if (bytes === undefined || bigEndian) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const word = (index: number): number => {
    if (allocated === 1) return (view.getUint8(index >> 3) >> (index & 7)) & 1
    if (allocated === 8) return view.getUint8(index)
    return allocated === 16 ? view.getUint16(index * 2, true) : view.getUint32(index * 4, true)
  }
  const place = (index: number): number => {
    if (!planar) return index
    const pixel = Math.floor(index / samples)
    const frame = Math.floor(pixel / plane)
    return frame * plane * samples + (index % samples) * plane + (pixel % plane)
  }
  const values = new Float64Array(count)
  for (let i = 0; i < count; i += 1) {
    if (photometric === 'YBR_FULL_422') {
      const pixel = Math.floor(i / 3)
      const pair = Math.floor(pixel / 2) * 4
      values[i] = view.getUint8(i % 3 === 0 ? pair + (pixel % 2) : pair + 1 + (i % 3))
      continue
    }
    const whole = word(place(i))
    // A lossy decoder may overshoot into the bits above: that is the largest value, not a small one.
    const overshoots = mayOvershoot && !signed && highBit === stored - 1
    const value = overshoots
      ? Math.min(whole, 2 ** stored - 1)
      : Math.floor(whole / 2 ** (highBit - stored + 1)) % 2 ** stored
    values[i] = signed && value >= 2 ** (stored - 1) ? value - 2 ** stored : value
  }
  return { photometric, values }
}

const PYTHON = `
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, openjpeg, pydicom
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder
HTJ2K = [f"1.2.840.10008.1.2.4.{last}" for last in (201, 202, 203)]
paths, folder = json.load(sys.stdin), sys.argv[1]
said = {}
for index, path in enumerate(paths):
    said[path] = None
    try:
        data = pydicom.dcmread(path)
        syntax = data.file_meta.TransferSyntaxUID
        if syntax in HTJ2K:
            frames = generate_frames(data.PixelData, number_of_frames=int(data.get("NumberOfFrames", 1)))
            array = np.stack([openjpeg.decode(frame) for frame in frames])
            photometric = "RGB" if data.SamplesPerPixel == 3 else str(data.PhotometricInterpretation)
        else:
            array, meta = get_decoder(syntax).as_array(data, raw=True)
            photometric = str(meta["photometric_interpretation"])
        array.astype("<f8").tofile(f"{folder}/{index}.f64")
        said[path] = {"file": f"{index}.f64", "photometric": photometric}
    except Exception:
        continue
print(json.dumps(said))
`

/** Decodes many files with pydicom (numpy for native data, pylibjpeg-openjpeg for JPEG 2000 and HTJ2K, pyjpegls). */
export async function decodedByPydicom(
  python: string,
  paths: readonly string[],
  folder: string,
): Promise<ReadonlyMap<string, ReferencePixels>> {
  const child = run(python, ['-c', PYTHON, folder], { maxBuffer: 1 << 24, timeout: 300_000 })
  child.child.stdin?.end(JSON.stringify(paths))
  const said = JSON.parse((await child).stdout) as Record<string, { file: string; photometric: string } | null>
  const found = new Map<string, ReferencePixels>()
  for (const [path, one] of Object.entries(said)) {
    if (one === null) continue
    const bytes = await readFile(join(folder, one.file))
    const values = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    found.set(path, { photometric: one.photometric, values })
  }
  return found
}
