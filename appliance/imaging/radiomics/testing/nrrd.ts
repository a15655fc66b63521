import { gunzipSync } from 'node:zlib'
import type { Triple, Volume } from '../index.ts'

/** Reads the NRRD files of the PyRadiomics test data: three axes, little-endian, gzip, `short`, `unsigned short` or `int`. */
export function readNrrd(file: Uint8Array): Volume {
  const bytes = Buffer.from(file)
  const end = bytes.indexOf('\n\n')
  if (!bytes.subarray(0, 4).equals(Buffer.from('NRRD')) || end < 0) throw new Error('not an NRRD file')
  const header = new Map(
    bytes
      .subarray(0, end)
      .toString('latin1')
      .split('\n')
      .filter((line) => line.includes(': ') && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  )
  if (header.get('encoding') !== 'gzip' || header.get('endian') !== 'little')
    throw new Error('unexpected NRRD encoding')
  const raw = gunzipSync(bytes.subarray(end + 2))
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  return {
    dimensions: triple((header.get('sizes') ?? '').split(' ').map(Number)),
    spacing: spacingOf(header.get('space directions') ?? ''),
    values: valuesOf(view, header.get('type') ?? ''),
  }
}

function triple([x = 0, y = 0, z = 0]: readonly number[]): Triple {
  return [x, y, z]
}

/** The length of each direction vector, `(x,y,z) (x,y,z) (x,y,z)`. */
function spacingOf(directions: string): Triple {
  return triple(
    [...directions.matchAll(/\(([^)]*)\)/g)].map(([, vector = '']) => Math.hypot(...vector.split(',').map(Number))),
  )
}

function valuesOf(view: DataView, type: string): Int32Array {
  const width = type === 'int' ? 4 : 2
  const read = (i: number) => {
    switch (type) {
      case 'int':
        return view.getInt32(i * width, true)
      case 'short':
        return view.getInt16(i * width, true)
      case 'unsigned short':
        return view.getUint16(i * width, true)
      default:
        throw new Error(`unexpected NRRD type ${type}`)
    }
  }
  return Int32Array.from({ length: view.byteLength / width }, (_, i) => read(i))
}
