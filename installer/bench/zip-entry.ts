import { inflateRawSync } from 'node:zlib'

const END_SIGNATURE = 0x06054b50
const ENTRY_SIGNATURE = 0x02014b50
const LOCAL_SIGNATURE = 0x04034b50
const END_BYTES = 22
const STORED = 0
const DEFLATED = 8

/**
 * The content of one file of a ZIP archive (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16; no ZIP64, no encryption).
 * @throws {RangeError} when the archive is not one, or has no such file.
 */
export function zipEntry(archive: Buffer, name: string): Buffer {
  let end = archive.length - END_BYTES
  while (end >= 0 && archive.readUInt32LE(end) !== END_SIGNATURE) end -= 1
  if (end < 0) throw new RangeError('not a ZIP archive')
  const entries = archive.readUInt16LE(end + 10)
  let at = archive.readUInt32LE(end + 16)
  for (let i = 0; i < entries && archive.readUInt32LE(at) === ENTRY_SIGNATURE; i++) {
    const method = archive.readUInt16LE(at + 10)
    const compressed = archive.readUInt32LE(at + 20)
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset))
    const nameEnd = at + 46 + (nameBytes ?? 0)
    if (archive.toString('utf8', at + 46, nameEnd) === name) {
      return contentAt(archive, archive.readUInt32LE(at + 42), compressed, method)
    }
    at = nameEnd + (extraBytes ?? 0) + (commentBytes ?? 0)
  }
  throw new RangeError(`the archive has no ${name}`)
}

function contentAt(archive: Buffer, local: number, compressed: number, method: number): Buffer {
  if (archive.readUInt32LE(local) !== LOCAL_SIGNATURE) throw new RangeError('the archive is damaged')
  const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const bytes = archive.subarray(begin, begin + compressed)
  if (method === STORED) return bytes
  if (method === DEFLATED) return inflateRawSync(bytes)
  throw new RangeError('the archive uses another compression')
}
