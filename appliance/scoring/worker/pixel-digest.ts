import { createHash } from 'node:crypto'
import { endianness } from 'node:os'
import type { Sha256Hex } from '@leadglass/sync-agent/foundation'
import type { PixelArray } from '../../imaging/index.ts'

/**
 * SHA-256 of what a frame shows: a line with rows, columns, photometric interpretation and the form of the values, then the
 * decoded stored values, least significant byte first. The same image in another transfer syntax without loss has the same digest.
 */
export function pixelDigestOf(frame: {
  readonly rows: number
  readonly columns: number
  readonly photometric: string
  readonly stored: PixelArray
}): Sha256Hex {
  const { rows, columns, photometric, stored } = frame
  const signed = stored instanceof Int8Array || stored instanceof Int16Array || stored instanceof Int32Array
  const form = `${signed ? 'i' : 'u'}${stored.BYTES_PER_ELEMENT * 8}`
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  const hash = createHash('sha256')
  hash.update(`leadglass.frame-pixels/1 ${rows} ${columns} ${photometric} ${form}\n`)
  hash.update(
    endianness() === 'LE' || stored.BYTES_PER_ELEMENT === 1 ? bytes : littleEndian(bytes, stored.BYTES_PER_ELEMENT),
  )
  return hash.digest('hex') as Sha256Hex
}

function littleEndian(bytes: Buffer, size: number): Buffer {
  const copy = Buffer.from(bytes)
  return size === 2 ? copy.swap16() : copy.swap32()
}
