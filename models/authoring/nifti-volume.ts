import { gzipSync } from 'node:zlib'

const HEADER_BYTES = 352

/** A cube of 8-bit voxels of 1 mm as a gzip-compressed NIfTI-1 file, values in the order columns, rows, depth. */
export function niftiVolume(side: number, values: Uint8Array): Uint8Array {
  const file = Buffer.alloc(HEADER_BYTES + values.length)
  file.writeInt32LE(348, 0)
  for (const [i, size] of [3, side, side, side, 1, 1, 1, 1].entries()) file.writeInt16LE(size, 40 + 2 * i)
  // datatype 2 is unsigned 8 bit.
  file.writeInt16LE(2, 70)
  file.writeInt16LE(8, 72)
  for (let i = 0; i < 8; i += 1) file.writeFloatLE(1, 76 + 4 * i)
  file.writeFloatLE(HEADER_BYTES, 108)
  file.writeFloatLE(1, 112)
  file.write('n+1\0', 344, 'latin1')
  file.set(values, HEADER_BYTES)
  return gzipSync(file)
}

/** A bright ball with a brighter core in the dark: no anatomy, but not flat. */
export function ballVolume(side: number): Uint8Array {
  const centre = (side - 1) / 2
  const values = Uint8Array.from({ length: side ** 3 }, (_, i) => {
    const x = i % side
    const y = Math.floor(i / side) % side
    const z = Math.floor(i / side ** 2)
    const radius = Math.hypot(x - centre, y - centre, z - centre) / side
    return radius < 0.15 ? 220 : radius < 0.35 ? 120 : 5
  })
  return niftiVolume(side, values)
}
